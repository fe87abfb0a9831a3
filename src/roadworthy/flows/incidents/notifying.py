"""Tell people, at least once: what the ledger says is told to each target, however long it is away.

    1 read    entries since the mark become notices, as the routes say; clocks that moved, too
    2 keep    mark and notices in one file, before anything is sent
    3 send    those that are due, oldest first; one that is not taken waits longer each time
    4 keep    what was taken is forgotten; what nobody took for three days is given up, and entered

Enters: a ledger, a target, who sends. Leaves: notices. What never happens here: a mitigation, an
entry or an answer that waits for a target (the ledger is read behind them); a notice lost by a
crash (one that was sent just before it goes again under the same id); one target that holds up
another (each has a file and a thread of its own).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct, structs

from roadworthy.domain import (
    Draft,
    EvidenceError,
    Incident,
    Instant,
    Notice,
    Notifications,
    RoadworthyError,
    TargetState,
    WaitingNotice,
    format_instant,
    parse_instant,
)
from roadworthy.incidents import Running, clock_notices, notice_of
from roadworthy.ledger import sign_draft
from roadworthy.manifests import Workspace
from roadworthy_verify.plain_file import read_plain

from ..workspace.loop import Loop
from ..workspace.routing import put_in_place
from ..workspace.waiting import held
from .learning import incidents_of

MOST_WAITING = 1_000
"""Notices of one target in its file; the rest waits in the ledger, behind the mark."""

AT_ONCE = 500
"""Entries that are looked at in one round."""

BATCH = 50
"""Notices that are sent before what was taken is kept: so many may go twice after a crash."""

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 3600.0
GIVEN_UP_S = 3 * 86_400.0

CLOCKS_S = 60.0
"""How often it is seen whether a legal period is nearly over."""

GIVEN_UP = "notification.given_up"


class NotTakenError(RoadworthyError):
    """A target did not take a notice."""

    def __init__(self, message: str, *, again: bool = True, wait_s: float = 0.0) -> None:
        """`again`: whether it may take it later. `wait_s`: how long it asks to be left alone."""
        super().__init__(message)
        self.again = again
        self.wait_s = wait_s


class Sender(Protocol):
    """Who sends to one target."""

    def send(self, notice: Notice) -> None:
        """Returns once it was taken. Raises NotTakenError, or UsageError for its settings."""
        ...


Clocks = Callable[[Incident], Sequence[Running]]
"""The legal clocks of an incident."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(TargetState)


def state_path(workspace: Workspace, target: str) -> Path:
    """Where a target's notices wait."""
    return workspace.serving / "notices" / f"{target}.json"


def read_state(workspace: Workspace, target: str) -> TargetState:
    """How a target stands; as new where it was never asked. Raises EvidenceError."""
    path = state_path(workspace, target)
    try:
        return _decoder.decode(read_plain(path))
    except FileNotFoundError:
        return TargetState()
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceError(
            f"{path} is damaged: {error}",
            fix="remove it: what is entered from then on is told; look at `incident list` for what"
            " was before",
        ) from error


class Desk(Struct, frozen=True, kw_only=True):
    """One target: who sends, what it wants, which clocks there are."""

    target: str
    settings: Notifications
    sender: Callable[[], Sender]
    """Made when it is first needed: a secret that is missing concerns this target alone."""
    clocks: Clocks


class Teller:
    """Tells one target. One thread's."""

    def __init__(self, loop: Loop, desk: Desk) -> None:
        self._loop = loop
        self._desk = desk
        self._clocks_at = float("-inf")
        self._known: tuple[int, dict[str, Incident]] = (-1, {})
        """The ledger's size, and its incidents."""

    def round(self) -> TargetState:
        """Read, keep, send, keep; returns how it stands. Raises EvidenceError or OSError."""
        workspace, name = self._loop.workspace, self._desk.target
        folder = state_path(workspace, name).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(folder / f"{name}.lock", self._loop.patience_s):
            before = read_state(workspace, name)
            state = self._read(before)
            if state != before:
                self._keep(state)
            after = self._send(state)
            if after != state:
                self._keep(after)
        return after

    def _read(self, state: TargetState) -> TargetState:
        """1. A target that is new begins with what is entered from now on."""
        size = self._loop.ledger.size()
        if state.mark < 0 or state.mark > size:  # new, or another ledger was put back
            return structs.replace(state, mark=size)
        mark, found = state.mark, list(state.waiting)
        now = format_instant(self._loop.clock.now())
        while mark < min(size, state.mark + AT_ONCE) and len(found) < MOST_WAITING:
            entry = self._loop.ledger.entry(mark + 1)
            notice = notice_of(entry, self._incidents(size) if _is_incident(entry.kind) else {})
            if notice is not None and self._desk.settings.wants(self._desk.target, notice):
                found.append(WaitingNotice(notice=notice, since=now))
            mark += 1
        state = structs.replace(state, mark=mark)
        reminders = list(self._reminders(state, size, now))
        return structs.replace(
            state,
            waiting=(*found, *(WaitingNotice(notice=each, since=now) for each in reminders)),
            reminded=(*state.reminded, *(each.id for each in reminders)),
        )

    def _incidents(self, size: int) -> dict[str, Incident]:
        if self._known[0] != size:
            self._known = (size, incidents_of(self._loop))
        return self._known[1]

    def _reminders(self, state: TargetState, size: int, now: Instant) -> Iterator[Notice]:
        """Of clocks, each stage once."""
        if self._loop.clock.monotonic() < self._clocks_at:
            return
        self._clocks_at = self._loop.clock.monotonic() + CLOCKS_S
        for incident in self._incidents(size).values():
            if incident.legal is None or not incident.legal.serious:
                continue
            for notice in clock_notices(incident, self._desk.clocks(incident), now):
                wanted = self._desk.settings.wants(self._desk.target, notice)
                if wanted and notice.id not in state.reminded:
                    yield notice

    def _send(self, state: TargetState) -> TargetState:
        """3."""
        now = self._loop.clock.now()
        left: list[WaitingNotice] = []
        untold: set[str] = set()
        delivered, fault, resting, sent = state.delivered, state.fault, False, 0
        given_up: list[WaitingNotice] = []
        for waiting in state.waiting:
            behind = waiting.notice.key in untold  # of a thing the end is not told before its begin
            if resting or behind or sent == BATCH or not _is_due(waiting, now):
                left.append(waiting)
                untold.add(waiting.notice.key)
                continue
            sent += 1
            try:
                self._desk.sender().send(waiting.notice)
            except NotTakenError as error:
                fault, resting = str(error), error.again
                late = (now - parse_instant(waiting.since)).total_seconds() > GIVEN_UP_S
                if late or not error.again:
                    given_up.append(waiting)
                else:
                    left.append(_later(waiting, now, error.wait_s))
                    untold.add(waiting.notice.key)
            except RoadworthyError as error:  # its settings: nobody can send until they are mended
                fault, resting = str(error), True
                left.append(_later(waiting, now, 0.0))
                untold.add(waiting.notice.key)
            else:
                delivered, fault = delivered + 1, ""
        unentered = [each for each in given_up if not self._enter_given_up(each, fault)]
        left += unentered  # nothing vanishes without an entry
        failing = (state.failing_since or format_instant(now)) if fault else ""
        return structs.replace(
            state,
            waiting=tuple(left),
            delivered=delivered,
            given_up=state.given_up + len(given_up) - len(unentered),
            fault=fault,
            failing_since=failing,
        )

    def _enter_given_up(self, waiting: WaitingNotice, fault: str) -> bool:
        """4. What nobody took is in the ledger as not told; whether that could be entered."""
        notice = waiting.notice
        draft = Draft(
            system=notice.system,
            kind=GIVEN_UP,
            subject=notice.key,
            actor=self._loop.machine,
            payload={
                "target": self._desk.target,
                "notice": notice.id,
                "kind": notice.kind,
                "verb": notice.verb,
                "tries": waiting.tries + 1,
                "fault": fault,
            },
        )
        try:
            self._loop.ledger.record(sign_draft(draft, self._loop.keyring.machine()))
        except (RoadworthyError, OSError):
            return False
        return True

    def _keep(self, state: TargetState) -> None:
        """2, 4."""
        put_in_place(state_path(self._loop.workspace, self._desk.target), _encoder.encode(state))


def _is_incident(kind: str) -> bool:
    return kind.startswith("incident.")


def _is_due(waiting: WaitingNotice, now: dt.datetime) -> bool:
    """A clock that was set back must not make it wait for longer than it ever would."""
    if not waiting.next_at:
        return True
    ahead = (parse_instant(waiting.next_at) - now).total_seconds()
    return ahead <= 0 or ahead > LONGEST_WAIT_S


def _later(waiting: WaitingNotice, now: dt.datetime, wait_s: float) -> WaitingNotice:
    """The same, twice as long after each try, and no less than its receiver asks for."""
    wait = min(max(FIRST_WAIT_S * 2.0**waiting.tries, wait_s), LONGEST_WAIT_S)
    at = format_instant(now + dt.timedelta(seconds=wait))
    return structs.replace(waiting, tries=waiting.tries + 1, next_at=at)
