"""Intervals of cases that belong together: paraphrases of one case, documents of one customer.

Cases of a group say much the same, so a hundred cases in ten groups are worth far fewer than a
hundred. Both intervals are honest with few groups, where the usual sandwich is not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence

from msgspec import Struct

from .distributions import t_quantile
from .intervals import Interval, share_interval


class Clustered(Struct, frozen=True, kw_only=True):
    """A mean over clustered cases, and what its cases are worth."""

    mean: float
    error: float
    """Standard error that allows for the groups; 0 when nothing varies between them."""
    degrees: float
    """Of freedom, of the t distribution that the error goes with."""
    carried: float
    """How many groups carry the error: 1 over the sum of their squared shares in its square."""
    groups: int
    n: int


def clustered(values: Sequence[float], groups: Sequence[Hashable]) -> Clustered:
    """A mean with the bias-reduced cluster-robust error (CR2) and its degrees of freedom.

    Bell and McCaffrey 2002 (Survey Methodology 28:169), as Imbens and Kolesar 2016
    (https://doi.org/10.1162/REST_a_00552) recommend it, for a mean in closed form. The degrees of
    freedom are the fewer of those for independent cases and for groups that agree completely.
    Raises ValueError with fewer than two groups or another length.
    """
    if len(values) != len(groups):
        raise ValueError("one group for each value")
    sums: dict[Hashable, list[float]] = {}
    for value, name in zip(values, groups, strict=True):
        row = sums.setdefault(name, [0.0, 0.0])
        row[0] += value
        row[1] += 1.0
    if len(sums) < 2:
        raise ValueError("one group does not show how groups differ")
    n = float(len(values))
    mean = math.fsum(total for total, _ in sums.values()) / n
    sizes = [size for _, size in sums.values()]
    residuals = [total - mean * size for total, size in sums.values()]
    parts = [gap * gap / (1 - size / n) for gap, size in zip(residuals, sizes, strict=True)]
    variance = math.fsum(parts)
    return Clustered(
        mean=mean,
        error=math.sqrt(variance) / n,
        degrees=max(1.0, min(_degrees(sizes, n, together) for together in (False, True))),
        carried=variance * variance / math.fsum(part * part for part in parts)
        if variance > 0
        else 1.0,
        groups=len(sizes),
        n=len(values),
    )


def _degrees(sizes: Sequence[float], n: float, together: bool) -> float:
    """Satterthwaite's degrees of freedom of the CR2 variance of a mean.

    (tr G)^2 / tr(G^2) with G_gh = p_g' W p_h, where p_g carries the responses to group g's
    adjusted sum and W is the covariance assumed: the identity, or ones within each group.
    G is a diagonal and a matrix of rank two, so its squares are summed without building it.
    """
    squares = math.fsum(size * size for size in sizes)
    a = [size / math.sqrt(1 - size / n) for size in sizes]
    if together:
        b = [root * size for root, size in zip(a, sizes, strict=True)]
        own = [root * root for root in a]
        mixed, plain = -1 / n, squares / (n * n)
    else:
        b = a
        own = [root * root / size for root, size in zip(a, sizes, strict=True)]
        mixed, plain = 0.0, -1 / n
    aa = math.fsum(x * x for x in a)
    ab = math.fsum(x * y for x, y in zip(a, b, strict=True))
    bb = math.fsum(y * y for y in b)
    total = mixed * mixed * 2 * (aa * bb + ab * ab) + plain * plain * aa * aa
    total += 4 * mixed * plain * ab * aa
    trace = 0.0
    for x, y, extra in zip(a, b, own, strict=True):
        shared = 2 * mixed * x * y + plain * x * x
        total += (shared + extra) ** 2 - shared * shared
        trace += shared + extra
    return trace * trace / total


def cluster_interval(
    values: Sequence[float], groups: Sequence[Hashable], confidence: float = 0.95
) -> Interval:
    """Interval of a mean of values without a known range. Raises ValueError as `clustered`.

    Also when nothing varies between groups: a width of zero would prove anything.
    """
    found = clustered(values, groups)
    if not found.error > 0:
        raise ValueError("groups that are all alike say nothing of those that were not seen")
    half = t_quantile(0.5 + confidence / 2, found.degrees) * found.error
    return Interval(found.mean - half, found.mean + half)


def cluster_share_interval(
    values: Sequence[float], groups: Sequence[Hashable], confidence: float = 0.95
) -> Interval:
    """Interval of a share of clustered cases, each a value in [0, 1]; never of width zero.

    Korn and Graubard 1998 (Survey Methodology 24:193): Clopper and Pearson's at as many cases as
    the sample is worth, n over the design effect, less for the few degrees of freedom that show
    it: fewer than the groups that really carry the error, which near 0 or 1 are few. A sample is
    never worth more than its cases, nor less than if each group's cases agreed completely (Kish).
    Groups of very different sizes (1 to 12) may be covered at 90 % instead of 95 %.
    Raises ValueError as `clustered`, or on a value outside [0, 1].
    """
    if any(not 0.0 <= value <= 1.0 for value in values):
        raise ValueError("a share is of values between 0 and 1")
    found = clustered(values, groups)
    least = found.n * found.n / math.fsum(size * size for size in Counter(groups).values())
    worth = least
    if found.error > 0:
        tail = 0.5 + confidence / 2
        degrees = max(1.0, min(found.degrees, found.carried - 1))
        ratio = t_quantile(tail, found.n - 1) / t_quantile(tail, degrees)
        alone = found.mean * (1 - found.mean) / found.error**2
        worth = max(least, min(float(found.n), alone) * ratio * ratio)
    # Rounding outwards of a worth that is not whole never cuts the estimate off.
    bounds = share_interval(found.mean * worth, worth, confidence)
    return Interval(min(bounds.low, found.mean), max(bounds.high, found.mean))
