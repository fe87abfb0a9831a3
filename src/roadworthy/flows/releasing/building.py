"""The beginning of a release: the candidate's bundle, built, and who its author is.

Steps
  1 who    a person, as soon as there are people here; the machine only where there is nobody
  2 pin    the candidate's content, by one digest
  3 room   what lies there is no bundle that somebody else signed
  4 bundle
  5 entry  `release.built`: by it, whoever built cannot approve

Enters: a system, a loop, where to, who. Leaves: the bundle and its digest, the same on every
machine. Never: an author whom nobody could tell from the approver; another workspace's signatures
under a bundle that was built here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from roadworthy.domain import (
    Draft,
    ReleaseContent,
    Signer,
    System,
    Trust,
    UsageError,
    format_instant,
)
from roadworthy.ledger import require_role, sign_draft
from roadworthy.release import (
    BUILDERS,
    Subject,
    build_bundle,
    bundle_digest,
    foreign_envelopes,
    pin,
    slos_layer,
)

from ..entries.release_records import BUILT, envelopes_of
from ..workspace.loop import Loop
from ..workspace.trusting import agreed_trust


class Built(Struct, frozen=True, kw_only=True):
    """A bundle that was built."""

    digest: str
    candidate: str
    path: str
    author: str
    """`person:<key id>` or `machine:<key id>`."""


def build_release(system: System, loop: Loop, *, out: Path, author: Signer | None = None) -> Built:
    """Build the candidate's bundle. `author` may be None where no person has a key.

    Raises UsageError when an author must be named, or `out` holds something that is no bundle or
    was signed elsewhere; AccessError when the author may not build.
    """
    trust = agreed_trust(loop.workspace, loop.ledger, loop.keyring, loop.clock)
    signer = _author(loop, trust, author)  # 1
    actor = actor_of(loop, signer)
    content = pin(system)  # 2
    _refuse_foreign_signatures(loop, out, bundle_digest(content))  # 3
    subject = subject_of(content, build_bundle(content, out))  # 4
    known = loop.ledger.entries(kind=BUILT, subject=subject.digest)
    if all(entry.actor != actor for entry in known):  # 5
        payload = {"candidate": subject.candidate, "name": content.candidate.name}
        record_about(loop, BUILT, subject, signer=signer, payload=payload)
    return Built(digest=subject.digest, candidate=subject.candidate, path=str(out), author=actor)


def _author(loop: Loop, trust: Trust, author: Signer | None) -> Signer:
    """1. A person, or the machine where there is none: an approver must be somebody else."""
    at = format_instant(loop.clock.now())
    if author is not None:
        require_role(trust, author.key_id, BUILDERS, at)
        return author
    people = sorted({key.name for key in trust.keys if key.kind == "person" and key.valid_at(at)})
    if people:
        raise UsageError(
            f"who builds? there are people here ({', '.join(people)}), and whoever builds is the"
            " author and cannot approve",
            fix="add --as NAME",
        )
    return loop.keyring.machine()


def _refuse_foreign_signatures(loop: Loop, out: Path, digest: str) -> None:
    """3. Signatures of another workspace are neither thrown away nor passed off as ours."""
    ours = envelopes_of(loop, digest)
    if foreign := foreign_envelopes(out, digest, lambda name: name in ours):
        raise UsageError(
            f"{out} is this very bundle, with {len(foreign)} attestations that this workspace did"
            " not make; it is left as it is",
            fix="choose another --out, or move it away first",
        )


def subject_of(content: ReleaseContent, digest: str) -> Subject:
    """The bundle that entries and attestations speak about."""
    return Subject(
        digest=digest,
        system=content.system,
        candidate=content.candidate_digest,
        slos=slos_layer(content),
    )


def actor_of(loop: Loop, signer: Signer) -> str:
    """`machine:<key id>` for this workspace's own key, else `person:<key id>`."""
    return loop.machine if loop.machine.endswith(signer.key_id) else f"person:{signer.key_id}"


def record_about(
    loop: Loop, kind: str, subject: Subject, *, signer: Signer, payload: dict[str, Any]
) -> None:
    """An entry about the bundle, signed by who acts."""
    draft = Draft(
        system=subject.system,
        kind=kind,
        subject=subject.digest,
        actor=actor_of(loop, signer),
        payload=payload,
    )
    loop.ledger.record(sign_draft(draft, signer))
