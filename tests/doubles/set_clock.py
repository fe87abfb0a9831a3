"""A clock that a test sets: it never moves by itself."""

from __future__ import annotations

import datetime as dt


class SetClock:
    """The Clock port, moved by hand."""

    def __init__(self, start: str = "2026-11-21T20:00:00+00:00") -> None:
        self._now = dt.datetime.fromisoformat(start)
        self._monotonic = 0.0

    def now(self) -> dt.datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += dt.timedelta(seconds=seconds)
        self._monotonic += seconds
