"""The run file: one JSON line for every finished question, after a line that names the plan.

Enters: observations, in the order in which they finish. Leaves: the same, read back. A process
that is killed loses at most what was not flushed (`FLUSH_SECONDS`); a torn last line is cut off
on resume, any other line that this workspace did not write there is an error, never skipped and
never counted. The run file of another plan is refused, and so is one that another process is
writing.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    SHA256_PREFIX,
    EvidenceError,
    Instant,
    Observation,
    UndecidedError,
    UsageError,
    VerificationError,
)
from roadworthy_verify.plain_file import open_plain

from .fingerprint import row_digest, rows_digest
from .plan import Key, Plan
from .sealed_lines import Seal, SealedLines

FLUSH_ROWS = 64
FLUSH_SECONDS = 0.05
FORMAT = 2
"""Since 2 every line says that this workspace wrote it."""

_FRESH = "`roadworthy eval --fresh` begins another attempt; answers paid for are in the cache"

_encoder = msgspec.json.Encoder()
_row_decoder = msgspec.json.Decoder(Observation)


class Header(Struct, frozen=True, kw_only=True):
    """The first line."""

    roadworthy_run: int = FORMAT
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
    key: str = ""
    """Id of the workspace's key, from which the codes of the lines are derived."""


def key_of(observation: Observation) -> Key:
    """The row's name in its run."""
    return (observation.suite, observation.case, observation.repeat)


def read_header(path: Path) -> Header:
    """The first line of a run file. Raises EvidenceError when it cannot be read."""
    try:
        with open_plain(path) as file:
            return _read_header(file.readline(), path)
    except OSError as error:
        raise EvidenceError(f"the run file {path} cannot be read: {error}") from error


def read_run(path: Path, *, expected: str = "", whole: str = "") -> list[Observation]:
    """The rows of a run file in the order of their keys; of several for one question the last.

    `expected` is the digest of what the rows say (a summary's `observations`), `whole` that of
    the file's bytes, durations and instants included (a summary's `file`). Raises EvidenceError
    when the file cannot be read or a line but the last is broken, and VerificationError when it
    does not have these digests: then it is not what the ledger recorded.
    """
    seen = hashlib.sha256()
    try:
        with open_plain(path) as file:
            first = file.readline()
            _read_header(first, path)
            seen.update(first)
            found = {}
            for row, _, line in _read_rows(file, path):
                seen.update(line)
                found[key_of(row)] = row
    except OSError as error:
        raise EvidenceError(f"the run file {path} cannot be read: {error}") from error
    rows = [found[key] for key in sorted(found)]
    changed = bool(whole) and SHA256_PREFIX + seen.hexdigest() != whole
    if expected and not changed:
        changed = rows_digest({key_of(row): row_digest(row) for row in rows}) != expected
    if changed:
        raise VerificationError(
            f"{path} does not hold the rows that were recorded",
            fix="restore it from a backup, or run `roadworthy eval --fresh`;"
            " a run that was cut off goes on with `roadworthy eval`",
        )
    return rows


class RunFile:
    """A run file open for writing, locked. Use as a context manager inside an event loop."""

    def __init__(
        self,
        path: Path,
        planned: Plan,
        *,
        seal: Seal,
        started_at: Instant = "",
        flush_rows: int | None = None,
        on_violations: Callable[[Sequence[Observation]], None] | None = None,
    ) -> None:
        """Create the file (0600), or go on where it ends.

        `flush_rows` = 1 writes each row at once: right where a lost row would be paid again.
        `on_violations` is told of rows that violate a never event before they are written.
        Raises UsageError when it belongs to another plan or another process writes it,
        EvidenceError when it cannot be written, VerificationError when a line is not the one
        that was written with this `seal`, UndecidedError when another key sealed it.
        """
        self.path = path
        self.header = _header(planned, started_at, seal.key_id)
        """The first line, as it stands in the file."""
        self.finished: dict[Key, Observation] = {}
        """Rows from before, errors left out (they are asked again). Emptied by the runner."""
        self._lines = SealedLines(seal.secret)
        self._seen = hashlib.sha256()
        self._buffer: list[bytes] = []
        self._violating: list[Observation] = []
        self._on_violations = on_violations
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

    def append(self, observation: Observation) -> Observation:
        """Add a row; it is on its way to the disk within `FLUSH_SECONDS`.

        Returns the row as it is written: one that could not be read back becomes an error row.
        """
        observation, line = _writable(observation)
        self._buffer.append(self._lines.sealed(line))
        if any(record.kind == "violation" for record in observation.never):
            self._violating.append(observation)
        if len(self._buffer) >= self._flush_rows:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._on_timer)
        return observation

    def flush(self) -> None:
        """Hand all rows to the operating system. Raises EvidenceError."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._buffer:
            return
        if self._violating and self._on_violations is not None:
            self._on_violations(self._violating)
        self._violating.clear()
        lines = b"\n".join(self._buffer) + b"\n"
        self._buffer.clear()
        self._write(lines)

    def sync(self) -> str:
        """Put all rows on the disk; returns the digest of the file's bytes."""
        self.flush()
        os.fsync(self._file)
        return SHA256_PREFIX + self._seen.hexdigest()

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
        self._seen.update(data)
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
                self._write(self._lines.sealed(_encoder.encode(self.header)) + b"\n")
                self._keep_name()
                return
            self._open_header(first, planned)
            end = len(first)
            for row, after, line in _read_rows(file, self.path, start=end, lines=self._lines):
                self._seen.update(line)
                end = after
                if row.status == "error":
                    self.finished.pop(key_of(row), None)
                else:
                    self.finished[key_of(row)] = row
        if end < os.fstat(self._file).st_size:
            os.ftruncate(self._file, end)

    def _keep_name(self) -> None:
        """A new file stays there through a crash: the ledger will say that it was begun."""
        os.fsync(self._file)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _open_header(self, line: bytes, planned: Plan) -> None:
        """Take the first line as it stands, if it is ours and of this plan."""
        ours = self.header.key
        self.header = _read_header(line, self.path)
        self._seen.update(line)
        if self.header.roadworthy_run < FORMAT:
            raise EvidenceError(
                f"{self.path} was begun by an earlier version, whose rows do not say who wrote"
                " them",
                fix=_FRESH,
            )
        if self.header.plan != planned.digest:
            raise UsageError(
                f"{self.path} holds the run of another plan",
                fix="move it away; run files are named by their plan",
            )
        if self.header.key != ours:
            raise UndecidedError(
                f"{self.path} was begun with the key {self.header.key or 'of nobody'}; this"
                f" workspace's is {ours}, so whether its rows are genuine cannot be told",
                fix=_FRESH,
            )
        if not self._lines.holds(line[:-1]):
            raise _not_ours(self.path, 1)


def _not_ours(path: Path, number: int) -> VerificationError:
    return VerificationError(
        f"{path}:{number}: this line was changed since, or written by somebody else", fix=_FRESH
    )


def _writable(row: Observation) -> tuple[Observation, bytes]:
    """The row and its line; a row that could not be read back becomes an error row.

    JSON has no NaN, no infinity and no half of a character: msgspec writes `null` for the first
    two, which would make the whole file unreadable.
    """
    try:
        _require_finite(row)
        line = _encoder.encode(row)
    except (ValueError, TypeError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        row = Observation(
            id=row.id, time=row.time, system=row.system, release=row.release, stage=row.stage,
            suite=row.suite, case=row.case, repeat=row.repeat, tags=row.tags, tenant=row.tenant,
            facets=row.facets, endpoint=row.endpoint, model=row.model, label=row.label,
            status="error", action="error", error=f"the answer cannot be written down: {error}",
        )  # fmt: skip
        line = _encoder.encode(row)
    return row, line


def _require_finite(row: Observation) -> None:
    """Raise ValueError when a number of the row is NaN or infinite."""
    total = sum(row.scores.values()) + sum(row.label_probabilities.values())
    total += (row.confidence or 0.0) + row.sampling_weight
    total += (row.latency_ms or 0.0) + (row.first_token_ms or 0.0)
    for verdict in row.rails:
        total += verdict.score or 0.0
    if not math.isfinite(total):
        raise ValueError("a number in it is not finite")


def _header(planned: Plan, started_at: Instant, key: str) -> Header:
    return Header(
        run=planned.run,
        plan=planned.digest,
        bar=planned.bar_digest,
        system=planned.bar.system,
        candidate=planned.bar.candidate,
        items=len(planned.items),
        started_at=started_at,
        key=key,
    )


def _read_header(line: bytes, path: Path) -> Header:
    try:
        return msgspec.json.decode(line, type=Header)
    except msgspec.MsgspecError as error:
        raise EvidenceError(f"{path}:1: this is not the head of a run file: {error}") from error


def _read_rows(
    file: Iterable[bytes], path: Path, *, start: int = 0, lines: SealedLines | None = None
) -> Iterator[tuple[Observation, int, bytes]]:
    """Rows, each with the offset after its line and the line; stops before a torn last line.

    With `lines` every line must be the one that was sealed there.
    """
    end = start
    for number, line in enumerate(file, start=2):
        if not line.endswith(b"\n"):
            return
        end += len(line)
        if lines is not None and not lines.holds(line[:-1]):
            raise _not_ours(path, number)
        try:
            row = _row_decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise EvidenceError(
                f"{path}:{number}: this is not a row: {error}", fix=_FRESH
            ) from error
        yield row, end, line
