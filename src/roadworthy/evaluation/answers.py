"""The answer store: whole answers by the digest of what was asked. One SQLite file, WAL.

`put` returns once the answer is with the operating system, so that a killed process never pays
for it again; a power cut may lose the newest answers, never the file (synchronous NORMAL). All
answers that finish in one turn of the event loop share one transaction: nobody waits for a
timer, and under load one commit serves many.

Every answer carries a code over its question and itself (HMAC-SHA-256, RFC 2104), made with a
secret of this workspace. One that does not hold, because somebody changed it, moved it to another
question or made it elsewhere, is counted and not used.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import sqlite3
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import Chunk, EvidenceError

VERSION = 2
"""Of the stored form; another version's answers are not used. Since 2 they say who wrote them."""

_SCHEMA = """
create table if not exists answers (
    key blob primary key,
    version integer not null,
    answer blob not null
)
"""
_CHECKPOINT_PAGES = 4_096
"""16 MB of log between checkpoints: a checkpoint syncs, and the loop waits for it."""
_CODE_BYTES = 32


class Answer(Struct, frozen=True, array_like=True):
    """One complete reply of a model, and how long it took when it was paid for."""

    chunks: tuple[Chunk, ...]
    latency_ms: float
    first_token_ms: float | None = None


class AnswerStore:
    """Answers by key. One connection, used from one event loop."""

    def __init__(self, path: Path, *, secret: bytes) -> None:
        """Open or create the file (0600); `secret` makes and checks the answers' codes.

        Raises EvidenceError when it cannot be used.
        """
        self.refused = 0
        """Answers that were found and not used: they are not what was written here."""
        self._path = path
        self._keyed = hmac.new(secret, digestmod="sha256")
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Answer)
        self._pending: list[tuple[bytes, int, bytes]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._closed = False
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._database = sqlite3.connect(path, isolation_level=None, timeout=10.0)
            self._database.execute("pragma journal_mode=wal")
            self._database.execute("pragma synchronous=normal")
            self._database.execute(f"pragma wal_autocheckpoint={_CHECKPOINT_PAGES}")
            self._database.execute(_SCHEMA)
            first = self._database.execute("select 1 from answers limit 1").fetchone()
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        self._known: set[bytes] | None = set() if first is None else None
        """All keys of a store that was empty when it was opened: a new run looks for nothing in
        the file. What another process puts in meanwhile is not seen then."""

    def get(self, key: bytes) -> Answer | None:
        """The stored answer, or None. One that was not written here counts as none."""
        if self._known is not None and key not in self._known:
            return None
        try:
            row = self._database.execute(
                "select version, cast(answer as blob) from answers where key = ?", (key,)
            ).fetchone()
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        if row is None:
            return None
        version, data = row
        if version == VERSION and isinstance(data, bytes):
            answer = data[_CODE_BYTES:]
            if hmac.compare_digest(data[:_CODE_BYTES], self._code(key, answer)):
                return self._decoder.decode(answer)
        self.refused += 1
        return None

    async def put(self, key: bytes, answer: Answer) -> None:
        """Store; returns when it is written. Raises EvidenceError when it cannot be."""
        data = self._encoder.encode(answer)
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._commit)
        self._pending.append((key, VERSION, self._code(key, data) + data))
        self._waiting.append(written)
        await written

    def close(self) -> None:
        """Write what is left and close the file; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._commit()
        self._database.close()

    def _code(self, key: bytes, answer: bytes) -> bytes:
        code = self._keyed.copy()
        code.update(key)
        code.update(answer)
        return code.digest()

    def _commit(self) -> None:
        rows, waiting = self._pending, self._waiting
        self._pending, self._waiting = [], []
        if not rows:
            return
        fault: EvidenceError | None = None
        try:
            self._database.execute("begin immediate")
            self._database.executemany("insert or replace into answers values (?, ?, ?)", rows)
            self._database.execute("commit")
            if self._known is not None:
                self._known.update(key for key, _, _ in rows)
        except sqlite3.Error as error:
            fault = self._unusable(error)
            self._known = None  # from now on look first: nothing more is paid for in vain
            if self._database.in_transaction:
                self._database.execute("rollback")
        for future in waiting:
            if future.done():
                continue
            if fault is None:
                future.set_result(None)
            else:
                future.set_exception(fault)

    def _unusable(self, error: Exception) -> EvidenceError:
        return EvidenceError(
            f"the answer cache {self._path} cannot be used: {error}",
            fix="make room or remove the file, or run with --no-cache",
        )
