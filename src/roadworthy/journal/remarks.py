"""What a process of ours learns of answers after they left, in segments of its own.

What enters: outcomes. What leaves: nothing before they are on disk. What never happens here: a
write to a worker's segment, or a segment begun while there is nothing to say. They are segments as
all others: recovered, sealed, queried and kept with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from roadworthy.domain import Clock, Outcome, format_instant

from .record import Record, encode
from .segment import Segment


class Remarks:
    """Writes outcomes into the journal. One thread's."""

    def __init__(self, folder: Path, *, writer: str, clock: Clock, segment_mb: int) -> None:
        """`writer` is told apart in the segments' names."""
        self._folder = folder
        self._writer = writer
        self._clock = clock
        self._limit = segment_mb * 1024 * 1024
        self._segment: Segment | None = None
        self._number = 0

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Write them durably, in one go. Raises OSError: then none of them is kept."""
        if not outcomes:
            return
        if self._segment is not None and self._segment.size >= self._limit:
            self.close()
        at = format_instant(self._clock.now())
        records = [
            Record(kind="outcome", at=at, about=each.observation, outcome=each) for each in outcomes
        ]
        try:
            self._opened().append(b"".join(map(encode, records)))
        except OSError:
            if self._segment is not None:
                self._segment.abandon()  # recovery ends it
                self._segment = None
            raise

    def close(self) -> None:
        """End the segment, so that it can be sealed. Raises OSError."""
        segment, self._segment = self._segment, None
        if segment is None:
            return
        try:
            segment.end()
        except OSError:
            segment.abandon()  # recovery ends it
            raise

    def _opened(self) -> Segment:
        if self._segment is None:
            self._number += 1
            self._segment = Segment(
                self._folder, worker=self._writer, number=self._number, clock=self._clock
            )
        return self._segment
