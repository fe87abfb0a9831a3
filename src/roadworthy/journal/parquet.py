"""Writes one sealed segment as Parquet: its answers by system and hour, what was learned beside.

What enters: a segment, the root that the ledger has of it. What leaves: files for any tool that
reads Parquet, each with segment, root and entry in its metadata; `leaf` says which leaf of that
Merkle tree a row was. What never happens here: a text (they are sealed, and what is sealed is left
out), a file of a segment that is not as it was sealed, a half-written file under its name.

    OUT/answers/system=desk/hour=2026-11-21T20/SEGMENT.parquet
    OUT/learned/SEGMENT.parquet       written last: who finds it has all of the segment

`system` and `hour` are columns of the folders, as who reads such folders expects, not of the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Observation,
    Outcome,
    UsageError,
    VerificationError,
    parse_instant,
)

from .reading import read_segment
from .sealing import seal_segment
from .segment import sync_folder

_ROWS = 8192
"""Rows that wait in memory, of all files together."""

_PLAIN = (
    "id", "release", "stage", "tenant", "end_user", "session", "endpoint", "model",
    "status", "error", "finish_reason", "action", "decision", "label", "currency",
    "input_digest", "output_digest", "review", "mitigation", "cost",
)  # fmt: skip
_NUMBERS = ("confidence", "latency_ms", "first_token_ms", "sampling_weight")
_FLAGS = ("cache_hit", "notice_given", "ood")
_TOKENS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")
_JSON = (
    "rails", "never", "scores", "label_probabilities", "attributes", "shift", "reviewed", "misuse",
)  # fmt: skip
_SAID_FLAGS = ("ood",)
_SAID_JSON = ("business", "shift", "reviewed", "misuse")
_SAID = ("observation", "reporter", "label", "never_event", "feedback")

Row = dict[str, Any]


class Exported(Struct, frozen=True, kw_only=True):
    """What was written of a segment."""

    files: int
    rows: int


def is_exported(segment: str, out: Path) -> bool:
    """Whether all of a segment is there."""
    return _learned(out, segment).is_file()


def export_segment(path: Path, out: Path, *, root: str, entry: int) -> Exported:
    """Write a sealed segment. Raises VerificationError when it is not what the ledger has.

    Raises UsageError without `pyarrow`, OSError when a file cannot be written.
    """
    seal = seal_segment(path)
    if seal is None or seal.root != root:
        raise VerificationError(
            f"segment {path.stem} of the journal does not have the root of entry {entry}",
            fix="restore it from a backup; nothing of it was exported",
        )
    said = {"segment": path.stem, "root": root, "entry": str(entry), "records": str(seal.records)}
    files = _Files({f"roadworthy.{name}": value for name, value in said.items()})
    try:
        files.add(_learned(out, path.stem), None)
        for leaf, placed in enumerate(read_segment(path)):
            seen, outcome = placed.record.observation, placed.record.outcome
            if placed.record.kind == "close" and seen is not None:
                files.add(_answers(out, path.stem, seen), _answer(seen, leaf))
            elif outcome is not None:
                said_of = _said(outcome, placed.record.kind, placed.record.at, leaf)
                files.add(_learned(out, path.stem), said_of)
        return files.finish(last=_learned(out, path.stem))
    finally:
        files.forget()


def _learned(out: Path, segment: str) -> Path:
    return out / "learned" / f"{segment}.parquet"


def _answers(out: Path, segment: str, seen: Observation) -> Path:
    """Where an answer's row lies; no part of a system's name leads elsewhere."""
    system, hour = quote(seen.system, safe=""), quote(seen.time[:13], safe="")
    return out / "answers" / f"system={system}" / f"hour={hour}" / f"{segment}.parquet"


def _answer(seen: Observation, leaf: int) -> Row:
    row: Row = {name: getattr(seen, name) for name in (*_PLAIN, *_NUMBERS, *_FLAGS)}
    row |= {name: getattr(seen.usage, name) for name in _TOKENS}
    row |= {name: msgspec.json.encode(getattr(seen, name)).decode() for name in _JSON}
    return row | {
        "time": parse_instant(seen.time),
        "facets": list(seen.facets.items()),
        "leaf": leaf,
    }


def _said(outcome: Outcome, kind: str, at: str, leaf: int) -> Row:
    """What was learned, but for its note: that is a text."""
    row: Row = {name: getattr(outcome, name) for name in (*_SAID, *_SAID_FLAGS)}
    row |= {name: msgspec.json.encode(getattr(outcome, name)).decode() for name in _SAID_JSON}
    return row | {"kind": kind, "time": parse_instant(at), "leaf": leaf}


class _Files:
    """Files that are being written, each under a name of its own until all of them are whole."""

    def __init__(self, metadata: Mapping[str, str]) -> None:
        try:
            import pyarrow as arrow
            import pyarrow.parquet as parquet
        except ImportError:
            raise UsageError(
                "`pyarrow`, which writes Parquet, is not installed",
                fix="pip install 'roadworthy[parquet]'",
            ) from None
        self._table: Callable[..., Any] = arrow.Table.from_pylist
        self._writer: Callable[..., Any] = parquet.ParquetWriter
        self._answers = _answer_schema(arrow).with_metadata(metadata)
        self._said = _said_schema(arrow).with_metadata(metadata)
        self._open: dict[Path, tuple[Any, list[Row]]] = {}
        self._waiting = self._rows = 0

    def add(self, path: Path, row: Row | None) -> None:
        """Add a row to a file; without one it is begun."""
        if path not in self._open:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            schema = self._said if path.parent.name == "learned" else self._answers
            self._open[path] = (self._writer(_draft(path), schema, compression="zstd"), [])
        if row is not None:
            self._open[path][1].append(row)
            self._rows += 1
            self._waiting += 1
        if self._waiting >= _ROWS:
            self._flush()

    def finish(self, *, last: Path) -> Exported:
        """Put every file in its place, `last` after all others."""
        self._flush()
        paths = sorted(self._open, key=lambda path: path == last)
        for path in paths:
            self._open[path][0].close()
            with _draft(path).open("rb") as file:
                os.fsync(file.fileno())
        for path in paths:
            _draft(path).rename(path)
            sync_folder(path.parent)
        self._open.clear()
        return Exported(files=len(paths), rows=self._rows)

    def forget(self) -> None:
        """Drop what is not finished."""
        for path, (writer, _) in self._open.items():
            writer.close()
            _draft(path).unlink(missing_ok=True)

    def _flush(self) -> None:
        for writer, rows in self._open.values():
            if rows:
                writer.write_table(self._table(rows, schema=writer.schema))
                rows.clear()
        self._waiting = 0


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.writing")


def _answer_schema(arrow: Any) -> Any:
    text = arrow.string()
    fields = [("leaf", arrow.int64()), ("time", arrow.timestamp("us", tz="UTC"))]
    fields += [(name, text) for name in _PLAIN]
    fields += [(name, arrow.float64()) for name in _NUMBERS]
    fields += [(name, arrow.bool_()) for name in _FLAGS]
    fields += [(name, arrow.int64()) for name in _TOKENS]
    fields += [("facets", arrow.map_(text, text)), *((name, text) for name in _JSON)]
    return arrow.schema(fields)


def _said_schema(arrow: Any) -> Any:
    text = arrow.string()
    fields = [("leaf", arrow.int64()), ("time", arrow.timestamp("us", tz="UTC")), ("kind", text)]
    fields += [(name, text) for name in (*_SAID, *_SAID_JSON)]
    return arrow.schema([*fields, *((name, arrow.bool_()) for name in _SAID_FLAGS)])
