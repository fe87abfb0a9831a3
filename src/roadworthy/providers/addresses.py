"""Several addresses of one model: each call goes to the least busy that is well.

Enters: a request. Leaves: the chunks of one address; of the next when one failed before it said
anything. How busy one is counts the calls of every release of this process that goes there. What
never happens here: another model than the one that was evaluated (that would be another candidate),
a call answered twice, or more time than one call has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from roadworthy.domain import AddressState, Chunk, Clock, ModelRequest, Provider, ProviderError

from .breaker import Breaker, Visit
from .time_limit import OWN_LIMIT_S, time_limit


class Member:
    """One address: how to reach it, what it may take of the whole, how it does."""

    def __init__(self, name: str, provider: Provider, breaker: Breaker, weight: int = 1) -> None:
        """`name` is host and port; it is told, a credential is not in it."""
        self.name = name
        self.provider = provider
        self.breaker = breaker
        self.weight = weight
        self.turn = 0
        """What it is owed of the calls that any of the well ones could take."""


class Addresses:
    """Implements the Provider port over members."""

    def __init__(
        self,
        name: str,
        members: Sequence[Member],
        *,
        clock: Clock,
        timeout_s: float = OWN_LIMIT_S,
        fail_fast: bool = True,
    ) -> None:
        """`fail_fast`: while all rest, calls end at once.

        Else the one that rests shortest is asked, for who would rather wait than have no answer.
        """
        self.name = name
        self._members = tuple(members)
        self._clock = clock
        self._timeout_s = timeout_s
        self._fail_fast = fail_fast

    def states(self) -> tuple[AddressState, ...]:
        """How each address does."""
        return tuple(
            AddressState(address=one.name, state=one.breaker.state) for one in self._members
        )

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the reply; see the port. Raises ProviderError of the last that was asked."""
        deadline = self._clock.monotonic() + time_limit(request, self._timeout_s)
        tried: list[Member] = []
        failure: ProviderError | None = None
        while (found := self._next(tried)) is not None:
            member, visit = found
            said = False
            chunks = member.provider.stream(request)
            try:
                async for chunk in chunks:
                    said = True
                    yield chunk
                visit.learn(None)
                return
            except ProviderError as error:
                visit.learn(error)
                if said or not error.retryable:
                    raise
                failure = error
            finally:
                visit.leave()
                await chunks.aclose()  # type: ignore[attr-defined]
            tried.append(member)
            left = deadline - self._clock.monotonic()
            if left <= 0:
                break
            request = msgspec.structs.replace(request, timeout_s=left)
        raise failure or min(self._members, key=lambda one: one.breaker.wait_s()).breaker.resting(
            f"every address of {self.name}"
        )

    async def aclose(self) -> None:
        """Release every address."""
        for member in self._members:
            await member.provider.aclose()

    def _next(self, tried: Sequence[Member]) -> tuple[Member, Visit] | None:
        """The least busy by its weight that may be asked; equals take turns, by weight.

        Turns are nginx's smooth weighted round robin among those that are well: one that comes
        back after a rest has nothing to catch up.
        """
        left = [one for one in self._members if one not in tried]
        well = [one for one in left if one.breaker.wait_s() == 0.0]
        for one in well:
            one.turn += one.weight
        for one in sorted(well, key=lambda one: (one.breaker.load.busy / one.weight, -one.turn)):
            visit = one.breaker.enter()
            if visit is not None:
                one.turn -= sum(each.weight for each in well)
                return one, visit
        if self._fail_fast or not left:
            return None
        soonest = min(left, key=lambda one: one.breaker.wait_s())
        return soonest, soonest.breaker.insist()
