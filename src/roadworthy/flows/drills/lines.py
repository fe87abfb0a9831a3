"""Asking every worker at once, and seeing when each began to do what was wanted of it.

Enters: one line to each worker, a question. Leaves: for each worker the moment at which it did, or
None. What never happens here: one worker's answer taken for another's (a line that broke is not
drawn anew), a wait for a worker that went away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from msgspec import Struct

from roadworthy.domain import UndecidedError

_PAUSE_S, _CALM_PAUSE_S = 0.002, 0.1
"""Between two requests to a worker: at first, and once it takes long anyway."""
_CALM_S = 1.0


class Said(Struct, frozen=True, kw_only=True):
    """What a worker answered."""

    status: int
    code: str = ""
    message: str = ""
    action: str = ""
    release: str = ""
    observation: str = ""

    @property
    def words(self) -> str:
        """In short, for people."""
        return " ".join(filter(None, (str(self.status), self.code or self.action, self.message)))


class Line(Protocol):
    """A connection that one worker holds."""

    worker: str
    asked: int
    """How many requests were asked over it."""

    def ask(self) -> Said:
        """A real request through the live path. Raises OSError when the line broke."""

    def version(self) -> int:
        """Which version of the routing table the worker goes by. Raises OSError."""


class Watching:
    """All workers being asked."""

    def __init__(self, lines: Sequence[Line], works: Callable[[Line, int], bool], s: float) -> None:
        self._lines, self._works, self._s = lines, works, s
        self._over = threading.Event()
        self._version = 0
        self._at: dict[str, float | None] = {}
        self._broken: dict[str, str] = {}
        self._threads = [
            threading.Thread(target=self._follow, args=(line,), daemon=True) for line in lines
        ]

    def begin(self) -> None:
        """Ask from now on."""
        for thread in self._threads:
            thread.start()

    def go(self, version: int) -> None:
        """What is waited for stands, in that version of the table."""
        self._version = version

    def end(self) -> None:
        """Ask no more."""
        self._over.set()

    def results(self) -> dict[str, float | None]:
        """When each worker did; None: not in time. Raises UndecidedError when a line broke."""
        until = time.monotonic() + self._s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self.end()
        for thread in self._threads:  # an answer that is under way is heard out
            thread.join()
        if self._broken:
            said = "; ".join(f"{name}: {why}" for name, why in sorted(self._broken.items()))
            raise UndecidedError(
                f"a worker went away during the drill: {said}", fix="drill again once it is back"
            )
        return {line.worker: self._at.get(line.worker) for line in self._lines}

    def _follow(self, line: Line) -> None:
        calm = time.monotonic() + _CALM_S
        try:
            while not self._over.is_set():
                if self._works(line, self._version):
                    self._at[line.worker] = time.perf_counter()
                    return
                self._over.wait(_PAUSE_S if time.monotonic() < calm else _CALM_PAUSE_S)
        except (OSError, ValueError) as error:
            self._broken[line.worker] = str(error) or type(error).__name__


@contextmanager
def watch_all(
    lines: Sequence[Line], works: Callable[[Line, int], bool], s: float
) -> Iterator[Watching]:
    """Every worker is asked until it does, each over its line. Nobody is asked afterwards."""
    watching = Watching(lines, works, s)
    watching.begin()
    try:
        yield watching
    finally:
        watching.end()
