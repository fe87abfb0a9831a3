"""candidate.yaml and rails.yaml: what no type can say of them, and what they reach for."""

from __future__ import annotations

from typing import Any

from roadworthy.domain import DEEP_RAILS, Candidate, FacetSource

from .charter_checks import check_filled, check_ids
from .compiled import REQUEST_VARIABLES, check_cel, check_pattern, check_schema
from .deep_checks import check_deep_rail
from .detector_checks import check_detector
from .document import Document
from .egress_checks import check_egress
from .expressions import groups_of
from .reading import DEPLOYMENT, Reading
from .source import MAX_WEIGHTS_BYTES
from .typed import suggest

_PROMPTED = ("local", "openai_compatible", "anthropic", "http")
_DIGEST_CHUNK = "sha256:"


def check_candidate(reading: Reading) -> None:
    """Note the faults of the candidate and of the rails that it names."""
    candidate = reading.candidate
    if candidate is None:
        return
    document = reading.document(reading.candidate_file)
    _check_decision(candidate, document)
    _check_model(candidate, document, reading)
    _check_prompted(candidate, document)
    for name, source in candidate.facets.items():
        _check_facet(name, source, document)
    for index, assertion in enumerate(candidate.assertions):
        place = ("assertions", index)
        check_cel(assertion.that, document, (*place, "that"), variables=REQUEST_VARIABLES)
        check_filled(assertion.otherwise, (*place, "otherwise"), document)
    _check_tools(candidate, document)
    if candidate.knowledge and document.sound(("knowledge",)):
        target = reading.folder.reach(candidate.knowledge, document, ("knowledge",))
        if target is not None:
            reading.folder.digest(target, limit=MAX_WEIGHTS_BYTES)
    _check_rails(reading)


def _check_decision(candidate: Candidate, document: Document) -> None:
    if not document.sound(("task",)):
        return
    if candidate.decision is None:
        if candidate.task == "decision":
            document.fault(
                ("decision",),
                "`task: decision` needs a `decision` block",
                "add `decision:` with `labels:`, the closed set of answers",
            )
        return
    if candidate.task != "decision":
        document.fault(
            ("decision",),
            f"`decision` means nothing for `task: {candidate.task}`",
            "write `task: decision`, or remove the block",
            severity="warning",
        )
    labels, place = candidate.decision.labels, ("decision", "labels")
    if document.sound(place) and len(labels) < 2:
        count = "is empty" if not labels else "has one label only"
        document.fault(place, f"`decision.labels` {count}", "write at least two labels")
    seen: dict[str, int] = {}
    for index, label in enumerate(labels):
        at = (*place, index)
        if not document.sound(at):
            continue
        if not label.strip():
            document.fault(at, f"`{document.spell(at)}` is empty", "write a label")
        elif label in seen:
            document.fault(at, f"the label `{label}` stands here twice", "keep one of them")
        seen.setdefault(label, index)


def _check_model(candidate: Candidate, document: Document, reading: Reading) -> None:
    model = candidate.model
    if not document.sound(("model", "provider")):
        return
    if not model.name.strip() and document.sound(("model", "name")):
        document.fault(("model", "name"), "`model.name` is empty", "write the model's name")
    if model.is_hosted or model.provider == "http":
        _check_upstream(candidate, document, reading)
    if model.provider == "recorded" and not model.file:
        document.fault(
            ("model", "file"),
            "`provider: recorded` needs `file`",
            "name the recordings, a JSON Lines file beside the candidate",
        )
    if model.provider == "rule" and not model.file and not model.options:
        document.fault(
            ("model", "file"), "`provider: rule` needs `file`", "name the file with its rules"
        )
    if model.provider == "http":
        document.fault(
            ("model", "provider"),
            "`provider: http` is not there yet: no call can be made",
            "use `openai_compatible`, `anthropic` or `python`",
            severity="warning",
        )
    if model.provider == "python":
        _check_python(candidate, document)
    if model.file and document.sound(("model", "file")):
        _check_model_file(candidate, document, reading)
    if model.adapter and document.sound(("model", "adapter")):
        adapter = reading.folder.reach(model.adapter, document, ("model", "adapter"))
        if adapter is not None:
            reading.folder.digest(adapter, limit=MAX_WEIGHTS_BYTES)
    if model.digest and document.sound(("model", "digest")) and not _is_digest(model.digest):
        document.fault(
            ("model", "digest"),
            f"`{model.digest[:80]}` is no digest",
            "write `sha256:` and 64 hexadecimal digits",
        )


def _check_python(candidate: Candidate, document: Document) -> None:
    """A function of the user's own runs with all rights: it must be trusted and pinned."""
    model = candidate.model
    if not model.file:
        document.fault(
            ("model", "file"), "`provider: python` needs `file`", "name the file with the function"
        )
    if not model.digest:
        document.fault(
            ("model", "digest"),
            "`provider: python` needs `digest`: its source runs with all rights",
            "read the source, then pin it with `digest: sha256:…`",
        )
    if model.options != {"trusted": True}:
        document.fault(
            ("model", "options"),
            "`provider: python` runs with all rights of this process and is not trusted here",
            "write `options: {trusted: true}`, or use `rule`",
        )


def _check_rules(file: str, rules: Any, own: Document, labels: list[str]) -> None:
    """A rule file's outline; its weights are judged by the provider that reads them."""
    found = rules.get("labels") if isinstance(rules, dict) else None
    if not isinstance(found, dict) or not found:
        own.fault(
            (),
            f"`{file}` holds no rules",
            "write `labels: {NAME: {bias: 0.0, words: {word: weight}}}`",
            line=1,
        )
        return
    for label in found:
        if labels and label not in labels:
            own.fault(
                ("labels", label),
                f"the rules score `{label}`, which is no label of the candidate",
                suggest(label, labels, "its labels are"),
                severity="warning",
            )


def _is_digest(text: str) -> bool:
    digits = text.removeprefix(_DIGEST_CHUNK)
    return (
        text.startswith(_DIGEST_CHUNK)
        and len(digits) == 64
        and all(digit in "0123456789abcdef" for digit in digits)
    )


def _check_upstream(candidate: Candidate, document: Document, reading: Reading) -> None:
    upstream, known = candidate.model.upstream, reading.deployment.upstreams
    if not document.sound(("model", "upstream")):
        return
    if not upstream:
        document.fault(
            ("model", "upstream"),
            f"`provider: {candidate.model.provider}` needs `upstream`",
            f"name an entry of [upstreams] in {DEPLOYMENT}",
        )
    elif upstream not in known and not reading.document(DEPLOYMENT).broken:
        document.fault(
            ("model", "upstream"),
            f"`model.upstream` names `{upstream}`, which {DEPLOYMENT} here does not have",
            suggest(upstream, sorted(known), "it has")
            if known
            else f"add [upstreams.{upstream}] with `url` to {DEPLOYMENT}",
            severity="warning",
        )


def _check_model_file(candidate: Candidate, document: Document, reading: Reading) -> None:
    """The model's own file: there, whole (its digest says so), and parsed where it is data."""
    model, folder = candidate.model, reading.folder
    target = folder.reach(model.file, document, ("model", "file"))
    if target is None:
        return
    if model.provider in ("rule", "python", "http"):
        folder.side_file(target)
    else:
        folder.digest(target, limit=MAX_WEIGHTS_BYTES)
    found = folder.files.get(target, "")  # none: it cannot be read, which was said
    pinned = _is_digest(model.digest) and model.provider != "recorded"
    if found and pinned and found != model.digest:
        size = (folder.root / target).stat().st_size
        document.fault(
            ("model", "digest"),
            f"`{target}` ({size:,} bytes) does not have the digest that `model.digest` pins: "
            "it is truncated, changed, or another file",
            f"fetch it again, or pin `{found}`",
        )
    own = folder.document(target)
    if model.provider == "rule" and not own.broken:
        labels = candidate.decision.labels if candidate.decision else []
        _check_rules(target, folder.assets.get(target), own, labels)


def _check_prompted(candidate: Candidate, document: Document) -> None:
    if candidate.prompt or not document.sound(("prompt",)):
        return
    if not document.sound(("model", "provider")):
        return  # what stands there is a placeholder
    if candidate.model.provider in _PROMPTED and candidate.task == "decision":
        document.fault(
            ("prompt",),
            f"`task: decision` with `provider: {candidate.model.provider}` needs a `prompt`",
            "name a file such as `prompts/NAME.md`",
        )


def _check_facet(name: str, source: FacetSource, document: Document) -> None:
    place = ("facets", name)
    if not document.sound(place):
        return
    given = [key for key in ("header", "pointer", "regex") if getattr(source, key)]
    if len(given) != 1:
        what = "nothing" if not given else f"{len(given)} places ({', '.join(given)})"
        document.fault(
            place,
            f"the facet `{name}` is read from {what}",
            "write exactly one of `header`, `pointer`, `regex`",
        )
        return
    if source.pointer and not source.pointer.startswith("/"):
        document.fault(
            (*place, "pointer"),
            f"`{source.pointer}` is no JSON pointer",
            f"write `/{source.pointer.replace('.', '/')}` (RFC 6901)",
        )
    regex = (*place, "regex")
    sound = bool(source.regex) and check_pattern(source.regex, document, regex)
    if sound and groups_of(source.regex) < 1:
        document.fault(
            regex, f"the regex of the facet `{name}` has no group", "put ( ) around the value"
        )


def _check_tools(candidate: Candidate, document: Document) -> None:
    seen: set[str] = set()
    for index, tool in enumerate(candidate.tools):
        place = ("tools", index)
        if document.sound((*place, "name")):
            check_filled(tool.name, (*place, "name"), document)
            if tool.name in seen:
                document.fault(
                    (*place, "name"),
                    f"the tool `{tool.name}` stands here twice",
                    "keep one of them",
                )
            seen.add(tool.name)
        if tool.schema:
            check_schema(tool.schema, document, (*place, "schema"))


def _check_rails(reading: Reading) -> None:
    if not reading.rails_file:
        return
    document = reading.document(reading.rails_file)
    check_egress(reading)
    rails = reading.rails.rails
    check_ids([rail.id for rail in rails], "rails", "rail", document)
    for index, rail in enumerate(rails):
        if rail.detector in DEEP_RAILS:
            check_deep_rail(rail, reading, document, ("rails", index))
            continue
        check_detector(rail.detector, rail.options, reading.folder, document, ("rails", index))
