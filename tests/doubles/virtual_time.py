"""An event loop whose clock jumps to whatever is due next: an hour takes as long as its work."""

from __future__ import annotations

import asyncio
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
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self._virtual = max(self._virtual, self._scheduled[0]._when)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def run_virtually(work: Coroutine[Any, Any, Done]) -> Done:
    """What the work comes to, its sleeps skipped."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
