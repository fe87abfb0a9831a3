"""Whether something still answers as it did: the same questions, asked again and again.

Enters: how often it contradicted itself when it was first asked, and how many answers differ at
each look since. Leaves: evidence that they differ more often, which may be read at every look for
ever. Never here: an alarm for what only wavers as it always did; evidence that many quiet looks
have used up.
"""

from __future__ import annotations

import math

from .intervals import clopper_pearson

_PARTS = 64
"""Shares of changed answers that are bet on, evenly between the usual one and all."""

_MOST = 690.0
"""Logarithm of the largest evidence that is told."""


class Returning:
    """Evidence that answers differ from the first ones more often than they did at the beginning.

    `alpha` is split. One half is for the bound on how often answers differ anyway, from `differed`
    of `asked` answers to the same questions at the beginning, which wavered each at a rate of its
    own (Hoeffding 1956: so many unlike ones spread no more than alike ones; Clopper and Pearson
    1934). The other half is for all looks together: the evidence is a mixture of likelihood ratios
    over how many answers may have changed, and over the look since when (weights 1 / (t (t + 1))),
    a supermartingale while nothing has (Ville 1939; Shin, Ramdas and Rinaldo 2023,
    https://arxiv.org/abs/2203.03532). So a model that did not change is ever called changed with
    probability at most `alpha`, however often it is asked. Raises ValueError without data.
    """

    def __init__(self, differed: int, asked: int, *, alpha: float = 0.01) -> None:
        if not 0 < alpha < 1:
            raise ValueError("a level lies strictly between 0 and 1")
        bounds = clopper_pearson(differed, asked, 1 - alpha)
        self.usual = bounds.high
        """So often answers differ anyway, at most."""
        self.at_least = bounds.low
        """So often they differ anyway, at least."""
        self.needed = 2 / alpha
        """Evidence from which on something has changed."""
        self.looks = 0
        self.changed = False
        """Whether any look so far brought so much."""
        self._since = -math.inf

    @property
    def evidence(self) -> float:
        """By now: 1 says nothing; at most 1e299."""
        return math.exp(min(_MOST, _added(self._since, -math.log(self.looks + 1))))

    def look(self, differ: int, asked: int) -> float:
        """One look more: so many of the answers differ. The evidence after it.

        Raises ValueError for what is no share of anything.
        """
        if asked <= 0 or not 0 <= differ <= asked:
            raise ValueError(f"{differ} of {asked} answers is no share")
        self.looks += 1
        begun = _added(self._since, -math.log(self.looks * (self.looks + 1)))
        self._since = begun + self._gain(differ, asked)
        self.changed = self.changed or self.evidence >= self.needed
        return self.evidence

    def _gain(self, differ: int, asked: int) -> float:
        """Logarithm of the mean likelihood ratio over the shares that are bet on."""
        if self.usual >= 1:
            return 0.0  # answers that always differ can tell nothing
        total = -math.inf
        for part in range(_PARTS):
            share = self.usual + (1 - self.usual) * (part + 0.5) / _PARTS
            ratio = differ * math.log(share / self.usual)
            ratio += (asked - differ) * math.log((1 - share) / (1 - self.usual))
            total = _added(total, ratio)
        return total - math.log(_PARTS)

    def proves_same(self, differ: int, asked: int, *, within: float, confidence: float) -> bool:
        """Whether so few differ that no more than a share `within` can have changed.

        By one look alone, beside the least that differs anyway, one-sided.
        """
        if asked <= 0:
            return False
        most = clopper_pearson(differ, asked, 2 * confidence - 1).high
        return most - self.at_least <= within


def _added(one: float, other: float) -> float:
    """log(exp(one) + exp(other))."""
    low, high = sorted((one, other))
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
