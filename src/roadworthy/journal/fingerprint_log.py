"""The log of fingerprints: which answers have a run of words in common with a text.

One SQLite file beside the segments, written by the control process, read by the workers; it can be
made again from the journal. What enters: marks of answers (`fingerprint.py`), and how far the
journal was read. What leaves: the answers that have most marks of a text. What never happens here:
a word of an answer; an answer whose texts were erased, once `forget` was called.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import EvidenceError

_SCHEMA = """
create table if not exists answers (
    number integer primary key, id text not null unique, tenant text not null,
    key text not null, leaf text not null
);
create index if not exists answers_by_key on answers (key, leaf);
create table if not exists marks (
    mark integer not null, answer integer not null, primary key (mark, answer)
) without rowid;
create index if not exists marks_by_answer on marks (answer);
create table if not exists read (one integer primary key check (one = 1), marks blob not null);
"""

COMMON = 64
"""So many answers of one mark are looked at, the first ones: a phrase that everybody uses, or an
answer that was given a thousand times."""


class Logged(Struct, frozen=True, kw_only=True):
    """An answer and its marks."""

    id: str
    tenant: str
    key: str
    """Under which its texts are sealed, and `leaf` which of its keys."""
    leaf: str
    marks: Sequence[int]


class FingerprintLog:
    """The log of one workspace. One connection, one thread."""

    def __init__(self, path: Path, *, write: bool) -> None:
        """Open it, and make it where it shall be written. Raises EvidenceError."""
        self._path = path
        with _sound(path):
            if write:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            mode = "rw" if write else "ro"
            self._db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None,
                check_same_thread=False,
            )  # fmt: skip
            if write:
                self._db.execute("pragma journal_mode=wal")
                self._db.execute("pragma synchronous=normal")
                self._db.executescript(_SCHEMA)

    def read_so_far(self) -> dict[str, int]:
        """How far the journal was read: segment -> offset. Raises EvidenceError."""
        with _sound(self._path):
            row = self._db.execute("select marks from read").fetchone()
            return msgspec.json.decode(row[0], type=dict[str, int]) if row else {}

    def add(self, answers: Iterable[Logged], read: dict[str, int]) -> None:
        """Enter answers and how far the journal was read, both or neither. Raises EvidenceError."""
        with _sound(self._path), self._db:
            self._db.execute("begin immediate")
            for one in answers:
                self._add(one)
            self._db.execute("replace into read values (1, ?)", (msgspec.json.encode(read),))

    def _add(self, one: Logged) -> None:
        made = self._db.execute(
            "insert or ignore into answers (id, tenant, key, leaf) values (?, ?, ?, ?)",
            (one.id, one.tenant, one.key, one.leaf),
        )
        if made.rowcount:
            self._db.executemany(
                "insert or ignore into marks values (?, ?)",
                [(mark, made.lastrowid) for mark in one.marks],
            )

    def alike(self, marks: Collection[int], *, most: int = 8) -> list[tuple[str, int]]:
        """(id, marks in common) of the answers that have most. Raises EvidenceError."""
        found: dict[int, int] = {}
        with _sound(self._path):
            for mark in marks:
                rows = self._db.execute(
                    "select answer from marks where mark = ? order by answer limit ?",
                    (mark, COMMON),
                ).fetchall()
                for (answer,) in rows:
                    found[answer] = found.get(answer, 0) + 1
            best = sorted(found, key=lambda answer: (-found[answer], -answer))[:most]
            named = []
            for answer in best:
                row = self._db.execute(
                    "select id from answers where number = ?", (answer,)
                ).fetchone()
                if row is not None:
                    named.append((str(row[0]), found[answer]))
        return named

    def keys(self) -> list[tuple[str, str]]:
        """(key, leaf) of all that is logged. Raises EvidenceError."""
        with _sound(self._path):
            rows = self._db.execute("select distinct key, leaf from answers").fetchall()
        return [(str(key), str(leaf)) for key, leaf in rows]

    def forget(self, keys: Iterable[tuple[str, str]]) -> int:
        """Drop the answers that were sealed under keys that are erased; returns how many.

        Raises EvidenceError.
        """
        gone = 0
        with _sound(self._path), self._db:
            self._db.execute("begin immediate")
            for key, leaf in keys:
                self._db.execute(
                    "delete from marks where answer in"
                    " (select number from answers where key = ? and leaf = ?)",
                    (key, leaf),
                )
                gone += self._db.execute(
                    "delete from answers where key = ? and leaf = ?", (key, leaf)
                ).rowcount
        return gone

    def close(self) -> None:
        """Let the file go."""
        self._db.close()


@contextmanager
def _sound(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error, msgspec.DecodeError) as error:
        raise EvidenceError(
            f"the log of fingerprints {path} cannot be used: {error}",
            fix="remove it: it is made again from the journal",
        ) from error
