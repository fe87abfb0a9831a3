"""The ground under every step of the release line: evidence that verifies.

Enters: an opened workspace. Leaves: nothing, or the first thing that does not fit, raised. Never:
a verdict, a signature or a live release over a ledger that somebody changed.
"""

from __future__ import annotations

from roadworthy.domain import UndecidedError, VerificationError

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
