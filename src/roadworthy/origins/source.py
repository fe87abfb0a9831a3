"""A file of another tool, read within bounds; what it says is data, never an instruction.

Enters: a path. Leaves: bytes, lines or decoded values, and the digest of what was read. What never
happens here: a file that is larger than its bound is read on, or one that changed meanwhile counts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec
from msgspec import Struct

from roadworthy.domain import ImportedFile, UsageError
from roadworthy_verify.plain_file import open_plain

T = TypeVar("T")

MAX_TEXT = 200
"""Characters of a name that a file gives."""

_CHUNK = 1 << 20


class Limits(Struct, frozen=True, kw_only=True):
    """What is read at the most; more is refused, never cut."""

    document: int = 512 << 20
    """Bytes of a file that is one JSON document: it is held whole."""
    streamed: int = 16 << 30
    """Bytes of a file that is read line by line, or an archive."""
    line: int = 64 << 20
    entries: int = 500_000
    """Files of an archive."""
    entry: int = 512 << 20
    """Bytes of one of them, unpacked."""
    rows: int = 5_000_000
    scores: int = 2_000
    """Names of scores in one import."""
    files: int = 1_000
    """Of a folder."""


class Source:
    """One file. Each way of reading begins at its beginning; `described` tells of the last one."""

    def __init__(self, path: Path, file: IO[bytes], limits: Limits) -> None:
        self.path = path
        self.limits = limits
        self.file = file
        self._hash = hashlib.sha256()
        self._stat = os.fstat(file.fileno())
        self._document: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return self._stat.st_size

    def head(self, count: int = 4096) -> bytes:
        """The first bytes; the file stands at its beginning again."""
        found = self.file.read(count)
        self.file.seek(0)
        return found

    def whole(self) -> bytes:
        """Every byte of a document. Raises UsageError when it is too large."""
        if self._document is None:
            self._begin(self.limits.document)
            self._document = self.file.read(self.limits.document + 1)
            self._hash.update(self._document)
        return self._document

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """(number, line) of every line that is not blank. Raises UsageError on an endless one."""
        self._begin(self.limits.streamed)
        for number, line in enumerate(
            iter(lambda: self.file.readline(self.limits.line + 1), b""), 1
        ):
            if len(line) > self.limits.line:
                raise self.fault(f"line {number} has more than {self.limits.line >> 20} MiB")
            self._hash.update(line)
            if line.strip():
                yield number, line

    def seekable(self) -> IO[bytes]:
        """The file for an archive's reader, its bytes hashed before."""
        self._begin(self.limits.streamed)
        while chunk := self.file.read(_CHUNK):
            self._hash.update(chunk)
        self.file.seek(0)
        return self.file

    def described(self) -> ImportedFile:
        """What was read. Raises UsageError when the file changed meanwhile."""
        now = os.fstat(self.file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self._stat.st_size, self._stat.st_mtime_ns):
            raise self.fault("it changed while it was read", "wait until its writer is done")
        return ImportedFile(
            name=clean(self.path.name), digest=f"sha256:{self._hash.hexdigest()}", bytes=self.size
        )

    def decode(self, data: bytes, kind: type[T], place: str = "") -> T:
        """The JSON as `kind`. Raises UsageError with the place and what is wrong."""
        return decode(data, kind, f"{self.path}{place}")

    def fault(self, message: str, fix: str = "") -> UsageError:
        """The error that refuses this file."""
        return UsageError(f"{self.path}: {message}", fix=fix)

    def _begin(self, most: int) -> None:
        if self.size > most:
            raise self.fault(f"it has more than {most >> 20:,} MiB", "split the evaluation")
        self.file.seek(0)
        self._hash = hashlib.sha256()


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[Source]:
    """Open a regular file. Raises UsageError when it cannot be read."""
    try:
        if not path.is_file():
            raise UsageError(f"{path} is no file", fix="give a tool's result file, or its folder")
        with open_plain(path) as file:
            yield Source(path, file, limits)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error


_NO_JSON = "NaN, Infinity and half a character are no JSON: a score that is none is left out"


def decode(data: bytes, kind: type[T], place: str) -> T:
    """Strictly typed; what the type does not name is skipped unread."""
    try:
        return msgspec.json.decode(data, type=kind)
    except RecursionError:
        raise UsageError(f"{place}: it is nested too deeply to be read") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        fix = _NO_JSON if "malformed" in str(error) else ""
        raise UsageError(f"{place}: it cannot be read: {error}", fix=fix) from None


_NAN = re.compile(rb'"(?:[^"\\]|\\.?)*+"?|\bNaN\b', re.DOTALL)
"""A text, whole, or the word outside of one. No part of it can be matched in two ways."""


def without_nan(data: bytes) -> bytes:
    """JSON as Python writes it, its NaN as null; NaN within texts stays."""
    if b"NaN" not in data:
        return data
    return _NAN.sub(lambda found: b"null" if found[0] == b"NaN" else found[0], data)


def instant(text: str, place: str) -> str:
    """A moment as a file says it (ISO 8601): age counts from it. Raises UsageError."""
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{place}: {clean(text)!r} is no time, so nobody could say how old it is",
            fix="export it again, with times as 2026-11-20T10:00:00Z",
        ) from None
    return text


def clean(text: Any) -> str:
    """A name from a file: one line, no control characters, not endless."""
    told = text if isinstance(text, str) else ""
    shown = "".join(char if char.isprintable() else " " for char in told[: 4 * MAX_TEXT]).strip()
    return shown if len(shown) <= MAX_TEXT else f"{shown[: MAX_TEXT - 1]}…"
