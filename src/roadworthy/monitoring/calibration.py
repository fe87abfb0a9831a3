"""Indicators of confidence: how far it is from how often the system is right.

Enters: rows that carry a confidence and the truth. Leaves: measurements over cases; a case's
repeats weigh as one. Never here: a confidence outside [0, 1] that is quietly left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from roadworthy.domain import IndicatorSpec, Measurement, Observation
from roadworthy.statistics import (
    Bin,
    Interval,
    Level,
    area_interval,
    area_under_risk,
    calibration_interval,
    debiased_gap,
    equal_mass_of,
    gap_of,
    levels,
    reliability_of,
    risk_of,
)

from .cases import Cases, PerCase, Sized, per_case
from .clusters import share_of_cases
from .labels import sure
from .results import absent, bounded


class _Sure(Struct, frozen=True):
    """Labelled answers with a confidence; weights and cases only where one has several."""

    confidences: list[float]
    right: list[bool]
    weights: list[float]
    cases: list[int]
    found: PerCase


def _said(row: Observation) -> float | None:
    return row.confidence if sure(row) else None


def _right(row: Observation) -> bool:
    return row.decision == row.label


def _sure(cases: Cases) -> _Sure:
    """Every answer with a confidence whose truth is known."""
    found = per_case(cases, _said)
    if not cases.groups:
        answers = zip(cases.answers(_said), cases.answers(_right), strict=True)
        right = [bool(hit) for said, hit in answers if said is not None]
        return _Sure(found.values, right, [], [], found)
    all_of = _Sure([], [], [], [], found)
    for index, group in enumerate(cases.each()):
        known = [(said, row) for row in group if (said := _said(row)) is not None]
        for said, row in known:
            all_of.confidences.append(said)
            all_of.right.append(_right(row))
            all_of.weights.append(1 / len(known))
            all_of.cases.append(index)
    return all_of


def _collected(spec: IndicatorSpec, cases: Cases) -> _Sure | Measurement:
    """The answers, or the measurement that says why there are none to speak of."""
    all_of = cases.once(_sure)
    if not all_of.found.values:
        return absent(spec)
    outside = [0.0 <= said <= 1.0 for said in all_of.confidences].count(False)
    return absent(spec, words_outside(outside)) if outside else all_of


def words_outside(many: int) -> str:
    """What is said of confidences that can be none."""
    said = "1 confidence is" if many == 1 else f"{many} confidences are"
    return f"{said} not between 0 and 1"


def _levels(cases: Cases) -> list[Level]:
    found = cases.once(_sure)
    return levels(found.confidences, found.right, found.weights)


def _equal_width(cases: Cases) -> list[Bin]:
    return reliability_of(cases.once(_levels))


def _equal_mass(cases: Cases) -> list[Bin]:
    return equal_mass_of(cases.once(_levels))


_ERRORS: dict[str, tuple[Callable[[Cases], list[Bin]], Callable[[Sequence[Bin]], float]]] = {
    "decision_ece": (_equal_width, gap_of),
    "adaptive_ece": (_equal_mass, gap_of),
    "debiased_ece": (_equal_mass, debiased_gap),
}
"""Indicator -> how answers are binned, and what is read off the bins."""


def calibration_error(
    spec: IndicatorSpec, cases: Cases, aggregation: str, confidence: float
) -> Measurement:
    """A calibration error over bins. Of one slice a percentile is its upper bound."""
    all_of = _collected(spec, cases)
    if isinstance(all_of, Measurement):
        return all_of
    bars = cases.once(_ERRORS[spec.name][0])
    return error_of(spec, bars, all_of.found, aggregation, confidence)


def error_of(
    spec: IndicatorSpec, bars: Sequence[Bin], of: Sized, aggregation: str, confidence: float
) -> Measurement:
    """The error that bins show."""
    value = _ERRORS[spec.name][1](bars)
    bounds = calibration_interval(bars, confidence)
    bounds = Interval(min(bounds.low, value), bounds.high)
    if aggregation.startswith("p") or aggregation == "max":
        value = bounds.high
    return bounded(spec, value, bounds, of, confidence=confidence, method="mover")


def brier(spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float) -> Measurement:
    """Mean squared gap between confidence and outcome: a value in [0, 1] for each case."""
    all_of = _collected(spec, cases)
    if isinstance(all_of, Measurement):
        return all_of

    return share_of_cases(spec, cases, _gap, "", confidence)


def _gap(row: Observation) -> float | None:
    said = _said(row)
    return None if said is None else (said - _right(row)) ** 2


def area(spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float) -> Measurement:
    """Area under risk over coverage."""
    all_of = _collected(spec, cases)
    if isinstance(all_of, Measurement):
        return all_of
    said, right, weights = all_of.confidences, all_of.right, all_of.weights
    points = risk_of(cases.once(_levels))
    bounds = area_interval(
        said, right, weights, cases=all_of.cases, confidence=confidence, points=points
    )
    return bounded(
        spec,
        area_under_risk(points),
        bounds,
        all_of.found,
        confidence=confidence,
        method="bca",
        reason="" if bounds else "an interval needs 30 cases, 5 of them right and 5 wrong",
    )
