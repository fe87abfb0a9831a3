"""The RoutingTable on disk: all that the release line tells the request line.

In: a change. Out: one immutable file, newer by one version, in the place of the older one. Never: a
half-written table (temporary file, flush, rename), a lost kill flag (changes run one after the
other under a lock that the kernel releases with the process), an unreadable table taken for an
empty one.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from roadworthy.domain import (
    Checkpoint,
    Clock,
    EvidenceError,
    KillFlag,
    RoadworthyError,
    RoutingTable,
    format_instant,
)
from roadworthy.ledger import CheckpointLog
from roadworthy.manifests import Workspace
from roadworthy.serving import standing, tighten
from roadworthy_verify.plain_file import read_plain

from .waiting import PATIENCE_S, held

_ROOM = 16 << 10
"""Bytes that are reserved beyond the table that stands: several dozen kill flags."""
_FULL = (errno.ENOSPC, errno.EDQUOT)

_decoder = msgspec.json.Decoder(RoutingTable)
_encoder = msgspec.json.Encoder(order="sorted")


def read_table(path: Path) -> RoutingTable:
    """The table that lies there; an empty one (version 0, no routes) when none was published.

    Raises EvidenceError when it cannot be read: a table that might hold a kill flag is never
    taken for an empty one.
    """
    try:
        data = read_plain(path)
    except FileNotFoundError:
        return RoutingTable()
    except OSError as error:
        raise EvidenceError(f"the routing table {path} cannot be read: {error.strerror}") from error
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceError(
            f"the routing table {path} is damaged: {error}",
            fix="restore it from a backup, or activate the release again after removing it",
        ) from error


def publish(
    workspace: Workspace,
    change: Callable[[RoutingTable], RoutingTable],
    clock: Clock,
    *,
    patience_s: float = PATIENCE_S,
) -> RoutingTable:
    """Apply a change to the newest table and publish the result, one version on.

    Durable on return. A change that leaves the table as it is publishes nothing. Raises
    EvidenceError when the table cannot be read or written, or somebody else holds its lock for
    longer than the patience; then the old one still stands.
    """
    with held(workspace.lock, patience_s):
        old = read_table(workspace.routing)
        changed = change(old)
        if changed == old:
            return old
        table = msgspec.structs.replace(
            changed,
            version=old.version + 1,
            published_at=format_instant(clock.now()),
            checkpoint=_newer_head(workspace, old),
        )
        put_in_place(workspace.routing, _encoder.encode(table), keep_room=True)
        return table


def leave_head(workspace: Workspace, *, patience_s: float = PATIENCE_S) -> None:
    """Let the table that stands carry the ledger's newest head; it stays the same version.

    Where nothing was published nothing is. Raises EvidenceError.
    """
    with held(workspace.lock, patience_s):
        table = read_table(workspace.routing)
        head = _newer_head(workspace, table)
        if table.version and head != table.checkpoint:
            table = msgspec.structs.replace(table, checkpoint=head)
            put_in_place(workspace.routing, _encoder.encode(table), keep_room=True)


def _newer_head(workspace: Workspace, table: RoutingTable) -> Checkpoint | None:
    """The newest head that lies outside the store, unless the table's own is newer.

    A kill never waits for evidence: what cannot be read is left to those who verify it.
    """
    own = table.checkpoint
    try:
        newest = CheckpointLog(workspace.checkpoints).newest()
    except (RoadworthyError, OSError):
        return own
    if newest is None or (own and own.origin == newest.origin and own.size >= newest.size):
        return own
    return newest


def brake(
    workspace: Workspace,
    flags: Sequence[KillFlag],
    clock: Clock,
    *,
    patience_s: float = PATIENCE_S,
) -> tuple[RoutingTable, tuple[KillFlag, ...]]:
    """Publish kill flags; gives the table in force, read again, and those that stand for them.

    A scope that is stopped for the same never event already keeps the flag that stopped it first.
    Raises EvidenceError when one of the scopes is not stopped in that table: what was not seen to
    stand is never called stopped.
    """
    publish(workspace, lambda table: tighten(table, flags), clock, patience_s=patience_s)
    table = read_table(workspace.routing)
    stand = {flag.id: standing(table, flag) for flag in flags}
    missing = [f"{f.scope} {f.value}" for f in flags if stand[f.id] is None]
    if missing:
        raise EvidenceError(
            f"the kill does not stand: {', '.join(missing)} is not stopped in {workspace.routing}",
            fix="somebody lifted it or put back an older table meanwhile; report or kill again",
        )
    return table, tuple(dict.fromkeys(known for known in stand.values() if known is not None))


def put_in_place(path: Path, data: bytes, *, keep_room: bool = False) -> None:
    """Put new bytes in the place of old ones, in one step that survives a power cut.

    With `keep_room` room for the next bytes is reserved beside them, and used when the disk is
    full: a stop needs no free space. Raises EvidenceError; then the old ones still stand.
    """
    temporary, reserve = (
        path.with_name(f".{path.name}.writing"),
        path.with_name(f".{path.name}.room"),
    )
    try:
        try:
            _write(temporary, data, "wb")
        except OSError as error:
            temporary.unlink(missing_ok=True)
            if not keep_room or error.errno not in _FULL or not _fits(reserve, data):
                raise
            _write(reserve, data, "r+b")
            reserve.replace(temporary)
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise EvidenceError(f"{path} cannot be written: {error.strerror}") from error
    if keep_room:
        _reserve(reserve, len(data) + _ROOM)


def _write(path: Path, data: bytes, mode: Literal["wb", "r+b"]) -> None:
    with path.open(mode) as file:
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _fits(reserve: Path, data: bytes) -> bool:
    try:
        return reserve.stat().st_size >= len(data)
    except OSError:
        return False


def _reserve(reserve: Path, size: int) -> None:
    """Hold room for the next table while there is some; whoever publishes later tries again."""
    if _fits(reserve, bytes(size)):
        return
    with suppress(OSError):
        handle = os.open(reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, size)
        finally:
            os.close(handle)
