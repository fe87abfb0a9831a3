"""The ground under every step of the release line: evidence that is there, and that verifies.

Enters: a workspace, opened or about to be. Leaves: nothing, or the first thing that does not fit,
raised. Never: a verdict, a signature or a live release over a ledger that somebody changed; a new
ledger, or new trust, in the place of one that was lost.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from roadworthy.domain import Clock, UndecidedError, VerificationError
from roadworthy.ledger import SqliteEntryStore
from roadworthy.manifests import Workspace
from roadworthy_verify import CheckpointError
from roadworthy_verify.carried import carriers, heads_carried_by
from roadworthy_verify.journal import SUFFIX

from .loop import Loop

_FIX = "`roadworthy verify` on the workspace says more; `roadworthy restore` puts a backup back"


def require_intact(loop: Loop) -> None:
    """Read the whole ledger against the checkpoints kept outside of it and the trusted keys.

    It takes seconds for a million entries, and is asked where a step opens something. Raises
    VerificationError when a byte, an entry or the tail was changed, UndecidedError when a
    checkpoint is signed by a key that is not trusted.
    """
    if loop.ledger.size() == 0 and not loop.workspace.checkpoints.exists():
        return  # A new workspace: nothing was recorded, so nothing can have been lost.
    report = loop.ledger.verify(trust=loop.trust)
    if report.ok:
        return
    if report.state == "tampered":
        raise VerificationError(f"the ledger does not verify: {report.fault}", fix=_FIX)
    raise UndecidedError(f"the ledger is not verified: {report.fault}", fix=_FIX)


def require_ledger(workspace: Workspace) -> None:
    """A ledger is made in a workspace that never had one, and in no other.

    Raises VerificationError where there is none although something was recorded here.
    """
    if _is_there(workspace.ledger):
        return
    trace = _trace(workspace)
    if trace is None or _is_there(workspace.ledger):  # somebody else may have made it meanwhile
        return
    raise VerificationError(
        f"the ledger does not verify: {workspace.ledger} is gone, but {trace} says that there was"
        " one; nothing is recorded",
        fix="`roadworthy restore BACKUP DIR` puts it back; where there is no backup, keep this"
        " workspace as it is and begin another elsewhere (ROADWORTHY_HOME)",
    )


def lost_segments(loop: Loop) -> list[str]:
    """Sealed segments of the journal that are gone or have another length, by a look at each.

    Whether the records in them are those that were sealed is what verification reads.
    """
    lost = []
    for entry in loop.ledger.entries(kind="journal.sealed"):
        path = loop.workspace.journal / f"{Path(entry.subject).name}{SUFFIX}"
        if not path.is_file() or path.stat().st_size != entry.payload.get("size_bytes"):
            lost.append(entry.subject)
    return lost


def require_trust(workspace: Workspace, clock: Clock) -> None:
    """New trust is begun in a workspace that has recorded nothing, and in no other.

    Otherwise whoever removes trust.yaml could name the next admin. Raises UndecidedError.
    """
    if workspace.trust.exists() or not _has_recorded(workspace, clock):
        return
    raise UndecidedError(
        f"{workspace.trust} is gone: whose keys are trusted here is not known",
        fix="put it back: from version control, or out of a backup"
        f" (tar -xzf BACKUP -C {workspace.root} trust.yaml)",
    )


def _has_recorded(workspace: Workspace, clock: Clock) -> bool:
    if workspace.ledger.exists():
        store = SqliteEntryStore(workspace.ledger, clock, create=False)
        try:
            if store.size():
                return True
        finally:
            store.close()
    return _trace(workspace) is not None


def _is_there(ledger: Path) -> bool:
    """Whether a database lies there; one without a byte is as lost as one that is gone."""
    try:
        return ledger.stat().st_size > 0
    except FileNotFoundError:
        return False


def _trace(workspace: Workspace) -> Path | None:
    """Something that only lies here once a ledger held entries; None in a new workspace."""
    try:
        if workspace.checkpoints.stat().st_size:
            return workspace.checkpoints
    except FileNotFoundError:
        pass
    for folder in (workspace.runs, workspace.blobs, workspace.releases):
        if folder.is_dir() and any(folder.iterdir()):
            return folder
    for path in carriers(workspace.root, everything=False):
        with suppress(CheckpointError):
            if heads_carried_by(path, workspace.root):
                return path
    return None
