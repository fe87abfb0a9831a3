"""What every flow of the release line stands on: one workspace, opened."""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import Clock, Trust
from roadworthy.ledger import BlobStore, Keyring, Ledger
from roadworthy.manifests import Workspace

from .waiting import PATIENCE_S


class Loop(Struct, frozen=True, kw_only=True):
    """A workspace with its ledger, blobs, keys and trust."""

    workspace: Workspace
    ledger: Ledger
    blobs: BlobStore
    keyring: Keyring
    trust: Trust
    clock: Clock
    patience_s: float = PATIENCE_S
    """How long a lock of the workspace is waited for."""

    @property
    def machine(self) -> str:
        """The actor of what no person did."""
        return f"machine:{self.keyring.machine().key_id}"
