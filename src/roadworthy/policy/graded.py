"""Did a score of degree get worse? Its mean on the same cases, before and now.

Enters: the paired difference with its interval, its noise and a one-sided p-value. Leaves: words
and figures for the rule about regressions, which treats it as any other score. Never here: a drop
that matters on a scale that nobody named. It is a share of 1 where all values lie in [0, 1], else
of the range of the values of both runs.
"""

from __future__ import annotations

import math

from msgspec import Struct

from roadworthy.domain import exact
from roadworthy.statistics import Interval, normal_cdf, normal_quantile

FEW_MOVED = 30
"""Cases that moved, below which their noise says little of what one more would do."""


class GradedPair(Struct, frozen=True, kw_only=True):
    """One score of degree of two runs on the same cases."""

    score: str
    n: int
    before: float
    """Mean; what failed in a run counts as the worst that any case got."""
    after: float
    worse: Interval | None
    """Of by how much it is worse on average, two-sided 95 %; None where nothing bounds it."""
    p_worse: float
    """One-sided, of the sign-flip test of the mean: how often no change looks so bad."""
    span: float
    """The scale: by how much two values can differ."""
    noise: float
    """Root of the sum of squares of what varies between the cases (of groups, between groups)."""
    weight: float
    """Sum of the squared sizes of the groups; `n` where every case stands for itself."""
    lower_is_better: bool = False
    fell: int = 0
    """Cases that are worse now."""
    rose: int = 0

    @property
    def flips(self) -> int:
        """Cases that moved."""
        return self.fell + self.rose

    @property
    def evidence(self) -> tuple[float | None, ...]:
        """The same of scores that moved alike, and in the same direction for the better."""
        moved = (self.fell, self.rose, self.before, self.after, self.noise)
        return (self.n, *moved, self.p_worse, *self.bounds)

    @property
    def lost(self) -> float:
        """By how much it is worse on average; below 0 where it is better."""
        gap = self.before - self.after
        return -gap if self.lower_is_better else gap

    @property
    def told(self) -> str:
        """What happened."""
        return f"{self.before:.3g} to {self.after:.3g}, {self.fell} cases worse, {self.rose} better"

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Of the difference as the score stands: above 0 it rose."""
        if self.worse is None:
            return None, None
        if self.lower_is_better:
            return self.worse.low, self.worse.high
        return -self.worse.high, -self.worse.low

    def excludes(self, share: float) -> bool:
        """Whether it is surely worse by less than that drop."""
        return self.worse is not None and self.worse.high < self.drop(share)

    def drop(self, share: float) -> float:
        """The smallest drop that matters, on the score's own scale."""
        return share * self.span

    def size(self, share: float) -> str:
        """That drop in words."""
        if self.span == 1.0:
            return f"{exact(share * 100)} points"
        return f"{self.drop(share):.3g} ({exact(share * 100)} % of the range {self.span:.3g})"


def graded_power(pair: GradedPair, share: float, level: float) -> float:
    """How often so many cases find a drop of that share, if one more case moved all the way.

    Of the sign-flip test at the one-sided `level`, by the normal approximation: it is exact for a
    sum of many, and cases that happened not to move would promise too much.
    """
    drop = pair.drop(share)
    varies = math.hypot(pair.noise, pair.span)
    flipped = math.hypot(varies, drop * math.sqrt(pair.weight))
    return normal_cdf((pair.n * drop + normal_quantile(level) * flipped) / varies)


def graded_cases(pair: GradedPair, share: float, level: float, power: float) -> int:
    """About how many such cases find that drop with `power`."""
    drop = pair.drop(share)
    varies = math.hypot(pair.noise, pair.span)
    flipped = math.hypot(varies, drop * math.sqrt(pair.weight))
    root = (normal_quantile(power) * varies - normal_quantile(level) * flipped) / (pair.n * drop)
    return math.ceil(pair.n * max(root, 0.0) ** 2)
