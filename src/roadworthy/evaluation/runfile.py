"""The run file: one JSON line for every finished question, after a line that names the plan.

Enters: observations, in the order in which they finish. Leaves: the same, read back. A process
that is killed loses at most what was not flushed (`FLUSH_SECONDS`); a torn last line is cut off
on resume, any other unreadable line is an error, never skipped. The run file of another plan is
refused, and so is one that another process is writing.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import EvidenceError, Instant, Observation, UsageError, VerificationError

from .fingerprint import row_digest, rows_digest
from .plan import Key, Plan

FLUSH_ROWS = 64
FLUSH_SECONDS = 0.05

_encoder = msgspec.json.Encoder()
_row_decoder = msgspec.json.Decoder(Observation)


class Header(Struct, frozen=True, kw_only=True):
    """The first line."""

    roadworthy_run: int = 1
    """Version of the format."""
    run: str
    plan: str
    """Digest of the plan."""
    bar: str
    """Digest of the bar."""
    system: str
    candidate: str
    items: int
    """How many rows a complete run has."""
    started_at: Instant = ""


def key_of(observation: Observation) -> Key:
    """The row's name in its run."""
    return (observation.suite, observation.case, observation.repeat)


def read_header(path: Path) -> Header:
    """The first line of a run file. Raises EvidenceError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return _read_header(file.readline(), path)[0]
    except OSError as error:
        raise EvidenceError(f"the run file {path} cannot be read: {error}") from error


def read_run(path: Path, *, expected: str = "") -> list[Observation]:
    """The rows of a run file in the order of their keys; of several for one question the last.

    Raises EvidenceError when the file cannot be read or a line but the last is broken, and
    VerificationError when the rows do not have the `expected` digest (a summary's
    `observations`): then they are not what the ledger recorded.
    """
    try:
        with path.open("rb") as file:
            _read_header(file.readline(), path)
            found = {key_of(row): row for row, _ in _read_rows(file, path)}
    except OSError as error:
        raise EvidenceError(f"the run file {path} cannot be read: {error}") from error
    rows = [found[key] for key in sorted(found)]
    if expected and rows_digest({key_of(row): row_digest(row) for row in rows}) != expected:
        raise VerificationError(
            f"{path} does not hold the rows that were recorded",
            fix="restore it from a backup, or run `roadworthy eval --fresh`",
        )
    return rows


class RunFile:
    """A run file open for writing, locked. Use as a context manager inside an event loop."""

    def __init__(
        self,
        path: Path,
        planned: Plan,
        *,
        started_at: Instant = "",
        flush_rows: int | None = None,
    ) -> None:
        """Create the file (0600), or go on where it ends.

        `flush_rows` = 1 writes each row at once: right where a lost row would be paid again.
        Raises UsageError when it belongs to another plan or another process writes it, and
        EvidenceError when it is broken or cannot be written.
        """
        self.path = path
        self.header = _header(planned, started_at)
        """The first line, as it stands in the file."""
        self.finished: dict[Key, Observation] = {}
        """Rows from before, errors left out (they are asked again). Emptied by the runner."""
        self._buffer: list[bytes] = []
        self._flush_rows = flush_rows or FLUSH_ROWS
        self._timer: asyncio.TimerHandle | None = None
        self._broken: EvidenceError | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EvidenceError(f"the run file {path} cannot be opened: {error}") from error
        try:
            self._lock()
            self._resume(planned)
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> RunFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, observation: Observation) -> None:
        """Add a row; it is on its way to the disk within `FLUSH_SECONDS`."""
        self._buffer.append(_encoder.encode(observation))
        if len(self._buffer) >= self._flush_rows:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._on_timer)

    def flush(self) -> None:
        """Hand all rows to the operating system. Raises EvidenceError."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._buffer:
            return
        lines = b"\n".join(self._buffer) + b"\n"
        self._buffer.clear()
        self._write(lines)

    def close(self) -> None:
        """Flush, sync and release the file; safe to call twice."""
        if self._file < 0:
            return
        try:
            self.flush()
            os.fsync(self._file)
        finally:
            os.close(self._file)
            self._file = -1

    def _on_timer(self) -> None:
        self._timer = None
        try:
            self.flush()
        except EvidenceError as error:
            self._broken = error

    def _write(self, data: bytes) -> None:
        if self._broken is not None:
            raise self._broken
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            self._broken = EvidenceError(f"the run file {self.path} cannot be written: {error}")
            raise self._broken from error

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"another process is writing {self.path}",
                fix="wait for it, or start another attempt with --fresh",
            ) from error

    def _resume(self, planned: Plan) -> None:
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            first = file.readline()
            if not first.endswith(b"\n"):
                os.ftruncate(self._file, 0)
                self._write(_encoder.encode(self.header) + b"\n")
                return
            self.header, end = _read_header(first, self.path)
            if self.header.plan != planned.digest:
                raise UsageError(
                    f"{self.path} holds the run of another plan",
                    fix="move it away; run files are named by their plan",
                )
            for row, after in _read_rows(file, self.path, start=end):
                end = after
                if row.status == "error":
                    self.finished.pop(key_of(row), None)
                else:
                    self.finished[key_of(row)] = row
        if end < os.fstat(self._file).st_size:
            os.ftruncate(self._file, end)


def _header(planned: Plan, started_at: Instant) -> Header:
    return Header(
        run=planned.run,
        plan=planned.digest,
        bar=planned.bar_digest,
        system=planned.bar.system,
        candidate=planned.bar.candidate,
        items=len(planned.items),
        started_at=started_at,
    )


def _read_header(line: bytes, path: Path) -> tuple[Header, int]:
    try:
        return msgspec.json.decode(line, type=Header), len(line)
    except msgspec.MsgspecError as error:
        raise EvidenceError(f"{path}:1: this is not the head of a run file: {error}") from error


def _read_rows(
    lines: Iterable[bytes], path: Path, *, start: int = 0
) -> Iterator[tuple[Observation, int]]:
    """Rows, each with the offset after its line; stops before a torn last line."""
    end = start
    for number, line in enumerate(lines, start=2):
        if not line.endswith(b"\n"):
            return
        end += len(line)
        try:
            row = _row_decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise EvidenceError(f"{path}:{number}: this is not a row: {error}") from error
        yield row, end
