"""How far apart the values of a facet lie: in accuracy, and in how cases of one label end.

Enters: cases with labels and facets. Leaves: the largest gap, with bounds that hold for all that
were compared, and that allow for cases that belong together. Never here: a slice of few cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from roadworthy.domain import IndicatorSpec, Measurement
from roadworthy.statistics import Interval, share_interval

from .cases import Cases, PerCase
from .clusters import clustered_bounds, groups_of
from .rates import RATES
from .results import absent, bounded
from .standing import asks_for_label, stood

FEWEST = 20
"""Labelled cases of a facet's value that count as a slice."""
_MOST_VALUES = 50
"""A facet with more values is an identifier, not a slice."""

_RIGHT = "right"

Endings = dict[str, float]
"""How a case ended -> of which share of its repeats."""


class _Case(Struct, frozen=True):
    """One case, or `n` that are alike: within what compared, where they stand, how they ended."""

    among: str
    """Cases are compared with those of the same label alone; empty: with all."""
    facets: dict[str, str]
    endings: Endings
    rows: int
    group: str | int = ""
    n: int = 1


class _Slice(Struct):
    """The cases of one value of a facet, of those that are compared."""

    n: int = 0
    rows: int = 0
    sums: Endings = field(default_factory=dict)
    members: list[_Case] = field(default_factory=list)
    """Each case, where cases are in groups."""

    def add(self, case: _Case) -> None:
        """Count a case."""
        self.n += case.n
        self.rows += case.rows
        for ending, share in case.endings.items():
            self.sums[ending] = self.sums.get(ending, 0.0) + share
        if case.group:
            self.members.append(case)

    def share(self, ending: str) -> float:
        """Of the cases, how many ended so."""
        return self.sums.get(ending, 0.0) / self.n

    def bounds(self, ending: str, confidence: float) -> Interval:
        """Of that share; as wide as the groups of its cases make it."""
        groups = [case.group for case in self.members]
        if len(set(groups)) == len(groups):
            return share_interval(self.sums.get(ending, 0.0), self.n, confidence)
        values = [case.endings.get(ending, 0.0) for case in self.members]
        return clustered_bounds(PerCase(values, self.rows), groups, confidence)


_Slices = dict[str, list[_Slice]]
"""Facet -> the slices of its values that have enough cases, of facets with two such values."""


def slice_gap(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The largest gap of accuracy between two values of one facet."""
    found = _slices(_asked(cases))
    if not found:
        return absent(spec, f"no facet has two values with {FEWEST} labelled cases each")
    compared = [(_RIGHT, values) for slices in found for values in slices.values()]
    return _widest(spec, compared, found, confidence)


def spurious_dependence(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The largest gap, between two values of one facet, of how often cases of a label end one way.

    An ending is the decision that left; that none did is one too.
    """
    found = _slices(_ended(cases))
    if not found:
        return absent(spec, f"no facet has two values with {FEWEST} cases of one label each")
    compared = [
        (ending, values)
        for slices in found
        for values in slices.values()
        for ending in sorted({ending for each in values for ending in each.sums})
    ]
    return _widest(spec, compared, found, confidence)


def _widest(
    spec: IndicatorSpec,
    compared: Sequence[tuple[str, list[_Slice]]],
    found: Iterable[_Slices],
    confidence: float,
) -> Measurement:
    """The largest gap between two shares that are compared with each other.

    Every share's bounds hold together (Bonferroni), so the gap of two of them lies between what
    their bounds leave and what they allow, whichever two they are.
    """
    each = 1 - (1 - confidence) / sum(len(values) for _, values in compared)
    gap, low, high = 0.0, 0.0, 0.0
    for ending, values in compared:
        shares = [one.share(ending) for one in values]
        bounds = [one.bounds(ending, each) for one in values]
        gap = max(gap, max(shares) - min(shares))
        for at, one in enumerate(bounds):
            others = bounds[:at] + bounds[at + 1 :]
            low = max(low, one.low - min(other.high for other in others))
            high = max(high, one.high - min(other.low for other in others))
    grouped = any(one.members for _, values in compared for one in values)
    method = "cluster_robust" if grouped else "clopper_pearson"
    bounds_of = Interval(min(low, gap), max(high, gap))
    return bounded(spec, gap, bounds_of, _most(found), confidence=confidence, method=method)


def _most(found: Iterable[_Slices]) -> PerCase:
    """How many cases, and rows, the facet has that has most of them in its slices."""
    cases: dict[str, int] = {}
    rows: dict[str, int] = {}
    for slices in found:
        for facet, values in slices.items():
            cases[facet] = cases.get(facet, 0) + sum(one.n for one in values)
            rows[facet] = rows.get(facet, 0) + sum(one.rows for one in values)
    return PerCase([0.0] * max(cases.values()), max(rows.values()))


def _slices(asked: Iterable[_Case]) -> list[_Slices]:
    """Of each kind of cases that are compared, the facets that two large enough slices have."""
    known: dict[str, dict[str, dict[str, _Slice]]] = {}
    for case in asked:
        facets = known.setdefault(case.among, {})
        for facet, value in case.facets.items():
            values = facets.setdefault(facet, {})
            if value not in values:
                values[value] = _Slice()
            values[value].add(case)
    found: list[_Slices] = []
    for _, facets in sorted(known.items()):
        slices: _Slices = {}
        for facet, values in facets.items():
            large = [one for one in values.values() if one.n >= FEWEST]
            if len(large) > 1 and len(values) <= _MOST_VALUES:
                slices[facet] = large
        if slices:
            found.append(slices)
    return found


def _asked(cases: Cases) -> Iterator[_Case]:
    """Each case that asks for a label, and whether it was right."""
    question = RATES["accuracy"]
    groups = groups_of(cases)
    if not cases.groups:
        for at, (row, right) in enumerate(zip(cases.rows, cases.answers(question), strict=True)):
            if right is not None:
                yield _Case("", row.facets, {_RIGHT: float(right)}, 1, groups[at] if groups else "")
        return
    for at, unit in enumerate(cases.groups):
        asked = [(row, right) for row in unit if (right := question(row)) is not None]
        if asked:
            share = sum(right for _, right in asked) / len(asked)
            facets, group = asked[0][0].facets, groups[at] if groups else ""
            yield _Case("", facets, {_RIGHT: share}, len(asked), group)


def _ended(cases: Cases) -> Iterator[_Case]:
    """Each case that asks for a label, and how it ended."""
    groups = groups_of(cases)
    if not cases.groups and not groups:
        alike = Counter(
            (row.label, tuple(row.facets.items()), row.decision if stood(row) else "")
            for row in cases.rows
            if asks_for_label(row)
        )
        for (label, stands, ending), n in alike.items():
            yield _Case(label, dict(stands), {ending: float(n)}, n, n=n)
        return
    for at, unit in enumerate(cases.each()):
        asked = [row for row in unit if asks_for_label(row)]
        if not asked:
            continue
        endings: Endings = {}
        for row in asked:
            ending = row.decision if stood(row) else ""
            endings[ending] = endings.get(ending, 0.0) + 1 / len(asked)
        first, group = asked[0], groups[at] if groups else ""
        yield _Case(first.label, first.facets, endings, len(asked), group)
