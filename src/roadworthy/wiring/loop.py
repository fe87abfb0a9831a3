"""Opens a workspace for the release line: ledger, blobs, keys, trust, clock."""

from __future__ import annotations

from pathlib import Path

from roadworthy.flows.intact import require_ledger, require_trust
from roadworthy.flows.loop import Loop
from roadworthy.flows.people import admitted_machine
from roadworthy.ledger import BlobStore, Keyring, open_ledger
from roadworthy.manifests import Workspace, open_workspace

from .clock import SystemClock


def open_loop(root: Path, *, configured: str = "") -> Loop:
    """The loop of a system's folder, its workspace made when missing.

    Raises EvidenceError when the ledger cannot be opened, VerificationError when it was lost,
    UndecidedError when trust.yaml was, ManifestError when that is broken.
    """
    workspace = open_workspace(root, configured=configured)
    return loop_of(workspace)


def loop_of(workspace: Workspace) -> Loop:
    """The loop of a workspace that is already known. Raises as `open_loop`."""
    clock = SystemClock()
    require_ledger(workspace)
    require_trust(workspace, clock)
    keyring = Keyring(workspace.keys)
    return Loop(
        workspace=workspace,
        ledger=open_ledger(
            database=workspace.ledger,
            checkpoints=workspace.checkpoints,
            clock=clock,
            keys=workspace.keys,
        ),
        blobs=BlobStore(workspace.blobs),
        keyring=keyring,
        trust=admitted_machine(workspace, keyring, clock),
        clock=clock,
    )
