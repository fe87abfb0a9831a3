"""Latency and time to first token: percentiles of durations, with the noise of the cases."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from roadworthy.domain import IndicatorSpec, Measurement, Observation
from roadworthy.statistics import quantile, quantile_interval

from .cases import Asking, Cases, Rows, Sized, per_case
from .results import absent, bounded, mean_of

Unit = tuple[str, str]


def duration(spec: IndicatorSpec, cases: Cases, aggregation: str, confidence: float) -> Measurement:
    """A percentile (or mean, least, most) over all rows; its ranks are those of the cases."""
    taken = _latency if spec.name == "latency" else _first_token
    how = aggregation or spec.default_aggregation
    found = per_case(cases, taken)
    if not found.values:
        return absent(spec)
    if how == "mean":
        return mean_of(spec, found, confidence)
    ordered, weights = _ordered(cases, taken) if cases.groups else (sorted(found.values), [])
    return percentile(spec, ordered, found, how, confidence, weights)


def percentile(
    spec: IndicatorSpec,
    ordered: Sequence[float],
    of: Sized,
    how: str,
    confidence: float,
    weights: Sequence[float] = (),
) -> Measurement:
    """A percentile, the least or the most of sorted durations."""
    share = {"max": 1.0, "min": 0.0}.get(how)
    if share is None:
        share = int(how[1:]) / 100
    bounds = quantile_interval(ordered, share, confidence, weights) if 0 < share < 1 else None
    return bounded(
        spec,
        quantile(ordered, share, weights),
        bounds,
        of,
        confidence=confidence,
        method=f"order statistics, {how}",
    )


def duration_parts(name: str, groups: Iterable[Rows], how: str, value: float) -> dict[Unit, float]:
    """Case -> its mean duration, or how much of it lies above the percentile `value`.

    What a percentile's noise is made of is which cases lie above it (Bahadur 1966,
    https://doi.org/10.1214/aoms/1177699450). Empty of the least and the most, which have no parts.
    """
    if how in ("min", "max"):
        return {}
    taken = _latency if name == "latency" else _first_token
    parts: dict[Unit, float] = {}
    for group in groups:
        known = [each for row in group if (each := taken(row)) is not None]
        if known:
            above = known if how == "mean" else [float(each > value) for each in known]
            parts[group[0].unit] = math.fsum(above) / len(known)
    return parts


def _ordered(cases: Cases, taken: Asking) -> tuple[list[float], list[float]]:
    """Durations of repeats, the shortest first, each with its share of its case."""
    pairs: list[tuple[float, float]] = []
    for group in cases.each():
        values = [value for row in group if (value := taken(row)) is not None]
        pairs += [(value, 1 / len(values)) for value in values]
    pairs.sort()
    return [value for value, _ in pairs], [weight for _, weight in pairs]


def _latency(row: Observation) -> float | None:
    return row.latency_ms if was_paid(row) else None


def _first_token(row: Observation) -> float | None:
    return row.first_token_ms if was_paid(row) else None


def was_paid(row: Observation) -> bool:
    """An evaluation's row says how long the answer took when it was paid for, cached or not."""
    return row.stage == "eval" or not row.cache_hit
