"""How far apart the values of a facet lie: in accuracy, and in how cases of one label end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from roadworthy.domain import IndicatorSpec, Measurement
from roadworthy.statistics import Interval, share_interval

from .cases import Cases, PerCase
from .rates import RATES
from .results import absent, bounded
from .standing import asks_for_label, stood

FEWEST = 20
"""Labelled cases of a facet's value that count as a slice."""
_MOST_VALUES = 50
"""A facet with more values is an identifier, not a slice."""

_Slices = dict[str, list[PerCase]]
"""Facet -> the answers of each value that has enough."""


def slice_gap(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The largest gap of accuracy between two values of one facet."""
    slices = _slices(_asked(cases))
    if not slices:
        return absent(spec, f"no facet has two values with {FEWEST} labelled cases each")
    return _widest(spec, list(slices.values()), _most([slices]), confidence)


def spurious_dependence(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The largest gap, between two values of one facet, of how often cases of a label end one way.

    An ending is the decision that left; that none did is one too.
    """
    compared: list[list[PerCase]] = []
    of_labels: list[_Slices] = []
    for asked in _ended(cases).values():
        slices: _Slices = {}
        for ending in sorted({ending for _, endings, _ in asked for ending in endings}):
            slices = _slices((facets, said.get(ending, 0.0), rows) for facets, said, rows in asked)
            compared += slices.values()
        of_labels.append(slices)  # the same cases whatever the ending
    if not compared:
        told = f"no facet has two values with {FEWEST} cases of one label each"
        return absent(spec, told)
    return _widest(spec, compared, _most(of_labels), confidence)


def _widest(
    spec: IndicatorSpec, compared: Sequence[Sequence[PerCase]], of: PerCase, confidence: float
) -> Measurement:
    """The largest gap between two shares that are compared with each other.

    Every share's bounds hold together (Bonferroni), so the gap of two of them lies between what
    their bounds leave and what they allow, whichever two they are.
    """
    each = 1 - (1 - confidence) / sum(map(len, compared))
    gap, low, high = 0.0, 0.0, 0.0
    for values in compared:
        shares = [sum(found.values) / len(found.values) for found in values]
        bounds = [share_interval(sum(found.values), len(found.values), each) for found in values]
        gap = max(gap, max(shares) - min(shares))
        for at, one in enumerate(bounds):
            others = bounds[:at] + bounds[at + 1 :]
            low = max(low, one.low - min(other.high for other in others))
            high = max(high, one.high - min(other.low for other in others))
    return bounded(
        spec, gap, Interval(low, high), of, confidence=confidence, method="clopper_pearson"
    )


def _most(parts: Iterable[_Slices]) -> PerCase:
    """How many cases, and rows, the facet has that has most of them in its slices."""
    cases: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for slices in parts:
        for facet, values in slices.items():
            cases[facet] += sum(len(found.values) for found in values)
            rows[facet] += sum(found.rows for found in values)
    return PerCase([0.0] * max(cases.values()), max(rows.values()))


def _slices(asked: Iterable[tuple[Mapping[str, str], float, int]]) -> _Slices:
    """Of facets, a share and its rows: each facet that has two values with enough cases."""
    found: dict[str, dict[str, list[tuple[float, int]]]] = {}
    for facets, share, rows in asked:
        for facet, value in facets.items():
            found.setdefault(facet, {}).setdefault(value, []).append((share, rows))
    slices: _Slices = {}
    for facet, values in found.items():
        large = [answers for answers in values.values() if len(answers) >= FEWEST]
        if len(large) > 1 and len(values) <= _MOST_VALUES:
            slices[facet] = [
                PerCase([share for share, _ in answers], sum(rows for _, rows in answers))
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


def _ended(cases: Cases) -> dict[str, list[tuple[dict[str, str], dict[str, float], int]]]:
    """Label -> of each of its cases the facets, the share of each ending, how many rows."""
    found: dict[str, list[tuple[dict[str, str], dict[str, float], int]]] = {}
    for group in cases.each():
        asked = [row for row in group if asks_for_label(row)]
        if asked:
            endings = Counter(row.decision if stood(row) else "" for row in asked)
            shares = {ending: count / len(asked) for ending, count in endings.items()}
            found.setdefault(asked[0].label, []).append((asked[0].facets, shares, len(asked)))
    return found
