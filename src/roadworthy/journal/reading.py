"""Reads the journal back: every record of every segment, in order, in bounded memory.

What enters: the journal's folder. What leaves: records, and where reading stopped. What never
happens here: a write, or a record whose checksum does not hold.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from msgspec import Struct

from roadworthy.domain import EvidenceError, VerificationError
from roadworthy_verify.carried import SEAL
from roadworthy_verify.plain_file import PlainFileError, open_plain

from .record import HEADER, MAGIC, MAX_PAYLOAD, Record, decode, take_frame
from .segment import SUFFIX

_BLOCK = 1024 * 1024


class Placed(Struct, frozen=True):
    """A record, its payload's bytes, and where the next one starts in its segment."""

    record: Record
    payload: bytes
    next_offset: int


def segments(folder: Path) -> list[Path]:
    """The segments of a journal, oldest first (their names start with their instant)."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def named_within(path: Path) -> str:
    """The name that a segment says it has; empty where its first record cannot be read."""
    try:
        first = first_record(path, 0)
    except (EvidenceError, OSError):
        return ""
    return first.segment if first.kind == "begin" else ""


def originals(paths: list[Path]) -> list[Path]:
    """Those of the segments that are no copies: each record once.

    A segment under a name that is not its own is left out where one of its own name is there, or
    another such copy came before. `journal verify` names it.
    """
    found: dict[str, Path] = {}
    for path in paths:
        name = named_within(path) or path.stem
        own = path.with_name(f"{name}{SUFFIX}")
        if name == path.stem or not (name in found or own.exists()):
            found[name] = path
    return list(found.values())


_CLOSE = b"\xa4kind\xa5close"
"""How a closing record begins, after its map header: its kind is the first field encoded."""


def read_segment(path: Path, offset: int = 0) -> Iterator[Placed]:
    """The records of a segment from `offset` on; ends before a frame that is not whole.

    Raises VerificationError when it is not a segment, or a checksum does not hold.
    """
    for payload, end in payloads(path, offset):
        if payload is not None:
            yield Placed(decode(payload, where=str(path)), payload, end)


def payloads(
    path: Path, offset: int, *, past_closes: bool = False
) -> Iterator[tuple[bytes | None, int]]:
    """The checked payloads of a segment, each with the offset at which the next one starts.

    `past_closes`: instead of each run of closing records None, and where it ended.
    """
    with _opened(path) as file:
        data, start = b"", offset
        if offset == 0:
            if file.read(len(MAGIC)) != MAGIC:
                raise VerificationError(f"{path} is not a journal segment")
            start = len(MAGIC)
        file.seek(start)
        at = 0
        while True:
            if past_closes and (end := _after_closes(data, at)) > at:
                at = end
                yield None, start + at
            frame = _frame(path, data, at, start)
            if frame is None:
                more = file.read(_BLOCK)
                if not more:
                    return
                start, data, at = start + at, data[at:] + more, 0
                continue
            payload, at = frame
            yield payload, start + at


def first_record(path: Path, offset: int) -> Record:
    """The record that begins at `offset` of a segment. Raises VerificationError without one."""
    with _opened(path) as file:
        file.seek(offset or len(MAGIC))
        head = file.read(HEADER.size)
        length = HEADER.unpack(head)[0] if len(head) == HEADER.size else 0
        frame = _frame(path, head + file.read(min(length, MAX_PAYLOAD)), 0, offset)
    if frame is None:
        raise VerificationError(f"{path} has no whole record at offset {offset}")
    return decode(frame[0], where=str(path))


def _opened(path: Path) -> BinaryIO:
    """A segment, open. Raises VerificationError when a pipe or a device stands in its place."""
    try:
        return open_plain(path)
    except PlainFileError as error:
        raise VerificationError(f"{path} is not a journal segment: {error.strerror}") from None


def _after_closes(data: bytes, at: int) -> int:
    """Where the run of whole closing records that begins at `at` ends."""
    size = len(data)
    while at + HEADER.size <= size:
        begin = at + HEADER.size
        end = begin + int.from_bytes(data[at : at + 4], "little")
        if end > size or end == begin or data.find(_CLOSE, begin, begin + 24) < 0:
            break
        at = end
    return at


def _frame(path: Path, data: bytes, at: int, start: int) -> tuple[bytes, int] | None:
    try:
        return take_frame(data, at)
    except VerificationError as error:
        raise VerificationError(
            f"{path}: {error.message} (of the file: {start + at})",
            fix="the segment was changed or the disk is failing; restore it from a backup",
        ) from None


def read_journal(folder: Path) -> Iterator[Record]:
    """Every record of the journal, segment by segment, in order within each.

    A torn end of a segment whose worker died is left out until recovery closes it; records that
    a rolled segment carries over appear again. Raises VerificationError on a changed record.
    """
    for path in segments(folder):
        for placed in read_segment(path):
            yield placed.record


def find(folder: Path, observation_id: str) -> Record | None:
    """The record of an observation: the closing one, else the opening one, else None."""
    found: Record | None = None
    for path in around(segments(folder), observation_id):
        for record in _mentioning(path, observation_id.encode()):
            if record.observation is None or record.observation.id != observation_id:
                continue
            if record.kind == "close":
                return record
            found = record
    return found


def told(folder: Path, observation_id: str) -> list[Record]:
    """What was said of an observation after it left: its outcomes and reports, oldest first."""
    return [
        record
        for path in originals(around(segments(folder), observation_id))
        for record in _mentioning(path, observation_id.encode())
        if record.outcome is not None and record.outcome.observation == observation_id
    ]


def _mentioning(path: Path, needle: bytes) -> Iterator[Record]:
    return (record for record, _ in mentioning(path, needle))


def mentions(path: Path, needle: bytes, begin: int, end: int) -> bool:
    """Whether a part of a segment holds some bytes; whose they are, `mentioning` says."""
    with _opened(path) as file:
        file.seek(begin)
        return file.read(max(0, end - begin)).find(needle) >= 0


def mentioning(path: Path, needle: bytes, offset: int = 0) -> Iterator[tuple[Record, int]]:
    """The records of a segment that hold some bytes, each with where the next one starts.

    Only those are checked and decoded: a twentieth of the time that reading it all takes.
    """
    with _opened(path) as file:
        file.seek(offset)
        data = file.read()
    at, hit = (0 if offset else len(MAGIC)), data.find(needle)
    while hit >= 0 and at + HEADER.size <= len(data):
        end = at + HEADER.size + HEADER.unpack_from(data, at)[0]
        if hit < end:
            frame = _frame(path, data, at, offset)
            if frame is None:
                return
            yield decode(frame[0], where=str(path)), offset + end
            hit = data.find(needle, end)
        at = end


def around(paths: list[Path], observation_id: str) -> list[Path]:
    """The segments that may hold an observation: its id (UUIDv7) says when it was made."""
    try:
        made_s = int(observation_id.replace("-", "")[:12], 16) / 1000
    except ValueError:
        return []
    return written_since(paths, made_s)


def written_since(paths: list[Path], instant_s: float) -> list[Path]:
    """The segments that may hold what is of an instant or later: one ends when written last."""
    slack_s = 120.0  # a call under way when its segment was begun, clocks that were set
    return [path for path in paths if path.stat().st_mtime >= instant_s - slack_s]


def marks_before(folder: Path, instant_s: float) -> dict[str, int]:
    """Marks for a `Tail` that begins at an instant: past all segments that hold nothing of it."""
    every = segments(folder)
    later = set(written_since(every, instant_s))
    return {path.name: path.stat().st_size for path in every if path not in later}


MOST_RECENT = 1024
"""Records that one who follows has read, kept for the others of the process (2 KB more each)."""

_Where = tuple[str, int]
"""A segment: its path, and which file lies there."""


class _Recent:
    """What was read last: many follow one journal, and reading it once is enough."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[_Where, int], tuple[Record, int]] = OrderedDict()
        self._lock = Lock()

    def find(self, where: _Where, mark: int) -> tuple[Record, int] | None:
        """The record that begins there, and where the next one does."""
        return self._kept.get((where, mark))

    def keep(self, where: _Where, mark: int, record: Record, end: int) -> None:
        """Remember it until there are many that are newer."""
        with self._lock:
            self._kept[where, mark] = record, end
            if len(self._kept) > MOST_RECENT:
                self._kept.popitem(last=False)


_recent = _Recent()


class Tail:
    """Follows a journal: each `read` gives what was added since the last one.

    `marks` (segment name -> offset) is all its state; keep it and a restart goes on from there.
    """

    def __init__(self, folder: Path, marks: dict[str, int] | None = None) -> None:
        self._folder = folder
        self._reading = ""
        self.marks: dict[str, int] = dict(marks or {})
        self._whole: set[str] = set()
        """Sealed segments that were read to their end."""

    @property
    def place(self) -> tuple[str, int]:
        """Where the record lies that was given last: its segment, and the offset before it."""
        return self._reading, self.marks.get(self._reading, 0)

    def read(self, *, closes: bool = True) -> Iterator[Record]:
        """New records; a mark moves only after its record was taken.

        A segment that cannot be read on keeps nobody from the others; the first such trouble is
        raised in the end.

        Without `closes` finished exchanges are passed over unread: a reader without late rules
        has nothing to do with them, and they are nearly all there is. Sealing checks them.
        """
        trouble: EvidenceError | OSError | None = None
        for path, sealed in self._growing():
            self._reading = path.name
            try:
                yield from self._new_in(path, closes)
                if sealed and path.stat().st_size == self.marks.get(path.name):
                    self._whole.add(path.name)
            except (EvidenceError, OSError) as error:
                trouble = trouble or error
        if trouble is not None:
            raise trouble

    def _growing(self) -> list[tuple[Path, bool]]:
        """Segments that may hold more than was read, oldest first, and whether each is sealed.

        A sealed one is never written again (who does is found by verification): asked of each, ten
        times a second, after a day of a thousand requests/s, nothing else would be done.
        """
        try:
            names = set(os.listdir(self._folder))  # noqa: PTH208 - names, of thousands
        except FileNotFoundError:
            return []
        left = sorted(each for each in names - self._whole if each.endswith(SUFFIX))
        sealed = (each.removesuffix(SUFFIX) + SEAL in names for each in left)
        return [(self._folder / each, done) for each, done in zip(left, sealed, strict=True)]

    def _new_in(self, path: Path, closes: bool) -> Iterator[Record]:
        mark = self.marks.get(path.name, 0)
        there = path.stat()
        where = (str(path), there.st_ino)
        while closes and (known := _recent.find(where, mark)) is not None:
            yield known[0]
            self.marks[path.name] = mark = known[1]
        if there.st_size <= mark:
            return
        for payload, end in payloads(path, mark, past_closes=not closes):
            if payload is not None:
                record = decode(payload, where=str(path))
                if closes:
                    _recent.keep(where, mark, record, end)
                yield record
            self.marks[path.name] = mark = end
