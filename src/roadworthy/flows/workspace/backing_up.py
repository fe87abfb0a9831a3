"""A backup of a workspace, where its owner wants it.

In: a workspace's folder and a path that somebody typed. Out: the archive, whole or as it was
before. Never: an archive in what it copies, or over something else than an archive.
"""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Instant
from roadworthy.ledger import Backup, back_up

from .own_files import beside, is_backup, own_file, require_own


def back_up_to(root: Path, out: Path, *, at: Instant, with_keys: bool = False) -> Backup:
    """Write the archive. Raises UsageError, EvidenceError, and as `back_up` VerificationError."""
    require_own(out, is_backup, kind="backup", streams=True)
    with own_file(out) as file:
        return back_up(root, file, at=at, with_keys=with_keys, work=beside(out))
