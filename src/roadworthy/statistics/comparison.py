"""Paired comparison of two runs on the same cases, and multiplicity."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from .intervals import Interval, wilson


class PairedDifference(Struct, frozen=True, kw_only=True):
    """Share of right answers, new minus old, on cases that both answered."""

    difference: float
    interval: Interval
    gained: int
    """Wrong before, right now."""
    lost: int
    """Right before, wrong now."""
    n: int
    p_value: float


def mcnemar_exact(gained: int, lost: int) -> float:
    """Two-sided exact p-value that gains and losses are equally likely (McNemar 1947).

    Binomial(gained + lost, 1/2); 1.0 when no case flipped.
    """
    flips = gained + lost
    if flips == 0:
        return 1.0
    fewer = min(gained, lost)
    tail = math.fsum(
        math.exp(
            math.lgamma(flips + 1)
            - math.lgamma(k + 1)
            - math.lgamma(flips - k + 1)
            - flips * math.log(2)
        )
        for k in range(fewer + 1)
    )
    return min(1.0, 2 * tail)


def paired_difference(
    old: Sequence[bool], new: Sequence[bool], confidence: float = 0.95
) -> PairedDifference:
    """Difference of two paired shares with its interval.

    Newcombe 1998, method 10 (https://doi.org/10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C).
    Raises ValueError when the two differ in length or are empty.
    """
    if len(old) != len(new) or not old:
        raise ValueError("a paired comparison needs the same cases on both sides")
    n = len(old)
    both = sum(1 for a, b in zip(old, new, strict=True) if a and b)
    lost = sum(1 for a, b in zip(old, new, strict=True) if a and not b)
    gained = sum(1 for a, b in zip(old, new, strict=True) if b and not a)
    neither = n - both - lost - gained
    p_new, p_old = (both + gained) / n, (both + lost) / n
    i_new, i_old = wilson(both + gained, n, confidence), wilson(both + lost, n, confidence)
    phi = _correlation(both, gained, lost, neither)
    difference = p_new - p_old
    up, down = i_new.high - p_new, p_new - i_new.low
    up_old, down_old = i_old.high - p_old, p_old - i_old.low
    low = difference - _root(down, up_old, phi)
    high = difference + _root(up, down_old, phi)
    return PairedDifference(
        difference=difference,
        interval=Interval(max(-1.0, low), min(1.0, high)),
        gained=gained,
        lost=lost,
        n=n,
        p_value=mcnemar_exact(gained, lost),
    )


def _root(a: float, b: float, phi: float) -> float:
    return math.sqrt(max(0.0, a * a - 2 * phi * a * b + b * b))


def _correlation(both: int, gained: int, lost: int, neither: int) -> float:
    """Newcombe's phi, with his continuity correction where the association is positive."""
    product = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    if product == 0:
        return 0.0
    n = both + gained + lost + neither
    cross: float = both * neither - gained * lost
    if cross > 0:
        cross = max(cross - n / 2, 0)
    return cross / math.sqrt(product)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (Holm 1979); controls the family-wise error rate."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    worst = 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = worst
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Step-up adjustment (Benjamini and Hochberg 1995); controls the false discovery rate.

    https://doi.org/10.1111/j.2517-6161.1995.tb02031.x. Of the findings with an adjusted value of at
    most 0.05, at most 5 % are false on average, for tests that are independent or rise together.
    """
    n = len(p_values)
    adjusted = [0.0] * n
    least = 1.0
    for rank, index in enumerate(sorted(range(n), key=lambda i: -p_values[i])):
        least = min(least, p_values[index] * n / (n - rank))
        adjusted[index] = least
    return adjusted
