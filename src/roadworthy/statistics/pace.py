"""How often something happens in a time: the interval of a pace.

Enters: the instants of events. Leaves: bounds of how many there are in a unit of time. Never here:
a clock, or events taken for independent of each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .intervals import Interval, mean_interval

BATCHES = 10
"""Stretches of time that are compared."""
LEAST = 50
"""Events from which on there are bounds: five of a stretch."""


def pace_interval(instants: Sequence[float], confidence: float = 0.95) -> Interval:
    """Events per unit of time, from the first to the last of the sorted instants.

    Batch means (Schmeiser 1982, https://doi.org/10.1287/opre.30.3.556): the time is cut into ten
    equal stretches, and Student's t bounds the mean of their paces. Events that come in bursts
    widen it, as long as a burst is short beside a stretch; a pace that rises or falls throughout
    has no mean to bound. Raises ValueError with fewer than 50 events, or where every stretch has
    as many.
    """
    if len(instants) <= LEAST:
        raise ValueError(f"a pace has bounds from {LEAST} answers on")
    first, last = instants[0], instants[-1]
    width = (last - first) / BATCHES
    counts = [0] * BATCHES
    for instant in instants[1:]:
        stretch = math.ceil((instant - first) / width) - 1  # its end belongs to it
        counts[min(max(stretch, 0), BATCHES - 1)] += 1
    if min(counts) == max(counts):
        raise ValueError("answers came as evenly as a clock, which bounds no pace")
    bounds = mean_interval([count / width for count in counts], confidence)
    return Interval(max(0.0, bounds.low), bounds.high)
