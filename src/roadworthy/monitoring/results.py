"""Measurements made of values: shares, means, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct, structs

from roadworthy.domain import IndicatorSpec, Measurement, exact
from roadworthy.statistics import (
    Interval,
    clopper_pearson,
    counted_mean_interval,
    mean_bounds,
    share_interval,
)

from .cases import PerCase, Size, Sized


def absent(spec: IndicatorSpec, reason: str = "") -> Measurement:
    """No value, and why."""
    missing = reason or "no observation carries " + (" and ".join(spec.needs) or "anything")
    return Measurement(
        name=spec.name,
        value=None,
        unit=spec.unit,
        higher_is_better=spec.higher_is_better,
        reason=missing,
    )


def bounded(
    spec: IndicatorSpec,
    value: float,
    bounds: Interval | None,
    of: Sized,
    *,
    confidence: float,
    method: str,
    reason: str = "",
) -> Measurement:
    """A value of those answers with its interval, if it has one."""
    return Measurement(
        name=spec.name,
        value=value,
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
        n=of.n,
        rows=of.rows,
        unit=spec.unit,
        confidence=confidence,
        method=method if bounds else "",
        higher_is_better=spec.higher_is_better,
        reason=reason,
    )


class Shares(Struct, frozen=True, kw_only=True):
    """Values in [0, 1], as much of them as a share's interval asks."""

    n: int
    total: float
    some: int
    """Values above 0."""
    every: int
    """Values of 1."""
    rows: int


def share_of(spec: IndicatorSpec, found: PerCase, confidence: float) -> Measurement:
    """The mean of values in [0, 1], one a case, with the interval that never covers less."""
    n = len(found.values)
    if n == 0:
        return absent(spec, found.fault)
    seen = Shares(
        n=n,
        total=math.fsum(found.values),
        some=n - found.values.count(0.0),
        every=found.values.count(1.0),
        rows=found.rows,
    )
    return share_of_all(spec, seen, confidence)


def share_of_all(spec: IndicatorSpec, seen: Shares, confidence: float) -> Measurement:
    """The same of values that somebody added up."""
    if seen.n == 0:
        return absent(spec)
    bounds = share_interval(seen.total, seen.n, confidence)
    return Measurement(
        name=spec.name,
        value=seen.total / seen.n,
        low=bounds.low,
        high=bounds.high,
        n=seen.n,
        rows=seen.rows,
        count=seen.some,
        every=seen.every,
        unit=spec.unit,
        confidence=confidence,
        method="clopper_pearson",
        higher_is_better=spec.higher_is_better,
    )


def count_of(rate: Measurement, events: float) -> Measurement:
    """How many of the n had the event: the share's measurement, times n."""
    assert rate.low is not None
    assert rate.high is not None
    n = rate.n
    return structs.replace(rate, value=events, low=rate.low * n, high=rate.high * n, every=None)


def mean_of(
    spec: IndicatorSpec,
    found: PerCase,
    confidence: float,
    groups: Sequence[str | int] = (),
) -> Measurement:
    """The mean of values; where `spec` says how far they reach, with bounds that prove something.

    Else with Student's t, which are loose, and without two different values with none.
    """
    values = found.values
    if not values:
        return absent(spec, found.fault)
    if spec.low is not None and spec.high is not None:
        return _within(spec, found, confidence, groups)
    return _unlimited(spec, [(value, 1) for value in values], found, confidence)


def mean_of_counted(
    spec: IndicatorSpec, times: Sequence[tuple[float, int]], confidence: float
) -> Measurement:
    """`mean_of` values that come so many times each, of cases that stand for themselves.

    Of an indicator that has no upper end.
    """
    n = sum(each for _, each in times)
    if not n:
        return absent(spec)
    found = _unlimited(spec, times, Size(n, n), confidence)
    return bounded_below(spec, found) if found.low is None or found.high is None else found


def _unlimited(
    spec: IndicatorSpec, times: Sequence[tuple[float, int]], of: Sized, confidence: float
) -> Measurement:
    values = [value for value, _ in times]
    bounds, reason = None, ""
    if min(values) < max(values):
        bounds = counted_mean_interval(times, confidence)
        if spec.low is not None and spec.low <= min(values):  # no mean of what is at least that
            bounds = Interval(max(bounds.low, spec.low), bounds.high)
    elif of.n > 1:
        reason = f"all {of.n} values are equal, which bounds no mean of unbounded values"
    measured = bounded(
        spec,
        math.fsum(value * each for value, each in times) / of.n,
        bounds,
        of,
        confidence=confidence,
        method="student_t",
        reason=reason,
    )
    return structs.replace(measured, loose=bounds is not None)


def _within(
    spec: IndicatorSpec, found: PerCase, confidence: float, groups: Sequence[str | int]
) -> Measurement:
    """The mean of values in a known range; one beyond it refutes the range, and there is none."""
    assert spec.low is not None
    assert spec.high is not None
    beyond = [value for value in found.values if not spec.low <= value <= spec.high]
    if beyond:
        far = max(beyond, key=lambda value: max(value - spec.high, spec.low - value))  # type: ignore[operator]
        reach = f"{exact(spec.low)} to {exact(spec.high)}"
        return absent(spec, f"a value of {far:.6g} lies beyond the values that can be: {reach}")
    bounds = mean_bounds(
        found.values, least=spec.low, most=spec.high, confidence=confidence, groups=groups
    )
    value = math.fsum(found.values) / len(found.values)
    return bounded(spec, value, bounds, found, confidence=confidence, method="betting")


def bounded_below(spec: IndicatorSpec, found: Measurement) -> Measurement:
    """A mean of n equal values with its lower bound, where nothing is below `spec.low`.

    A share of all values reaches the one that was seen, at least Clopper and Pearson's bound of n
    in n; the others are at least `spec.low`. Of a mean of cases that stand for themselves.
    """
    if found.value is None or found.n < 2 or spec.low is None or found.value <= spec.low:
        return found
    reached = clopper_pearson(found.n, found.n, found.confidence).low
    low = spec.low + reached * (found.value - spec.low)
    reason = f"all {found.n} values are equal, which bounds their mean from below only"
    return structs.replace(found, low=low, reason=reason)
