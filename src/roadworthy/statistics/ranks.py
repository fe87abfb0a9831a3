"""Paired values without a distribution: signed ranks, sign flips, and the shift between them.

Enters: differences of pairs, new minus old. Leaves: p-values that are counted where that is
possible, and an interval of the shift. Never here: a normal approximation for few pairs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, groupby
from operator import getitem, mul

from msgspec import Struct

from .distributions import normal_cdf, normal_quantile
from .intervals import Interval
from .walsh import PairMeans

EXACT = 200
"""Pairs up to which the signed-rank distribution is counted, not approximated."""

_ENUMERATED = 16
"""Pairs up to which every flip of signs is tried."""

_DRAWN = 1000
"""Pairs up to which flips are drawn."""

_BYTE = 8


class SignedRanks(Struct, frozen=True, kw_only=True):
    """Wilcoxon's signed-rank test of paired values, new minus old."""

    positive: float
    """Sum of the ranks of the pairs that rose."""
    negative: float
    n: int
    """Pairs, those without a difference among them."""
    p_value: float
    """Two-sided."""
    exact: bool


def signed_ranks(differences: Sequence[float]) -> SignedRanks:
    """Wilcoxon's test that differences are symmetric about 0 (Wilcoxon 1945), ties and zeros kept.

    Zeros are ranked and then left out (Pratt 1959, https://doi.org/10.1080/01621459.1959.10501526),
    ties share their mean rank. Up to 200 differences the distribution is counted exactly, with the
    ties as they are; above, normal with the variance of these ranks and a correction for
    continuity. Without a difference the p-value is 1. Raises ValueError on a value that is not
    finite.
    """
    _finite(differences)
    ranks = _doubled_ranks([abs(value) for value in differences])
    signed = [(rank, value > 0) for rank, value in zip(ranks, differences, strict=True) if value]
    up = sum(rank for rank, positive in signed if positive)
    down = sum(rank for rank, positive in signed if not positive)
    exact = len(signed) <= EXACT
    if not signed:
        p_value = 1.0
    elif exact:
        kept = min(up, down)
        ways = sum(_ways(tuple(rank for rank, _ in signed), kept))
        p_value = min(1.0, 2 * ways / (1 << len(signed)))
    else:
        error = math.sqrt(sum(rank * rank for rank, _ in signed)) / 4
        p_value = min(1.0, 2 * normal_cdf(-max(0.0, abs(up - down) / 4 - 0.5) / error))
    return SignedRanks(
        positive=up / 2, negative=down / 2, n=len(differences), p_value=p_value, exact=exact
    )


def _finite(values: Sequence[float]) -> None:
    if not all(map(math.isfinite, values)):
        raise ValueError("differences are finite numbers")


def _doubled_ranks(sizes: Sequence[float]) -> list[int]:
    """Twice the mean rank of each, so that it is whole."""
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    ranks = [0] * len(sizes)
    if len(set(sizes)) == len(sizes):
        for place, index in enumerate(order):
            ranks[index] = 2 * place + 2
        return ranks
    before = 0
    for _, tied in groupby(order, key=sizes.__getitem__):
        indices = list(tied)
        for index in indices:
            ranks[index] = 2 * before + len(indices) + 1
        before += len(indices)
    return ranks


@lru_cache(maxsize=16)
def _ways(ranks: tuple[int, ...], limit: int) -> list[int]:
    """In how many of all choices of signs the positive ranks sum to 0, 1 … `limit`.

    All counts stand side by side in one large integer, so adding a rank to every sum is a shift
    and an addition.
    """
    size = len(ranks) // _BYTE + 1
    kept = (1 << (_BYTE * size * (limit + 1))) - 1
    counts = 1
    for rank in ranks:
        counts = (counts + (counts << (rank * _BYTE * size))) & kept
    data = counts.to_bytes(size * (limit + 1), "little")
    return [int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size)]


def sign_flips(differences: Sequence[float], *, rounds: int = 10_000, seed: int = 0) -> float:
    """Two-sided p-value that the mean difference is 0, by flipping the signs of the pairs.

    The permutation test of paired data (Fisher 1935): exact over all flips up to 16 differences;
    up to 1,000 over `rounds` random ones with the observed one counted in, so that it is never 0
    and never too small (Phipson and Smyth 2010, https://doi.org/10.2202/1544-6115.1585); above by
    saddlepoint (Robinson 1982, https://doi.org/10.1111/j.2517-6161.1982.tb01194.x). Raises
    ValueError on a value that is not finite.
    """
    _finite(differences)
    values = [value for value in differences if value]
    if not values:
        return 1.0
    seen = abs(math.fsum(values))
    seen -= 1e-9 * math.fsum(map(abs, values))
    if len(values) <= _ENUMERATED:
        sums = _flipped(values)
        return sum(abs(total) >= seen for total in sums) / len(sums)
    if len(values) > _DRAWN:
        return _flips_beyond(values, seen)
    tables = [_flipped(values[at : at + _BYTE]) for at in range(0, len(values), _BYTE)]
    tables[-1] = [tables[-1][byte % len(tables[-1])] for byte in range(256)]
    source = random.Random(seed)  # noqa: S311 - a simulation, repeatable
    extreme = sum(
        abs(sum(map(getitem, tables, source.randbytes(len(tables))))) >= seen for _ in range(rounds)
    )
    return (extreme + 1) / (rounds + 1)


def _flips_beyond(values: Sequence[float], seen: float) -> float:
    """Probability that flipped signs bring the sum at least as far as `seen` from 0."""
    largest = max(map(abs, values))
    scale = largest * math.sqrt(math.fsum((value / largest) ** 2 for value in values))
    sizes = [abs(value) / scale for value in values]
    aim = min(seen / scale, 0.999999 * math.fsum(sizes))
    if aim < 1e-3:
        return 1.0
    tilt = aim
    for _ in range(50):
        tangents = [math.tanh(tilt * size) for size in sizes]
        slope = math.fsum(map(mul, sizes, tangents))
        bend = 1.0 - math.fsum(
            (size * each) ** 2 for size, each in zip(sizes, tangents, strict=True)
        )
        step = (aim - slope) / bend
        tilt = max(tilt / 2, tilt + min(step, tilt))
        if abs(step) < 1e-10 * tilt:
            break
    k0 = math.fsum(
        x + math.log1p(math.exp(-2 * x)) - math.log(2) for x in (tilt * size for size in sizes)
    )
    root = math.sqrt(2 * (tilt * aim - k0))
    return min(1.0, 2 * normal_cdf(-(root + math.log(tilt * math.sqrt(bend) / root) / root)))


def _flipped(values: Sequence[float]) -> list[float]:
    """The sum under every choice of signs."""
    sums = [0.0]
    for value in values:
        sums = [total + each for each in (value, -value) for total in sums]
    return sums


class Shift(Struct, frozen=True, kw_only=True):
    """By how much the pairs moved."""

    value: float
    interval: Interval | None
    """None with fewer pairs than could ever prove a shift (6 at 95 %)."""


def shift(differences: Sequence[float], confidence: float = 0.95) -> Shift:
    """The median of all pairs' means, with the interval that inverts the signed-rank test.

    Hodges and Lehmann 1963 (https://doi.org/10.1214/aoms/1177704172). For differences symmetric
    about their median it covers at least what it says, with ties too. Raises ValueError without
    data or on a value that is not finite.
    """
    _finite(differences)
    if not differences:
        raise ValueError("no pairs have no shift")
    means, n = PairMeans.of(differences), len(differences)
    middle = (means.ranked((means.total + 1) // 2) + means.ranked(means.total // 2 + 1)) / 2
    rank = _rank(n, (1 - confidence) / 2)
    bounds = None
    if rank:
        bounds = Interval(means.ranked(rank), means.ranked(means.total + 1 - rank))
    return Shift(value=middle, interval=bounds)


def _rank(n: int, tail: float) -> int:
    """The largest k of which the k-th mean lies above the shift with at most `tail`; 0: none."""
    if n <= EXACT:
        ways = _ways(tuple(range(1, n + 1)), n * (n + 1) // 4)
        allowed = tail * 2**n
        return sum(1 for total in accumulate(ways) if total <= allowed)
    error = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    return int(n * (n + 1) / 4 + normal_quantile(tail) * error)
