"""Times of which some are not over yet: what still waits has waited at least so long.

Enters: times, and which of them ended. Leaves: the share still waiting after each, and quantiles
with bounds. Never here: a time that is not over taken for one that is, or left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from .distributions import normal_quantile


class Step(Struct, frozen=True):
    """The share that waits longer than `time`, with its bounds; constant up to the next step."""

    time: float
    share: float
    low: float
    high: float


class Quantile(Struct, frozen=True):
    """A quantile of times; None where the data end before it."""

    value: float | None
    low: float | None
    high: float | None


def kaplan_meier(
    times: Sequence[float], ended: Sequence[bool], confidence: float = 0.95
) -> list[Step]:
    """The share that still waits, after each time at which something ended.

    The product-limit estimate (Kaplan and Meier 1958, https://doi.org/10.2307/2281868): what is not
    over counts as waiting up to its time and says nothing of later. Bounds by Greenwood's variance
    on the scale log(-log S), on which they stay between 0 and 1 (Kalbfleisch and Prentice 2002,
    section 1.4); at 0 the upper one is that of the step before. Raises ValueError for a time that
    is none.
    """
    if any(not math.isfinite(time) or time < 0 for time in times):
        raise ValueError("a time that is waited is a number, and not below 0")
    pairs = sorted(zip(times, ended, strict=True))
    left, share, spread, upper = len(pairs), 1.0, 0.0, 1.0
    z = normal_quantile(0.5 + confidence / 2)
    steps: list[Step] = []
    at = 0
    while at < len(pairs):
        time, over, gone = pairs[at][0], 0, 0
        while at < len(pairs) and pairs[at][0] == time:
            over += pairs[at][1]
            gone += 1
            at += 1
        if over:
            share *= 1 - over / left
            if over < left:
                spread += over / (left * (left - over))
                reach = z * math.sqrt(spread) / abs(math.log(share))
                low, upper = share ** math.exp(reach), share ** math.exp(-reach)
            else:
                low = 0.0
            steps.append(Step(time, share, low, upper))
        left -= gone
    return steps


def waiting_quantile(
    times: Sequence[float], ended: Sequence[bool], share: float, confidence: float = 0.95
) -> Quantile:
    """The time within which a share has ended, of times of which some are not over yet.

    The first at which the Kaplan-Meier estimate is down to 1 - share; its bounds are the first
    times at which the estimate's own bounds are (Brookmeyer and Crowley 1982,
    https://doi.org/10.2307/2530286). None of a value or an upper bound that the data end before:
    nobody knows how long the rest will wait. A lower bound that they end before is the longest
    time that was followed; where nothing ended, the longest that Clopper and Pearson's bound of 0
    in k allows, of the k that waited so long. Raises ValueError as `kaplan_meier`, and unless
    0 < share < 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"{share} is no share of what waits")
    steps = kaplan_meier(times, ended, confidence)
    if not steps:
        return Quantile(None, _none_ended(times, share, confidence), None)
    left = 1 - share + 1e-12

    def first(values: Sequence[float]) -> float | None:
        down = (step.time for step, value in zip(steps, values, strict=True) if value <= left)
        return next(down, None)

    low = first([step.low for step in steps])
    return Quantile(
        value=first([step.share for step in steps]),
        low=max(times) if low is None else low,
        high=first([step.high for step in steps]),
    )


def _none_ended(times: Sequence[float], share: float, confidence: float) -> float | None:
    """The longest time that so many waited, none of which ended, that less than a share will."""
    for count, time in enumerate(sorted(times, reverse=True), start=1):
        if 1 - ((1 - confidence) / 2) ** (1 / count) < share:
            return time
    return None
