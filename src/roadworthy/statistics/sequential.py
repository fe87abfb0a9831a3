"""Looking as often as one likes: intervals and evidence that stay valid at every look.

Enters: values in [0, 1], one after the other, in an order that says nothing of them (shuffled
cases, traffic as it comes). Leaves: an interval of their mean, or evidence against a mean, that
may be read after every value and acted on. Never here: an interval that is only good once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from .intervals import Interval

_CAP = 0.5
"""How much of the capital a bet may stake (c of Waudby-Smith and Ramdas)."""

_FINE = 1e-6
"""How finely a bound is found; what is left counts as not excluded."""

_APART = 1.02
"""Looks at a long sequence are so far apart at least, so that all of them together cost little."""

Side = Literal["above", "below"]


class _Bets:
    """Values so far and the stakes that were fixed before each was seen.

    The stake is the predictable plug-in of Waudby-Smith and Ramdas 2023, equation 26.
    """

    def __init__(self, alpha: float) -> None:
        if not 0 < alpha < 1:
            raise ValueError("a level lies strictly between 0 and 1")
        self._log = math.log(2 / alpha)
        self.values: list[float] = []
        self.stakes: list[float] = []
        self._sum = 0.5
        self._squares = 0.25

    def add(self, value: float) -> None:
        """One value more. Raises ValueError outside [0, 1]."""
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{value} is not between 0 and 1")
        time = len(self.values) + 1
        spread = self._squares / time
        self.stakes.append(math.sqrt(2 * self._log / (spread * time * math.log(time + 1))))
        self.values.append(value)
        self._sum += value
        self._squares += (value - self._sum / (time + 1)) ** 2

    def wealth(self, mean: float, side: Side) -> float:
        """Logarithm of the capital of one who bet that the true mean is above (below) `mean`.

        If the mean is `mean`, or on the other side of it, it is a supermartingale from 1.
        """
        room = mean if side == "above" else 1 - mean
        cap = _CAP / room if room > 0 else math.inf
        sign = 1.0 if side == "above" else -1.0
        total, product = 0.0, 1.0
        for value, stake in zip(self.values, self.stakes, strict=True):
            gain = sign * (value - mean)
            if cap < math.inf:
                product *= 1 + min(stake, cap) * gain
            elif gain > 0:
                return math.inf
            if not 1e-200 < product < 1e200:
                total, product = total + math.log(product), 1.0
        return total + math.log(product)


class ConfidenceSequence:
    """An interval of a mean that holds at all times together, so one may stop at any of them.

    The hedged capital of Waudby-Smith and Ramdas 2023 (https://doi.org/10.1093/jrsssb/qkad009),
    theorem 3: a mean is excluded once a bet against it has won 2 / (1 - confidence) times its
    stake. Intervals are intersected over the looks, so they never widen.
    """

    def __init__(self, confidence: float = 0.95) -> None:
        self._bets = _Bets(1 - confidence)
        self._limit = math.log(2 / (1 - confidence))
        self._low, self._high = 0.0, 1.0

    def add(self, *values: float) -> None:
        """Further values. Raises ValueError outside [0, 1]."""
        for value in values:
            self._bets.add(value)

    @property
    def n(self) -> int:
        """Values so far."""
        return len(self._bets.values)

    def look(self) -> Interval:
        """The interval now; [0, 1] without a value. One pass over all values for each halving.

        An interval that is empty (the values contradict one mean: their order carries meaning)
        becomes the point where the two bounds crossed.
        """
        if self.n:
            self._low = max(self._low, self._bound("above", self._low, 1.0))
            self._high = min(self._high, self._bound("below", self._high, 0.0))
            if self._low > self._high:
                self._low = self._high = (self._low + self._high) / 2
        return Interval(self._low, self._high)

    def _bound(self, side: Side, excluded: float, kept: float) -> float:
        """How far means are excluded, from the end of the scale on."""
        while abs(kept - excluded) > _FINE:
            middle = (excluded + kept) / 2
            if self._bets.wealth(middle, side) >= self._limit:
                excluded = middle
            else:
                kept = middle
        return excluded


def stop_when_narrow(
    values: Iterable[float], *, width: float, confidence: float = 0.95, every: int = 10
) -> tuple[int, Interval]:
    """How many values were taken until the interval was at most `width` wide, and the interval.

    All of them when it never is. Looks are `every` values apart, and 2 % of those taken: stopping
    at a look that one chose by its result keeps the coverage. Raises ValueError unless the width is
    within (0, 1).
    """
    if not 0 < width < 1 or every < 1:
        raise ValueError("a width lies strictly between 0 and 1, and looks are at least 1 apart")
    sequence = ConfidenceSequence(confidence)
    due = every
    for value in values:
        sequence.add(value)
        if sequence.n >= due:
            due = max(due + every, int(sequence.n * _APART))
            found = sequence.look()
            if found.high - found.low <= width:
                return sequence.n, found
    return sequence.n, sequence.look()


class EProcess:
    """Evidence against "the mean is at most (at least) `null`", growing value by value.

    The e-value is the capital of one who bet against it: were it true, it would ever reach
    1 / alpha with probability at most alpha (Ville 1939), so it may be read at every look and
    compared with 20 for 5 %. E-values of independent tests multiply; the mean of any is one (Vovk
    and Wang 2021, https://doi.org/10.1214/20-AOS2020). For paired differences in [-1, 1] take
    (1 + difference) / 2 and `null` 1/2.
    """

    def __init__(self, null: float, *, side: Side = "above") -> None:
        if not 0 < null < 1:
            raise ValueError("a mean to bet against lies strictly between 0 and 1")
        self._null, self._side = null, side
        self._bets = _Bets(0.05)
        self._most = 0.0

    def add(self, *values: float) -> None:
        """Further values. Raises ValueError outside [0, 1]."""
        for value in values:
            self._bets.add(value)

    @property
    def n(self) -> int:
        """Values so far."""
        return len(self._bets.values)

    def look(self) -> float:
        """The e-value now: 1 says nothing, 20 refutes at 5 %. At most 1e300."""
        log = self._bets.wealth(self._null, self._side) if self.n else 0.0
        value = math.exp(min(log, 690.0))
        self._most = max(self._most, value)
        return value

    @property
    def p_value(self) -> float:
        """Valid at any time: 1 over the largest e-value of all looks."""
        return min(1.0, 1 / self._most) if self._most > 0 else 1.0
