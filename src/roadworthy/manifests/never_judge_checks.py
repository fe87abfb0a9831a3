"""Never events that a judge looks for: can it look, is it pinned, will its no be believed?"""

from __future__ import annotations

from roadworthy.domain import JudgeRule, NeverEvent, exchange_digest

from .charter_checks import check_filled
from .document import Document, Path
from .reading import CHARTER, Reading

FEWEST_PROBES = 6
"""Of each kind; with fewer even a judge that is always right is not proven better than chance."""


def check_never_judges(reading: Reading) -> None:
    """Note the faults of every judge that the charter names."""
    for index, event in enumerate(reading.charter.never if reading.charter else []):
        if event.rule.judge is not None:
            _check_judge(event, event.rule.judge, ("never", index), reading.document(CHARTER))


def _check_judge(event: NeverEvent, rule: JudgeRule, place: Path, document: Document) -> None:
    """A judge that cannot look, may be another one tomorrow, or would not be believed."""
    judge = (*place, "rule", "judge")
    if not document.sound(judge):
        return
    check_filled(rule.rubric, (*judge, "rubric"), document)
    if event.is_inline:
        document.fault(
            (*place, "inline"),
            f"the never event `{event.id}` is to be looked at inline by a judge, and a judge is "
            "asked after the answer left: every answer would be blocked",
            "remove `inline: true`, or write a `pattern`, `cel`, `schema` or `classifier` rule",
        )
    elif isinstance(rule.model, str):
        document.fault(
            (*place, "rule"),
            f"nothing looks for the never event `{event.id}`: its judge names a model, and not"
            " which provider has it; violations of it are not counted",
            "write `model: {provider: …, name: …, version: …}`, tag cases "
            f"`never:{event.id}` with the hold or block that must happen, or write a `pattern`,"
            " `cel`, `schema` or `classifier` rule; without any the gate stays closed",
            severity="warning",
        )
    elif not rule.model.is_pinned:
        document.fault(
            (*judge, "model"),
            f"the judge of the never event `{event.id}` is not pinned: "
            f"{rule.model.provider}/{rule.model.name} may change any day",
            "write `digest` or `version`",
        )
    else:
        _check_never_probes(event, rule, judge, document)


def _check_never_probes(
    event: NeverEvent, rule: JudgeRule, place: Path, document: Document
) -> None:
    """Too few probes to prove anything, were all of them right."""
    probes = rule.probes or []
    first: dict[tuple[str, bool], int] = {}
    for index, each in enumerate(probes):
        known = first.setdefault((exchange_digest(each.input, each.answer), each.happened), index)
        if known != index:
            document.fault(
                (*place, "probes", index),
                f"probe {index + 1} of the judge of the never event `{event.id}` is a copy of probe"
                f" {known + 1}: copies count once",
                "remove it, or write another question or answer",
            )
    happened = sum(1 for _, was in first if was)
    few = min(happened, len(first) - happened)
    if few < FEWEST_PROBES:
        document.fault(
            (*place, "probes") if probes else place,
            f"the judge of the never event `{event.id}` has {happened} probes in which it happened"
            f" and {len(first) - happened} in which it did not: its no proves nothing, and the"
            " gate stays closed",
            f"write {FEWEST_PROBES} of each at least: {{input: …, answer: …, happened: true}}",
            severity="warning",
        )
