"""Percentile bootstrap for statistics without a closed form."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from .intervals import Interval
from .quantiles import quantile

Item = TypeVar("Item")

_WORK = 2_000_000
"""Draws spent on one interval at most, so that 20,000 rows still take about a second."""


def bootstrap(
    items: Sequence[Item],
    statistic: Callable[[Sequence[Item]], float],
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Percentile interval (Efron 1979); deterministic for the same items and seed.

    At least 100 resamples, fewer than asked for when the sample is large. Raises ValueError with
    fewer than two items.
    """
    n = len(items)
    if n < 2:
        raise ValueError("a bootstrap needs at least two items")
    rounds = max(100, min(resamples, _WORK // n))
    generator = random.Random(seed)  # noqa: S311 - resampling, not secrecy
    drawn = sorted(statistic(generator.choices(items, k=n)) for _ in range(rounds))
    tail = (1 - confidence) / 2
    return Interval(quantile(drawn, tail), quantile(drawn, 1 - tail))
