"""Rows of a data set in a local file: JSON Lines, JSON, CSV, TSV or Parquet; gzipped or not.

Enters: a path. Leaves: mappings with the place of each, one at a time. What never happens here: a
download, or code of the set (loading scripts are not run).
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from roadworthy.domain import UsageError
from roadworthy_verify.plain_file import open_plain

SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".parquet")


class Limits(Struct, frozen=True, kw_only=True):
    """What is read at the most; more is refused, never cut."""

    bytes: int = 4 << 30
    """Of the file, and of what it unpacks to."""
    line: int = 16 << 20


Row = tuple[str, dict[str, Any]]


def kind_of(path: Path) -> str:
    """The form by the name. Raises UsageError on another one."""
    kind = next((one for one in reversed(path.suffixes) if one in SUFFIXES), "")
    if not kind:
        raise UsageError(f"{path}: its name does not say its form", fix=f"{', '.join(SUFFIXES)}")
    return kind


def digest_of_file(path: Path, limits: Limits) -> str:
    """Of the bytes as they lie there. Raises UsageError when it cannot be read or is too large."""
    try:
        if path.stat().st_size > limits.bytes:
            raise UsageError(f"{path} has more than {limits.bytes >> 20:,} MiB")
        with open_plain(path) as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error


def rows(path: Path, limits: Limits) -> Iterator[Row]:
    """(place, row) of every row. Raises UsageError with the place of what cannot be read."""
    kind = kind_of(path)
    if kind == ".parquet":
        yield from _parquet(path)
        return
    try:
        with _opened(path, limits) as file:
            yield from _of(kind, path, file, limits)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, RecursionError) as error:
        raise UsageError(f"{path}: it cannot be read as {kind}: {error}") from None


def _of(kind: str, path: Path, file: IO[bytes], limits: Limits) -> Iterator[Row]:
    if kind == ".jsonl":
        yield from _lines(path, file, limits)
    elif kind == ".json":
        yield from _nested(_decoded(file.read(), str(path)))
    else:
        csv.field_size_limit(limits.line)
        text = (line.decode("utf-8") for line in _physical(path, file, limits))
        table = csv.DictReader(text, delimiter="\t" if kind == ".tsv" else ",", strict=True)
        for number, row in enumerate(table, start=2):
            if None in row or None in row.values():
                raise UsageError(f"{path}: row {number} has another number of cells than the head")
            yield str(number), row


def _opened(path: Path, limits: Limits) -> IO[bytes]:
    """The file's bytes, unpacked on the way and never more than the limit."""
    plain = open_plain(path)
    if path.suffix != ".gz":
        return plain
    plain.close()  # that it is one is known
    return _Bounded(gzip.open(path), limits.bytes, path)


class _Bounded(io.BufferedReader):
    """A stream that refuses to give more than it may."""

    def __init__(self, raw: Any, most: int, path: Path) -> None:
        super().__init__(raw)
        self._left = most
        self._path = path

    def read(self, size: int | None = -1, /) -> bytes:
        """As the stream."""
        if size is not None and size >= 0:
            return self._taken(super().read(size))
        return b"".join(iter(lambda: self.read(1 << 20), b""))

    def read1(self, size: int = -1, /) -> bytes:
        """As the stream."""
        return self._taken(super().read1(size))

    def readline(self, size: int | None = -1, /) -> bytes:
        """As the stream."""
        return self._taken(super().readline(size))

    def _taken(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise UsageError(f"{self._path} unpacks to more than may be read")
        return data


def _lines(path: Path, file: IO[bytes], limits: Limits) -> Iterator[Row]:
    for number, line in enumerate(_physical(path, file, limits), 1):
        if line.strip():
            value = _decoded(line, f"{path}:{number}")
            if not isinstance(value, dict):
                raise UsageError(f"{path}:{number}: a mapping was expected")
            yield str(number), value


def _physical(path: Path, file: IO[bytes], limits: Limits) -> Iterator[bytes]:
    """Line by line, none of them endless; without a byte order mark."""
    for number, line in enumerate(iter(lambda: file.readline(limits.line + 1), b""), 1):
        if len(line) > limits.line:
            raise UsageError(f"{path}: line {number} has more than {limits.line >> 20} MiB")
        yield line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def _decoded(data: bytes, place: str) -> Any:
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise UsageError(f"{place}: it is no JSON: {error}") from None


def _nested(value: Any) -> Iterator[Row]:
    """Rows of a list, or of `data`; SQuAD's paragraphs are laid out flat."""
    listed = value.get("data", value) if isinstance(value, dict) else value
    if isinstance(listed, dict):
        listed = list(listed.values())
    for number, row in enumerate(listed if isinstance(listed, list) else [], start=1):
        if not isinstance(row, dict):
            continue
        paragraphs = row.get("paragraphs")
        if isinstance(paragraphs, list):
            yield from _paragraphs(number, paragraphs)
        else:
            yield str(number), row


def _paragraphs(number: int, paragraphs: list[Any]) -> Iterator[Row]:
    for second, paragraph in enumerate(paragraphs, start=1):
        for third, question in enumerate(paragraph.get("qas", []), start=1):
            yield f"{number}.{second}.{third}", {**question, "context": paragraph.get("context")}


def _parquet(path: Path) -> Iterator[Row]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise UsageError(
            f"{path} is Parquet, and `pyarrow` is not installed",
            fix="pip install 'roadworthy[outside]', or save it as JSON Lines",
        ) from None
    try:
        number = 0
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=1024):
            for row in batch.to_pylist():
                number += 1
                yield str(number), row
    except (OSError, ValueError) as error:  # ArrowInvalid is a ValueError
        raise UsageError(f"{path}: it cannot be read as Parquet: {error}") from None
