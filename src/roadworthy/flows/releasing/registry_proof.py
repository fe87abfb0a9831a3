"""What the registry proves of a live release: its models are approved, their papers are there.

Enters: a loop, the live release's candidate. Leaves: the newest approval that counts for it, or
nothing. Never here: an approval that was taken back, has ended or is another system's, or one of a
decision that did not open.
"""

from __future__ import annotations

from typing import Literal

from roadworthy.domain import Entry, ModelStanding

from ..workspace.loop import Loop
from .approved_models import live_models

Asked = Literal["approved", "documents"]


def model_proof(loop: Loop, system: str, candidate: str, asked: Asked) -> Entry | None:
    """The newest approval of the models that a release asks; None unless all of them stand.

    `documents`: each has papers of its maker by digest, too.
    """
    decided = loop.ledger.newest(kind="gate.decided", subject=candidate, system=system)
    if decided is None or decided.payload.get("decision") != "PASS":
        return None
    if not decided.payload.get("models"):
        return None
    live = live_models(loop, system).get(system)
    standings = live.standings if live is not None else ()
    if not standings or not all(_stands(one, asked) for one in standings):
        return None
    return loop.ledger.entry(max(each.entry for one in standings for each in one.approvals))


def _stands(one: ModelStanding, asked: Asked) -> bool:
    if one.state != "approved" or one.version is None or one.version.file is None:
        return False
    return asked == "approved" or any(each.digest for each in one.version.file.documents)
