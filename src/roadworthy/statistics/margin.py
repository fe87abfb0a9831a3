"""By how much a value beats a multiple of another that was measured on the same cases."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from .distributions import normal_quantile


class Estimate(Struct, frozen=True):
    """A value with the bounds of its interval."""

    value: float
    low: float
    high: float


def margin(new: Estimate, old: Estimate, *, factor: float, correlation: float) -> Estimate:
    """`new - factor x old` with its interval, made of the two intervals and their correlation.

    The method of variance estimates recovery (Zou and Donner 2008,
    https://doi.org/10.1002/sim.3095); with factor 1 and shares it is Newcombe's method 10. A
    correlation that is taken too small makes it wider. Raises ValueError unless the correlation
    is within [-1, 1] and the factor is above 0.
    """
    if not -1 <= correlation <= 1 or factor <= 0:
        raise ValueError(f"no margin with {correlation=} and {factor=}")
    value = new.value - factor * old.value
    down = _together(new.value - new.low, factor * (old.high - old.value), correlation)
    up = _together(new.high - new.value, factor * (old.value - old.low), correlation)
    return Estimate(value, value - down, value + up)


def least_correlation(
    old: Sequence[float], new: Sequence[float], *, confidence: float = 0.99
) -> float:
    """The lower bound of Pearson's correlation of pairs, by Fisher's z (Fisher 1921); in [-1, 1].

    0.0 where it is not known: with fewer than four pairs, or when one side never varies. Agreement
    in a few cases is no proof of agreement, so pairing never makes an interval vanish. Raises
    ValueError when the two differ in length.
    """
    if len(old) != len(new):
        raise ValueError("pairs have two sides")
    n = len(old)
    if n < 4:
        return 0.0
    mean_old, mean_new = math.fsum(old) / n, math.fsum(new) / n
    spread_old = math.fsum((value - mean_old) ** 2 for value in old)
    spread_new = math.fsum((value - mean_new) ** 2 for value in new)
    scale = math.sqrt(spread_old) * math.sqrt(spread_new)
    if scale <= 0:
        return 0.0
    together = math.fsum((a - mean_old) * (b - mean_new) for a, b in zip(old, new, strict=True))
    # 1.0 has no z; n pairs cannot tell it from 1 - 1/n.
    most = 1 - 1 / n
    z = math.atanh(max(-most, min(most, together / scale)))
    return math.tanh(z - normal_quantile(0.5 + confidence / 2) / math.sqrt(n - 3))


def _together(a: float, b: float, correlation: float) -> float:
    return math.sqrt(max(0.0, a * a - 2 * correlation * a * b + b * b))
