"""The ledger's store in one SQLite file. It only grows, and the database itself sees to that.

In: drafts. Out: entries, each held against its digests as it is read. Never: an UPDATE, a DELETE,
a gap, a second entry of the same number; triggers refuse them whoever asks. WAL with
`synchronous=FULL`: what `append` returned survives kill -9 and power loss. Several processes may
append: each reads the head inside its own `BEGIN IMMEDIATE` transaction.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from roadworthy.domain import (
    GENESIS,
    SHA256_PREFIX,
    Checkpoint,
    Clock,
    Draft,
    Entry,
    EvidenceError,
    Instant,
    VerificationError,
    format_instant,
)
from roadworthy_verify.schema import SCHEMA, VERSION

from .chain import opened, seal
from .checkpoints import decode_checkpoint, encode_checkpoint
from .instants import next_instant
from .merkle import fill_nodes, subtree
from .sqlite_file import (
    OPEN_HERE,
    OPENING,
    RESTORE,
    begin,
    inode_of,
    is_open_here,
    refuse_cut_file,
    trouble,
)
from .store import LostNodeError, NoteStep, Row, SignHead

_PAGE = 500
"""Entries read at once: bounded memory, and no read transaction stays open between pages."""
_COLUMNS = "seq,time,system,kind,subject,actor,payload,payload_digest,prev,digest"
_STORED = _COLUMNS.replace("payload,", "CAST(payload AS BLOB),", 1)
_INSERT = f"INSERT INTO entries({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - constant
_NUMBERING = (
    "SELECT (SELECT count(*) FROM entries), (SELECT coalesce(min(seq), 0) FROM entries),"
    " (SELECT coalesce(max(seq), 0) FROM entries)"
)
"""One statement, so that nobody appends in between; the count is taken from the index by kind."""
_NUMBERS = f"SELECT seq FROM entries WHERE seq > ? ORDER BY seq LIMIT {_PAGE}"  # noqa: S608
_WAL_PAGES = 4000
"""Pages of the write-ahead log (16 MB) before it is folded into the database."""
LEDGER_PATIENCE_S = 30.0
"""How long to wait for another process's append before giving up, in seconds."""


class SqliteEntryStore:
    """Entries in a SQLite database. Safe to share between threads; not across a fork."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        create: bool = True,
        not_before: Instant = "",
        patience_s: float = LEDGER_PATIENCE_S,
    ) -> None:
        """Open, and make when missing unless `create` is False. No entry is `not_before` that.

        Raises EvidenceError when the file is missing, cannot be opened, or is of a newer version,
        VerificationError when what lies there is no ledger (any more).
        """
        self._path = Path(path)
        self._clock = clock
        self._not_before = not_before
        self._patience_s = patience_s
        self._lock = threading.RLock()
        self._is_damaged = False
        """Whether this connection met damage: it holds what it read, also once that is mended."""
        if not create and not self._path.exists():
            raise EvidenceError(
                f"there is no ledger at {self._path}",
                fix="the first evaluation or person begins one: roadworthy eval, people add",
            )
        with OPENING:
            self._open()
            OPEN_HERE.add(self)

    def _open(self) -> None:
        if not is_open_here(self._path):
            refuse_cut_file(self._path)
        try:
            self._path.touch(mode=0o600)
            self._connection = self._connected()
            self._prepare()
            self.inode = inode_of(self._path)
        except (OSError, sqlite3.Error) as error:
            raise trouble(error, f"{self._path} cannot be opened as a ledger") from None

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self._path, timeout=self._patience_s, isolation_level=None, check_same_thread=False
        )

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA trusted_schema=OFF")
        run(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
        run("PRAGMA recursive_triggers=ON")
        (version,) = run("PRAGMA user_version").fetchone()
        if version == 0:
            with self._transaction():
                if run("PRAGMA user_version").fetchone() == (0,):
                    if run("SELECT count(*) FROM sqlite_schema").fetchone() != (0,):
                        raise VerificationError(
                            f"{self._path} is a database, but not a ledger", fix=RESTORE
                        )
                    for statement in SCHEMA:
                        run(statement)
                    run(f"PRAGMA user_version={VERSION}")
        elif version > VERSION:
            raise EvidenceError(
                f"{self._path} has version {version}, this program knows {VERSION}",
                fix="use the version of Roadworthy that wrote it, or a newer one",
            )

    def close(self) -> None:
        """Close the database; safe to call twice."""
        with OPENING, self._lock:
            self._connection.close()
            OPEN_HERE.discard(self)

    def _renew(self) -> None:
        """After damage by a new connection: what was put back meanwhile is read anew.

        Raises VerificationError when the file is gone or empty: no ledger is begun in its place.
        """
        if not self._is_damaged or self._connection.in_transaction:
            return
        with OPENING, self._lock:
            size = self._path.stat().st_size if self._path.exists() else 0
            if not size:
                raise VerificationError(f"{self._path} is gone or empty", fix=RESTORE)
            fresh = self._connected()
            try:
                fresh.execute("SELECT count(*) FROM entries").fetchone()
            except sqlite3.Error as error:
                fresh.close()
                raise trouble(error, f"the ledger {self._path} cannot be read") from None
            self._connection.close()
            self._connection, self._is_damaged = fresh, False
            self._prepare()
            self.inode = inode_of(self._path)

    def _trouble(self, error: sqlite3.Error, what: str) -> EvidenceError:
        said = trouble(error, f"the ledger {self._path} cannot be {what}")
        self._is_damaged = self._is_damaged or isinstance(said, VerificationError)
        return said

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One writing transaction; rolled back on any error, SQLite's as EvidenceError."""
        self._renew()
        with self._lock:
            try:
                begin(self._connection, self._path, self._patience_s)
                try:
                    yield
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._trouble(error, "written") from None

    def instants(self) -> tuple[Instant, Instant]:
        """What the clock shows, and what an entry that is appended now will carry."""
        with self._reading():
            row = self._connection.execute(
                "SELECT time FROM entries ORDER BY seq DESC LIMIT 1"
            ).fetchone()
        shown = format_instant(self._clock.now())
        return shown, max(shown, next_instant(row[0]) if row else "", self._not_before)

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Append atomically, in order; durable on return. Raises EvidenceError."""
        with self._transaction():
            return self._append(drafts)

    def append_signed(
        self, drafts: Sequence[Draft], sign: SignHead, first: NoteStep | None = None
    ) -> list[Entry]:
        """Append and keep a checkpoint of the new head in the same transaction."""
        with self._transaction():
            entries = self._append(drafts, first)
            size = entries[-1].seq if entries else self.size()
            newest = self.newest_checkpoint()
            if size and (newest is None or newest.size < size):
                time = entries[-1].time if entries else self.instants()[1]
                head = sign(size, subtree(self, 0, size), time)
                self._connection.execute(
                    "INSERT INTO checkpoints(size, note) VALUES (?, ?)",
                    (size, encode_checkpoint(head).decode()),
                )
            return entries

    def _append(self, drafts: Sequence[Draft], first: NoteStep | None = None) -> list[Entry]:
        size, prev = self._head()
        self._refuse_a_cut_tail(size)
        shown, time = self.instants()
        if first is not None and drafts:
            drafts = (*first(shown, time), *drafts)
        entries: list[Entry] = []
        rows: list[tuple[object, ...]] = []
        for seq, draft in enumerate(drafts, start=size + 1):
            entry, payload = seal(draft, seq=seq, time=time, prev=prev)
            prev = entry.digest
            entries.append(entry)
            rows.append(
                (
                    seq,
                    time,
                    entry.system,
                    entry.kind,
                    entry.subject,
                    entry.actor,
                    payload.decode(),
                    entry.payload_digest,
                    entry.prev,
                    prev,
                )
            )
        self._connection.executemany(_INSERT, rows)
        fill_nodes(self, size, size + len(rows), self._keep_node)
        return entries

    def _head(self) -> tuple[int, str]:
        row = self._connection.execute(
            "SELECT seq, digest FROM entries ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return row or (0, GENESIS)

    def _keep_node(self, level: int, index: int, node: bytes) -> None:
        self._connection.execute("INSERT INTO nodes VALUES (?, ?, ?)", (level, index, node))

    def read(self, first: int = 1, last: int | None = None) -> Iterator[Entry]:
        """Entries `first` to `last` (inclusive), in order, in bounded memory."""
        for page in self._pages("seq >= ? AND seq <= ?", (last or 2**62,), first):
            yield from map(opened, page)

    def find(self, *, kind: str = "", subject: str = "", system: str = "") -> Iterator[Entry]:
        """Entries whose fields equal what is given (empty: any), in order."""
        where, values = _filter(kind=kind, subject=subject, system=system)
        for page in self._pages(where, values, 1):
            yield from map(opened, page)

    def last(self, *, kind: str = "", subject: str = "", system: str = "") -> Entry | None:
        """The newest of what `find` would give, or None."""
        where, values = _filter(kind=kind, subject=subject, system=system)
        query = f"SELECT {_STORED} FROM entries WHERE {where} ORDER BY seq DESC LIMIT 1"  # noqa: S608
        with self._reading():
            row: Row | None = self._connection.execute(query, (1, *values)).fetchone()
        return opened(row) if row else None

    def kinds(self) -> list[str]:
        """Every kind of entry that there is, sorted."""
        with self._reading():
            rows = self._connection.execute("SELECT DISTINCT kind FROM entries ORDER BY kind")
            return [str(kind) for (kind,) in rows.fetchall()]

    def rows(self) -> Iterator[Row]:
        """Every entry as stored, in order, undecoded."""
        for page in self._pages("seq >= ?", (), 1):
            yield from page

    def _pages(self, where: str, values: tuple[object, ...], first: int) -> Iterator[list[Row]]:
        query = f"SELECT {_STORED} FROM entries WHERE {where} ORDER BY seq LIMIT {_PAGE}"  # noqa: S608
        while True:
            with self._reading():
                page: list[Row] = self._connection.execute(query, (first, *values)).fetchall()
            if page:
                yield page
            if len(page) < _PAGE:
                return
            first = page[-1][0] + 1

    @contextmanager
    def _reading(self) -> Iterator[None]:
        self._renew()
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise self._trouble(error, "read") from None

    def size(self) -> int:
        """The number of the last entry."""
        with self._reading():
            return self._head()[0]

    def numbering(self) -> tuple[int, int, int]:
        """How many entries there are, counted, and their first and last number."""
        with self._reading():
            count, first, last = self._connection.execute(_NUMBERING).fetchone()
            return count, first, last

    def numbers(self) -> Iterator[int]:
        """The number of each entry, ascending."""
        page = [(-(2**63),)]
        while page:
            with self._reading():
                page = self._connection.execute(_NUMBERS, page[-1]).fetchall()
            yield from (seq for (seq,) in page)

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Leaves of the Merkle tree, 0-based, half-open."""
        with self._reading():
            found = self._connection.execute(
                "SELECT digest FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq", (start, end)
            ).fetchall()
        if len(found) != end - start:
            raise VerificationError(
                f"the ledger does not verify: entries {start + 1} to {end} are not all there",
                fix=RESTORE,
            )
        prefix = len(SHA256_PREFIX)
        return [bytes.fromhex(digest[prefix:]) for (digest,) in found]

    def node(self, level: int, index: int) -> bytes:
        """A stored inner node. Raises LostNodeError when it is gone."""
        with self._reading():
            row = self._connection.execute(
                "SELECT hash FROM nodes WHERE level = ? AND idx = ?", (level, index)
            ).fetchone()
        if row is None or not isinstance(row[0], bytes):
            raise LostNodeError(
                f"the ledger does not verify: node {index} of level {level} of its tree is gone",
                fix=RESTORE,
            )
        return row[0]

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Every checkpoint kept, oldest first."""
        size = 0
        while True:
            with self._reading():
                page = self._connection.execute(
                    "SELECT size, note FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?",
                    (size, _PAGE),
                ).fetchall()
            for _, note in page:
                yield decode_checkpoint(note)
            if len(page) < _PAGE:
                return
            size = page[-1][0]

    def _refuse_a_cut_tail(self, size: int) -> None:
        """New entries in the place of lost ones would bury the loss."""
        covered = self._connection.execute("SELECT max(size) FROM checkpoints").fetchone()[0] or 0
        if covered > size:
            raise VerificationError(
                f"the ledger has {size} entries, but its checkpoint covers {covered}: its tail was"
                " cut; nothing is appended",
                fix=RESTORE,
            )

    def newest_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint kept, or None."""
        with self._reading():
            row = self._connection.execute(
                "SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1"
            ).fetchone()
        return decode_checkpoint(row[0]) if row else None

    def copy_to(self, path: Path) -> None:
        """A consistent copy while others append (SQLite's online backup)."""
        with self._reading():
            copy = sqlite3.connect(path)
            try:
                self._connection.backup(copy)
            finally:
                copy.close()


def _filter(**wanted: str) -> tuple[str, tuple[str, ...]]:
    """A WHERE clause over our own column names, and the values for its marks after `seq`."""
    given = {name: value for name, value in wanted.items() if value}
    return " AND ".join(["seq >= ?", *(f"{name} = ?" for name in given)]), tuple(given.values())
