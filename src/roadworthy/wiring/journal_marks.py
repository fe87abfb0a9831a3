"""How far somebody read the journal: a small file beside its segments, replaced whole."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from roadworthy.domain import Clock
from roadworthy_verify.plain_file import read_plain

KEEP_S = 5.0
"""How often marks are written down. What is read twice is recognised, and a flush a round would
stand in the way of the journal's own."""


class KeptMarks:
    """The marks of one reader, on disk at times. Not thread-safe."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self.marks = read_marks(path)
        """As they were kept last."""
        self._kept_at = clock.monotonic()

    def keep_at_times(self, marks: dict[str, int]) -> None:
        """Write them down when that is due."""
        if self._clock.monotonic() - self._kept_at >= KEEP_S:
            self.keep(marks)

    def keep(self, marks: dict[str, int]) -> None:
        """Write them down, unless they are those."""
        self._kept_at = self._clock.monotonic()
        if marks != self.marks:
            write_marks(self._path, marks)
            self.marks = dict(marks)


def read_marks(path: Path) -> dict[str, int]:
    """Segment -> offset; nothing where there is no such file, or none that can be read."""
    try:
        return msgspec.json.decode(read_plain(path), type=dict[str, int])
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}  # read everything again: what was entered already is recognised


def write_marks(path: Path, marks: dict[str, int]) -> None:
    """Write them, whole or not at all."""
    draft = path.with_name(f".{path.name}.writing")
    with draft.open("wb") as file:
        file.write(msgspec.json.encode(marks))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
