"""What each case adds to an indicator, so that two runs of the same cases can be paired.

Enters: an indicator and the rows of a run. Leaves: a value for each case. Of a share or a mean it
is the case's own value. Of F1, precision, recall and the calibration error it is how much the
indicator would move if the case weighed a little less (the infinitesimal jackknife, Jaeckel 1972;
Efron 1982, chapter 6): to first order the indicator is the mean of these, and its noise theirs.
Never here: an interval. Only how two runs go together is read off; how unsure each is by itself
comes from intervals that hold for any number of cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from roadworthy.domain import ALIASES, INDICATORS, JUDGE_SHOWN, Measurement, Observation
from roadworthy.statistics import DEFAULT_BINS, reliability

from .cases import Rows, cases_of
from .confusion import Average, Pair, confusion, f1_micro, macro
from .judged import said_by_judge
from .labels import sure

Unit = tuple[str, str]

_SUMS = frozenset({"rate", "mean", "count"})
"""Kinds of indicators that are a sum over cases."""

_STEP = 1e-3
"""By how much less a case weighs: small, so that no label disappears with its only case."""

_LABELS = frozenset({"precision", "recall", "f1", "f1_micro"})


def contributions(
    name: str, rows: Sequence[Observation], measured: Callable[[Rows], Measurement]
) -> dict[Unit, float]:
    """Case -> what it adds; empty for an indicator that has no such parts (a percentile).

    Nor has one that a judge says: how its errors go together in two runs, nobody rated. `measured`
    measures the indicator of some of the rows.
    """
    name = ALIASES.get(name, name)
    cases = cases_of(rows)
    if said_by_judge(JUDGE_SHOWN.get(name, name), cases):
        return {}
    groups = cases.each()
    spec = INDICATORS.get(name)
    if name in _LABELS:
        return _of_labels(name, rows)
    if name == "decision_ece":
        return _of_calibration(groups)
    if name != "brier" and spec is not None and spec.kind not in _SUMS:
        return {}
    found = {group[0].unit: _own(measured(group)) for group in groups}
    return {unit: value for unit, value in found.items() if value is not None}


def _own(found: Measurement) -> float | None:
    """A case's own value. One that counts (`n`) and was not answered is not right, not absent."""
    withheld = found.value is None and found.coverage == 0.0 and found.n > 0
    return 0.0 if withheld else found.value


def _of_labels(name: str, rows: Sequence[Observation]) -> dict[Unit, float]:
    """What each labelled case adds to precision, recall or F1. Alike cases are computed once."""
    cases = cases_of(rows)
    counts = confusion(cases)
    if not counts:
        return {}

    def value(of: dict[Pair, float]) -> float:
        return f1_micro(of) if name == "f1_micro" else macro(of, cast("Average", name))

    whole = value(counts)
    known: dict[tuple[tuple[Pair, float], ...], float] = {}
    found: dict[Unit, float] = {}
    for group in cases.each():
        own = tuple(sorted(confusion(cases_of(group)).items()))
        if not own:
            continue
        if own not in known:
            lighter = dict(counts)
            for pair, number in own:
                lighter[pair] -= _STEP * number
            known[own] = (whole - value(lighter)) / _STEP
        found[group[0].unit] = known[own]
    return found


def _of_calibration(groups: Iterable[Rows]) -> dict[Unit, float]:
    """What each case adds to the calibration error: its gap, with the sign of its bin's."""
    cases = {
        group[0].unit: answers
        for group in groups
        if (answers := [(row.confidence or 0.0, row.decision == row.label)
                        for row in group if sure(row)])
    }  # fmt: skip
    flat = [(said, hit, 1 / len(each)) for each in cases.values() for said, hit in each]
    if not flat:
        return {}
    said, hits, weights = zip(*flat, strict=True)
    bars = reliability(said, hits, weights=weights)
    sign = {bar.low: 1.0 if bar.confidence >= bar.accuracy else -1.0 for bar in bars}
    bins = DEFAULT_BINS

    def gap(confidence: float, hit: bool) -> float:
        low = min(int(confidence * bins), bins - 1) / bins
        return sign[low] * (confidence - hit)

    return {
        unit: math.fsum(gap(confidence, hit) for confidence, hit in each) / len(each)
        for unit, each in cases.items()
    }
