"""How far two samples of categories lie apart, beyond what chance alone sets apart.

Enters: counts of a reference and of what was seen since, in one stratum or in several. Leaves: the
total variation distance between what both were drawn from, with its interval, and how likely so
much distance is where nothing changed. Never here: the distance of two samples taken for that of
what they were drawn from: two samples of one thing always differ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from .distributions import beta_quantile, gamma_quantile, regularised_gamma
from .intervals import Interval, share_interval

RARE = 10
"""Categories that both samples hold less often, together, are compared as one."""

_FOLDED = 1 - 2 / math.pi
"""Variance of the absolute value of a standard normal."""

_STEPS = 40
"""Of a search, at most."""

_FINE = 1e-9


class Stratum(Struct, frozen=True):
    """What is compared within itself; of one comparison without strata the only one."""

    reference: Mapping[str, float]
    """Category -> how often the reference has it."""
    seen: Mapping[str, float]
    """Category -> the weight with which it was seen."""
    n: float
    """How many independent observations what was seen is worth (Kish's effective number)."""
    weight: float = 1.0
    """What the stratum weighs beside the others."""


class Drift(Struct, frozen=True):
    """The distance between what two samples were drawn from: 0 the same, 1 nothing in common."""

    value: float
    """The distance that would, on average, look like the one of the samples; 0 where that is no
    larger than chance makes it."""
    interval: Interval
    p_value: float
    """Of two samples of one thing that lie so far apart, twice the tail, so that it is under
    1 - confidence just where the interval is above 0: small refutes that nothing changed."""
    apart: float
    """The distance of the two samples themselves, which chance makes too large."""


class _Noise(Struct):
    """What chance does to the categories of one stratum."""

    gaps: list[float]
    """What of each category was seen, less what the reference has."""
    deviations: list[float]
    """How far chance moves each gap: standard deviations."""
    mean: float
    """Of half the sum of the absolute noise."""
    variance: float


def total_variation(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Half the sum of the differences of the shares: what must move to turn one into the other."""
    a, b = _shares(one), _shares(other)
    return math.fsum(abs(a.get(key, 0.0) - b.get(key, 0.0)) for key in {*a, *b}) / 2


def drift(strata: Sequence[Stratum], confidence: float = 0.95) -> Drift:
    """The distance of what was seen from the reference; of strata their weighted mean.

    Lower bound and test: what two samples are too far apart is, by the triangle inequality, at most
    half the sum of the absolute noise of their shares, whatever the shift. That sum is of folded
    normals, of known mean and of a variance that is bounded from above; a scaled chi variable of
    the same two stands for it, exact for two categories. Upper bound: the distance is the
    difference of one set's probabilities, and the samples show at least that of that set, so
    Hoeffding (1963, https://doi.org/10.1080/01621459.1963.10500830) bounds it, for any number of
    observations. Raises ValueError without data on both sides of every stratum.
    """
    if not strata or not 0 < confidence < 1:
        raise ValueError("a distance needs data, and a confidence strictly between 0 and 1")
    total = math.fsum(each.weight for each in strata)
    if not total > 0 or min(each.weight for each in strata) < 0:
        raise ValueError("weights of strata are not negative, and not all 0")
    parts = [(each.weight / total, each) for each in strata]
    plain = [(share, _of_chance(each, pooled=False)) for share, each in parts]
    alike = [(share, _of_chance(each, pooled=True)) for share, each in parts]
    tail = (1 - confidence) / 2
    seen = math.fsum(share * _half(each.gaps) for share, each in plain)
    chance = (_beyond(plain), _beyond(alike))
    lost = max(each.quantile(1 - tail) for each in chance)
    apart = math.fsum(share * total_variation(each.reference, each.seen) for share, each in parts)
    spread = math.fsum(
        share**2 * (1 / math.fsum(each.reference.values()) + 1 / each.n) for share, each in parts
    )
    value = min(_behind(seen, plain), _behind(seen, alike))
    low = min(max(0.0, seen - lost), value)
    high = min(1.0, apart + math.sqrt(math.log(1 / tail) / 2 * spread))
    p_value = min(1.0, 2 * max(each.tail(seen) for each in chance))
    return Drift(value, Interval(low, high), p_value, apart)


def excess(
    flagged: float, n: float, *, chance: float, held: int, confidence: float = 0.95
) -> tuple[float, Interval]:
    """The share of `n` that a detector finds beyond its false alarms, of `flagged` that it flags.

    A conformal threshold was set on `held` others so that `chance` of its own kind are flagged; on
    these `held` the true rate is of a Beta distribution (Vovk 2012,
    https://proceedings.mlr.press/v25/vovk12.html). The lower bound holds for whatever rate that
    leaves, half of what may go wrong for it and half for the share; the upper bound allows for no
    false alarm at all. Raises ValueError without data.
    """
    if not 0 < chance < 1 or held < 1:
        raise ValueError("a rate of false alarms lies strictly between 0 and 1, of some held")
    tail = (1 - confidence) / 4
    bounds = share_interval(flagged, n, 1 - 2 * tail)
    order = max(1, math.floor(chance * (held + 1)))
    most = beta_quantile(1 - tail, order, max(1, held + 1 - order))
    value = max(0.0, (flagged / n - chance) / (1 - chance))
    low = max(0.0, (bounds.low - most) / (1 - most))
    return value, Interval(min(low, value), max(bounds.high, value))


def _shares(counts: Mapping[str, float]) -> dict[str, float]:
    total = math.fsum(counts.values())
    if not 0 < total < math.inf or min(counts.values()) < 0:
        raise ValueError("a distance needs data on both sides, in counts that are not negative")
    return {key: value / total for key, value in counts.items()}


def _half(values: Sequence[float]) -> float:
    return math.fsum(map(abs, values)) / 2


def _of_chance(stratum: Stratum, *, pooled: bool) -> _Noise:
    """What chance does to the shares: as each sample says them, or as both would together."""
    if not 0 < stratum.n < math.inf:
        raise ValueError("a distance needs data on both sides")
    m, n = math.fsum(stratum.reference.values()), stratum.n
    p, q = _shares(stratum.reference), _shares(stratum.seen)
    cells: dict[str, list[float]] = {}
    for key in sorted({*p, *q}):
        often = m * p.get(key, 0.0) + n * q.get(key, 0.0)
        cell = cells.setdefault(key if often >= RARE else "", [0.0, 0.0])
        cell[0] += p.get(key, 0.0)
        cell[1] += q.get(key, 0.0)
    gaps = [b - a for a, b in cells.values()]
    if pooled:
        both = [(m * a + n * b) / (m + n) for a, b in cells.values()]
        pairs = [(each, each) for each in both]
    else:
        pairs = [(a, b) for a, b in cells.values()]
    squares = [max(0.0, a * (1 - a) / m + b * (1 - b) / n) for a, b in pairs]
    deviations = [math.sqrt(each) for each in squares]
    return _Noise(
        gaps,
        deviations,
        math.fsum(deviations) * math.sqrt(2 / math.pi) / 2,
        _FOLDED / 4 * _together(pairs, deviations, m, n),
    )


def _together(
    pairs: Sequence[tuple[float, float]], deviations: Sequence[float], m: float, n: float
) -> float:
    """The sum of c_ij^2 / (s_i s_j), which bounds the covariances of folded normals.

    Of two with correlation r it is (2/pi)(sqrt(1 - r^2) + r asin r - 1) s_i s_j, at most
    (1 - 2/pi) r^2 s_i s_j, with equality where r is 0, 1 or -1.
    """
    moving = [(a, b, s) for (a, b), s in zip(pairs, deviations, strict=True) if s > 0]
    of = [
        math.fsum(a ** (2 - k) * b**k / s for a, b, s in moving) for k in range(3)
    ]  # c_ij = a_i a_j / m + b_i b_j / n, squared and summed in one pass
    whole = of[0] ** 2 / m**2 + 2 * of[1] ** 2 / (m * n) + of[2] ** 2 / n**2
    own = math.fsum(((a * a / m + b * b / n) / s) ** 2 for a, b, s in moving)
    return max(0.0, whole - own) + math.fsum(s * s for _, _, s in moving)


class _Chi(Struct):
    """`scale` times the root of a chi-squared variable."""

    scale: float
    degrees: float

    def quantile(self, probability: float) -> float:
        if self.scale == 0:
            return 0.0
        return self.scale * math.sqrt(2 * gamma_quantile(probability, self.degrees / 2))

    def tail(self, value: float) -> float:
        """How often it is at least `value`."""
        if value <= 0 or self.scale == 0:
            return 1.0
        return 1 - regularised_gamma((value / self.scale) ** 2 / 2, self.degrees / 2)


_MOST_DEGREES = 1000.0
"""With more of them it is a normal variable; fewer are the surer side."""


def _beyond(noise: Sequence[tuple[float, _Noise]]) -> _Chi:
    """The chi variable with the mean and the variance of all strata's noise together."""
    mean = math.fsum(share * each.mean for share, each in noise)
    variance = math.fsum(share**2 * each.variance for share, each in noise)
    if mean <= 0:
        return _Chi(0.0, 1.0)
    low, high = 1.0, _MOST_DEGREES
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle / _chi_mean(middle) ** 2 - 1 > variance / mean**2:
            low = middle
        else:
            high = middle
    return _Chi(mean / _chi_mean(low), low)


def _chi_mean(degrees: float) -> float:
    return math.sqrt(2) * math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2))


def _behind(seen: float, noise: Sequence[tuple[float, _Noise]]) -> float:
    """The distance, along the gaps that were seen, that chance would widen to the one seen.

    What chance makes of a distance is convex, and at the end more than was seen: Newton's method
    comes down to it.
    """
    cells = [
        (share / 2, gap, deviation)
        for share, each in noise
        for gap, deviation in zip(each.gaps, each.deviations, strict=True)
    ]
    if math.fsum(share * _folded(0.0, deviation)[0] for share, _, deviation in cells) >= seen:
        return 0.0
    part = 1.0
    for _ in range(_STEPS):
        looks = slope = 0.0
        for share, gap, deviation in cells:
            value, rising = _folded(part * gap, deviation)
            looks += share * value
            slope += share * gap * rising
        step = (looks - seen) / slope if slope > 0 else 0.0
        part -= step
        if step <= _FINE:
            break
    return max(0.0, part) * seen


def _folded(mean: float, deviation: float) -> tuple[float, float]:
    """The expected absolute value of a normal variable, and how it rises with the mean."""
    if deviation == 0:
        return abs(mean), math.copysign(1.0, mean)
    z = mean / deviation
    rising = math.erf(z / math.sqrt(2))
    return deviation * math.sqrt(2 / math.pi) * math.exp(-z * z / 2) + mean * rising, rising
