"""The means of all pairs of values in their order, without making them all.

A hundred thousand values have five billion such means (Walsh 1949). The one of a given rank is
found by counting how many lie up to a limit, which one pass over the sorted values does, until few
are left between two limits; those are made and sorted. The first limits come from the values in
blocks (the idea of Johnson and Mizoguchi 1978, https://doi.org/10.1137/0207013, with means of
blocks instead of medians of rows). Equal values are counted once, with how often they occur. What
is found is one of the means, to the last bit. Never here: an estimate.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

_BLOCK = 16
"""Different values that are one in the guess."""

_FEW = 500
"""Different values up to which no guess is worth its making."""


class PairMeans:
    """All means of two values, or of one with itself; a pair counts once, whichever is first."""

    def __init__(self, counts: Counter[float]) -> None:
        """Take values and how often each occurs. Raises ValueError without one."""
        if not counts:
            raise ValueError("no values have no means")
        self._values = sorted(counts)
        self._counts = [counts[value] for value in self._values]
        self._before = [0, *accumulate(self._counts)]
        self.total = self._before[-1] * (self._before[-1] + 1) // 2
        """How many means there are."""
        self._ranks: list[int] = [0]
        self._made: list[float] = []
        self._blocks: tuple[PairMeans, int] | None = None

    @classmethod
    def of(cls, values: Sequence[float]) -> PairMeans:
        """Those of a list of values."""
        return cls(Counter(values))

    def ranked(self, rank: int) -> float:
        """The mean of a rank, counted from 1. Neighbours of one that was asked for are at hand."""
        if not self._at_hand(rank) and len(self._values) > _FEW:
            self._make(*self._guess(rank))
        if not self._at_hand(rank):
            self._make(*self._bracket(rank))
        return self._made[bisect_left(self._ranks, rank) - 1]

    def _at_hand(self, rank: int) -> bool:
        return self._ranks[0] < rank <= self._ranks[-1]

    def _guess(self, rank: int) -> tuple[float, float]:
        """Limits a little below and above the mean of that rank, as blocks of values show it."""
        if self._blocks is None:
            self._blocks = self._in_blocks()
        near, most = self._blocks
        slack = int(math.sqrt(len(near._values)) * most * most)
        above = near.ranked(min(rank + slack, near.total))
        return math.nextafter(near.ranked(max(rank - slack, 1)), -math.inf), above

    def _in_blocks(self) -> tuple[PairMeans, int]:
        """Neighbours as one value, and how many at most are one; what occurs often is alone."""
        most = _BLOCK * self._before[-1] // len(self._values)
        blocks: Counter[float] = Counter()
        total, weight = 0.0, 0
        for value, count in zip(self._values, self._counts, strict=True):
            if weight and weight + count > most:
                blocks[total / weight] += weight
                total, weight = 0.0, 0
            total, weight = total + value * count, weight + count
        blocks[total / weight] += weight
        return PairMeans(blocks), most

    def _bracket(self, rank: int) -> tuple[float, float]:
        """Two limits, with the rank and few other means between them."""
        size = len(self._values)
        low, high = math.nextafter(self._values[0], -math.inf), self._values[-1]
        fewest, most = 0, size * (size + 1) // 2
        while most - fewest > 4 * size + 64:
            middle = low + (high - low) / 2
            if not low < middle < high:
                break
            pairs, different = self._upto(middle)
            if pairs >= rank:
                high, most = middle, different
            else:
                low, fewest = middle, different
        return low, high

    def _upto(self, limit: float) -> tuple[int, int]:
        """How many means lie up to a limit: of all pairs, and of pairs of different values.

        One pass: the partner of a larger value is never larger.
        """
        values, counts, before = self._values, self._counts, self._before
        pairs = different = 0
        last = len(values)
        for first, value in enumerate(values):
            while last > first and (value + values[last - 1]) / 2 > limit:
                last -= 1
            if last <= first:
                break
            count = counts[first]
            pairs += count * (before[last] - before[first]) - count * (count - 1) // 2
            different += last - first
        return pairs, different

    def _make(self, low: float, high: float) -> None:
        """Make the means above `low` and up to `high`, and keep them with their ranks."""
        values, counts, before = self._values, self._counts, self._before
        start = end = len(values)
        below = 0
        made: list[tuple[float, int]] = []
        for first, value in enumerate(values):
            while end > first and (value + values[end - 1]) / 2 > high:
                end -= 1
            if end <= first:
                break
            while start > first and (value + values[start - 1]) / 2 > low:
                start -= 1
            count = counts[first]
            if start > first:
                below += count * (before[start] - before[first]) - count * (count - 1) // 2
            if start < end:
                for place in range(max(start, first), end):
                    own = count * (count + 1) // 2 if place == first else count * counts[place]
                    made.append(((value + values[place]) / 2, own))
        made.sort()
        self._made = [mean for mean, _ in made]
        self._ranks = [*accumulate((own for _, own in made), initial=below)]
