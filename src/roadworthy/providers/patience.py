"""Waiting for an upstream that limits how often it is asked, as an evaluation does.

Enters: a provider, and the patience that all calls of a run share. Leaves: the same port. One
call that meets a rate limit makes all of them pause. What never happens here: one call after the
other sent into a refusal, or a wait that nobody ends: then the run stops, and goes on later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from roadworthy.domain import (
    Chunk,
    Clock,
    ModelRequest,
    Provider,
    ProviderError,
    UnavailableError,
)

PATIENCE_S = 600.0
"""How long a run waits for rate limits, all pauses together."""
_FIRST_S, _LONGEST_S = 1.0, 60.0
"""The pauses where an upstream does not say how long to wait; each is twice the one before."""
_REFUSED = (401, 403)
_LIMITED = 429


class Patience:
    """The pauses of one run: how long they may be, and until when the present one goes."""

    def __init__(
        self,
        clock: Clock,
        *,
        total_s: float = PATIENCE_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_pause: Callable[[str], None] | None = None,
    ) -> None:
        """`on_pause` hears in words of each pause."""
        self._clock = clock
        self._total_s = total_s
        self._left_s = total_s
        self._sleep = sleep
        self._on_pause = on_pause
        self._until = clock.monotonic()

    async def wait(self) -> None:
        """Return when no pause is on."""
        while (left := self._until - self._clock.monotonic()) > 0:
            await self._sleep(left)

    def pause(self, error: ProviderError, attempt: int) -> None:
        """Pause all calls for as long as the upstream asks. UnavailableError: it may not.

        Who meets the same limit during a pause prolongs it by what is missing only.
        """
        wish = error.retry_after_s
        if wish is None:
            wish = min(_LONGEST_S, _FIRST_S * 2.0 ** min(attempt, 10))
        now = self._clock.monotonic()
        longer = now + wish - max(self._until, now)
        if longer <= 0:
            return
        if longer > self._left_s:
            asks = f"; it asks to wait {wish:.0f} s" if error.retry_after_s is not None else ""
            raise UnavailableError(
                f"{error.message}{asks}, and {self._left_s:.0f} of {self._total_s:.0f} s of"
                " patience are left",
                fix="the same command goes on with the run; --patience SECONDS waits longer,"
                " --concurrency asks less at a time",
            )
        self._left_s -= longer
        self._until = now + wish
        if self._on_pause is not None:
            self._on_pause(f"waiting {wish:.0f} s: {error.message}")


class Patient:
    """The Provider port over another one, with patience around it."""

    def __init__(self, inner: Provider, patience: Patience) -> None:
        self.name = inner.name
        self._inner = inner
        self._patience = patience

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the reply; see the port. Raises UnavailableError where asking on is of no use."""
        attempt = 0
        while True:
            await self._patience.wait()
            said = False
            chunks = self._inner.stream(request)
            try:
                async for chunk in chunks:
                    said = True
                    yield chunk
                return
            except ProviderError as error:
                limited = error.retryable and (
                    error.status == _LIMITED or error.retry_after_s is not None
                )
                if error.status in _REFUSED or (error.status == _LIMITED and not limited):
                    raise UnavailableError(
                        error.message,
                        fix=(f"{error.fix}; " if error.fix else "")
                        + "the same command then goes on with the run",
                    ) from error
                if said or not limited:
                    raise
                self._patience.pause(error, attempt)
            finally:
                await chunks.aclose()  # type: ignore[attr-defined]
            attempt += 1

    async def aclose(self) -> None:
        """Release the inner provider."""
        await self._inner.aclose()
