"""A run file read without holding it: verified first, then row by row in the order of its keys.

Enters: the path of a run file and the digests that its summary names. Leaves: rows, as often as
they are asked for. What never happens here: a row of a file that is not the recorded one, or more
than one case's rows in memory at a time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from msgspec import Struct, to_builtins

from roadworthy.domain import SHA256_PREFIX, EvidenceError, Observation, VerificationError

from .fingerprint import row_digest, rows_digest
from .plan import Key
from .repeats import CaseKey
from .runfile import read_header


class _Named(Struct):
    """What a line must be read for to know which question it answers."""

    suite: str = ""
    case: str = ""
    repeat: int = 0


class _Marks(Struct, frozen=True, omit_defaults=True):
    """The attributes by which a row passes or not, and is compared as what."""

    graded: dict[str, str] = {}
    grown_from: str = ""
    copy_of: tuple[str, str] | None = None


_UNMARKED = _Marks()


class _Scored(_Named):
    """What a line must be read for to know whether it passed, and how sure it was."""

    status: str = "ok"
    scores: dict[str, float] = {}
    label: str = ""
    decision: str = ""
    confidence: float | None = None
    attributes: _Marks = _Marks()


_BLOCK = 1 << 18
"""Bytes read at once: rows lie near those that are asked for next."""

_named = msgspec.json.Decoder(_Named)
_scored = msgspec.json.Decoder(_Scored)
_rows = msgspec.json.Decoder(Observation)


class RunReader:
    """The rows of one run file, of several for one question the last. Use as a context manager."""

    def __init__(
        self, path: Path, *, expected: str, whole: str = "", keep_scores: bool = False
    ) -> None:
        """Open and verify; `keep_scores` has at hand what `scored` gives, read in the same pass.

        `expected` is the digest of what the rows say (a summary's `observations`), `whole` that
        of the file's bytes (a summary's `file`; older summaries have none). Raises EvidenceError
        when the file cannot be read, VerificationError when it is not the recorded one.
        """
        self.path = path
        self.header = read_header(path)
        self._kept: dict[Key, _Scored] | None = {} if keep_scores else None
        self._by_case: dict[CaseKey, list[Key]] | None = None
        self._near = (0, b"")
        """Where the part of the file begins that was read last, and the part."""
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise EvidenceError(f"the run file {path} cannot be read: {error}") from error
        try:
            self._lines, seen, fault = self._index()
            if fault is not None and (not whole or seen == whole):
                raise fault
            if not self._is_recorded(expected, whole, seen):
                raise VerificationError(
                    f"{path} does not hold the rows that were recorded",
                    fix="restore it from a backup, or run `roadworthy eval --fresh`;"
                    " a run that was cut off goes on with `roadworthy eval`",
                )
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> RunReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._lines)

    def rows(self) -> Iterator[Observation]:
        """Every row, in the order of (suite, case, repeat)."""
        for key in self._pass():
            yield self._row(key)

    def cases(self) -> Iterator[tuple[CaseKey, tuple[Observation, ...]]]:
        """Every case with its repeats."""
        for key, keys in groupby(self._pass(), key=lambda line: line[:2]):
            yield key, tuple(self._row(each) for each in keys)

    def repeats_of(self, case: CaseKey) -> tuple[Observation, ...]:
        """The rows of one case; none when the run does not hold it."""
        return tuple(self._row(key) for key in self._keys().get(case, ()))

    def holds(self, case: CaseKey) -> bool:
        """Whether the run has a row of this case."""
        return case in self._keys()

    def scored(self) -> Iterator[Observation]:
        """Every row with its key, status, scores and confidence alone: small enough to keep."""
        for key in self._pass():
            row = self._kept[key] if self._kept is not None else _scored.decode(self._line(key))
            yield Observation(
                id="",
                time="",
                system="",
                release="",
                stage="eval",
                suite=row.suite,
                case=row.case,
                repeat=row.repeat,
                status=row.status,  # type: ignore[arg-type]
                scores=row.scores,
                label=row.label,
                decision=row.decision,
                confidence=row.confidence,
                attributes=to_builtins(row.attributes) if row.attributes != _UNMARKED else {},
            )

    def _pass(self) -> Iterator[Key]:
        """Every key in order; each pass reads the file anew."""
        self._near = (0, b"")
        return iter(self._lines)

    def _keys(self) -> dict[CaseKey, list[Key]]:
        """The rows' keys by case."""
        if self._by_case is None:
            self._by_case = {}
            for key in self._lines:
                self._by_case.setdefault(key[:2], []).append(key)
        return self._by_case

    def _row(self, key: Key) -> Observation:
        try:
            return _rows.decode(self._line(key))
        except msgspec.MsgspecError as error:
            raise EvidenceError(f"{self.path}: {key} is not a row: {error}") from error

    def _line(self, key: Key) -> bytes:
        start, length = self._lines[key]
        if not self._near[0] <= start <= start + length <= self._near[0] + len(self._near[1]):
            self._near = (start, os.pread(self._file, max(length, _BLOCK), start))
        begin = start - self._near[0]
        return self._near[1][begin : begin + length]

    def _index(self) -> tuple[dict[Key, tuple[int, int]], str, EvidenceError | None]:
        """Where each question's last row lies, by key; the bytes' digest; a line that is no row."""
        seen = hashlib.sha256()
        found: dict[Key, tuple[int, int]] = {}
        fault: EvidenceError | None = None
        decoder: msgspec.json.Decoder[Any] = _named if self._kept is None else _scored
        with os.fdopen(os.dup(self._file), "rb", buffering=_BLOCK) as file:
            first = file.readline()
            seen.update(first)
            offset = len(first)
            for number, line in enumerate(file, start=2):
                if not line.endswith(b"\n"):
                    break  # A torn last line, as a killed process leaves it.
                seen.update(line)
                try:
                    row = decoder.decode(line)
                except msgspec.MsgspecError as error:
                    said = f"{self.path}:{number}: this is not a row: {error}"
                    fault = fault or EvidenceError(said)
                    continue
                found[row.suite, row.case, row.repeat] = (offset, len(line))
                if self._kept is not None:
                    self._kept[row.suite, row.case, row.repeat] = row
                offset += len(line)
        ordered = {key: found[key] for key in sorted(found)}
        return ordered, SHA256_PREFIX + seen.hexdigest(), fault

    def _is_recorded(self, expected: str, whole: str, seen: str) -> bool:
        """Whether the bytes are the recorded ones; where those are not known, the rows."""
        if whole:
            return seen == whole
        return rows_digest({key: row_digest(self._row(key)) for key in self._lines}) == expected
