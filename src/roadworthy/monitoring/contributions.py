"""What each case adds to an indicator, so that two runs of the same cases can be paired.

Enters: an indicator and the rows of a run. Leaves: a value for each case. Of a share or a mean it
is the case's own value. Of a percentile it is whether the case lies above it. Of F1, precision,
recall, the calibration errors and the area under risk over coverage it is how much the indicator
would move if the case weighed a little less (the infinitesimal jackknife, Jaeckel 1972; Efron 1982,
chapter 6): to first order the indicator is the mean of these, and its noise theirs.
Never here: an interval. Only how two runs go together is read off; how unsure each is by itself
comes from intervals that hold for any number of cases.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import cast

from roadworthy.domain import ALIASES, INDICATORS, JUDGE_SHOWN, Measurement, Observation
from roadworthy.statistics import (
    DEFAULT_BINS,
    area_parts,
    debiased_slope,
    equal_mass,
    reliability,
)

from .cases import Rows, cases_of
from .confusion import Average, Pair, confusion, f1_micro, macro
from .durations import duration_parts
from .judged import said_by_judge
from .labels import sure

Unit = tuple[str, str]

_SUMS = frozenset({"rate", "mean", "count"})
"""Kinds of indicators that are a sum over cases."""

_STEP = 1e-3
"""By how much less a case weighs: small, so that no label disappears with its only case."""

_CONFIDENCES = frozenset({"decision_ece", "adaptive_ece", "debiased_ece", "risk_coverage"})

_LABELS = frozenset({"precision", "recall", "f1", "f1_micro"})


def contributions(
    name: str,
    rows: Sequence[Observation],
    measured: Callable[[Rows], Measurement],
    *,
    aggregation: str = "",
) -> dict[Unit, float]:
    """Case -> what it adds; empty for an indicator that has no such parts (a gap, an AUC).

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
    if name in _CONFIDENCES:
        return _of_confidence(name, groups)
    if spec is not None and spec.kind == "quantile":
        whole = measured(rows).value
        how = aggregation or spec.default_aggregation
        return {} if whole is None else duration_parts(name, groups, how, whole)
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


def _of_confidence(name: str, groups: Iterable[Rows]) -> dict[Unit, float]:
    """What each case adds to a calibration error, or to the area under risk over coverage."""
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
    if name == "risk_coverage":
        adds = iter(area_parts(said, hits, weights))
        return {unit: math.fsum(islice(adds, len(each))) for unit, each in cases.items()}
    slope = _slope(name, said, hits, weights)
    return {
        unit: math.fsum(slope(level) * (level - hit) for level, hit in each) / len(each)
        for unit, each in cases.items()
    }


def _slope(
    name: str, said: Sequence[float], hits: Sequence[bool], weights: Sequence[float]
) -> Callable[[float], float]:
    """How an error rises with the gap of an answer of some confidence: as its bin's gap counts."""
    if name == "decision_ece":
        bins = DEFAULT_BINS
        signs = {
            bar.low: 1.0 if bar.confidence >= bar.accuracy else -1.0
            for bar in reliability(said, hits, weights=weights)
        }
        return lambda level: signs[min(int(level * bins), bins - 1) / bins]
    bars = equal_mass(said, hits, weights=weights)
    lows = [bar.low for bar in bars]
    slopes = [
        debiased_slope(bar) if name == "debiased_ece"
        else 1.0 if bar.confidence >= bar.accuracy else -1.0
        for bar in bars
    ]  # fmt: skip
    return lambda level: slopes[bisect_right(lows, level) - 1]
