"""A rate of a whole of which only a random sample was looked at, some parts more than others.

Answers that were drawn with the same probability are a stratum: of it the sample is a simple random
one. Each stratum counts for as many as it has, drawn or not; that is the Horvitz-Thompson estimate
with the realised sizes (Hajek's, where those are only known from the sample).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from .distributions import normal_quantile
from .intervals import Interval


class DrawnPart(Struct, frozen=True, kw_only=True):
    """Answers that were drawn with one probability."""

    size: float
    """How many there are, drawn or not."""
    varies: float | None = None
    """Variance of that number by chance; None: the number itself, as of answers that come one by
    one. More where it is estimated from those that were drawn: n / share squared."""
    n: int
    """How many of them were looked at."""
    value: float | None = None
    """Their mean; None where none was looked at."""
    bounds: Interval | None = None
    """Of the stratum's mean, at the confidence of the whole; None: it has none."""


class Weighted(Struct, frozen=True, kw_only=True):
    """What the sample says of the whole."""

    value: float
    bounds: Interval | None
    effective: float
    """So many answers, all drawn alike, would prove as much: n / (1 + variation of the weights
    squared) (Kish 1965, Survey Sampling, 11.7); less where a stratum was not looked at at all."""


def stratified(
    strata: Sequence[DrawnPart],
    *,
    least: float | None,
    most: float | None,
    confidence: float = 0.95,
) -> Weighted:
    """The mean of all, by strata, with its interval.

    The distances of the strata's own bounds from their means are added as squares (MOVER: Zou and
    Donner 2008, https://doi.org/10.1002/sim.3095; of strata Yan and Su 2010,
    https://doi.org/10.1198/sbr.2009.0025), and beside them how far the sizes themselves vary by
    chance. So a stratum of which ten were drawn is worth ten, whatever the others are: weights
    alone, as in an effective n, would call it proven by those. A stratum of which none was drawn
    may be anything between `least` and `most`; without those, or where one has no bounds, there is
    no interval. Raises ValueError where nothing was looked at.
    """
    seen = [each for each in strata if each.value is not None]
    if not seen:
        raise ValueError("nothing was looked at")
    known = math.fsum(each.size for each in seen)
    value = math.fsum(each.size * (each.value or 0.0) for each in seen) / known
    total = math.fsum(each.size for each in strata)
    effective = _effective(strata, total)
    if len(strata) == 1:
        return Weighted(value=value, bounds=strata[0].bounds, effective=float(strata[0].n))
    below, above = 0.0, 0.0
    for each in strata:
        share, mean = each.size / total, value if each.value is None else each.value
        bounds = each.bounds
        if each.value is None and least is not None and most is not None:
            bounds = Interval(least, most)
        if bounds is None:
            return Weighted(value=value, bounds=None, effective=effective)
        below += (share * (mean - bounds.low)) ** 2
        above += (share * (bounds.high - mean)) ** 2
    mixed = normal_quantile(0.5 + confidence / 2) ** 2 * _mixing(seen, value, total)
    low, high = value - math.sqrt(below + mixed), value + math.sqrt(above + mixed)
    return Weighted(
        value=value,
        bounds=Interval(
            low if least is None else max(least, low), high if most is None else min(most, high)
        ),
        effective=effective,
    )


def _mixing(seen: Sequence[DrawnPart], value: float, total: float) -> float:
    """Variance of the whole's mean by how many answers happened to fall into each stratum."""
    spread = [
        (each.size if each.varies is None else each.varies) * ((each.value or 0.0) - value) ** 2
        for each in seen
    ]
    return math.fsum(spread) / total**2


def _effective(strata: Sequence[DrawnPart], total: float) -> float:
    """Kish's; a stratum that nobody looked at counts as if half an answer had stood for it."""
    squares = math.fsum(each.size**2 / (each.n or 0.5) for each in strata if each.size)
    return total**2 / squares if squares else 0.0
