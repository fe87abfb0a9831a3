"""Stops first, entries when they can be made: what found a violation never waits for the ledger.

    stop     the flags of a violation, at once; those that no table could be given yet are set with
             the next stop, or at the end of the round
    enter    what is owed, oldest first: one that cannot be made goes behind the others
    held     marks that were read past something that is not entered: a restart reads it again

What enters: violations and other entries to make, each with the place of its record. What leaves:
kill flags, ledger entries. What never happens here: a stop that is not tried because another could
not be set or entered; an entry before its stop stands; an entry forgotten (a memory that is full
keeps the place of the record instead, which is then read again).

One thread stops and another one enters: each does so with its own loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from msgspec import Struct

from roadworthy.domain import EvidenceError, KillFlag, UsageError, format_instant

from ..workspace.loop import Loop
from ..workspace.routing import brake
from .road import Violation, enter_violation, flags_owed

MOST_OWED = 10_000
"""Entries that wait in memory; a few kilobytes each."""

Place = tuple[str, int]
"""A segment of the journal, and the offset before a record."""


class _Owed(Struct, kw_only=True, eq=False):
    """An entry that is to be made."""

    enter: Callable[[Loop], object]
    place: Place | None
    about: str
    flags: tuple[KillFlag, ...] = ()
    """What is not seen to stand yet."""


class Stops:
    """What one reader of the journal stopped, and what of that is not entered yet."""

    def __init__(self, *, warn: Callable[[str], None], most: int = MOST_OWED) -> None:
        self._warn = warn
        self._most = most
        self._owed: deque[_Owed] = deque()
        self._unread: deque[Place] = deque()
        """Places of records whose entries did not fit into memory."""
        self._jammed = False

    def __len__(self) -> int:
        """How many entries are owed."""
        return len(self._owed) + len(self._unread)

    def begin(self) -> None:
        """A round begins: locks are waited for again."""
        self._jammed = False

    def go_back(self, marks: dict[str, int]) -> None:
        """Let the reader read again what did not fit, once what did is entered."""
        if not self._owed:
            lowered(marks, _lowest(self._unread))
            self._unread.clear()

    def forget(self, place: Place) -> None:
        """Keep only where a record lies: it is to be read again."""
        self._unread.append(place)

    def stop(self, violation: Violation, loop: Loop, place: Place | None) -> None:
        """Set its flags and owe its entry; `set_all` says what could not be set."""
        now = format_instant(loop.clock.now())
        flags = flags_owed(violation, loop, at=now)
        if flags is None:
            return
        new = _Owed(
            enter=partial(_enter_violation, violation, now),
            place=place,
            about=violation.outcome.time,
            flags=flags,
        )
        self._owed.append(new)
        if not self._jammed:
            with suppress(EvidenceError, OSError):
                self.set_all(loop)
        if len(self._owed) > self._most and not new.flags and place is not None:
            self.forget(place)
            self._drop(new)

    def set_all(self, loop: Loop) -> None:
        """Set every flag that no table has yet. Raises EvidenceError or OSError."""
        waiting = [each for each in self._owed.copy() if each.flags]
        if not waiting:
            return
        flags = [flag for each in waiting for flag in each.flags]
        try:
            brake(loop.workspace, flags, loop.clock, patience_s=loop.patience_s)
        except BaseException:
            self._jammed = True
            raise
        for each in waiting:
            each.flags = ()

    def owe(self, enter: Callable[[Loop], object], place: Place | None, about: str = "") -> bool:
        """An entry that stops nothing. False where only the place of its record is kept."""
        if len(self._owed) >= self._most and place is not None:
            self.forget(place)
            return False
        self._owed.append(_Owed(enter=enter, place=place, about=about))
        return True

    def enter(self, loop: Loop) -> None:
        """Make the entries that can be made. Raises what kept the first from being made.

        What can never be entered as it is (UsageError) is said, and not tried again.
        """
        for _ in range(len(self._owed)):
            if not self._owed:
                return
            owed = self._owed[0]
            if owed.flags:
                self._owed.rotate(-1)
                continue
            try:
                owed.enter(loop)
            except UsageError as error:
                self._warn(f"cannot act on a record of {owed.about}: {error.message}")
            except BaseException:
                self._owed.rotate(-1)
                raise
            self._drop(owed)

    def _drop(self, owed: _Owed) -> None:
        with suppress(ValueError):  # the other thread did
            self._owed.remove(owed)

    def held(self, marks: Callable[[], Mapping[str, int]]) -> dict[str, int]:
        """The reader's marks as they are now, none past what is not entered yet."""
        unread = self._unread.copy()  # it may go back there while this is worked out
        there = dict(marks())
        places = [each.place for each in self._owed.copy() if each.place is not None]
        return lowered(there, _lowest([*unread, *places, *self._unread.copy()]))


def lowered(marks: dict[str, int], places: Mapping[str, int]) -> dict[str, int]:
    """Marks, none behind those places."""
    for segment, before in places.items():
        marks[segment] = min(before, marks.get(segment, before))
    return marks


def _lowest(places: deque[Place] | list[Place]) -> dict[str, int]:
    found: dict[str, int] = {}
    for segment, before in places:
        found[segment] = min(before, found.get(segment, before))
    return found


def _enter_violation(violation: Violation, now: str, loop: Loop) -> None:
    enter_violation(violation, loop, now=now)
