"""Checkpoints outside the store: held against it, and put back where no backup has them.

Steps of putting back
  1 verify  the ledger holds by the checkpoints that it has in itself and those its releases carry
  2 file    the newest of them is outside again
  3 record  who did it, so that the loss stays visible

What enters: a loop, who acts. What leaves: the newest checkpoint. What never happens here: a loss
that is made good in silence; what a cut tail is found by was away for a while.
"""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Checkpoint, Draft, VerificationError, format_instant
from roadworthy.ledger import kept_checkpoint, require_key, sign_draft

from .loop import Loop
from .people import Acting
from .trusting import require_agreement


def put_back_heads(loop: Loop, *, by: Acting) -> Checkpoint:
    """Keep the newest checkpoint outside the store again; it is entered who did so.

    Raises VerificationError when the ledger does not hold, UsageError when nothing was lost.
    """
    report = loop.ledger.verify(trust=loop.trust)  # 1
    if report.state == "tampered":
        raise VerificationError(
            f"the ledger does not verify: {report.fault}",
            fix="`roadworthy restore BACKUP DIR` puts a backup back",
        )
    newest = loop.ledger.put_back_heads()  # 2
    trust = require_agreement(loop.workspace, loop.ledger)
    require_key(trust, by.key.key_id, format_instant(loop.clock.now()))
    draft = Draft(
        system="",
        kind="checkpoints.put_back",
        subject=str(newest.size),
        actor=f"person:{by.key.key_id}",
        payload={"size": newest.size, "root": newest.root},
    )
    loop.ledger.record(sign_draft(draft, by.signer))  # 3
    return loop.ledger.checkpoint()


def hold_against(loop: Loop, kept: Path) -> None:
    """Read the whole ledger against a checkpoint that was kept elsewhere.

    Raises VerificationError when its tail was cut or it was rewritten since, UndecidedError when
    the checkpoint is signed by nobody who is trusted, UsageError when the file holds none.
    """
    checkpoint = kept_checkpoint(kept, loop.trust)
    report = loop.ledger.verify(trust=loop.trust, checkpoint=checkpoint)
    if report.state == "tampered":
        raise VerificationError(
            f"the ledger does not hold by the checkpoint in {kept}: {report.fault}",
            fix="keep that file, and the folder, as they are; `roadworthy restore` puts a backup"
            " back",
        )
