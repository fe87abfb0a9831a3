"""Opens a workspace for the release line: ledger, blobs, keys, trust, clock."""

from __future__ import annotations

from pathlib import Path

from roadworthy.flows.workspace.intact import require_ledger, require_trust
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.trusting import agreed_trust, require_agreement
from roadworthy.flows.workspace.waiting import PATIENCE_S
from roadworthy.ledger import LEDGER_PATIENCE_S, BlobStore, Keyring, open_ledger
from roadworthy.manifests import Workspace, load_trust, open_workspace

from .clock import SystemClock
from .held_time import held_clock


def open_loop(root: Path, *, configured: str = "") -> Loop:
    """The loop of a system's folder, its workspace made when missing.

    Raises EvidenceError when the ledger cannot be opened, VerificationError when it was lost or
    says something else than trust.yaml, UndecidedError when that was lost, ManifestError when it
    is broken.
    """
    workspace = open_workspace(root, configured=configured)
    return loop_of(workspace)


def standing_loop(workspace: Workspace) -> Loop | None:
    """The loop of a workspace in which something was recorded; None where nothing ever was.

    For whoever only reads: nothing is begun, no key is made and no entry written, also where
    keys are missing (an auditor's copy). Raises as `open_loop`.
    """
    require_ledger(workspace)
    if not workspace.ledger.exists():
        return None
    clock = held_clock(workspace)
    ledger = open_ledger(
        database=workspace.ledger,
        checkpoints=workspace.checkpoints,
        clock=SystemClock(),
        create=False,
        not_before=clock.floor,
    )
    ledger.require_every_entry()
    clock.next_entry = lambda: ledger.store.instants()[1]
    return Loop(
        workspace=workspace,
        ledger=ledger,
        blobs=BlobStore(workspace.blobs),
        keyring=Keyring(workspace.keys),
        trust=(
            require_agreement(workspace, ledger) if ledger.size() else load_trust(workspace.trust)
        ),
        clock=clock,
    )


def loop_of(workspace: Workspace, *, agreed: bool = True, patience_s: float | None = None) -> Loop:
    """The loop of a workspace that is already known. Raises as `open_loop`.

    Not `agreed`: trust.yaml is taken as it is, not held against the ledger. That is for what acts
    as the machine alone and must go on (the control process stops a violation, whatever somebody
    did to trust.yaml), and for mending trust.yaml itself.
    """
    clock = held_clock(workspace)
    require_ledger(workspace)
    if agreed:
        require_trust(workspace, clock)
    keyring = Keyring(workspace.keys)
    ledger = open_ledger(
        database=workspace.ledger,
        checkpoints=workspace.checkpoints,
        clock=SystemClock(),
        keys=workspace.keys,
        not_before=clock.floor,
        patience_s=LEDGER_PATIENCE_S if patience_s is None else patience_s,
    )
    if agreed:
        ledger.require_every_entry()
    clock.next_entry = lambda: ledger.store.instants()[1]
    return Loop(
        workspace=workspace,
        ledger=ledger,
        blobs=BlobStore(workspace.blobs),
        keyring=keyring,
        trust=(
            agreed_trust(workspace, ledger, keyring, clock)
            if agreed
            else load_trust(workspace.trust)
        ),
        clock=clock,
        patience_s=PATIENCE_S if patience_s is None else patience_s,
    )
