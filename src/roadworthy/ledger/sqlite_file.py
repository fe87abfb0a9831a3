"""The file under a ledger's store: open in this process or not, cut short, damaged.

In: a path, or what SQLite said of it. Out: whether it may be opened, and the error in our words.
Never: a file that is open here already opened and closed by anybody but SQLite.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from pathlib import Path
from typing import Protocol

from roadworthy.domain import EvidenceError, VerificationError

RESTORE = "`roadworthy restore BACKUP DIR` puts a backup back"
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""SQLite's primary result codes for a file whose bytes are not those of a database."""
_SIGNS_OF_DAMAGE = ("malformed", "no such table", "no such column", "Could not decode")
_MAGIC = b"SQLite format 3\0"
_SAY_AFTER_S = 2.0
"""After so long it is said that the ledger is waited for."""
_LARGEST_PAGE = 65_536
"""What a page size of 1 in the header stands for (https://sqlite.org/fileformat2.html)."""


class OpenFile(Protocol):
    """Whoever has a ledger's file open."""

    inode: tuple[int, int]


OPENING = threading.RLock()
"""Held while one is opened or closed."""
OPEN_HERE: weakref.WeakSet[OpenFile] = weakref.WeakSet()
"""The stores that this process has open."""


def is_open_here(path: Path) -> bool:
    """Whether this process has that very file open already.

    Then nothing of ours may open and close it: locks belong to the process, so SQLite's would be
    given up, and another process that closes its connection would take the write-ahead log, with
    all that is written to it from then on (https://sqlite.org/howtocorrupt.html, 2.2).
    """
    try:
        inode = inode_of(path)
    except OSError:
        return False
    return any(store.inode == inode for store in OPEN_HERE)


def inode_of(path: Path) -> tuple[int, int]:
    """Which file it is. Raises OSError."""
    status = path.stat()
    return status.st_dev, status.st_ino


def refuse_cut_file(path: Path) -> None:
    """A file that is shorter than its own header says. Raises VerificationError.

    SQLite does not look where the log before it was folded in; where pages still wait in the
    write-ahead log the file may rightly be shorter.
    """
    log = path.with_name(path.name + "-wal")
    try:
        if log.exists() and log.stat().st_size:
            return
        with path.open("rb") as file:
            header, size = file.read(100), os.fstat(file.fileno()).st_size
    except OSError:
        return  # Whoever opens it says what is wrong.
    page, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    if header.startswith(_MAGIC) and size < pages * (_LARGEST_PAGE if page == 1 else page):
        raise VerificationError(f"{path} is damaged: it was cut short", fix=RESTORE)


def trouble(error: sqlite3.Error | OSError, what: str) -> EvidenceError:
    """A damaged file is broken integrity, as a verifier calls it; a full disk or a lock is not."""
    code = getattr(error, "sqlite_errorcode", None)
    text = str(error)
    damaged = code is not None and (code & 0xFF) in _DAMAGED
    if damaged or any(sign in text for sign in _SIGNS_OF_DAMAGE):
        return VerificationError(f"{what}: it is damaged ({text})", fix=RESTORE)
    return EvidenceError(f"{what}: {text}")


def begin(connection: sqlite3.Connection, path: Path, patience_s: float) -> None:
    """Begin to write, after whoever writes now; it is said when that takes a while.

    Raises sqlite3.Error, also when it takes longer than the patience.
    """
    first = min(_SAY_AFTER_S, patience_s)
    try:
        _begin_within(connection, first)
    except sqlite3.OperationalError as error:
        busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        if not busy or first == patience_s:
            raise
        import logging  # who need not wait has no use for it

        said = logging.getLogger("roadworthy")
        said.warning("waiting for the ledger %s: another process writes it", path)
        _begin_within(connection, patience_s - first)


def _begin_within(connection: sqlite3.Connection, seconds: float) -> None:
    connection.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    connection.execute("BEGIN IMMEDIATE")
