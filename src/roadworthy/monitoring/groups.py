"""Indicators over groups of cases that belong together (tag `group:<id>`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct, structs

from roadworthy.domain import NO_CHECKS, IndicatorSpec, Measurement, Observation, score_grades

from .cases import Cases, PerCase
from .clusters import parent_of, with_groups
from .judged import judges_in
from .results import absent, share_of
from .standing import stood


class _Ending(Struct, frozen=True):
    """What a case asked, and how it ended."""

    asked: str
    answered: bool
    how: str
    """Its decision, or what the rails did with it; empty of free text that left."""
    met: dict[str, bool]
    """Of free text: each score that is a verdict -> whether it was met."""


_Endings = dict[tuple[str, str], _Ending]

_Untold = Literal["few", "free"]
_REASONS: dict[_Untold, str] = {
    "few": "fewer than two of their cases that ask different things were answered",
    "free": "their answers carry no decision, and no score of two of their cases is a verdict that"
    " tells them apart: add a scorer such as `refusal` (those of judges and matters of degree do"
    " not count)",
}


def group_rate(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """Share of groups whose cases ended differently (`flip_rate`), or alike (`consistency`).

    A group's value is the mean over the repeats of its cases: within one, cases are compared
    with cases, so a case that contradicts itself is no flip between two. Two cases that ended
    differently are evidence of a difference however they ended; only two that were *answered*
    alike are evidence of none, and only where they asked two things. Free text is alike where two
    cases have a verdict of the same score and no score differs. A group with neither is left out,
    and said to be. Groups of the same cases, or of copies of them, are one group.
    """
    consistent = spec.name == "consistency"
    groups = _groups(cases, "consistency" if consistent else "fairness")
    shares: dict[frozenset[tuple[str, str]], list[float]] = {}
    parents: dict[frozenset[tuple[str, str]], str] = {}
    left_out: Counter[_Untold] = Counter()
    for group in groups.values():
        found = [_flipped(each) for each in group.repeats.values()]
        flips = [flip for flip in found if isinstance(flip, bool)]
        if flips:
            share = sum(flips) / len(flips)
            key = frozenset(group.units)
            shares.setdefault(key, []).append(1 - share if consistent else share)
            parents[key] = group.parent
        else:
            left_out["free" if "free" in found else "few"] += 1
    values = [sum(same) / len(same) for same in shares.values()]
    told = "; ".join(
        f"{left_out[why]} of {len(groups)} groups left out: {_REASONS[why]}"
        for why in _REASONS
        if left_out[why]
    )
    if not values:
        return absent(spec, told)
    answers = PerCase(values, len(values))
    measured = share_of(spec, answers, confidence)
    # Pairs that grew from one case are no independent pairs.
    homes = [parent or index for index, parent in enumerate(parents.values(), start=1)]
    if len(set(homes)) < len(homes):
        measured = with_groups(measured, answers, homes)
    return structs.replace(measured, counted="groups", reason=told)


class _Group(Struct):
    """The cases of one `group:<id>` tag."""

    units: set[tuple[str, str]]
    repeats: dict[int, _Endings]
    parent: str
    """The case that its cases grew from; empty where they did not grow."""


def _groups(cases: Cases, tag: str) -> dict[str, _Group]:
    """Group id -> its cases. An error is no ending."""
    groups: dict[str, _Group] = {}
    for index, row in enumerate(cases.rows):
        ids = [name[6:] for name in row.tags if name.startswith("group:")]
        for name in ids if tag in row.tags else ():
            group = groups.setdefault(name, _Group(set(), {}, parent_of(row)))
            group.units.add(row.unit if row.case else ("", str(index)))
            endings = group.repeats.setdefault(row.repeat, {})
            if row.status == "ok":
                case = (row.suite, row.case or str(index))
                endings[case] = _ending(row, _asked(row) or "/".join(case))
    return groups


def _ending(row: Observation, asked: str) -> _Ending:
    """How a case ended. Where a label was asked for, two answers without one are no evidence."""
    if not stood(row):
        return _Ending(asked, False, row.action, {})
    if row.decision or row.label:
        return _Ending(asked, True, row.decision, {})
    apart = {*score_grades(row), *judges_in(row)}
    met = {
        name: value >= 1.0
        for name, value in row.scores.items()
        if name not in apart and not name.startswith(NO_CHECKS)
    }
    return _Ending(asked, True, "", met)


def _asked(row: Observation) -> str:
    """What tells two cases of a group apart: the words, and the facets that came with them."""
    return f"{row.input_digest}{sorted(row.facets.items())}" if row.input_digest else ""


def _flipped(endings: _Endings) -> bool | _Untold:
    """Whether the cases of a group ended differently; or why that cannot be told."""
    found = endings.values()
    if len({(each.answered, each.how) for each in found}) > 1:
        return True
    names = sorted({name for each in found for name in each.met})
    if any(len({each.met[name] for each in found if name in each.met}) > 1 for name in names):
        return True
    answered = [each for each in found if each.answered]
    compared = [[each for each in answered if each.how]]
    compared += [[each for each in answered if name in each.met] for name in names]
    if any(map(_two, compared)):
        return False
    return "free" if _two(answered) else "few"


def _two(endings: Iterable[_Ending]) -> bool:
    """Whether they asked two things."""
    return len({each.asked for each in endings}) > 1
