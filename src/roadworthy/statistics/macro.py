"""Bounds of a mean over classes of shares, such as macro precision, recall and F1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .intervals import Interval, share_interval


def macro_interval(
    parts: Sequence[tuple[float, float]],
    *,
    shape: Callable[[float], float] = lambda share: share,
    shared_errors: bool = False,
    confidence: float = 0.95,
) -> Interval:
    """Interval of the mean over classes of `shape` of a share, from (events, n) of each class.

    Each class has its exact interval; `shape` grows with the share. They are joined by recovering
    variances from limits (MOVER: Zou and Donner 2008, https://doi.org/10.1002/sim.3095), which
    keeps the skew that a single class near 0 or 1 has, where a bootstrap of few cases collapses
    to a point. With `shared_errors` one wrong case counts against two classes (the one it was of
    and the one it was given to): since (x + y)^2 <= 2 (x^2 + y^2) the squares are doubled. A
    class without an event (or without a case) may be anything up to its own upper bound, so it
    adds that bound whole: there the estimate is low by bias, not by noise.
    Raises ValueError without a class.
    """
    if not parts:
        raise ValueError("no class has no mean")
    centre = below = above = unknown = 0.0
    for events, n in parts:
        if n <= 0:
            unknown += shape(1.0)
            continue
        bounds, value = share_interval(events, n, confidence), shape(events / n)
        centre += value
        below += (value - shape(bounds.low)) ** 2
        if events <= 0:
            unknown += shape(bounds.high)
        else:
            above += (shape(bounds.high) - value) ** 2
    factor = 2.0 if shared_errors else 1.0
    low = (centre - math.sqrt(factor * below)) / len(parts)
    high = (centre + math.sqrt(factor * above) + unknown) / len(parts)
    return Interval(max(shape(0.0), low), min(shape(1.0), high))
