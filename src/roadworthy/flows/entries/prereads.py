"""What the machine wrote for people to read before they deliberate, entered by its digest.

Enters: a pre-read as it was written, or a note as people finished it. Leaves: an entry of the
machine's, or a refusal that names the line. Never: a figure that a hand put between the machine's
marks taken for one that was found.
"""

from __future__ import annotations

from roadworthy.domain import (
    Blocker,
    Deliberation,
    Draft,
    Entry,
    EvidenceError,
    UndecidedError,
    Verdict,
    VerificationError,
    sha256,
)
from roadworthy.policy import changed_by_hand, machine_part

from ..workspace.loop import Loop

OPENED = "deliberation.opened"

_RENEW = "`roadworthy deliberate` renews the machine's part and leaves every word of people's"


def enter_preread(loop: Loop, system: str, candidate: str, block: str) -> None:
    """Keep a pre-read and enter its digest, once while it says the same."""
    digest = sha256(block.encode())
    newest = loop.ledger.newest(kind=OPENED, subject=candidate, system=system)
    if newest is not None and newest.payload.get("preread") == digest:
        return
    loop.blobs.put(block.encode())
    loop.ledger.record(Draft(
        system=system, kind=OPENED, subject=candidate, actor=loop.machine,
        payload={"preread": digest},
    ))  # fmt: skip


def require_machines(loop: Loop, system: str, candidate: str, note: Deliberation) -> str:
    """Digest of the pre-read in a note, which is the newest that the machine wrote here.

    Empty for a note without one. Raises VerificationError where it was changed by hand, naming the
    line; UndecidedError where it is an older one, or none of this workspace's.
    """
    line, part = _part(note)
    if not part:
        return ""
    known = list(loop.ledger.entries(kind=OPENED, subject=candidate, system=system))
    if not known:
        raise UndecidedError(
            f"{note.path}:{line}: no pre-read of this candidate was made in this workspace, so"
            " nobody can say whether the machine wrote this one",
            fix=_RENEW,
        )
    if not changed_by_hand(part, _text(loop, known[-1])):
        return str(known[-1].payload["preread"])
    older = [entry for entry in known[:-1] if not changed_by_hand(part, _text(loop, entry))]
    if older:
        raise UndecidedError(
            f"{note.path}:{line}: this pre-read is of entry {older[-1].seq}, a newer one was made"
            f" since (entry {known[-1].seq})",
            fix=_RENEW,
        )
    raise VerificationError(_told(note, line, part, _text(loop, known[-1])), fix=_RENEW)


def preread_blockers(
    loop: Loop, system: str, candidate: str, note: Deliberation | None
) -> list[Blocker]:
    """What a machine's part that was changed by hand does at the gate.

    Only where this workspace made one: a note that was opened elsewhere is judged by its words.
    """
    if note is None or loop.ledger.newest(kind=OPENED, subject=candidate, system=system) is None:
        return []
    try:
        require_machines(loop, system, candidate, note)
    except UndecidedError:
        return []  # an older one is the machine's, too
    except VerificationError as error:
        said = error.message
        return [Blocker(verdict=Verdict.FAIL, reason=said, phase="policy", step=error.fix)]
    return []


def _part(note: Deliberation) -> tuple[int, str]:
    """The machine's part, and its first line in the file. Raises VerificationError."""
    try:
        line, part = machine_part(note.body)
    except ValueError as error:
        raise VerificationError(f"{note.path}: {error}", fix=_RENEW) from error
    return note.body_line + line - 1, part


def _text(loop: Loop, entry: Entry) -> str:
    """A pre-read as it was entered; VerificationError where its text was changed."""
    try:
        return loop.blobs.get(str(entry.payload["preread"])).decode()
    except VerificationError:
        raise
    except EvidenceError as error:
        raise UndecidedError(
            f"the pre-read of entry {entry.seq} is not kept here any more", fix=_RENEW
        ) from error


def _told(note: Deliberation, line: int, part: str, written: str) -> str:
    at, now, before = changed_by_hand(part, written) or (1, "", "")
    return (
        f"{note.path}:{line + at - 1}: the machine's part was changed by hand: it says"
        f" `{now[:160]}`, the machine wrote `{before[:160]}`"
    )
