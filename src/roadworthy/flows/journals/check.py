"""What sealing does not vouch for yet, and what became of the keys: the rest of a journal's check.

Sealed segments are held against the ledger by `roadworthy_verify`. Here: every frame of every
segment, torn ends, and for each key that a record names whether it is there or whose entry erased
it. Enters: a loop. Leaves: what was found. What never happens here: a write, a text unsealed, a key
that is gone and counts as erased because nobody can be asked.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import EvidenceError
from roadworthy.journal import key_names, named_within, originals, read_segment, segments

from ..workspace.loop import Loop
from .erasing import erased_keys


class TornEnd(Struct, frozen=True, kw_only=True):
    """Bytes at a segment's end that are no whole record."""

    segment: str
    size_bytes: int
    worker_lives: bool
    """Then it is being written; else recovery will cut it at the next start of `serve`."""


class KeyCount(Struct, frozen=True, kw_only=True):
    """The keys that records name."""

    standing: int
    erased: int
    returned: tuple[str, ...]
    """Erased by an entry of the ledger, and there."""
    lost: tuple[str, ...]
    """Gone, and no entry erased them."""


class JournalCheck(Struct, frozen=True, kw_only=True):
    """What was found of a journal."""

    segments: int
    records: int
    torn: tuple[TornEnd, ...]
    cut: tuple[str, ...]
    """What recovery cut off earlier and kept beside its segment (`.torn`)."""
    faults: tuple[str, ...]
    """Of segments that nothing vouches for yet, or that are another's; each names its segment."""
    keys: KeyCount | None
    """None where records name keys and there is no folder of them: nobody can say what became of
    them."""


def check_rest(loop: Loop) -> JournalCheck:
    """Read every segment once; of sealed ones whoever holds them to their root says the faults."""
    folder = loop.workspace.journal
    sealed = {entry.subject for entry in loop.ledger.entries(kind="journal.sealed")}
    records, named = 0, set[str]()
    torn: list[TornEnd] = []
    faults: list[str] = []
    paths = segments(folder)
    once = originals(paths)
    for path in paths:
        end, name = 0, named_within(path)
        if name not in ("", path.stem):
            said = f"segment {path.stem} of the journal is segment {name} by its first record"
            faults.append(said)
        if path not in once:
            continue
        try:
            for placed in read_segment(path):
                records, end = records + 1, placed.next_offset
                if placed.record.sealed is not None:
                    named.add(placed.record.sealed.key)
        except EvidenceError as error:
            if path.stem not in sealed:
                faults.append(f"segment {path.stem} of the journal: {error.message}")
            continue
        torn += _torn(path, end)
    return JournalCheck(
        segments=len(paths),
        records=records,
        torn=tuple(torn),
        cut=tuple(path.name for path in sorted(folder.glob("*.torn"))),
        faults=tuple(faults),
        keys=_count(named, loop),
    )


def _torn(path: Path, end: int) -> Iterator[TornEnd]:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            lives = False
        except BlockingIOError:
            lives = True
        size = file.seek(0, 2)
    if size > end:
        yield TornEnd(segment=path.stem, size_bytes=size - end, worker_lives=lives)


def _count(named: set[str], loop: Loop) -> KeyCount | None:
    """Keys are listed before the ledger is read: what is erased meanwhile was entered before."""
    there = key_names(loop.workspace.journal / "keys")
    if there is None and named:
        return None
    there = there or set()
    erased = erased_keys(loop)
    gone = named - there
    return KeyCount(
        standing=len(named & there),
        erased=len(gone & erased),
        returned=tuple(sorted(there & erased)),
        lost=tuple(sorted(gone - erased)),
    )
