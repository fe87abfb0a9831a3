"""Retries around a provider: the same calls in, the same chunks out, transient faults hidden.

Never retried: what is not retryable, what already said something (a caller would read it
twice), what would end after the call's time, and anything once the budget of the upstream is
spent: when everybody retries, retries are the overload.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import msgspec
from msgspec import Struct

from roadworthy.domain import AddressState, Chunk, Clock, ModelRequest, Provider, ProviderError

from .breaker import Breaker, Visit
from .time_limit import OWN_LIMIT_S, time_limit


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """How often and how long to wait."""

    retries: int = 3
    base_s: float = 0.25
    cap_s: float = 8.0
    longest_wish_s: float = 30.0
    """A `Retry-After` beyond this is not waited for: the error goes to the caller, who sees it."""
    budget: float = 32.0
    """Retries that may be spent at once …"""
    earn: float = 0.2
    """… and how many each call that succeeds gives back (Google SRE book, chapter 22)."""


class Resilient:
    """Retries with full jitter (Brooker 2015, "Exponential Backoff And Jitter") and Retry-After."""

    def __init__(
        self,
        inner: Provider,
        *,
        clock: Clock,
        policy: RetryPolicy | None = None,
        timeout_s: float = OWN_LIMIT_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: Callable[[], float] | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        """`timeout_s` is for all attempts together; `draw` gives numbers in [0, 1).

        `breaker`: calls end at once while it says so; left out, each tries for itself.
        """
        self.name = inner.name
        self._inner = inner
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._sleep = sleep
        self._draw = draw or random.SystemRandom().random
        self._timeout_s = timeout_s
        self._budget = self._policy.budget
        self._breaker = breaker

    async def warm(self) -> None:
        """Load what the inner provider can load ahead of the first call. Raises ProviderError."""
        warm = getattr(self._inner, "warm", None)
        if warm is not None:
            await warm()

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the reply; see the port. All attempts share one time limit."""
        deadline = self._clock.monotonic() + time_limit(request, self._timeout_s)
        attempt = 0
        while True:
            said = False
            visit = self._enter()
            try:
                chunks = self._inner.stream(request)
                try:
                    async for chunk in chunks:
                        said = True
                        yield chunk
                finally:
                    await chunks.aclose()  # type: ignore[attr-defined]
                self._budget = min(self._policy.budget, self._budget + self._policy.earn)
                if visit is not None:
                    visit.learn(None)
                return
            except ProviderError as error:
                if visit is not None:
                    visit.learn(error)
                left = deadline - self._clock.monotonic()
                wait = None if said else self._wait(error, attempt, left)
                if wait is None:
                    raise
            finally:
                if visit is not None:
                    visit.leave()
            await self._sleep(wait)
            attempt += 1
            left = deadline - self._clock.monotonic()
            request = msgspec.structs.replace(request, timeout_s=max(left, 0.001))

    def states(self) -> tuple[AddressState, ...]:
        """How each address of the model does; nothing of one that nobody watches."""
        inner = getattr(self._inner, "states", None)
        if inner is not None:
            return cast("tuple[AddressState, ...]", inner())
        if self._breaker is None:
            return ()
        peer = getattr(self._inner, "peer", self.name)
        return (AddressState(address=peer, state=self._breaker.state),)

    async def aclose(self) -> None:
        """Release the inner provider."""
        await self._inner.aclose()

    def _enter(self) -> Visit | None:
        """A visit where there is a breaker. Raises ProviderError while it lets nobody in."""
        if self._breaker is None:
            return None
        visit = self._breaker.enter()
        if visit is None:
            raise self._breaker.resting(self.name)
        return visit

    def _wait(self, error: ProviderError, attempt: int, left: float) -> float | None:
        """Seconds until the next attempt; None: there is none."""
        policy = self._policy
        if not error.retryable or attempt >= policy.retries:
            return None
        jitter = self._draw() * min(policy.cap_s, policy.base_s * 2.0**attempt)
        wish = error.retry_after_s
        if wish is not None and wish > policy.longest_wish_s:
            return None
        wait = jitter if wish is None else wish + jitter
        if wait >= left:
            return None
        if wish is None:
            if self._budget < 1.0:
                return None
            self._budget -= 1.0
        return wait
