"""Step 1 to 4 of going live, the same for the live release and for one that is rolled out.

    1 copy into the workspace  2 verify the copy  3 gate and note still open, and no incident that
      it has not learned from, or it is the safe baseline in an emergency  4 this person may

What never happens here: an entry, or a change of the routing table.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from roadworthy.domain import (
    Admission,
    RefusedError,
    ReleaseContent,
    Signer,
    Trust,
    TrustedKey,
    UsageError,
    format_instant,
)
from roadworthy.ledger import require_role
from roadworthy.release import (
    OPERATORS,
    Subject,
    copy_bundle,
    read_bundle,
    require_pass,
    require_verified,
    verify_release,
)

from ..entries.owed import require_learned_or_safe
from ..entries.release_records import ACTIVATED, newest_decision
from ..entries.rolling import under_way
from ..workspace.intact import require_intact
from ..workspace.loop import Loop
from .approved_models import require_models
from .building import subject_of
from .deliberating import require_agreed, require_no_objection
from .waiving import require_waivers


class Admitted(Struct, frozen=True, kw_only=True):
    """A release that may answer requests, copied into the workspace."""

    content: ReleaseContent
    subject: Subject
    folder: Path
    key: TrustedKey
    """Whose word it is."""
    at: str
    owes: list[str]


def admit_release(path: Path, loop: Loop, *, root: Path, signer: Signer, trust: Trust) -> Admitted:
    """Steps 1 to 4 of `activate`: what is asked of every release that answers anybody.

    Raises as `activate_release`.
    """
    require_intact(loop)
    at = format_instant(loop.clock.now())
    key = require_role(trust, signer.key_id, OPERATORS, at)  # 4, before anything is written
    admission = require_verified(verify_release(path, trust=trust, at=at))
    folder = loop.workspace.releases / admission.digest.removeprefix("sha256:")
    copy_bundle(path, folder)  # 1
    again = require_verified(verify_release(folder, trust=trust, at=at))  # 2
    if again.digest != admission.digest:
        raise UsageError(f"{path} changed while it was activated", fix="activate it again")
    _, content = read_bundle(folder)
    subject = subject_of(content, again.digest)
    _require_open_gate(loop, content, subject, root=root, admission=again)  # 3
    owes = require_learned_or_safe(loop, content, subject.digest)
    return Admitted(
        content=content, subject=subject, folder=folder, key=key, at=at, owes=list(owes)
    )


def require_no_rollout(loop: Loop, subject: Subject, *, ends: str) -> None:
    """Nothing else goes live beside a release that is rolled out: nobody could tell its arms."""
    known = under_way(loop).get(subject.system)
    if known is not None and known.id != ends:
        raise RefusedError(
            f"{known.id} rolls {known.release} out",
            fix="roadworthy rollout promote, or roadworthy rollout abort",
        )


def _require_open_gate(
    loop: Loop, content: ReleaseContent, subject: Subject, *, root: Path, admission: Admission
) -> None:
    """3. A candidate that was judged again since, and failed, is not activated; nor under a no.

    A release from another workspace has no decision here; its attestation is then what counts,
    unless people here say no to it or to one of its models.
    """
    found = newest_decision(loop, content)
    is_first = loop.ledger.newest(kind=ACTIVATED, subject=subject.digest) is None
    if found is None:
        require_no_objection(root, subject.candidate)
        if is_first:
            require_models(content, loop, admission.models, root=root, elsewhere=True)
        return
    decision = require_pass(found[0], content)
    require_agreed(root, loop, subject.digest, decision)
    if is_first:
        require_waivers(root, content, loop, trust=loop.trust, decision=decision)
        require_models(content, loop, decision.models, root=root)
