"""What `provider: anthropic` cannot do of what the files ask for: said before anybody is asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from roadworthy.domain import Candidate, Sampling

from .document import Document, Path
from .reading import DEPLOYMENT, Reading

_HOST = "api.anthropic.com"
_PRESENT, _WITH_SAMPLING = "2026-10-21", "2023-06-01"
"""Versions of the API: the one that is asked for, the last that takes how tokens are drawn."""
_SAMPLED = ("temperature", "top_p", "top_k")
_SECRETS = ("x-api-key", "authorization")


def check_anthropic(reading: Reading) -> None:
    """Note what the Messages API has no words for, and an address that is not its own."""
    candidate = reading.candidate
    if candidate is None or candidate.model.provider != "anthropic":
        return
    document = reading.document(reading.candidate_file)
    _check_decision(candidate, document)
    _check_options(candidate, document)
    _check_sampling(candidate.sampling, candidate, ("sampling",), document)
    prompt = reading.prompt
    if prompt is not None:
        own = reading.document(prompt.path)
        if prompt.header.sampling is not None:
            _check_sampling(prompt.header.sampling, candidate, ("sampling",), own)
        if prompt.header.format == "completion":
            own.fault(
                ("format",),
                f"`{prompt.path}` is a `completion`, and Anthropic continues no text",
                "write `format: chat`, with sections `# system` and `# user`",
            )
    _check_address(candidate.model.upstream, reading)


def _check_decision(candidate: Candidate, document: Document) -> None:
    decision = candidate.decision
    if decision is not None and decision.confidence == "logprob":
        document.fault(
            ("decision", "confidence"),
            "`confidence: logprob` needs log-probabilities, and Anthropic gives none: no decision "
            "will have a confidence",
            "write `confidence: verbalised`",
            severity="warning",
        )


def _check_options(candidate: Candidate, document: Document) -> None:
    headers = candidate.model.options.get("headers")
    for name in headers if isinstance(headers, dict) else ():
        if str(name).lower() in _SECRETS:
            document.fault(
                ("model", "options", "headers"),
                f"`model.options.headers.{name}` would hold a secret in a file of the system",
                f'write `credential = "env:NAME"` at the upstream in {DEPLOYMENT}',
            )


def _check_sampling(
    sampling: Sampling, candidate: Candidate, where: Path, document: Document
) -> None:
    options = candidate.model.options
    unsent = set(options.get("omit") or ())
    if str(options.get("api_version") or _PRESENT) > _WITH_SAMPLING:
        unsent.update(_SAMPLED)
    for name in _SAMPLED:
        if name in unsent and (*where, name) in document.lines:
            document.fault(
                (*where, name),
                f"`{name}` is not told: this version of Anthropic's API, or the model, takes none",
                f"leave it out; an older model takes it with `api_version: {_WITH_SAMPLING}` in "
                "`model.options`",
                severity="warning",
            )
    if sampling.temperature > 1 and "temperature" not in unsent:
        document.fault(
            (*where, "temperature"),
            f"`temperature` is {sampling.temperature:g}, and goes from 0 to 1 at Anthropic",
            "write 1 or less",
        )
    if sampling.seed:
        document.fault(
            (*where, "seed"),
            "`seed` has no counterpart at Anthropic: the same request may be answered otherwise",
            "leave it out, and let `repeats` show how much answers differ",
            severity="warning",
        )


def _check_address(name: str, reading: Reading) -> None:
    """The API's own address is the one that is easily written without its version."""
    upstream = reading.deployment.upstreams.get(name)
    if upstream is None or reading.document(DEPLOYMENT).broken:
        return
    parts = urlsplit(upstream.url)
    if parts.hostname == _HOST and not upstream.credential:
        reading.document(DEPLOYMENT).fault(
            ("upstreams", name),
            f"`upstreams.{name}` has no `credential`, and Anthropic answers nobody without one",
            'write credential = "env:ANTHROPIC_API_KEY"',
            severity="warning",
        )
    if parts.hostname == _HOST and parts.path.rstrip("/") != "/v1":
        reading.document(DEPLOYMENT).fault(
            ("upstreams", name, "url"),
            f"`upstreams.{name}.url` is `{upstream.url[:80]}`; /messages is asked for behind it",
            f'write url = "https://{_HOST}/v1"',
            severity="warning",
        )
