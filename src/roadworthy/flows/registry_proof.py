"""What the registry proves of a live release: its models are approved, their papers are there.

Enters: a loop, the live release's candidate. Leaves: the newest approval that it rests on, or
nothing. Never here: an approval that was taken back, or one of a decision that did not open.
"""

from __future__ import annotations

from typing import Literal

from roadworthy.domain import Entry, ModelVersion, format_instant
from roadworthy.policy import Registry

from .loop import Loop
from .registry import registry_of
from .registry_view import state_of

Asked = Literal["approved", "documents"]


def model_proof(loop: Loop, system: str, candidate: str, asked: Asked) -> Entry | None:
    """The newest approval of the models that a release asks; None unless all of them stand.

    `documents`: each has papers of its maker by digest, too.
    """
    decided = loop.ledger.newest(kind="gate.decided", subject=candidate, system=system)
    used = decided.payload.get("models") if decided is not None else None
    if decided is None or not used or decided.payload.get("decision") != "PASS":
        return None
    ids = {str(each.get("version", "")).partition("@")[0] for each in used}
    registry, today = registry_of(loop, sorted(ids)), format_instant(loop.clock.now())[:10]
    known = {one.digest: one for one in registry.versions}
    found = [known.get(str(each.get("digest"))) for each in used]
    if not all(one is not None and _stands(one, registry, today, asked) for one in found):
        return None
    entries = [int(seq) for each in used for seq in each.get("approvals", ())]
    return loop.ledger.entry(max(entries)) if entries else None


def _stands(version: ModelVersion, registry: Registry, today: str, asked: Asked) -> bool:
    if state_of(version, registry, today)[0] != "approved" or version.file is None:
        return False
    return asked == "approved" or any(each.digest for each in version.file.documents)
