"""Selects observations from the journal, with what was learned of each later.

What enters: the journal's folder and what is wanted. What leaves: one row an observation, oldest
segment first, in memory that does not grow with the journal. What never happens here: a text
unsealed, a record whose checksum does not hold, a write to the journal.

Two readings: the first notes where outcomes lie (in SQLite's own temporary file, which nobody else
sees), the second gives the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct, field

from roadworthy.domain import Instant, Observation, parse_instant

from .reading import (
    find,
    first_record,
    originals,
    payloads,
    read_segment,
    segments,
    told,
    written_since,
)
from .record import Record, decode

_OUTCOME = b"\xa7outcome"
"""The field's name as a record encodes it: what lacks these bytes holds no outcome."""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which observations; what is empty asks nothing."""

    observation: str = ""
    system: str = ""
    release: str = ""
    """A digest, or how it begins; `sha256:` may be left out."""
    tenant: str = ""
    end_user: str = ""
    """The pseudonym that records have."""
    action: str = ""
    since: Instant = ""
    """From this instant on."""
    until: Instant = ""
    """Before this instant."""
    facets: dict[str, str] = field(default_factory=dict)

    def fits(self, seen: Observation, *, closed: bool = True) -> bool:
        """Whether an observation is wanted. What became of one under way is not known."""
        return (
            self.observation in ("", seen.id)
            and self.system in ("", seen.system)
            and self.tenant in ("", seen.tenant)
            and self.end_user in ("", seen.end_user)
            and (not self.action or (closed and self.action == seen.action))
            and self.since <= seen.time
            and (not self.until or seen.time < self.until)
            and seen.release.removeprefix("sha256:").startswith(
                self.release.removeprefix("sha256:")
            )
            and all(seen.facets.get(name) == value for name, value in self.facets.items())
        )


class Row(Struct, frozen=True, kw_only=True):
    """An observation as the journal has it, and what was said of it after it left."""

    segment: str
    record: Record
    """The closing one; the opening one while the answer is under way."""
    learned: tuple[Record, ...] = ()
    """Outcomes and reports, oldest first."""

    @property
    def seen(self) -> Observation:
        """The observation; a row has one."""
        assert self.record.observation is not None
        return self.record.observation

    @property
    def closed(self) -> bool:
        """Whether the answer has ended."""
        return self.record.kind == "close"


def query(folder: Path, wanted: Wanted) -> Iterator[Row]:
    """The observations that are wanted, each once: closed ones as they lie, then those under way.

    A copy of a segment counts nothing.

    Raises VerificationError when a record was changed, EvidenceError when one cannot be read.
    """
    if wanted.observation:
        yield from _one(folder, wanted)
        return
    paths = originals(_within(segments(folder), wanted))
    under_way: dict[str, tuple[int, int]] = {}
    with closing(_Learned(paths)) as learned:
        for number, path in enumerate(paths):
            start = 0
            for placed in read_segment(path):
                seen, here, start = placed.record.observation, start, placed.next_offset
                if seen is None:
                    continue
                if placed.record.kind == "close":
                    under_way.pop(seen.id, None)
                    if wanted.fits(seen):
                        yield Row(
                            segment=path.stem, record=placed.record, learned=learned.of(seen.id)
                        )
                elif wanted.fits(seen, closed=False):
                    under_way[seen.id] = (number, here)
        for name, (number, offset) in under_way.items():
            record = first_record(paths[number], offset)
            yield Row(segment=paths[number].stem, record=record, learned=learned.of(name))


def _one(folder: Path, wanted: Wanted) -> Iterator[Row]:
    placed = find(folder, wanted.observation)
    if placed is None or placed.observation is None:
        return
    if wanted.fits(placed.observation, closed=placed.kind == "close"):
        learned = tuple(told(folder, wanted.observation))
        yield Row(segment="", record=placed, learned=learned)


def _within(paths: list[Path], wanted: Wanted) -> list[Path]:
    """The segments that may hold what is wanted."""
    if not wanted.since:
        return paths
    return written_since(paths, parse_instant(wanted.since).timestamp())


class _Learned:
    """Where outcomes and reports lie, by observation; their words stay in the journal."""

    def __init__(self, paths: list[Path]) -> None:
        import sqlite3  # workers have no use for it

        self._paths = paths
        self._where = sqlite3.connect("")  # a file of its own, gone when it is closed
        self._where.execute("CREATE TABLE said (about TEXT, segment INTEGER, start INTEGER)")
        self._where.executemany("INSERT INTO said VALUES (?, ?, ?)", self._placed())
        self._where.execute("CREATE INDEX by_observation ON said (about)")

    def of(self, observation_id: str) -> tuple[Record, ...]:
        """What was learned of an observation, oldest first."""
        rows = self._where.execute(
            "SELECT segment, start FROM said WHERE about = ? ORDER BY segment, start",
            (observation_id,),
        )
        found = [first_record(self._paths[segment], start) for segment, start in rows]
        return tuple(sorted(found, key=lambda record: record.at))

    def close(self) -> None:
        """Let the file go."""
        self._where.close()

    def _placed(self) -> Iterator[tuple[str, int, int]]:
        for number, path in enumerate(self._paths):
            start = 0
            for payload, end in payloads(path, 0, past_closes=True):
                if payload is not None and _OUTCOME in payload:
                    said = decode(payload, where=str(path)).outcome
                    if said is not None:
                        yield said.observation, number, start
                start = end
