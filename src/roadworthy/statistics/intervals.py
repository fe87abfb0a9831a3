"""Two-sided confidence intervals in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from .distributions import beta_quantile, gamma_quantile, normal_quantile, t_quantile


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

    Nominal on average over shares, less at single ones: for a proof take `clopper_pearson`.
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


@lru_cache(maxsize=4096)
def clopper_pearson(count: int, n: int, confidence: float = 0.95) -> Interval:
    """Exact interval of a share (Clopper and Pearson 1934, https://doi.org/10.2307/2331986).

    Never covers less than `confidence`, whatever the share and however small `n`; wider than
    Wilson. Raises ValueError without data.
    """
    _check(count, n, confidence)
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else beta_quantile(tail, count, n - count + 1)
    high = 1.0 if count == n else beta_quantile(1 - tail, count + 1, n - count)
    return Interval(low, high)


_DUST = 1e-9
"""Rounding of a sum of thirds and sevenths is not a case."""


def share_interval(total: float, n: float, confidence: float = 0.95) -> Interval:
    """Interval of the mean of `n` independent values in [0, 1] that sum to `total`.

    A value is a case's share over its repeats, so neither sum need be whole: each bound is
    Clopper and Pearson's at the whole numbers that lie outwards. Of all values in [0, 1] with
    the same mean those that are only 0 or 1 vary most (the convex order in Hoeffding 1963,
    https://doi.org/10.1080/01621459.1963.10500830), so the binomial bound holds whether repeats
    agree always, never or in part. `n` may be fractional where cases weigh less than one.
    Raises ValueError without data.
    """
    if n <= 0 or not -_DUST <= total <= n + _DUST:
        raise ValueError(f"{total} of {n} is no share")
    fewest, most = math.floor(total + _DUST), math.ceil(total - _DUST)
    small, large = math.floor(n + _DUST), math.ceil(n - _DUST)
    low = clopper_pearson(min(fewest, large), large, confidence).low
    high = clopper_pearson(most, small, confidence).high if 0 <= most < small else 1.0
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
    """Student's t interval of a mean. Raises ValueError with fewer than two different values.

    Values that are all equal say nothing of those that were not seen: an interval of width zero
    would prove anything. Approximate: of values with heavy tails, 3 % of them thousands of times
    the others, the upper bound of 60 is too low in one sample of six.
    """
    return counted_mean_interval([(value, 1) for value in values], confidence)


def counted_mean_interval(times: Sequence[tuple[float, int]], confidence: float = 0.95) -> Interval:
    """The same of values that come so many times each. Raises ValueError as `mean_interval`."""
    n = sum(each for _, each in times)
    different = {value for value, each in times if each}
    if n < 2 or len(different) < 2:
        raise ValueError("a mean has an interval from two different values on")
    mean = math.fsum(value * each for value, each in times) / n
    variance = math.fsum(each * (value - mean) ** 2 for value, each in times) / (n - 1)
    half = t_quantile(0.5 + confidence / 2, n - 1) * math.sqrt(variance / n)
    return Interval(mean - half, mean + half)


def expected_count(count: int, confidence: float = 0.95) -> Interval:
    """How many events are expected where `count` were seen, of events that come independently.

    Garwood 1936 (https://doi.org/10.1093/biomet/28.3-4.437): quantiles of the gamma distribution,
    exact for Poisson counts, so it covers at least `confidence`. Raises ValueError below 0.
    """
    if count < 0:
        raise ValueError("nothing is seen fewer than 0 times")
    side = (1.0 - confidence) / 2
    low = gamma_quantile(side, count) if count else 0.0
    return Interval(low, gamma_quantile(1.0 - side, count + 1))
