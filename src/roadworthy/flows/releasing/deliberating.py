"""What people decided must still stand when a release is signed and when it goes live.

Enters: the system's folder and the gate's decision. Leaves: nothing, or a refusal. Never: an
approval or an activation under a note that is gone, says no, or is not the one that the gate read.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from roadworthy.domain import (
    Deliberation,
    GateDecision,
    ManifestError,
    RefusedError,
    UndecidedError,
)
from roadworthy.manifests import DELIBERATION, load_deliberation
from roadworthy.policy import is_about

from ..entries.release_records import ACTIVATED, SIGNED
from ..workspace.loop import Loop


def require_note(root: Path, decision: GateDecision, *, was_live: bool = False) -> None:
    """The note in `root` is the one that the gate read, byte for byte.

    `was_live`: the release went live here before, under its own note. When people deliberate
    about another candidate by now, going back to it is not held up. Raises RefusedError, and
    UndecidedError on a decision of an older version, which names no note.
    """
    if not decision.deliberation:
        raise UndecidedError(
            "the gate's decision does not name the deliberation note that it read",
            fix="run `roadworthy gate` again",
        )
    note = _read(root)
    if note is None:
        raise RefusedError(
            f"{root / DELIBERATION} is gone: the gate read one ({decision.deliberation})",
            fix=f"put it back as it was; --dir names the folder that holds {DELIBERATION}",
        )
    _require_no_no(note, root, decision.candidate)
    if note.digest == decision.deliberation:
        return
    if was_live and not is_about(note, decision.candidate):
        return
    raise RefusedError(
        f"{root / DELIBERATION} is not the note that the gate read: it is {note.digest}, the gate "
        f"read {decision.deliberation}",
        fix="put that one back, or run `roadworthy gate` again: it reads the note anew",
    )


def require_agreed(root: Path, loop: Loop, release: str, decision: GateDecision) -> None:
    """At the activation: the note still stands, and the release was signed under that very note.

    Otherwise people approved it under other words, perhaps other limits, than those that hold
    now. What another workspace signed rests on its attestation. Raises as `require_note` does.
    """
    was_live = loop.ledger.newest(kind=ACTIVATED, subject=release) is not None
    require_note(root, decision, was_live=was_live)
    signed = list(loop.ledger.entries(kind=SIGNED, subject=release))
    notes = {_note_of(loop, str(entry.payload["evidence"])) for entry in signed}
    if notes and decision.deliberation not in notes:
        raise RefusedError(
            f"the release was not signed under the note that the gate read last ({DELIBERATION}, "
            f"{decision.deliberation})",
            fix="run `roadworthy release sign` again: people approve it under that note",
        )


def _note_of(loop: Loop, evidence: str) -> str:
    """Digest of the note of a decision, by the digest of the decision."""
    return msgspec.convert(loop.blobs.get_json(evidence), GateDecision, strict=False).deliberation


def require_no_objection(root: Path, candidate: str) -> None:
    """A release that another workspace judged: its note stayed there, but a no said here counts.

    Raises RefusedError when a note in `root` is about this candidate and says hold or stop.
    """
    note = _read(root)
    if note is not None:
        _require_no_no(note, root, candidate)


def _require_no_no(note: Deliberation, root: Path, candidate: str) -> None:
    if is_about(note, candidate) and note.header.decision in ("hold", "stop"):
        raise RefusedError(
            f"{root / DELIBERATION} decided to {note.header.decision}",
            fix="people must decide otherwise; then run `roadworthy gate` again",
        )


def _read(root: Path) -> Deliberation | None:
    try:
        return load_deliberation(root)
    except ManifestError as error:
        raise RefusedError(f"{DELIBERATION} cannot be read: {error}", fix=error.fix) from error
