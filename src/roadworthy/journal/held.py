"""Follows a journal for answers that were held: few among very many, found by their bytes.

What enters: the journal's folder. What leaves: their closing records. What never happens here: a
record whose checksum does not hold, a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .reading import mentioning, originals, segments
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

    def read(self) -> Iterator[Record]:
        """New ones. Raises VerificationError when a record of one was changed."""
        for path in originals(segments(self._folder)):
            mark, before = self._marks.get(path.name, (0, 0))
            size = path.stat().st_size
            if size == before:
                continue
            for record, mark in mentioning(path, _HELD, mark):  # noqa: B020 - each moves it on
                if _is_held(record):
                    yield record
                self._marks[path.name] = mark, before
            self._marks[path.name] = mark, size


def _is_held(record: Record) -> bool:
    seen = record.observation
    return record.kind == "close" and seen is not None and seen.action == "held"
