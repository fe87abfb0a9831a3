"""How far two readings of the same cases go together: Pearson's r and Spearman's rho, with bounds.

The interval is that of Fisher's z with an error that asks nothing of the distribution: of each case
its influence (Hampel 1974, https://doi.org/10.1080/01621459.1974.10482962), or of each group of
cases the sum of theirs. It is never narrower than the one that normal values would give, and the
fewer cases carry the error, the wider.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from itertools import groupby

from .clusters import clustered
from .distributions import t_quantile
from .intervals import Interval

LEAST = 50
"""Cases below which no interval is given: the error itself is too uncertain."""


def pearson(first: Sequence[float], second: Sequence[float]) -> float:
    """The product-moment correlation. Raises ValueError where one side does not vary."""
    x, y = _standard(first, second)
    return max(-1.0, min(1.0, math.fsum(map(_product, x, y)) / len(x)))


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """The correlation of the ranks; equal values share the mean of theirs."""
    return pearson(_ranks(first), _ranks(second))


def correlation_interval(
    first: Sequence[float],
    second: Sequence[float],
    *,
    ranked: bool,
    groups: Sequence[Hashable] = (),
    confidence: float = 0.95,
) -> Interval:
    """Bounds of Pearson's r, or of Spearman's rho where `ranked`.

    `groups`: of each case. Raises ValueError below `LEAST` cases (or of groups), where one side
    does not vary, and where all points lie on a line: nothing shows how far others would stray.
    """
    names = list(groups or range(len(first)))
    n = len(set(names))
    if n < LEAST:
        what = "groups" if groups else "cases"
        raise ValueError(f"{n} {what} bound no correlation: it takes {LEAST}")
    value = (spearman if ranked else pearson)(first, second)
    if 1 - abs(value) < 1e-12:
        raise ValueError("all points lie on a line, which bounds no correlation")
    parts = (_of_ranks if ranked else _of_values)(first, second, value)
    known = clustered(parts, names)
    usual = math.sqrt((1 + value * value / 2 if ranked else 1.0) / (n - 3))
    error = max(known.error / (1 - value * value), usual)
    # Satterthwaite: a variance that few cases carry is known as badly as one of few cases
    degrees = max(1.0, min(known.degrees, n - 2.0, 2 * known.carried - 1))
    reach = t_quantile(0.5 + confidence / 2, degrees) * error
    z = math.atanh(value)
    return Interval(math.tanh(z - reach), math.tanh(z + reach))


def _product(a: float, b: float) -> float:
    return a * b


def _standard(
    first: Sequence[float], second: Sequence[float]
) -> tuple[Sequence[float], Sequence[float]]:
    """Both sides with mean 0 and mean square 1."""
    if len(first) != len(second):
        raise ValueError("two numbers for each case")
    return _standardised(first), _standardised(second)


def _require_finite(values: Sequence[float]) -> None:
    if not all(map(math.isfinite, values)):
        raise ValueError("a correlation is of finite numbers")


def _standardised(values: Sequence[float]) -> list[float]:
    _require_finite(values)
    if len(values) < 2 or min(values) == max(values):
        raise ValueError("one side has one value only: nothing can go together with it")
    try:
        mean = math.fsum(values) / len(values)
    except OverflowError:
        raise ValueError("a correlation is of numbers whose sum is finite") from None
    gaps = [value - mean for value in values]
    _require_finite(gaps)
    most = max(map(abs, gaps))
    gaps = [gap / most for gap in gaps]
    spread = math.sqrt(math.fsum(gap * gap for gap in gaps) / len(gaps))
    return [gap / spread for gap in gaps]


def _ranks(values: Sequence[float]) -> list[float]:
    _require_finite(values)
    ranks = [0.0] * len(values)
    order = sorted(range(len(values)), key=values.__getitem__)
    done = 0
    for _, tied in groupby(order, key=values.__getitem__):
        places = list(tied)
        for place in places:
            ranks[place] = done + (len(places) + 1) / 2
        done += len(places)
    return ranks


def _of_values(first: Sequence[float], second: Sequence[float], value: float) -> list[float]:
    """The influence of each case on Pearson's r."""
    x, y = _standard(first, second)
    return [a * b - value * (a * a + b * b) / 2 for a, b in zip(x, y, strict=True)]


def _of_ranks(first: Sequence[float], second: Sequence[float], value: float) -> list[float]:
    """The influence of each case on Spearman's rho: by its own ranks, and by those it moves."""
    x, y = _standard(_ranks(first), _ranks(second))
    moved_x, moved_y = _moved(first, y), _moved(second, x)
    own_x, own_y = _moved(first, x), _moved(second, y)
    steps = _step(x, first), _step(y, second)
    return [
        a * b
        - value * (a * a + b * b) / 2
        + steps[0] * (mx - value * ox)
        + steps[1] * (my - value * oy)
        for a, b, mx, my, ox, oy in zip(x, y, moved_x, moved_y, own_x, own_y, strict=True)
    ]


def _step(standard: Sequence[float], values: Sequence[float]) -> float:
    """How far a share of 1 of all ranks is on the standard scale."""
    ranks = _ranks(values)
    low = min(range(len(ranks)), key=ranks.__getitem__)
    high = max(range(len(ranks)), key=ranks.__getitem__)
    return (standard[high] - standard[low]) / (ranks[high] - ranks[low]) * len(ranks)


def _moved(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Of each case: the mean weight of those above it, its equals by half."""
    n = len(values)
    found = [0.0] * n
    above = 0.0
    order = sorted(range(n), key=values.__getitem__, reverse=True)
    for _, tied in groupby(order, key=values.__getitem__):
        places = list(tied)
        equal = math.fsum(weights[place] for place in places)
        for place in places:
            found[place] = (above + equal / 2) / n
        above += equal
    return found
