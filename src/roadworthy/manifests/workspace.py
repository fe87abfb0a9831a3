"""Where a workspace keeps what: one ledger, key set, store and journal. Paths only."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

WORKSPACE_VARIABLE = "ROADWORTHY_HOME"


class Workspace(Struct, frozen=True):
    """The folders and files of one workspace. Nothing is created by asking for a path."""

    root: Path

    @property
    def ledger(self) -> Path:
        """SQLite database of the ledger."""
        return self.root / "ledger.db"

    @property
    def checkpoints(self) -> Path:
        """Newest signed checkpoints, outside the store, one JSON a line."""
        return self.root / "checkpoints.jsonl"

    @property
    def keys(self) -> Path:
        """Private keys, 0600 each, the folder 0700."""
        return self.root / "keys"

    @property
    def trust(self) -> Path:
        """Whose public keys are trusted, in which role, from when until when."""
        return self.root / "trust.yaml"

    @property
    def runs(self) -> Path:
        """Run files and summaries."""
        return self.root / "runs"

    @property
    def answers(self) -> Path:
        """The content-addressed answer cache."""
        return self.root / "cache" / "answers.db"

    @property
    def blobs(self) -> Path:
        """Content-addressed JSON: bars, summaries, decisions."""
        return self.root / "blobs"

    @property
    def releases(self) -> Path:
        """Bundles that were activated, as OCI layouts named by digest."""
        return self.root / "releases"

    @property
    def serving(self) -> Path:
        """What workers read: the routing table and the tenants."""
        return self.root / "serving"

    @property
    def routing(self) -> Path:
        """The routing table, published atomically."""
        return self.serving / "routing.json"

    @property
    def tenants(self) -> Path:
        """Virtual keys, hashed."""
        return self.serving / "tenants.json"

    @property
    def quota(self) -> Path:
        """What limited tenants have taken, shared by all workers."""
        return self.serving / "quota.bin"

    @property
    def workers(self) -> Path:
        """How each worker stands and what it counted, written anew every second."""
        return self.serving / "workers"

    @property
    def lock(self) -> Path:
        """Held while the routing table or the tenants are rewritten."""
        return self.serving / "lock"

    @property
    def journal(self) -> Path:
        """Append-only segments per worker."""
        return self.root / "journal"

    @property
    def observations(self) -> Path:
        """The table of observations; made from the journal and the runs, no evidence."""
        return self.root / "observations"

    @property
    def batches(self) -> Path:
        """Files and batches of tenants, a folder each."""
        return self.root / "batches"

    @property
    def host(self) -> Path:
        """Readings of the machine, a file a day; made while serving, no evidence."""
        return self.root / "host"

    @property
    def fingerprints(self) -> Path:
        """SQLite database by which texts are known again; made from the journal."""
        return self.root / "cache" / "fingerprints.db"


def open_workspace(root: Path, *, configured: str = "", create: bool = True) -> Workspace:
    """The workspace of a system's folder.

    `ROADWORTHY_HOME` beats `configured` (roadworthy.toml, relative to `root`) beats
    `root/.roadworthy`. The folder is made, private to its owner, when missing, unless `create` is
    False: whoever only reads leaves nothing behind.
    """
    home = os.environ.get(WORKSPACE_VARIABLE, "")
    chosen = Path(home) if home else (root / configured if configured else root / ".roadworthy")
    if create:
        chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Workspace(chosen.resolve())
