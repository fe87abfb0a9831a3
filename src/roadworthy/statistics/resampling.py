"""Percentile bootstraps for statistics without a closed form."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from .intervals import Interval
from .quantiles import quantile

Item = TypeVar("Item")

Cell = TypeVar("Cell")

_WORK = 1_000_000
"""Draws spent on one interval at most, so that a large sample still takes about a second."""


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


def bootstrap_counts(
    counts: Mapping[Cell, int],
    statistic: Callable[[Mapping[Cell, int]], float],
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Percentile interval of a statistic of cell counts, such as those of a confusion matrix.

    Poisson bootstrap (Chamandy et al. 2012, https://research.google/pubs/pub43157/): every cell
    is drawn as Poisson of its count, so the cost is that of the cells, not of the rows. A draw
    without any row is left out. Raises ValueError with fewer than two rows.
    """
    if sum(counts.values()) < 2:
        raise ValueError("a bootstrap needs at least two items")
    generator = random.Random(seed)  # noqa: S311 - resampling, not secrecy
    drawn = []
    for _ in range(resamples):
        sample = {cell: _poisson(generator, count) for cell, count in counts.items() if count}
        if any(sample.values()):
            drawn.append(statistic(sample))
    drawn.sort()
    tail = (1 - confidence) / 2
    return Interval(quantile(drawn, tail), quantile(drawn, 1 - tail))


_NORMAL_FROM = 60
"""From this mean on a Poisson is drawn as a rounded normal: their quantiles differ by less than
the percentile bootstrap's own error."""


def _poisson(generator: random.Random, mean: int) -> int:
    if mean >= _NORMAL_FROM:
        return max(0, round(generator.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), generator.random(), 0
    while product > limit:
        product *= generator.random()
        count += 1
    return count
