"""Two-sided confidence intervals in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from .distributions import beta_quantile, normal_quantile, t_quantile


class Interval(Struct, frozen=True):
    """Bounds at a two-sided confidence."""

    low: float
    high: float


def _check(count: int, n: int, confidence: float) -> None:
    if n <= 0 or not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no share")
    if not 0 < confidence < 1:
        raise ValueError("confidence lies strictly between 0 and 1")


def wilson(count: int, n: int, confidence: float = 0.95) -> Interval:
    """Score interval of a share (Wilson 1927, https://doi.org/10.2307/2276774).

    Raises ValueError without data: no data has no interval.
    """
    _check(count, n, confidence)
    z = normal_quantile(0.5 + confidence / 2)
    share, z2 = count / n, z * z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == n else min(1.0, centre + half)
    return Interval(low, high)


def clopper_pearson(count: int, n: int, confidence: float = 0.95) -> Interval:
    """Exact interval of a share (Clopper and Pearson 1934, https://doi.org/10.2307/2331986).

    Never covers less than `confidence`; wider than Wilson. Raises ValueError without data.
    """
    _check(count, n, confidence)
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else beta_quantile(tail, count, n - count + 1)
    high = 1.0 if count == n else beta_quantile(1 - tail, count + 1, n - count)
    return Interval(low, high)


def zero_count_upper(n: int, confidence: float = 0.95) -> float:
    """With no event in `n`, the rate that is excluded at one-sided `confidence`.

    1 - (1 - confidence)^(1/n): of 60 cases without an event, 4.9 % at 95 %.
    Raises ValueError without data.
    """
    if n <= 0:
        raise ValueError("no cases prove nothing")
    return 1.0 - math.pow(1.0 - confidence, 1.0 / n)


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Student's t interval of a mean. Raises ValueError with fewer than two values."""
    n = len(values)
    if n < 2:
        raise ValueError("a mean has an interval from two values on")
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = t_quantile(0.5 + confidence / 2, n - 1) * math.sqrt(variance / n)
    return Interval(mean - half, mean + half)
