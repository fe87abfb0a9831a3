"""What a ledger vouches for in its workspace: sealed segments of the journal, kills that stand.

In: a ledger that is open, where it lies. Out: the report, with what lies beside it said and held
against the entries. Never: silence about what was not there to be checked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .carried import JOURNAL, RELEASES, ROUTING
from .journal import Sealing, check_journal
from .report import Report
from .standing import LIFTED, SET, Kill, TableError, missing, standing, words
from .strict_json import JsonError, read_json

SEALED = "journal.sealed"
_MARKS = ("keys", "runs", "blobs", RELEASES, "serving", JOURNAL)
"""Folders of a workspace; a copy of a ledger that was handed over has none of them beside it."""
_OF_KINDS = "SELECT seq, kind, subject, CAST(payload AS BLOB) FROM entries WHERE kind IN (?, ?)"


class UnreadableError(Exception):
    """Something that the ledger vouches for cannot be read."""


def in_a_workspace(folder: Path) -> bool:
    """Whether a folder is a workspace, by those in it."""
    return any((folder / name).is_dir() for name in _MARKS)


def with_vouched(
    report: Report,
    connection: sqlite3.Connection,
    again: Callable[[], sqlite3.Connection],
    workspace: Path,
    journal: Path | None,
) -> Report:
    """The report on a ledger, with what it vouches for held against it; as it is when tampered.

    `again` opens the ledger anew, to see what was entered meanwhile. Raises UnreadableError.
    """
    if report.state == "tampered":
        return report
    try:
        segments = _journal(connection, workspace, journal)
        kills = _kills(connection, again, workspace)
    except OSError as error:
        raise UnreadableError(f"{error.filename} cannot be read: {error.strerror}") from None
    faults, lines = kills.faults + segments.faults, segments.lines + kills.lines
    state, fault = ("tampered", faults[0]) if faults else (report.state, report.fault)
    details = {**report.details, **segments.details, **kills.details}
    return Report(state, fault, details, (*report.lines, *lines))


@dataclass(frozen=True)
class _Found:
    faults: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def _journal(connection: sqlite3.Connection, workspace: Path, journal: Path | None) -> _Found:
    sealings = [Sealing(seq, name, said) for seq, _, name, said in _entries(connection, SEALED)]
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
    if not stand:
        return _Found()
    said: dict[str, Any] = {"kills": {"standing": len(stand), "missing": []}}
    if not in_a_workspace(workspace):
        line = f"{len(stand)} kills stand; no routing table is here to hold against them"
        return _Found([], said, [line])
    try:
        lost = missing(stand, workspace / ROUTING)
    except TableError as error:
        return _Found([str(error)], said, [str(error)])
    if lost:
        with closing(again()) as now:
            still = _standing(now)
        lost = {name: kill for name, kill in lost.items() if name in still}
    if not lost:
        return _Found([], said, [f"{len(stand)} kills stand, in the routing table too"])
    said["kills"]["missing"] = list(lost)
    named = ", ".join(words(kill) for kill in lost.values())
    fault = f"nobody lifted {named}, but the routing table lacks it or has it otherwise"
    return _Found([fault], said, [fault])


def _standing(connection: sqlite3.Connection) -> dict[str, Kill]:
    return standing((kind, name, said) for _, kind, name, said in _entries(connection, SET, LIFTED))


def _entries(
    connection: sqlite3.Connection, *kinds: str
) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Number, kind, subject and payload of the entries of up to two kinds, in their order."""
    rows = connection.execute(f"{_OF_KINDS} ORDER BY seq", (kinds[0], kinds[-1]))
    for seq, kind, subject, data in rows:
        try:
            payload = read_json(data)
        except JsonError:
            payload = {}
        yield seq, kind, subject, payload if isinstance(payload, dict) else {}
