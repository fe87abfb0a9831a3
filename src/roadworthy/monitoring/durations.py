"""Latency and time to first token: percentiles of durations, with the noise of the cases."""

from __future__ import annotations

from roadworthy.domain import IndicatorSpec, Measurement, Observation
from roadworthy.statistics import quantile, quantile_interval

from .cases import Cases, per_case
from .results import absent, bounded, mean_of


def duration(spec: IndicatorSpec, cases: Cases, aggregation: str, confidence: float) -> Measurement:
    """A percentile (or mean, least, most) over all rows; its ranks are those of the cases."""
    field = "latency_ms" if spec.name == "latency" else "first_token_ms"

    def taken(row: Observation) -> float | None:
        # An evaluation's row says how long the answer took when it was paid for, cached or not.
        paid = row.stage == "eval" or not row.cache_hit
        value: float | None = getattr(row, field) if paid else None
        return value

    how = aggregation or spec.default_aggregation
    found = per_case(cases, taken)
    if not found.values:
        return absent(spec)
    if how == "mean":
        return mean_of(spec, found, confidence)
    share = {"max": 1.0, "min": 0.0}.get(how)
    if share is None:
        share = int(how[1:]) / 100
    pairs = []
    for group in cases.each():
        values = [value for row in group if (value := taken(row)) is not None]
        pairs += [(value, 1 / len(values)) for value in values]
    pairs.sort()
    ordered = [value for value, _ in pairs]
    weights = [weight for _, weight in pairs] if cases.groups else []
    bounds = quantile_interval(ordered, share, confidence, weights) if 0 < share < 1 else None
    return bounded(
        spec,
        quantile(ordered, share, weights),
        bounds,
        found,
        confidence=confidence,
        method=f"order statistics, {how}",
    )
