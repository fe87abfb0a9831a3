"""Indicators over groups of cases that belong together (tag `group:<id>`)."""

from __future__ import annotations

from msgspec import structs

from roadworthy.domain import IndicatorSpec, Measurement

from .cases import Cases, PerCase
from .results import absent, share_of
from .standing import stood

_Endings = dict[int, str]
"""Case -> how it ended: its decision, or what the rails did with it."""

_NOT_ANSWERED = "\0"
"""Before an ending that is no decision, so that no label is like it."""


def group_rate(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """Share of groups whose cases ended differently (`flip_rate`), or alike (`consistency`).

    A group's value is the mean over the repeats of its cases: within one, cases are compared
    with cases, so a case that contradicts itself is no flip between two. Two cases that ended
    differently are evidence of a difference however they ended; only two that were *answered*
    alike are evidence of none. A group with neither is left out, and said to be.
    """
    consistent = spec.name == "consistency"
    groups = _groups(cases, "consistency" if consistent else "fairness")
    values: list[float] = []
    for repeats in groups.values():
        flips = [flip for endings in repeats.values() if (flip := _flipped(endings)) is not None]
        if flips:
            share = sum(flips) / len(flips)
            values.append(1 - share if consistent else share)
    left_out = len(groups) - len(values)
    told = (
        f"{left_out} of {len(groups)} groups left out: fewer than two of their cases were answered"
    )
    if not values:
        return absent(spec, told if groups else "")
    found = share_of(spec, PerCase(values, len(values)), confidence)
    return structs.replace(found, counted="groups", reason=told if left_out else "")


def _groups(cases: Cases, tag: str) -> dict[str, dict[int, _Endings]]:
    """Group id -> repeat -> endings of its cases. An error is no ending, nor is no decision."""
    groups: dict[str, dict[int, _Endings]] = {}
    for case, rows in enumerate(cases.each()):
        for row in rows:
            ids = [name[6:] for name in row.tags if name.startswith("group:")]
            ending = row.decision if stood(row) else _NOT_ANSWERED + row.action
            for name in ids if tag in row.tags else ():
                endings = groups.setdefault(name, {}).setdefault(row.repeat, {})
                if ending and row.status == "ok":
                    endings[case] = ending
    return groups


def _flipped(endings: _Endings) -> bool | None:
    """Whether the cases of a group ended differently; None when that cannot be told."""
    if len(set(endings.values())) > 1:
        return True
    answered = sum(1 for ending in endings.values() if not ending.startswith(_NOT_ANSWERED))
    return False if answered > 1 else None
