"""What a ledger vouches for in its workspace: segments, kills, live releases, kept evidence.

In: a ledger that is open, where it lies. Out: the report, with what lies beside it said and held
against the entries. Never: silence about what was not there to be checked.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .carried import JOURNAL, RELEASES, ROUTING
from .journal import Sealing, check_journal
from .kept import BLOBS, KINDS, check_kept
from .report import Report
from .standing import (
    ACTIVATED,
    LIFTED,
    SET,
    Kill,
    Live,
    TableError,
    held,
    live,
    standing,
    strayed,
    words,
)
from .strict_json import JsonError, read_json

SEALED = "journal.sealed"
_MARKS = ("keys", "runs", "blobs", RELEASES, "serving", JOURNAL)
"""Folders of a workspace; a copy of a ledger that was handed over has none of them beside it."""
_OF_KINDS = (
    "SELECT seq, kind, subject, CAST(payload AS BLOB), system FROM entries WHERE kind IN (?, ?)"
)
_LOOKS, _BETWEEN_S = 30, 0.1
"""How often an activation that is under way is looked for in the table, and after how long."""


class UnreadableError(Exception):
    """Something that the ledger vouches for cannot be read."""


@dataclass(frozen=True)
class Elsewhere:
    """What does not lie beside the ledger; None: it does."""

    journal: Path | None = None
    blobs: Path | None = None


def in_a_workspace(folder: Path) -> bool:
    """Whether a folder is a workspace, by those in it."""
    return any((folder / name).is_dir() for name in _MARKS)


def with_vouched(
    report: Report,
    connection: sqlite3.Connection,
    again: Callable[[], sqlite3.Connection],
    workspace: Path,
    elsewhere: Elsewhere,
) -> Report:
    """The report on a ledger, with what it vouches for held against it; as it is when tampered.

    `again` opens the ledger anew, to see what was entered meanwhile. Raises UnreadableError.
    """
    if report.state == "tampered":
        return report
    try:
        segments = _journal(connection, workspace, elsewhere.journal)
        kills = _kills(connection, again, workspace)
        routes = _routes(connection, again, workspace)
        evidence = _evidence(connection, workspace, elsewhere.blobs)
    except OSError as error:
        raise UnreadableError(f"{error.filename} cannot be read: {error.strerror}") from None
    faults = kills.faults + routes.faults + segments.faults + evidence.faults
    lines = tuple(dict.fromkeys(segments.lines + kills.lines + routes.lines + evidence.lines))
    state, fault = ("tampered", faults[0]) if faults else (report.state, report.fault)
    details = {
        **report.details, **segments.details, **kills.details, **routes.details, **evidence.details,
    }  # fmt: skip
    return Report(state, fault, details, (*report.lines, *lines))


@dataclass(frozen=True)
class _Found:
    faults: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def _journal(connection: sqlite3.Connection, workspace: Path, journal: Path | None) -> _Found:
    sealings = [Sealing(seq, name, said) for seq, _, name, said, _ in _entries(connection, SEALED)]
    if journal is None and not in_a_workspace(workspace):
        if not sealings:
            return _Found()
        line = f"{len(sealings)} sealed segments of the journal are not here and were not checked"
        return _Found([], {"journal": {"sealed": len(sealings), "not_here": True}}, [line])
    found = check_journal(journal or workspace / JOURNAL, sealings)
    if not found.sealed and not found.unsealed:
        return _Found()
    faults = [found.fault] if found.faults else []
    return _Found(faults, {"journal": found.details()}, [*found.faults[1:], found.line(), *faults])


def _kills(
    connection: sqlite3.Connection, again: Callable[[], sqlite3.Connection], workspace: Path
) -> _Found:
    """A lift is entered before the table changes: what was lifted meanwhile is no fault."""
    stand = _standing(connection)
    said: dict[str, Any] = {"kills": {"standing": len(stand), "missing": []}}
    if not in_a_workspace(workspace):
        line = f"{len(stand)} kills stand; no routing table is here to hold against them"
        return _Found([], said, [line]) if stand else _Found()
    try:
        lost, beyond = held(stand, workspace / ROUTING)
    except TableError as error:
        return _Found([str(error)], said, [str(error)])
    if lost:
        with closing(again()) as now:
            still = _standing(now)
        lost = {name: kill for name, kill in lost.items() if name in still}
    lines = []
    if beyond:
        said["kills"]["beyond"] = beyond
        lines = [f"the routing table stops {beyond} more, which no entry says: nobody entered it"
                 " yet, or somebody edited that file"]  # fmt: skip
    if not lost:
        stands = [f"{len(stand)} kills stand, in the routing table too"] if stand else []
        return _Found([], said if stand or beyond else {}, [*stands, *lines])
    said["kills"]["missing"] = list(lost)
    named = ", ".join(words(kill) for kill in lost.values())
    fault = f"nobody lifted {named}, but the routing table lacks it or has it otherwise"
    return _Found([fault], said, [fault, *lines])


def _standing(connection: sqlite3.Connection) -> dict[str, frozenset[Kill]]:
    return standing(
        (kind, name, said) for _, kind, name, said, _ in _entries(connection, SET, LIFTED)
    )


def _routes(
    connection: sqlite3.Connection, again: Callable[[], sqlite3.Connection], workspace: Path
) -> _Found:
    """An activation is entered before the table changes: one that is under way is waited for."""
    active = _active(connection)
    said: dict[str, Any] = {"routes": {"live": len(active), "strayed": []}}
    if not in_a_workspace(workspace):
        if not active:
            return _Found()
        line = f"{len(active)} releases are live; no routing table is here to hold against them"
        return _Found([], said, [line])
    try:
        for _ in range(_LOOKS):
            astray = strayed(active, workspace / ROUTING)
            if not astray:
                return _Found([], said if active else {})
            with closing(again()) as now:
                before, active = active, _active(now)
            if active == before and not any(each.waits for each in astray.values()):
                break
            time.sleep(_BETWEEN_S)
    except TableError as error:
        return _Found([str(error)], said, [str(error)])
    said["routes"]["strayed"] = list(astray)
    right = {name: release.digest for name, (release, _) in active.items()}
    named = ", ".join(
        f"{name} ({each.found or 'none'} instead of {right.get(name, 'none')})"
        for name, each in astray.items()
    )
    fault = f"the routing table has another route than was activated last: {named}"
    if any(each.waits for each in astray.values()):
        fault += "; where an activation was cut short, `roadworthy serve` completes it"
    return _Found([fault], said, [fault])


def _evidence(connection: sqlite3.Connection, workspace: Path, blobs: Path | None) -> _Found:
    """What entries name by digest lies in blobs/; a ledger that was handed over alone has none."""
    found = (
        (seq, kind, subject, said)
        for each in KINDS
        for seq, kind, subject, said, _ in _entries(connection, each)
    )
    kept = check_kept(blobs or workspace / BLOBS, found)
    if blobs is None and not in_a_workspace(workspace):
        named = kept.named
        line = f"{named} pieces of evidence that entries name are not here and were not checked"
        said: dict[str, Any] = {"evidence": {"named": named, "not_here": True}}
        return _Found([], said, [line]) if named else _Found()
    if not kept.named and not kept.changed:
        return _Found()
    faults = kept.faults()
    whole = f"{kept.named} pieces of evidence that entries name are here and unchanged"
    return _Found(faults, {"evidence": kept.details()}, faults or [whole])


def _active(connection: sqlite3.Connection) -> dict[str, tuple[Live, Any]]:
    entries = _entries(connection, ACTIVATED)
    return live((system, name, said) for _, _, name, said, system in entries)


def _entries(
    connection: sqlite3.Connection, *kinds: str
) -> Iterator[tuple[int, str, str, dict[str, Any], str]]:
    """Number, kind, subject, payload and system of the entries of up to two kinds, in order."""
    rows = connection.execute(f"{_OF_KINDS} ORDER BY seq", (kinds[0], kinds[-1]))
    for seq, kind, subject, data, system in rows:
        try:
            payload = read_json(data)
        except JsonError:
            payload = {}
        yield seq, kind, subject, payload if isinstance(payload, dict) else {}, system
