"""Tools that look in this process and take their time: in threads of their own, never in the loop.

Enters: a function that looks. Leaves: an Inspector. What never happens here: more threads than were
asked for, however many looks were given up; a look that hangs keeps its thread, and those that wait
behind it run out of time, which closes the rail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from roadworthy.domain import AddressState, Finding, TextContext

Look = Callable[[str, TextContext], Sequence[Finding]]


class InThread:
    """Implements the Inspector port over a function that blocks."""

    def __init__(
        self, look: Look, *, at_once: int, close: Callable[[], None] = lambda: None
    ) -> None:
        """`close` releases what the function holds; it may still run."""
        self._look = look
        self._close = close
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="rail")

    async def inspect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """What the function finds; what it raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._look, text, context)

    def states(self) -> tuple[AddressState, ...]:
        """Nothing: whoever asks it watches it."""
        return ()

    async def aclose(self) -> None:
        """Start no look any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._close()
