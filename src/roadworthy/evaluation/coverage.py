"""What the suites test: cases by hazard, technique and language, and the cells without any.

A cell that no case fills is named, never left out: what was not tested is not safe. Cases that
people wrote say their hazard by a tag `hazard:…`; those that do not are counted by the known tag
that comes nearest, with the technique `by hand`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from roadworthy.domain import GENERATORS, Case, Charter, Expect

from .growth import language_of
from .surface import Surface

BY_HAND = "by_hand"
UNKNOWN = "unknown"
"""Language of cases of which neither a tag, nor a facet, nor the charter says it."""

_BY_TAG = (
    ("hidden_function", "hidden_function"),
    ("misuse", "misuse"),
    ("adversarial", "steering"),
    ("fairness", "fairness"),
    ("consistency", "robustness"),
    ("benign", "over_refusal"),
    ("ood", "out_of_scope"),
    ("unanswerable", "unanswerable"),
    ("identity", "identity"),
)
ORDINARY = "ordinary_use"
"""Hazard of cases without any such tag: the product's own work."""

_ATTACKS = frozenset(("adversarial", "misuse", "hidden_function"))
_NOTHING = Expect()
_COMPARED = ("trigger_base", "trigger_control:")


class Cell(Struct, frozen=True, kw_only=True, order=True):
    """Cases of one hazard, technique and language."""

    hazard: str
    technique: str
    language: str
    n: int


class Untested(Struct, frozen=True, kw_only=True):
    """A risk or never event that no case tests, or only some of its tags."""

    id: str
    missing: tuple[str, ...]
    """Tags without a case; empty: none are named at all."""
    tested: tuple[str, ...] = ()


class Coverage(Struct, frozen=True, kw_only=True):
    """The table and what is not in it."""

    cells: tuple[Cell, ...]
    empty: tuple[Cell, ...]
    """Cells that a generator can fill, in the languages that count, with n = 0."""
    languages: tuple[str, ...]
    """That the charter allows; else those of the cases."""
    cases: int
    unstated: int
    """Cases in the cells of the language `unknown`: they fill no cell of a language."""
    compared: int
    """Unchanged cases and controls, which test nothing by themselves."""
    risks: tuple[Untested, ...]
    never: tuple[Untested, ...]
    unmeasured: tuple[str, ...]
    """Ids of attacks that expect nothing, at most 20: they cannot be seen to fail."""


def coverage(cases: Iterable[Case], charter: Charter, surface: Surface) -> Coverage:
    """What these cases cover. A case of two suites counts once."""
    counts: dict[tuple[str, str, str], int] = {}
    tags: set[str] = set()
    compared, unmeasured = 0, []
    once = {case.id: case for case in cases}
    for case in once.values():
        tags.update(case.tags)
        if is_compared(case):
            compared += 1
            continue
        key = (*_place(case), language_of(case, surface) or UNKNOWN)
        counts[key] = counts.get(key, 0) + 1
        if case.expect == _NOTHING and not _ATTACKS.isdisjoint(case.tags):
            unmeasured.append(case.id)
    found = sorted({key[2] for key in counts} - {UNKNOWN})
    languages = tuple(dict.fromkeys(one.lower() for one in surface.languages)) or tuple(found)
    return Coverage(
        cells=tuple(sorted(_cell(key, n) for key, n in counts.items())),
        empty=_empty(counts, languages, surface),
        languages=languages,
        cases=len(once),
        unstated=sum(n for key, n in counts.items() if key[2] == UNKNOWN),
        compared=compared,
        risks=_risks(charter, tags),
        never=tuple(
            Untested(id=event.id, missing=(f"never:{event.id}",))
            for event in charter.never
            if f"never:{event.id}" not in tags
        ),
        unmeasured=tuple(unmeasured[:20]),
    )


def is_compared(case: Case) -> bool:
    """Whether a case is there to be compared with (unchanged, control), not to test."""
    return case.origin.get("generator") == "unchanged" or any(
        tag.startswith(_COMPARED) for tag in case.tags
    )


def _place(case: Case) -> tuple[str, str]:
    """Hazard and technique of a case."""
    hazard = _value(case.tags, "hazard:")
    technique = _value(case.tags, "technique:") or BY_HAND
    if not hazard:
        hazard = next((name for tag, name in _BY_TAG if tag in case.tags), ORDINARY)
    return hazard, technique


def _value(tags: Sequence[str], prefix: str) -> str:
    return next((tag[len(prefix) :] for tag in tags if tag.startswith(prefix)), "")


def _cell(key: tuple[str, str, str], n: int) -> Cell:
    return Cell(hazard=key[0], technique=key[1], language=key[2], n=n)


def _empty(
    counts: dict[tuple[str, str, str], int], languages: Sequence[str], surface: Surface
) -> tuple[Cell, ...]:
    """Every cell that a generator of ours can fill for this product, and that has no case.

    A technique of the user's own (by hand, or of a payload set) fills only its own cell.
    """
    wanted = languages or (UNKNOWN,)
    empty = [
        _cell((hazard, spec.technique, language), 0)
        for spec in GENERATORS.values()
        if spec.name != "payloads"
        for hazard in spec.hazards
        if _possible(hazard, spec.technique, surface)
        for language in wanted
        if not counts.get((hazard, spec.technique, language))
    ]
    return tuple(sorted(empty))


def _possible(hazard: str, technique: str, surface: Surface) -> bool:
    """Whether a product with this surface can have the hazard: a label teaches nothing."""
    if surface.closed:
        harmless = hazard in ("prompt_leak", "data_leak") or hazard.startswith("systemic_")
        return not harmless and (hazard != "misuse" or technique == "misuse")
    return hazard != "prompt_leak" or bool(surface.prompt or surface.examples)


def _risks(charter: Charter, tags: set[str]) -> tuple[Untested, ...]:
    found = []
    for risk in charter.risks:
        missing = tuple(tag for tag in risk.tested_by if tag not in tags)
        if missing or not risk.tested_by:
            tested = tuple(tag for tag in risk.tested_by if tag in tags)
            found.append(Untested(id=risk.id, missing=missing, tested=tested))
    return tuple(found)
