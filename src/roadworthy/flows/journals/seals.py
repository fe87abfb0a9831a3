"""An ended segment of the journal is vouched for: its root is entered, the proof lies beside it.

Enters: a segment's name. Leaves: one entry, one file. What never happens here: a segment that still
grows sealed, or one sealed twice.
"""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Draft, plain
from roadworthy.journal import seal_segment, segments
from roadworthy.ledger import encode_proof
from roadworthy_verify.carried import SEAL

from ..workspace.loop import Loop
from ..workspace.routing import put_in_place


def enter_seal(name: str, loop: Loop) -> None:
    """Once for a segment, however often. Raises EvidenceError."""
    path = _segment(loop.workspace.journal, name)
    if path is None:
        return
    entry = loop.ledger.newest(kind="journal.sealed", subject=name)
    if entry is None:
        seal = seal_segment(path)
        if seal is None:
            return
        draft = Draft(
            system="",
            kind="journal.sealed",
            subject=name,
            actor=loop.machine,
            payload=plain(seal),
        )
        (entry,) = loop.ledger.record(draft)
    proof = path.with_name(name + SEAL)
    if not proof.exists():
        put_in_place(proof, encode_proof(loop.ledger.prove(entry.seq)))


def _segment(folder: Path, name: str) -> Path | None:
    return next((path for path in segments(folder) if path.stem == name), None)
