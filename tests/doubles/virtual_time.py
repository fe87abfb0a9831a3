"""An event loop whose clock jumps to whatever is due next: an hour takes as long as its work."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Coroutine
from typing import Any, TypeVar

Done = TypeVar("Done")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Nothing in it may wait for the world outside: sockets, threads, processes."""

    def __init__(self) -> None:
        super().__init__()
        self._virtual = 0.0

    def time(self) -> float:
        """Seconds since the loop began."""
        return self._virtual

    def _run_once(self) -> None:
        due = self._scheduled  # type: ignore[attr-defined]
        while due and due[0].cancelled():  # a time at which nothing happens is not waited for
            heapq.heappop(due)._scheduled = False
            self._timer_cancelled_count -= 1
        if not self._ready and due:  # type: ignore[attr-defined]
            self._virtual = max(self._virtual, due[0]._when)
        super()._run_once()  # type: ignore[misc]


def run_virtually(work: Coroutine[Any, Any, Done]) -> Done:
    """What the work comes to, its sleeps skipped."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
