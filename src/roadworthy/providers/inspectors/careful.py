"""Around whatever is asked: a time limit, so many questions at once, and a rest after failures.

Enters: a text. Leaves: findings, or a DetectorError that says why there are none. What never
happens here: a second question to what failed again and again while it rests; the words of whoever
was asked in an error, since they may say the text again and records keep errors in clear.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from roadworthy.domain import (
    AddressState,
    DetectorError,
    Finding,
    Inspector,
    ProviderError,
    TextContext,
)

from ..breaker import Breaker


class Careful:
    """Implements the Inspector port around another one."""

    def __init__(
        self, inner: Inspector, *, name: str, breaker: Breaker, budget_s: float, at_once: int
    ) -> None:
        """`budget_s` spans waiting in line and the answer."""
        self._inner = inner
        self._name = name
        self._breaker = breaker
        self._budget_s = budget_s
        self._places = asyncio.Semaphore(at_once)

    async def inspect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """What the inner one finds. Raises DetectorError when it cannot say so in time."""
        budget = f"{self._budget_s * 1000:g} ms"
        try:
            async with asyncio.timeout(self._budget_s) as limit:
                async with self._places:
                    return await self._ask(text, context, limit)
        except TimeoutError:
            raise DetectorError(f"{self._name}: over its budget of {budget}") from None

    def states(self) -> tuple[AddressState, ...]:
        """Whether it is asked, or rests."""
        return (AddressState(address=self._name, state=self._breaker.state),)

    async def aclose(self) -> None:
        """Release the inner one."""
        await self._inner.aclose()

    async def _ask(
        self, text: str, context: TextContext, limit: asyncio.Timeout
    ) -> Sequence[Finding]:
        visit = self._breaker.enter()
        if visit is None:
            raise DetectorError(self._breaker.resting(self._name).message)
        try:
            found = await self._inner.inspect(text, context)
        except ProviderError as error:
            visit.learn(error)
            raise DetectorError(f"{self._name}: {error.unquoted}") from None
        except asyncio.CancelledError:
            if limit.expired():  # else whoever asked went away, which says nothing of this
                visit.learn(_LATE)
            raise
        else:
            visit.learn(None)
            return found
        finally:
            visit.leave()


_LATE = ProviderError("no answer in time", retryable=True)
