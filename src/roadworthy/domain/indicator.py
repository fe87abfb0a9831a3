"""A named function of observations, as measured: value, sample size, interval."""

from __future__ import annotations

from msgspec import Struct, field


class Measurement(Struct, frozen=True, kw_only=True):
    """One indicator's value. None means not measured, and `reason` says why."""

    name: str
    value: float | None
    low: float | None = None
    """Lower bound of the two-sided interval at `confidence`."""
    high: float | None = None
    n: int = 0
    count: int | None = None
    """For rates and counts: how many of the `n` were events."""
    unit: str = ""
    confidence: float = 0.95
    method: str = ""
    """How the interval was made: `wilson`, `clopper_pearson`, `normal`, `bootstrap` …"""
    higher_is_better: bool = True
    slices: dict[str, Measurement] = field(default_factory=dict)
    """`facet=value` or `tag:NAME` -> the same indicator there."""
    reason: str = ""
