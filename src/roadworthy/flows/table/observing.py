"""Brings the table of observations up to date, and opens it.

    refresh   1 segments   that were sealed since, each as the ledger vouches for it
              2 runs       that were completed since, each as the ledger recorded it
              3 people     what they entered since: of the answers that it is about
    open      the files, each as it was written where it is read, and beside them what no file holds
              yet: segments that are still open, and what was learned in them of answers in files

Enters: a loop. Leaves: a table. What never happens here: a text in the table, a report that nobody
accepted joined to an answer, a segment that is not as it was sealed left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct, structs

from roadworthy.domain import (
    Entry,
    EvidenceError,
    Observation,
    Outcome,
    VerificationError,
    digest_of,
    plain,
)
from roadworthy.journal import originals, read_segment, seal_segment, segments
from roadworthy.table import Row, Table, row_of

from ..entries.run_records import rows_of, summary_of
from ..objectives.live_indicators import entered_outcomes
from ..workspace.loop import Loop
from ..workspace.waiting import held
from .days import count_days
from .opening import whole_table
from .store import (
    ANEW,
    ANSWERS,
    Kept,
    Learned,
    Stored,
    place_of,
    put_rows,
    read_kept,
    row_with,
    stored_in,
    sweep,
    write_kept,
)

AT_ONCE = 200_000_000
"""Bytes of segments that are put into files together."""


class Refreshed(Struct, frozen=True, kw_only=True):
    """What was added to the table."""

    segments: int = 0
    runs: int = 0
    answers: int = 0
    """New ones."""
    learned: int = 0
    """Answers of before, of which something was learned since."""
    unfinished: int = 0
    """Runs that were never completed: the table has no row of theirs."""


def refresh(loop: Loop) -> Refreshed:
    """Put into files what was sealed, completed and entered since.

    Raises VerificationError when a segment or run is gone or is not what the ledger has,
    EvidenceError when the table holds what the ledger has not, or a file of it is damaged or cannot
    be written.
    """
    folder = loop.workspace.observations
    with held(folder / "lock"):
        kept = read_kept(folder)
        done = _Adding(loop, folder, kept)
        done.require_of_this_ledger()
        sweep(folder, kept)
        done.add_segments()
        done.add_runs()
        done.add_entered()
        done.add_counts()
    return Refreshed(
        segments=done.segments, runs=done.runs, answers=done.answers, learned=done.learned,
        unfinished=done.unfinished,
    )  # fmt: skip


def open_table(loop: Loop) -> Table:
    """The table as it is now; what no file holds yet is read beside the files. Raises as refresh.

    Two people may ask at once: files are only ever replaced whole.
    """
    folder = loop.workspace.observations
    with held(folder / "lock"):
        kept = read_kept(folder)
    closed, learned = _read_all(_open_segments(loop, kept))
    people = entered_outcomes(loop)
    fresh = [
        row_with(
            Stored(seen=seen, said=_all_of(name, kept.unplaced, learned)), people.get(name, ())
        )
        for name, seen in closed.items()
    ]
    late = {name: said for name, said in learned.items() if name not in closed}
    if not late:
        return whole_table(folder, kept, fresh=fresh)
    with whole_table(folder, kept, under=ANSWERS) as before:
        older = [stored_in(row) for row in before.whole_rows(sorted(late))]
    fresh += [_more(each, late[each.seen.id], people) for each in older]
    gone = [each.seen for each in older]
    return whole_table(folder, kept, fresh=fresh, replaced=gone)


class _Adding:
    """One refresh: what is new, file by file."""

    def __init__(self, loop: Loop, folder: Path, kept: Kept) -> None:
        self._loop, self._folder, self._kept = loop, folder, kept
        self._people = entered_outcomes(loop)
        self._sealed = list(loop.ledger.entries(kind="journal.sealed"))
        self._completed = list(loop.ledger.entries(kind="run.completed"))
        self.segments = self.runs = self.answers = self.learned = 0

    def require_of_this_ledger(self) -> None:
        """All that the table was made of is in the ledger. Raises EvidenceError."""
        sealed = {(entry.subject, str(entry.payload["root"])) for entry in self._sealed}
        runs = {str(entry.payload.get("run")) for entry in self._completed}
        kept = self._kept
        foreign = [
            *(f"segment {each[0]}" for each in kept.segments.items() if each not in sealed),
            *(f"run {name}" for name in kept.runs if name not in runs),
        ]
        if foreign:
            raise EvidenceError(
                f"the table in {self._folder} is not of this workspace: it holds {foreign[0]},"
                " which the ledger has not",
                fix=ANEW.format(self._folder),
            )

    def add_segments(self) -> None:
        """Those that were sealed since, as many together as fit in memory."""
        batch: dict[Path, str] = {}
        for path, root in _sealed_since(self._sealed, self._loop, self._kept):
            batch[path] = root
            if sum(each.stat().st_size for each in batch) > AT_ONCE:
                self._put(batch)
                batch = {}
        if batch:
            self._put(batch)

    def add_runs(self) -> None:
        """Those that were completed since."""
        for entry in self._completed:
            run = str(entry.payload.get("run"))
            if entry.payload.get("status") != "complete" or run in self._kept.runs:
                continue
            summary = summary_of(self._loop, entry)
            rows = [row_of(row) for row in rows_of(self._loop, summary)]
            if rows:
                put_rows(self._folder, self._kept, f"runs/{quote(run, safe='')}", rows)
            self._kept.runs[run] = summary.file
            self.runs += 1
            write_kept(self._folder, self._kept)

    @property
    def unfinished(self) -> int:
        """Runs that the ledger has, and the table not."""
        return len(
            {str(entry.payload.get("run")) for entry in self._completed} - {*self._kept.runs}
        )

    def add_entered(self) -> None:
        """What people said since of answers that are in files."""
        said = {name: _digest(each) for name, each in self._people.items()}
        new = [name for name, digest in said.items() if self._kept.entered.get(name) != digest]
        placed = self._again(dict.fromkeys(new, ()))
        if placed:
            self._kept.entered |= {name: said[name] for name in placed}
            write_kept(self._folder, self._kept)

    def add_counts(self) -> None:
        """What the rows of parts have alike that were written since, or by an earlier version."""
        if count_days(self._folder, self._kept):
            write_kept(self._folder, self._kept)

    def _put(self, batch: Mapping[Path, str]) -> None:
        closed, learned = _read_all(batch)
        files: dict[str, list[Row]] = {}
        for name, seen in closed.items():
            stored = Stored(seen=seen, said=_all_of(name, self._kept.unplaced, learned))
            row = row_with(stored, self._people.get(name, ()))
            files.setdefault(place_of(seen), []).append(row)
            if name in self._people:
                self._kept.entered[name] = _digest(self._people[name])
        for name, rows in files.items():
            put_rows(self._folder, self._kept, name, rows)
        self.answers += len(closed)
        late = {name: said for name, said in learned.items() if name not in closed}
        placed = self._again(late)
        for name, said in late.items():
            if name not in placed:
                bare = [structs.replace(each, note="") for each in said]
                self._kept.unplaced.setdefault(name, []).extend(bare)
        for name in closed:
            self._kept.unplaced.pop(name, None)
        self._kept.segments |= {path.stem: root for path, root in batch.items()}
        self.segments += len(batch)
        write_kept(self._folder, self._kept)

    def _again(self, learned: Learned) -> set[str]:
        """Join to rows that are in files what was learned of them; returns those that are."""
        if not learned:
            return set()
        with whole_table(self._folder, self._kept, under=ANSWERS) as table:
            known = [stored_in(row) for row in table.whole_rows(sorted(learned))]
        files: dict[str, list[Row]] = {}
        for each in known:
            row = _more(each, learned[each.seen.id], self._people)
            files.setdefault(place_of(each.seen), []).append(row)
        for name, rows in files.items():
            put_rows(self._folder, self._kept, name, rows)
        self.learned += len(known)
        return {each.seen.id for each in known}


def _sealed_since(sealed: Iterable[Entry], loop: Loop, kept: Kept) -> Iterator[tuple[Path, str]]:
    """Segments that the ledger vouches for and no file holds yet, each as it was sealed."""
    paths = {path.stem: path for path in segments(loop.workspace.journal)}
    for entry in sealed:
        name, root = entry.subject, str(entry.payload["root"])
        if name in kept.segments:
            continue
        path = paths.get(name)
        seal = seal_segment(path) if path is not None else None
        if path is None or seal is None or seal.root != root:
            gone = "is gone" if path is None else "is not as it was sealed"
            raise VerificationError(
                f"segment {name} of the journal (entry {entry.seq}) {gone}",
                fix="restore it from a backup",
            )
        yield path, root


def _open_segments(loop: Loop, kept: Kept) -> list[Path]:
    """Those that no file holds."""
    paths = originals(segments(loop.workspace.journal))
    return [path for path in paths if path.stem not in kept.segments]


def _read_all(paths: Iterable[Path]) -> tuple[dict[str, Observation], dict[str, list[Outcome]]]:
    """The answers that ended in these segments, and what was learned in them."""
    closed: dict[str, Observation] = {}
    learned: dict[str, list[Outcome]] = {}
    for path in paths:
        for placed in read_segment(path):
            record = placed.record
            if record.kind == "close" and record.observation is not None:
                closed[record.observation.id] = record.observation
            elif record.kind == "outcome" and record.outcome is not None:
                learned.setdefault(record.outcome.observation, []).append(record.outcome)
    return closed, learned


def _all_of(name: str, *learned: Learned) -> tuple[Outcome, ...]:
    return tuple(said for each in learned for said in each.get(name, ()))


def _more(stored: Stored, said: Sequence[Outcome], people: Learned) -> Row:
    """The row of an answer of which more was learned."""
    more = Stored(seen=stored.seen, said=(*stored.said, *said))
    return row_with(more, people.get(stored.seen.id, ()))


def _digest(said: Sequence[Outcome]) -> str:
    return digest_of(plain(list(said)))
