"""Answers that people look at: held ones, few among very many, and those that were drawn.

What enters: the journal's folder. What leaves: their closing records. What never happens here: a
record whose checksum does not hold, a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from roadworthy.domain import Drawn

from .reading import mentioning, mentions, originals, read_segment, segments
from .record import Record

_HELD = b"\xa6action\xa4held"
"""The field as a closing record encodes it: what lacks these bytes was not held."""


class HeldTail:
    """Each `read` gives the held answers that were added since the last one, oldest segment first.

    What it knows is in memory only: whoever begins anew reads the journal once more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._marks: dict[str, tuple[int, int]] = {}
        """Segment -> where the record after the last held one starts, and its size when read."""
        self._searched: dict[str, int] = {}
        """Segment -> before which there are no such bytes but those of records that were given."""
        self._paths: list[Path] = []
        self._originals: list[Path] = []
        self.behind = False
        """Whether the last `read` left segments for the next one."""

    def read(self, *, most_mb: int = 0) -> Iterator[Record]:
        """New ones; segments of about `most_mb` at most (0: all). To be read to its end.

        Raises VerificationError when a record of one was changed.
        """
        left = most_mb * 1024 * 1024
        self.behind = False
        for path in self._segments():
            mark, before = self._marks.get(path.name, (0, 0))
            size = path.stat().st_size
            if size == before:
                continue
            if most_mb and left <= 0:
                self.behind = True
                return
            begin = max(mark, self._searched.get(path.name, 0))
            left -= size - begin
            if mentions(path, _HELD, begin, size):
                for record, end in mentioning(path, _HELD, mark):
                    self._marks[path.name] = end, before
                    if _is_held(record):
                        yield record
            else:
                self._searched[path.name] = max(begin, size - len(_HELD) + 1)
            self._marks[path.name] = self._marks.get(path.name, (mark, before))[0], size

    def _segments(self) -> list[Path]:
        """Each record once; which segments are copies is looked at when there are others."""
        paths = segments(self._folder)
        if paths != self._paths:
            self._paths, self._originals = paths, originals(paths)
        return self._originals


def _is_held(record: Record) -> bool:
    seen = record.observation
    return record.kind == "close" and seen is not None and seen.action == "held"


SAMPLER = "online"
"""Who writes what was drawn: its segments are named so, and nobody else's."""


def drawn_for(folder: Path, score: str) -> dict[str, Drawn]:
    """Observation -> how it was drawn for a score, of those that were; the newest word counts."""
    found: dict[str, Drawn] = {}
    for path in segments(folder):
        if f"-{SAMPLER}-" not in path.name:
            continue
        for record in (placed.record for placed in read_segment(path)):
            said = record.outcome
            if said is None or said.reporter != f"look:{SAMPLER}":
                continue
            for each in said.drawn or ():
                if each.score == score:
                    found[said.observation] = each
    return found
