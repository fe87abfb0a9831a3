"""A workspace's time: the machine's clock, but never before what was recorded there.

In: a workspace. Out: a Clock. Never: a key that is not valid yet, an entry before its predecessor,
or a gate that opens again, because a machine was started with its clock behind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress

from roadworthy.domain import Clock, Instant, RoadworthyError, parse_instant
from roadworthy.ledger import CheckpointLog, next_instant
from roadworthy.manifests import Workspace, load_trust

from .clock import SystemClock


class HeldClock:
    """The Clock port over another one: never before its floor, and never back."""

    def __init__(self, clock: Clock, *, floor: Instant = "") -> None:
        self.floor = floor
        self.next_entry: Callable[[], Instant] | None = None
        """When the next entry will be of, asked while the clock is behind: what is recorded
        meanwhile moves the time on, so that a key that was ended is ended."""
        self._clock = clock
        self._latest = parse_instant(floor) if floor else clock.now()

    def now(self) -> dt.datetime:
        """The present instant; while the clock is behind, the time of the next entry."""
        shown = self._clock.now()
        if shown <= self._latest and self.next_entry is not None:
            with suppress(RoadworthyError):  # a stop is set also where the ledger cannot be read
                shown = parse_instant(self.next_entry())
        self._latest = max(self._latest, shown)
        return self._latest

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return self._clock.monotonic()


def held_clock(workspace: Workspace) -> HeldClock:
    """The machine's clock, held at the newest signed head, or where the first key begins.

    What cannot be read holds nothing: whoever needs that file says what is wrong with it.
    """
    return HeldClock(SystemClock(), floor=_floor(workspace))


def _floor(workspace: Workspace) -> Instant:
    with suppress(RoadworthyError, OSError, ValueError):
        newest = CheckpointLog(workspace.checkpoints).newest()
        if newest is not None:
            return next_instant(newest.time)
        floor = max(key.valid_from for key in load_trust(workspace.trust).keys)
        parse_instant(floor)
        return floor
    return ""
