"""Opens a workspace for the release line: ledger, blobs, keys, trust, clock."""

from __future__ import annotations

from pathlib import Path

from roadworthy.flows.loop import Loop
from roadworthy.flows.people import admitted_machine
from roadworthy.ledger import BlobStore, Keyring, open_ledger
from roadworthy.manifests import Workspace, open_workspace

from .clock import SystemClock


def open_loop(root: Path, *, configured: str = "") -> Loop:
    """The loop of a system's folder, its workspace made when missing.

    Raises EvidenceError when the ledger cannot be opened, ManifestError on a broken trust.yaml.
    """
    workspace = open_workspace(root, configured=configured)
    return loop_of(workspace)


def loop_of(workspace: Workspace) -> Loop:
    """The loop of a workspace that is already known."""
    clock = SystemClock()
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
