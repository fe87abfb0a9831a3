"""Bounds of what is read again and again from a clock: neighbours are alike, and that is paid for.

Enters: readings in the order of time. Leaves: the interval of their ratio, or of their slope.
Never here: readings taken for independent of each other, or bounds where so few of them say
anything new that nobody could bound them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from .distributions import t_quantile
from .intervals import Interval

Cut = tuple[int, float]
"""So many stretches, each so many times as long as readings resemble each other at the least."""

BATCHES: tuple[Cut, ...] = ((10, 5.0), (6, 10.0), (4, 10.0))
"""The first that the readings are enough for. Fewer are longer: the estimate that asks for them is
itself unsure."""
LEAST_READINGS = 50
"""From which on there are bounds: five of a stretch."""
_BLOCKS = 1000
"""The resemblance is looked at over at most so many blocks of neighbours."""
_GROWTH_BATCHES: tuple[Cut, ...] = ((20, 10.0), (10, 10.0), (6, 10.0))


def ratio_interval(
    above: Sequence[float], below: Sequence[float], confidence: float = 0.95
) -> Interval:
    """Bounds of sum(above) / sum(below), of readings in the order of time.

    Batch means (Schmeiser 1982, https://doi.org/10.1287/opre.30.3.556) of the ratio estimator
    (Cochran 1977, Sampling Techniques, chapter 6): the readings are cut into ten stretches, and
    Student's t bounds by how far these are from the ratio of all. Neighbours that resemble each
    other widen it, as long as their resemblance is short beside a stretch: how long it lasts is
    estimated (Geyer 1992, https://doi.org/10.1214/ss/1177011137), and a stretch must be five times
    as long; else they are six stretches or four, ten times as long. Raises ValueError with the
    reason where there are no bounds: fewer than 50 readings, all alike, or resembling each other
    for too long.
    """
    n, whole = len(above), math.fsum(below)
    if n < LEAST_READINGS:
        raise ValueError(f"bounds need {LEAST_READINGS} readings, there are {n}")
    if whole <= 0.0:
        raise ValueError("there is nothing to divide by")
    ratio = math.fsum(above) / whole
    off = [top - ratio * bottom for top, bottom in zip(above, below, strict=True)]
    if max(map(abs, off)) <= 1e-12 * max(map(abs, above)):
        raise ValueError(f"all {n} readings are alike, which bounds nothing")
    parts = _stretches(off, BATCHES)
    stretches = [math.fsum(part) for part in cut(off, parts)]
    spread = math.fsum(each * each for each in stretches) * parts / (parts - 1)
    half = t_quantile(0.5 + confidence / 2, parts - 1) * math.sqrt(spread) / whole
    return Interval(ratio - half, ratio + half)


class Slope(Interval, frozen=True):
    """How fast something grows, with its bounds."""

    value: float


def slope_interval(
    instants: Sequence[float], values: Sequence[float], confidence: float = 0.95
) -> Slope:
    """Growth of the values in a unit of time: least squares over the means of 20 stretches.

    Student's t with two degrees of freedom less bounds it; the means of long stretches are
    independent of each other as far as readings forget each other within one, which is seen to as
    in `ratio_interval`: else they are ten stretches, or six. Raises ValueError where there are no
    bounds.
    """
    n = len(values)
    if n < 2 * LEAST_READINGS:
        raise ValueError(f"bounds of growth need {2 * LEAST_READINGS} readings, there are {n}")
    middle, mean = math.fsum(instants) / n, math.fsum(values) / n
    slope = _slope(instants, values, middle, mean)
    off = [value - mean - slope * (at - middle) for at, value in zip(instants, values, strict=True)]
    if max(map(abs, off)) <= 1e-9 * max(1.0, max(map(abs, values))):
        return Slope(slope, slope, slope)
    parts = _stretches(off, _GROWTH_BATCHES)
    times = [math.fsum(part) / len(part) for part in cut(instants, parts)]
    means = [math.fsum(part) / len(part) for part in cut(values, parts)]
    middle, mean = math.fsum(times) / len(times), math.fsum(means) / len(means)
    slope = _slope(times, means, middle, mean)
    wide = math.fsum((at - middle) ** 2 for at in times)
    errors = math.fsum(
        (value - mean - slope * (at - middle)) ** 2 for at, value in zip(times, means, strict=True)
    )
    half = t_quantile(0.5 + confidence / 2, parts - 2) * math.sqrt(errors / (parts - 2) / wide)
    return Slope(slope - half, slope + half, slope)


def _slope(instants: Sequence[float], values: Sequence[float], middle: float, mean: float) -> float:
    wide = math.fsum((at - middle) ** 2 for at in instants)
    if wide <= 0.0:
        raise ValueError("all readings are of one instant")
    pairs = zip(instants, values, strict=True)
    return math.fsum((at - middle) * (value - mean) for at, value in pairs) / wide


def cut(values: Sequence[float], parts: int) -> list[Sequence[float]]:
    """The values in so many neighbouring parts, as equal as they can be."""
    edges = [len(values) * part // parts for part in range(parts + 1)]
    return [values[low:high] for low, high in pairwise(edges)]


def memory_of(values: Sequence[float]) -> float:
    """For how many neighbours a reading tells of the next ones; 1: each stands for itself.

    The integrated autocorrelation time, 1 + 2 sum(rho), summed as long as pairs of neighbouring
    correlations are above zero (Geyer 1992), never below 1.
    """
    blocks = values
    size = 1
    if len(values) > _BLOCKS:
        size = -(-len(values) // _BLOCKS)
        blocks = [math.fsum(part) / len(part) for part in cut(values, len(values) // size)]
    n = len(blocks)
    mean = math.fsum(blocks) / n
    off = [value - mean for value in blocks]
    spread = math.fsum(value * value for value in off)
    if spread <= 0.0:
        return 1.0
    total, lag = -1.0, 0
    while lag + 1 < n:
        pair = _product(off, lag) + _product(off, lag + 1)
        if pair <= 0.0:
            break
        total += 2.0 * pair / spread
        lag += 2
    return size * max(1.0, total)


def _product(values: Sequence[float], lag: int) -> float:
    return sum(map(float.__mul__, values[: len(values) - lag], values[lag:]))


def _stretches(off: Sequence[float], cuts: Sequence[Cut]) -> int:
    """Into how many stretches to cut. Raises ValueError where even the longest are too short."""
    memory = memory_of(off)
    for parts, enough in cuts:
        if len(off) >= enough * memory * parts:
            return parts
    fewest, enough = cuts[-1]
    raise ValueError(
        f"readings resemble each other over {memory:.0f} neighbours: bounds need about"
        f" {math.ceil(enough * memory * fewest):,} of them, there are {len(off):,}"
    )
