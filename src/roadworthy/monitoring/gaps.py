"""How far accuracy lies apart between the values of a facet."""

from __future__ import annotations

from collections.abc import Iterator

from roadworthy.domain import IndicatorSpec, Measurement
from roadworthy.statistics import Interval, share_interval

from .cases import Cases, PerCase
from .rates import RATES
from .results import absent, bounded

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
    found: dict[str, dict[str, list[tuple[float, int]]]] = {}
    for facets, right, rows in _asked(cases):
        for facet, value in facets.items():
            found.setdefault(facet, {}).setdefault(value, []).append((right, rows))
    slices: dict[str, list[PerCase]] = {}
    for facet, values in found.items():
        large = [answers for answers in values.values() if len(answers) >= FEWEST]
        if len(large) > 1 and len(values) <= _MOST_VALUES:
            slices[facet] = [
                PerCase([right for right, _ in answers], sum(rows for _, rows in answers))
                for answers in large
            ]
    return slices


def _asked(cases: Cases) -> Iterator[tuple[dict[str, str], float, int]]:
    """Of each case that asks for a label: its facets, the share that was right, of how many."""
    question = RATES["accuracy"]
    if not cases.groups:
        for row, right in zip(cases.rows, cases.answers(question), strict=True):
            if right is not None:
                yield row.facets, float(right), 1
        return
    for group in cases.groups:
        asked = [(row, right) for row in group if (right := question(row)) is not None]
        if asked:
            yield asked[0][0].facets, sum(right for _, right in asked) / len(asked), len(asked)
