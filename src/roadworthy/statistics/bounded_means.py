"""Bounds of a mean that hold whatever the tails, from how small and how large a value can be.

Enters: values, and the least and the largest that there can be. Leaves: an interval that never
covers less than it says, however few the values and however rare the extremes. Never here: a bound
on the side of which nobody knows how far values reach: none exists (Bahadur and Savage 1956,
https://doi.org/10.1214/aoms/1177728077).
"""

from __future__ import annotations

import math
import random
from collections.abc import Hashable, Sequence

from .intervals import Interval, share_interval

_CAP = 0.99
"""The largest share of the capital that one bet may lose."""

_ORDERS = 8
_WORK = 4000
"""So many orders of the values at most, and so many values in all of them: the mean of capitals is
a capital, and says less of one order's luck."""

_HALVINGS = 48

Unit = tuple[float, int]
"""The sum of a group's values above the least possible, and how many they are."""


def mean_bounds(
    values: Sequence[float],
    *,
    least: float,
    most: float,
    confidence: float = 0.95,
    groups: Sequence[Hashable] = (),
) -> Interval:
    """Two-sided interval of the mean of independent values in [`least`, `most`].

    Each side has half of what may go wrong. Of values that stand for themselves it is the better of
    two bounds at half of that each: bets (Waudby-Smith and Ramdas 2023,
    https://doi.org/10.1093/jrsssb/qkad009), narrow where few values are extreme, and Clopper and
    Pearson's, narrow where most are. `groups` names the group of each value: values of one group
    may belong together in any way, the groups stand for themselves, and every value weighs the
    same. Raises ValueError without values, or with one outside.
    """
    if not values:
        raise ValueError("no values have no mean")
    if not least <= min(values) <= max(values) <= most:
        raise ValueError(f"values lie between {least} and {most}")
    if least == most:
        return Interval(least, most)
    tail = (1 - confidence) / 2
    above = [value - least for value in values]
    below = [most - value for value in values]
    if len(set(groups)) == len(groups):
        span = most - least
        share = share_interval(math.fsum(above) / span, len(values), 1 - tail)
        low = max(least + mean_floor(above, tail / 2), least + span * share.low)
        high = min(most - mean_floor(below, tail / 2), least + span * share.high)
        return Interval(low, high)
    low = least + mean_floor(above, tail, groups=groups)
    return Interval(low, most - mean_floor(below, tail, groups=groups))


def mean_floor(values: Sequence[float], tail: float, *, groups: Sequence[Hashable] = ()) -> float:
    """A lower bound of the mean of values of at least 0: above it in at most `tail` of all samples.

    A smaller mean is excluded once a bet on larger values has won 1 / `tail` times its stake, were
    that the mean; the stakes are fixed before each value is seen. Nothing is asked of how large a
    value can be. Raises ValueError on a value below 0.
    """
    if min(values) < 0:
        raise ValueError("values are at least 0")
    if not 0 < tail < 1:
        raise ValueError("a tail lies strictly between 0 and 1")
    units = _units(values, groups)
    largest = max(count for _, count in units)
    orders = []
    for number in range(max(1, min(_ORDERS, _WORK // len(units)))):
        shuffled = list(units)
        random.Random(number).shuffle(shuffled)  # noqa: S311 - of their places alone
        orders.append(list(zip(shuffled, _stakes(shuffled, largest, tail), strict=True)))
    excluded, kept = 0.0, math.fsum(values) / len(values)
    limit = math.log(1 / tail)
    for _ in range(_HALVINGS):
        middle = (excluded + kept) / 2
        if middle <= 0:
            break
        if _wealth(orders, middle, largest) >= limit:
            excluded = middle
        else:
            kept = middle
    return excluded


def _units(values: Sequence[float], groups: Sequence[Hashable]) -> list[Unit]:
    if not groups:
        return [(value, 1) for value in values]
    if len(groups) != len(values):
        raise ValueError("one group for each value")
    sums: dict[Hashable, Unit] = {}
    for value, name in zip(values, groups, strict=True):
        total, count = sums.get(name, (0.0, 0))
        sums[name] = (total + value, count + 1)
    return list(sums.values())


def _stakes(units: Sequence[Unit], largest: int, tail: float) -> list[float]:
    """What to stake on each, from those before it alone, as a share of what could be lost.

    sqrt(2 log(1 / tail) / (n variance)), of the values relative to their mean. One value of 0 is
    taken as seen before the first: values that vary little so far may yet vary.
    """
    wanted = 2 * math.log(1 / tail) / len(units)
    stakes: list[float] = []
    sums = counts = squares = crossed = squared = 0.0
    for seen, (total, count) in enumerate(units):
        mean = sums / counts if counts else 0.0
        if mean > 0:
            spread = squares - 2 * mean * crossed + mean * mean * squared + (mean * largest) ** 2
            varies = spread / (seen + 1) / (mean * largest) ** 2
            stakes.append(min(_CAP, math.sqrt(wanted / varies)))
        else:
            stakes.append(0.0)
        sums, counts = sums + total, counts + count
        squares, crossed = squares + total * total, crossed + total * count
        squared += count * count
    return stakes


def _wealth(orders: Sequence[Sequence[tuple[Unit, float]]], mean: float, largest: int) -> float:
    """Logarithm of the mean capital of those who bet that the true mean is above `mean`."""
    logs = []
    for order in orders:
        total, product = 0.0, 1.0
        for (seen, count), stake in order:
            product *= 1 + stake * (seen / mean - count) / largest
            if not 1e-200 < product < 1e200:
                total, product = total + math.log(product), 1.0
        logs.append(total + math.log(product))
    top = max(logs)
    if top == math.inf:
        return top
    return top + math.log(math.fsum(math.exp(log - top) for log in logs) / len(logs))
