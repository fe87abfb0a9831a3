"""Quantiles and their distribution-free intervals."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from .distributions import normal_quantile, regularised_beta
from .intervals import Interval

_DUST = 1e-9


def quantile(ordered: Sequence[float], share: float, weights: Sequence[float] = ()) -> float:
    """The quantile of sorted values by linear interpolation (type 7, Hyndman and Fan 1996).

    With `weights` (of the values, in their order) the least value that `share` of the weight
    does not exceed. Raises ValueError without data.
    """
    if not ordered:
        raise ValueError("no values have no quantile")
    if weights:
        sums = list(accumulate(weights))
        return ordered[min(bisect_left(sums, share * sums[-1] - _DUST), len(ordered) - 1)]
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def quantile_interval(
    ordered: Sequence[float],
    share: float,
    confidence: float = 0.95,
    weights: Sequence[float] = (),
) -> Interval | None:
    """Order-statistic interval of a quantile, with exact binomial ranks.

    It holds for every distribution, with ties too (David and Nagaraja, Order Statistics, 2003,
    section 7.1). None when the sample is too small: a bound would lie outside the data. With
    `weights` the ranks are those of as many cases as the weights sum to, and are read off all
    values: repeats of a case are no new cases.
    """
    n = math.floor(math.fsum(weights) + _DUST) if weights else len(ordered)
    ranks = _ranks(n, share, confidence)
    if ranks is None:
        return None
    if not weights:
        return Interval(ordered[ranks[0] - 1], ordered[ranks[1] - 1])
    sums = list(accumulate(weights))
    last = len(ordered) - 1
    low = bisect_right(sums, ranks[0] - 1 + _DUST)
    high = bisect_left(sums, ranks[1] - _DUST)
    return Interval(ordered[min(low, last)], ordered[min(high, last)])


def quantile_cases(share: float, confidence: float = 0.95) -> int:
    """The fewest cases of which `quantile_interval` has an interval: 72 for a p95 at 95 %.

    Raises ValueError unless the share is strictly between 0 and 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"no sample bounds the {share} quantile")
    return max(2, math.ceil(math.log((1 - confidence) / 2) / math.log(max(share, 1 - share))))


@lru_cache(maxsize=1024)
def _ranks(n: int, share: float, confidence: float) -> tuple[int, int] | None:
    """The innermost order statistics (from 1) below and above the quantile; None if there are none.

    The k-th is above it when fewer than k values lie below, and below it when at least k do.
    """
    if n < 1 or not 0 < share < 1:
        return None
    tail = (1 - confidence) / 2
    spread = normal_quantile(0.5 + confidence / 2) * math.sqrt(n * share * (1 - share))
    low = max(1, min(n, round(n * share - spread)))
    while low < n and _below(low, n, share) <= tail:
        low += 1
    while low > 0 and _below(low - 1, n, share) > tail:
        low -= 1
    high = max(1, min(n, round(n * share + spread)))
    while high > 1 and 1 - _below(high - 2, n, share) <= tail:
        high -= 1
    while high <= n and 1 - _below(high - 1, n, share) > tail:
        high += 1
    return (low, high) if low >= 1 and high <= n else None


def _below(count: int, n: int, share: float) -> float:
    """Probability of at most `count` of `n` at `share` each."""
    if count < 0:
        return 0.0
    return 1.0 if count >= n else 1.0 - regularised_beta(share, count + 1, n - count)
