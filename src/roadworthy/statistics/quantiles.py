"""Quantiles and their distribution-free intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .distributions import normal_quantile
from .intervals import Interval


def quantile(ordered: Sequence[float], share: float) -> float:
    """The quantile of sorted values by linear interpolation (type 7, Hyndman and Fan 1996).

    Raises ValueError without data.
    """
    if not ordered:
        raise ValueError("no values have no quantile")
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def quantile_interval(
    ordered: Sequence[float], share: float, confidence: float = 0.95
) -> Interval | None:
    """Order-statistic interval of a quantile (normal approximation to the binomial ranks).

    None when the sample is too small for it: a bound would lie outside the data
    (David and Nagaraja, Order Statistics, section 7.1).
    """
    n = len(ordered)
    z = normal_quantile(0.5 + confidence / 2)
    spread = z * math.sqrt(n * share * (1 - share))
    low, high = math.floor(n * share - spread), math.ceil(n * share + spread)
    if low < 0 or high > n - 1:
        return None
    return Interval(ordered[low], ordered[high])
