"""The sealed segments of a journal as Parquet, each as the ledger vouches for it.

Enters: a loop, a folder. Leaves: files (`journal/parquet.py`), and how many. What never happens
here: a segment that is not sealed (nothing vouches for it yet), or one that is written twice.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from roadworthy.domain import VerificationError
from roadworthy.journal import export_segment, is_exported, segments

from ..workspace.loop import Loop


class ExportedJournal(Struct, frozen=True, kw_only=True):
    """What was written, and what was not."""

    segments: int
    files: int
    rows: int
    there: int
    """Segments that an earlier export wrote."""
    unsealed: int
    """Segments that nothing vouches for yet; a later export writes them."""


def export_journal(loop: Loop, out: Path) -> ExportedJournal:
    """Write every sealed segment that is not there yet.

    Raises VerificationError when one is gone or another than was sealed: what was written before
    it stays.
    """
    paths = {path.stem: path for path in segments(loop.workspace.journal)}
    written = files = rows = there = 0
    sealed: set[str] = set()
    for entry in loop.ledger.entries(kind="journal.sealed"):
        name = entry.subject
        if name not in paths:
            raise VerificationError(
                f"segment {name} of the journal (entry {entry.seq}) is gone",
                fix="restore it from a backup",
            )
        sealed.add(name)
        if is_exported(name, out):
            there += 1
            continue
        done = export_segment(paths[name], out, root=str(entry.payload["root"]), entry=entry.seq)
        written, files, rows = written + 1, files + done.files, rows + done.rows
    return ExportedJournal(
        segments=written, files=files, rows=rows, there=there, unsealed=len(paths.keys() - sealed)
    )
