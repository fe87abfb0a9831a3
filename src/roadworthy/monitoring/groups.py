"""Indicators over groups of cases that belong together (tag `group:<id>`)."""

from __future__ import annotations

from msgspec import Struct, structs

from roadworthy.domain import IndicatorSpec, Measurement, Observation

from .cases import Cases, PerCase
from .clusters import parent_of, with_groups
from .results import absent, share_of
from .standing import stood

_Endings = dict[tuple[str, str], tuple[str, str]]
"""Case -> what it asked, and how it ended: its decision, or what the rails did with it."""

_NOT_ANSWERED = "\0"
"""Before an ending that is no decision, so that no label is like it."""


def group_rate(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """Share of groups whose cases ended differently (`flip_rate`), or alike (`consistency`).

    A group's value is the mean over the repeats of its cases: within one, cases are compared
    with cases, so a case that contradicts itself is no flip between two. Two cases that ended
    differently are evidence of a difference however they ended; only two that were *answered*
    alike are evidence of none, and only where they asked two things. A group with neither is left
    out, and said to be. Groups of the same cases, or of copies of them, are one group.
    """
    consistent = spec.name == "consistency"
    groups = _groups(cases, "consistency" if consistent else "fairness")
    shares: dict[frozenset[tuple[str, str]], list[float]] = {}
    parents: dict[frozenset[tuple[str, str]], str] = {}
    left_out = 0
    for group in groups.values():
        flips = [flip for each in group.repeats.values() if (flip := _flipped(each)) is not None]
        if flips:
            share = sum(flips) / len(flips)
            key = frozenset(group.units)
            shares.setdefault(key, []).append(1 - share if consistent else share)
            parents[key] = group.parent
        left_out += not flips
    values = [sum(same) / len(same) for same in shares.values()]
    told = (
        f"{left_out} of {len(groups)} groups left out: fewer than two of their cases were answered"
    )
    if not values:
        return absent(spec, told if groups else "")
    answers = PerCase(values, len(values))
    found = share_of(spec, answers, confidence)
    # Pairs that grew from one case are no independent pairs.
    homes = [parent or index for index, parent in enumerate(parents.values(), start=1)]
    if len(set(homes)) < len(homes):
        found = with_groups(found, answers, homes)
    return structs.replace(found, counted="groups", reason=told if left_out else "")


class _Group(Struct):
    """The cases of one `group:<id>` tag."""

    units: set[tuple[str, str]]
    repeats: dict[int, _Endings]
    parent: str
    """The case that its cases grew from; empty where they did not grow."""


def _groups(cases: Cases, tag: str) -> dict[str, _Group]:
    """Group id -> its cases. An error is no ending, nor is no decision."""
    groups: dict[str, _Group] = {}
    for index, row in enumerate(cases.rows):
        ids = [name[6:] for name in row.tags if name.startswith("group:")]
        ending = row.decision if stood(row) else _NOT_ANSWERED + row.action
        for name in ids if tag in row.tags else ():
            group = groups.setdefault(name, _Group(set(), {}, parent_of(row)))
            group.units.add(row.unit if row.case else ("", str(index)))
            endings = group.repeats.setdefault(row.repeat, {})
            if ending and row.status == "ok":
                case = (row.suite, row.case or str(index))
                endings[case] = (_asked(row) or "/".join(case), ending)
    return groups


def _asked(row: Observation) -> str:
    """What tells two cases of a group apart: the words, and the facets that came with them."""
    return f"{row.input_digest}{sorted(row.facets.items())}" if row.input_digest else ""


def _flipped(endings: _Endings) -> bool | None:
    """Whether the cases of a group ended differently; None when that cannot be told."""
    if len({ending for _, ending in endings.values()}) > 1:
        return True
    answered = {asked for asked, ending in endings.values() if not ending.startswith(_NOT_ANSWERED)}
    return False if len(answered) > 1 else None
