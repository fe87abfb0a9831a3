"""Rails that ask something outside: a service, a model, another tool. What their options say.

The options are part of the candidate's digest: what is asked, and how its word is read. Address and
credential are not: they stand in `roadworthy.toml`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from .candidate import Rail
from .charter import Positive
from .errors import UsageError
from .file import File
from .model import Model

NEAR_MS = 5.0
"""The budget of a rail in this process; whoever asks outside must give more."""

Kind = Annotated[str, Meta(pattern="^[A-Z][A-Z0-9_]{0,63}$")]
"""The kind of what is found, as records and replacements say it."""

Speaks = Literal["llama_guard", "shieldgemma", "qwen3guard", "judge", "groundedness"]


class HttpCheck(File, frozen=True, kw_only=True):
    """`http`: a service that is sent a text and answers with a number in [0, 1], or a yes or no."""

    upstream: str
    """An entry of [upstreams] in roadworthy.toml."""
    path: str = ""
    """Behind the upstream's url."""
    send: dict[Literal["text", "side", "input"], str] = field(
        default_factory=lambda: {"text": "text", "side": "side", "input": "input"}
    )
    """What is sent -> the name of its field; what is not named is not sent."""
    also: dict[str, Any] = field(default_factory=dict)
    """Further fields, the same in every question."""
    score: str = "/score"
    """JSON pointer (RFC 6901) to the number, or the yes or no, in the answer."""
    kind: Kind = "FLAGGED"
    at_once: Positive = 16


class ModelCheck(File, frozen=True, kw_only=True):
    """`model`: a guard model that speaks its own form, or any model that is asked a question."""

    model: Model
    """Pinned by `digest` or `version`."""
    speaks: Speaks
    """The form of its word. `judge`: yes or no to `question`; `groundedness`: how far the sources
    support the answer."""
    question: str = ""
    """Of a judge: yes means that the rail found something. Of ShieldGemma: the principle that the
    text must not violate."""
    sources: list[str] = field(default_factory=list)
    """Of `groundedness`: variables or keys of `context` that hold the sources; none: all of
    `context`."""
    kind: Kind = "UNSAFE"
    at_once: Positive = 16


class PresidioCheck(File, frozen=True, kw_only=True):
    """`presidio`: personal data, found by Microsoft Presidio in this process, in a thread."""

    language: str = "en"
    """Of the texts, as spaCy and Presidio name it."""
    entities: list[Kind] = field(default_factory=list)
    """None: all that it knows of the language."""
    spacy: str = ""
    """A spaCy model that is installed; empty: none, so that names and places are not found."""
    at_once: Positive = 1


class NemoCheck(File, frozen=True, kw_only=True):
    """`nemo`: the input or output rails of a NeMo Guardrails configuration."""

    config: str
    """A side file, YAML: models, instructions and which rails run."""
    colang: str = ""
    """A side file with the flows."""
    kind: Kind = "NEMO"
    at_once: Positive = 1


class GuardrailsCheck(File, frozen=True, kw_only=True):
    """`guardrails_ai`: a validator of Guardrails AI, by the name that it is registered under."""

    validator: Annotated[str, Meta(pattern="^[a-z0-9_]+/[a-z0-9_]+$")]
    """Such as `guardrails/ban_list`; its package must be installed."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """What the validator is made with."""
    kind: Kind = "INVALID"
    at_once: Positive = 1


class ReferenceCheck(File, frozen=True, kw_only=True):
    """`ood`: the reference that the candidate names; what it flags is out of scope.

    On `input` only. It looks in this process, in a tenth of a millisecond.
    """

    kind: Kind = "OUT_OF_SCOPE"


DeepOptions = HttpCheck | ModelCheck | PresidioCheck | NemoCheck | GuardrailsCheck | ReferenceCheck

DEEP_RAILS: dict[str, type[DeepOptions]] = {
    "http": HttpCheck,
    "model": ModelCheck,
    "presidio": PresidioCheck,
    "nemo": NemoCheck,
    "guardrails_ai": GuardrailsCheck,
    "ood": ReferenceCheck,
}
"""Every `detector` of a rail that asks outside, or what the rails here do not have."""


def deep_options(name: str, options: dict[str, Any]) -> DeepOptions:
    """The options of a rail that asks outside. Raises UsageError saying what would be right."""
    kind = DEEP_RAILS[name]
    try:
        made = msgspec.convert(options, kind)
    except msgspec.ValidationError as error:
        known = ", ".join(kind.__struct_fields__)
        raise UsageError(f"detector `{name}`: {error}", fix=f"its options are: {known}") from None
    if isinstance(made, ModelCheck):
        _require_question(made)
    if isinstance(made, HttpCheck):
        _require_shape(made)
    return made


def deep_faults(rail: Rail) -> list[tuple[str, str]]:
    """What keeps a rail from asking outside, each with what would be right."""
    faults: list[tuple[str, str]] = []
    if rail.budget_ms <= NEAR_MS:
        faults.append(
            (
                f"it asks outside of this process, in {rail.budget_ms:g} ms",
                "write `budget_ms: 2000`, or as long as an answer may wait for it",
            )
        )
    try:
        options = deep_options(rail.detector, rail.options)
        if isinstance(options, ReferenceCheck) and rail.on != "input":
            faults.append(("a reference knows inputs only", "write `on: input`"))
    except UsageError as wrong:
        faults.append((wrong.message, wrong.fix))
    return faults


def deep_upstream(options: DeepOptions) -> str:
    """The entry of [upstreams] that a rail sends texts to; empty where it is none."""
    if isinstance(options, HttpCheck):
        return options.upstream
    if isinstance(options, ModelCheck) and options.model.is_hosted:
        return options.model.upstream
    return ""


def deep_files(options: DeepOptions) -> tuple[str, ...]:
    """The side files that a rail reads."""
    if isinstance(options, NemoCheck):
        return tuple(filter(None, (options.config, options.colang)))
    return ()


def _require_question(check: ModelCheck) -> None:
    model = check.model
    if not model.is_pinned:
        raise UsageError(
            f"the guard model {model.provider}/{model.name} is not pinned: it may change any day",
            fix="write `digest` or `version` in `options.model`",
        )
    asks = check.speaks in ("judge", "shieldgemma")
    if asks and not check.question.strip():
        raise UsageError(
            f"`speaks: {check.speaks}` needs `question`",
            fix="question: Does the text ask for medical advice?",
        )
    if not asks and check.question:
        raise UsageError(
            f"`speaks: {check.speaks}` takes no `question`", fix="remove it, or write speaks: judge"
        )
    if check.sources and check.speaks != "groundedness":
        raise UsageError(f"`speaks: {check.speaks}` looks at no `sources`", fix="remove them")


def _require_shape(check: HttpCheck) -> None:
    if "text" not in check.send:
        raise UsageError("the service is not sent the text", fix="send: {text: FIELD}")
    named = list(check.send.values())
    if len(set(named)) < len(named) or set(named) & set(check.also):
        raise UsageError("two things are sent in one field", fix="give each a field of its own")
    if not check.score.startswith("/"):
        raise UsageError(
            f"`score: {check.score}` is no JSON pointer", fix=f"score: /{check.score.lstrip('/')}"
        )
    if check.path and not check.path.startswith("/"):
        raise UsageError(f"`path: {check.path}` is no path", fix=f"path: /{check.path}")
