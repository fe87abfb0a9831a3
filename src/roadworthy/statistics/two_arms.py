"""Two arms that run at once, compared as often as one likes: is the new one worse, or safely not?

Enters: outcomes in [0, 1] (larger is worse) as they come, each of the old arm or of the new one.
Leaves: evidence that the new arm is worse, evidence that it is worse by less than a margin, and an
interval of the difference. Each may be read after every outcome and acted on. Never here: a test
that is only good once, or memory that grows with the traffic.

Outcomes are compared in blocks: a block is closed as soon as it has outcomes of both arms, and its
difference of means is one value. Which arm a request gets is drawn without looking at it, so that a
block's difference is right on average, also while traffic changes over the day. The share of the
new arm may follow what closed blocks showed (`thompson`): it is fixed before a block is judged.
"""

from __future__ import annotations

import math

from msgspec import Struct, field

from .intervals import Interval

_CAP = 0.9
"""The largest share of the capital that one bet may lose."""

_PRIOR = 0.25
"""Taken as seen before the first value: the square of a half, so that early bets are small."""


class Bets(Struct):
    """Capital of one who bets that values in [-`reach`, `reach`] are above 0 on average.

    If they are not, it is a supermartingale from 1, whatever stakes are fixed before each value;
    these are the plug-in of Kelly's (GRAPA, Waudby-Smith and Ramdas 2023, section B.2,
    https://doi.org/10.1093/jrsssb/qkad009). It is 20 at any time with probability 1/20 at most
    (Ville 1939).
    """

    reach: float = 1.0
    log: float = 0.0
    """Logarithm of the capital now."""
    most: float = 0.0
    """Of the largest capital so far."""
    total: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """One value more."""
        stake = min(_CAP / self.reach, max(0.0, self.total) / (_PRIOR + self.squares))
        self.log += math.log1p(stake * value)
        self.most = max(self.most, self.log)
        self.total += value
        self.squares += value * value


class Difference(Struct):
    """A confidence sequence of the mean of values in [-1, 1], in memory that does not grow.

    The predictable plug-in empirical Bernstein interval of Waudby-Smith and Ramdas 2023, theorem 2;
    the looks are intersected, so it never widens.
    """

    level: float = 0.05
    count: int = 0
    total: float = 0.5
    squares: float = 0.25
    staked: float = 0.0
    weighted: float = 0.0
    spread: float = 0.0
    low: float = -1.0
    high: float = 1.0

    def add(self, value: float) -> None:
        """One value more."""
        seen = (1 + value) / 2
        time = self.count + 1
        mean, varies = self.total / time, self.squares / time
        log = math.log(2 / self.level)
        stake = min(0.5, math.sqrt(2 * log / (varies * time * math.log(1 + time))))
        self.staked += stake
        self.weighted += stake * seen
        self.spread += (seen - mean) ** 2 * (-math.log1p(-stake) - stake)
        self.count = time
        self.total += seen
        self.squares += (seen - self.total / (time + 1)) ** 2
        centre, half = self.weighted / self.staked, (log + self.spread) / self.staked
        self.low = max(self.low, 2 * (centre - half) - 1)
        self.high = min(self.high, 2 * (centre + half) - 1)


class TwoArms(Struct):
    """How two arms stand. What it knows can be written down and read back."""

    margin: float = 0.02
    """Worse by less than this is not worse in a way that matters."""
    old_n: int = 0
    old_sum: float = 0.0
    new_n: int = 0
    new_sum: float = 0.0
    closed_old: tuple[int, float] = (0, 0.0)
    """Of blocks that are closed: outcomes of the old arm, and their sum. What shares are drawn by:
    by the block that is open, a share would depend on what it is to judge."""
    closed_new: tuple[int, float] = (0, 0.0)
    open_old: tuple[int, float] = (0, 0.0)
    """Of the block that is open: outcomes of the old arm, and their sum."""
    open_new: tuple[int, float] = (0, 0.0)
    worse: Bets = field(default_factory=Bets)
    safe: Bets = field(default_factory=Bets)
    difference: Difference = field(default_factory=Difference)

    def add(self, value: float, *, new: bool, first: bool = True) -> None:
        """One outcome. Raises ValueError outside [0, 1].

        `first`: of whoever was drawn into an arm as one (a session, a tenant). Of the same one
        further outcomes say much the same, so they are in the means and prove nothing.
        """
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{value} is not between 0 and 1")
        if new:
            self.new_n, self.new_sum = self.new_n + 1, self.new_sum + value
        else:
            self.old_n, self.old_sum = self.old_n + 1, self.old_sum + value
        if not first:
            return
        if new:
            self.open_new = (self.open_new[0] + 1, self.open_new[1] + value)
        else:
            self.open_old = (self.open_old[0] + 1, self.open_old[1] + value)
        if self.open_new[0] and self.open_old[0]:
            self._close(self.open_new[1] / self.open_new[0] - self.open_old[1] / self.open_old[0])

    def _close(self, gap: float) -> None:
        self.worse.add(gap)
        self.safe.add(self.margin - gap)
        self.difference.add(gap)
        self.closed_old = _joined(self.closed_old, self.open_old)
        self.closed_new = _joined(self.closed_new, self.open_new)
        self.open_new = self.open_old = (0, 0.0)

    @property
    def is_worse(self) -> float:
        """Evidence that the new arm is worse: its probability, were it not, is at most 1 over it.

        The largest so far counts: what was refuted once stays refuted.
        """
        return math.exp(min(self.worse.most, 690.0))

    @property
    def is_safe(self) -> float:
        """Evidence that the new arm is worse by less than the margin; read like `is_worse`."""
        return math.exp(min(self.safe.most, 690.0))

    @property
    def interval(self) -> Interval:
        """Of new minus old, at 1 - `difference.level`, at all times together."""
        found = self.difference
        if found.low > found.high:  # the order of the blocks carries meaning: the arms drifted
            middle = (found.low + found.high) / 2
            return Interval(middle, middle)
        return Interval(found.low, found.high)


def _joined(one: tuple[int, float], other: tuple[int, float]) -> tuple[int, float]:
    return one[0] + other[0], one[1] + other[1]


def two_arms(*, margin: float = 0.02, level: float = 0.05) -> TwoArms:
    """A comparison that begins. Raises ValueError on a margin or level outside (0, 1)."""
    if not 0 < margin < 1 or not 0 < level < 1:
        raise ValueError("margin and level lie strictly between 0 and 1")
    return TwoArms(
        margin=margin,
        worse=Bets(),
        safe=Bets(reach=1 + margin),
        difference=Difference(level=level),
    )
