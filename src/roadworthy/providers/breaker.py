"""A circuit breaker: an address that failed again and again is left alone for a while.

Enters: how calls ended. Leaves: whether the next may try; how many are under way. What never
happens here: a second call to an address while another finds out whether it is well again. Nygard,
"Release It!", 2nd edition (2018), chapter 5.
"""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import Clock, Health, ProviderError

GROWTH = 2.0
MOST_RESTS = 8.0
"""Each rest after a probe that failed is twice as long, up to eight times the first."""


class BreakerPolicy(Struct, frozen=True, kw_only=True):
    """After how many failures in a row, and for how long."""

    after: int = 5
    rest_s: float = 10.0


class Load:
    """What an address has to do now."""

    __slots__ = ("busy",)

    def __init__(self) -> None:
        self.busy = 0
        """Calls under way."""


class Traffic:
    """Every address that live traffic goes to, whichever release sends it. One loop's."""

    def __init__(self) -> None:
        self._loads: dict[str, Load] = {}

    def at(self, peer: str) -> Load:
        """The one load of an address (host and port)."""
        return self._loads.setdefault(peer, Load())


class Breaker:
    """Of one address. Not for threads: its calls run on one loop."""

    def __init__(
        self, clock: Clock, policy: BreakerPolicy | None = None, load: Load | None = None
    ) -> None:
        """`load`: shared with others who call the same address."""
        self.load = load or Load()
        self._clock = clock
        self._policy = policy or BreakerPolicy()
        self._in_a_row = 0
        self._rests = 1.0
        self._until = 0.0
        self._probing = False
        self._open = False

    @property
    def state(self) -> Health:
        """How its address does."""
        if not self._open:
            return "well"
        return "probed" if self._probing else "resting"

    def wait_s(self) -> float:
        """Seconds until a call may try; 0 when one may now."""
        if not self._open:
            return 0.0
        left = self._until - self._clock.monotonic()
        return max(left, self._policy.rest_s / 10 if self._probing else 0.0)

    def enter(self) -> Visit | None:
        """A call begins; None: it may not try."""
        if not self._open:
            return Visit(self, probe=False)
        if self._probing or self._clock.monotonic() < self._until:
            return None
        self._probing = True
        return Visit(self, probe=True)

    def _learn(self, error: ProviderError | None, *, probe: bool) -> None:
        if error is None or not _is_failing(error):
            self._in_a_row, self._rests, self._open = 0, 1.0, False
            return
        self._in_a_row += 1
        if self._open and not probe:
            return  # it began before the rest
        if not probe and self._in_a_row < self._policy.after:
            return
        if probe:
            self._rests = min(self._rests * GROWTH, MOST_RESTS)
        rest = max(self._policy.rest_s * self._rests, error.retry_after_s or 0.0)
        self._open, self._until = True, self._clock.monotonic() + rest

    def _leave(self) -> None:
        self._probing = False

    def insist(self) -> Visit:
        """A call begins though it should rest, for who would rather try than have no answer."""
        return Visit(self, probe=False)

    def resting(self, name: str) -> ProviderError:
        """Why nothing was asked. Not worth a retry by whoever may not wait."""
        return ProviderError(
            f"{name} failed {self._in_a_row} times in a row and rests; the next call may try in "
            f"{self.wait_s():.0f} s",
            retryable=False,
            retry_after_s=self.wait_s(),
        )


class Visit:
    """One call of an address: say how it ended, and leave in any case."""

    __slots__ = ("_breaker", "_probe")

    def __init__(self, breaker: Breaker, *, probe: bool) -> None:
        self._breaker = breaker
        self._probe = probe
        breaker.load.busy += 1

    def learn(self, error: ProviderError | None) -> None:
        """How it ended. One that was refused for what it asked was answered."""
        self._breaker._learn(error, probe=self._probe)

    def leave(self) -> None:
        """It is over; of one that the caller left nobody knows how it would have ended."""
        self._breaker.load.busy -= 1
        if self._probe:
            self._breaker._leave()


def _is_failing(error: ProviderError) -> bool:
    """Whether an error says something of the address, not of the one request."""
    return error.retryable or error.status >= 500
