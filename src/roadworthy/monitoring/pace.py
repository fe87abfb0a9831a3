"""How fast answers came, and how much of what was read a provider's cache held.

Enters: rows with the instants at which they ended, and with usage as providers reported it.
Leaves: measurements. Never here: what a cache of answers gave back taken for a model's pace.
"""

from __future__ import annotations

from typing import Any

from msgspec import structs

from roadworthy.domain import IndicatorSpec, Measurement, Observation, parse_instant
from roadworthy.statistics import Interval, pace_interval

from .cases import Cases, PerCase
from .clusters import share_of_cases
from .results import absent, bounded

_CACHED = ("cache", "shared")
"""Parts of the names under which providers report what their cache held."""


def throughput(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """Answers per second between the first end and the last; batch means bound it."""
    answered = [row for row in cases.rows if row.status in ("ok", "refused")]
    again = sum(row.cache_hit and row.stage == "eval" for row in answered)
    if again:
        told = f"{again} of {len(answered)} answers came from the cache of answers: ask anew"
        return absent(spec, told)
    try:
        ends = sorted(parse_instant(row.time).timestamp() for row in answered)
    except ValueError as error:
        return absent(spec, f"an answer's instant cannot be read: {error}")
    if len(ends) < 2 or ends[0] == ends[-1]:
        return absent(spec, "no two answers ended at two instants")
    bounds: Interval | None = None
    reason = ""
    try:
        bounds = pace_interval(ends, confidence)
    except ValueError as error:
        reason = str(error)
    value = (len(ends) - 1) / (ends[-1] - ends[0])
    found = PerCase([0.0] * len(ends), len(ends))
    measured = bounded(
        spec, value, bounds, found, confidence=confidence, method="batch_means", reason=reason
    )
    return structs.replace(measured, counted="answers")


def cache_hit_rate(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The share of live answers that were given again."""
    return share_of_cases(spec, cases, given_again, "", confidence)


def given_again(row: Observation) -> bool | None:
    """Whether a live answer came from the cache."""
    return None if row.stage == "eval" or row.status == "error" else row.cache_hit


def prompt_cache_rate(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The mean share of input tokens that were cached, of answers that say so."""
    return share_of_cases(spec, cases, _cached, "", confidence)


def _cached(row: Observation) -> float | None:
    usage = row.usage
    if row.status == "error" or not usage.input_tokens:
        return None
    if not usage.cached_input_tokens and not _names_a_cache(usage.raw):
        return None
    return min(1.0, usage.cached_input_tokens / usage.input_tokens)


def _names_a_cache(raw: dict[str, Any]) -> bool:
    """Whether a provider counted cached tokens, were there any or none."""
    parts = [raw, *(value for value in raw.values() if isinstance(value, dict))]
    return any(part in name for each in parts for name in each for part in _CACHED)
