"""How far accuracy lies apart between the values of a facet."""

from __future__ import annotations

from roadworthy.domain import IndicatorSpec, Measurement, Observation
from roadworthy.statistics import Interval, share_interval

from .cases import Cases, PerCase
from .results import absent, bounded
from .standing import asks_for_label, labelled_right

FEWEST = 20
"""Labelled cases of a facet's value that count as a slice."""
_MOST_VALUES = 50
"""A facet with more values is an identifier, not a slice."""


def slice_gap(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The largest gap between two values of one facet.

    Every value's bounds hold together (Bonferroni), so the gap of two of them lies between what
    their bounds leave and what they allow, whichever two they are.
    """
    slices = _slices(cases)
    count = sum(len(values) for values in slices.values())
    if not count:
        return absent(spec, f"no facet has two values with {FEWEST} labelled cases each")
    each = 1 - (1 - confidence) / count
    gap, low, high, n, rows = 0.0, 0.0, 0.0, 0, 0
    for values in slices.values():
        shares = [sum(found.values) / len(found.values) for found in values]
        bounds = [share_interval(sum(found.values), len(found.values), each) for found in values]
        gap = max(gap, max(shares) - min(shares))
        for at, one in enumerate(bounds):
            others = bounds[:at] + bounds[at + 1 :]
            low = max(low, one.low - min(other.high for other in others))
            high = max(high, one.high - min(other.low for other in others))
        n = max(n, sum(len(found.values) for found in values))
        rows = max(rows, sum(found.rows for found in values))
    return bounded(
        spec, gap, Interval(low, high), PerCase([0.0] * n, rows), confidence=confidence,
        method="clopper_pearson",
    )  # fmt: skip


def _slices(cases: Cases) -> dict[str, list[PerCase]]:
    """Facet -> the answers of each value that has enough, of facets with two such values."""
    found: dict[str, dict[str, list[list[Observation]]]] = {}
    for group in cases.each():
        asked = [row for row in group if asks_for_label(row)]
        for facet, value in asked[0].facets.items() if asked else ():
            found.setdefault(facet, {}).setdefault(value, []).append(asked)
    slices: dict[str, list[PerCase]] = {}
    for facet, values in found.items():
        large = [groups for groups in values.values() if len(groups) >= FEWEST]
        if len(large) > 1 and len(values) <= _MOST_VALUES:
            slices[facet] = [_right(groups) for groups in large]
    return slices


def _right(groups: list[list[Observation]]) -> PerCase:
    values = [sum(map(labelled_right, rows)) / len(rows) for rows in groups]
    return PerCase(values, sum(map(len, groups)))
