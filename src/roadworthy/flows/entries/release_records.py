"""What the ledger knows about a bundle: authors, the gate's decision, approvals, signatures.

In: a loop and a bundle's digest or content. Out: values, read back from entries and blobs, each
blob checked against the digest that the ledger names. Nothing here writes.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from roadworthy.domain import (
    Bar,
    Entry,
    EvidenceError,
    GateDecision,
    ReleaseContent,
    RunSummary,
    Trust,
    UndecidedError,
    VerificationError,
    format_instant,
)
from roadworthy.ledger import distinct_people, require_signature
from roadworthy.release import Evidence, Signed, require_pass, require_same_objectives
from roadworthy_verify.layout import PREDICATE_APPROVAL

from ..workspace.loop import Loop
from ..workspace.routing import read_table
from .run_records import completion, summary_of

BUILT = "release.built"
APPROVED = "release.approved"
SIGNED = "release.signed"
ACTIVATION_APPROVED = "release.activation_approved"
ACTIVATED = "release.activated"

_STATES = ((BUILT, "built"), (APPROVED, "approved"), (SIGNED, "signed"), (ACTIVATED, "activated"))
"""Entries about a bundle in the order in which a release is made."""

_T = TypeVar("_T", GateDecision, RunSummary, Bar)


def authors_of(loop: Loop, digest: str) -> tuple[str, ...]:
    """Key ids of everybody who built this bundle. Raises UndecidedError when nobody did."""
    built = loop.ledger.entries(kind=BUILT, subject=digest)
    authors = sorted({entry.actor.partition(":")[2] for entry in built})
    if not authors:
        raise UndecidedError(
            f"the ledger does not know who built {digest}",
            fix="run `roadworthy release build` in this workspace; the digest will be the same",
        )
    return tuple(authors)


def newest_decision(loop: Loop, content: ReleaseContent) -> tuple[GateDecision, str] | None:
    """The newest decision of the gate on this candidate and the digest of its blob, or None."""
    entry = loop.ledger.newest(
        kind="gate.decided", subject=content.candidate_digest, system=content.system
    )
    return _decision_of(loop, entry) if entry is not None else None


def opening_decision(loop: Loop, content: ReleaseContent) -> GateDecision | None:
    """The newest decision that opened the gate for this candidate, whatever was said since."""
    decided = loop.ledger.entries(
        kind="gate.decided", subject=content.candidate_digest, system=content.system
    )
    opened = [entry for entry in decided if entry.payload.get("decision") == "PASS"]
    return _decision_of(loop, opened[-1])[0] if opened else None


def _decision_of(loop: Loop, entry: Entry) -> tuple[GateDecision, str]:
    digest = str(entry.payload.get("digest", ""))
    decision = _blob(loop, digest, GateDecision)
    if str(decision.decision) != entry.payload.get("decision"):
        raise VerificationError(f"entry {entry.seq} says {entry.payload.get('decision')}, its blob"
                                f" {decision.decision}")  # fmt: skip
    return decision, digest


def evidence_of(loop: Loop, content: ReleaseContent) -> Evidence:
    """Decision and run that open the gate for this content.

    Raises UndecidedError or RefusedError when it does not open, EvidenceError when what it rests
    on is missing.
    """
    found = newest_decision(loop, content)
    decision = require_pass(found[0] if found else None, content)
    assert found is not None, "require_pass raises without a decision"
    require_same_objectives(_blob(loop, decision.bar, Bar), content)
    entry = completion(loop, content.candidate_digest, decision.run)
    if entry is None:
        raise EvidenceError(f"the ledger has no run {decision.run}, which the gate judged")
    return Evidence(
        decision=decision,
        decision_digest=found[1],
        summary=summary_of(loop, entry),
        summary_digest=str(entry.payload["summary"]),
    )


def approvals_of(loop: Loop, digest: str, evidence: str, trust: Trust) -> dict[str, Signed]:
    """Key id -> approval of this bundle on that decision of the gate, by its entry's signature.

    An approval by a key that has ended since counts no more, and one from the future (the clock
    went back) not yet. Raises VerificationError when an entry's signature does not hold.
    """
    found: dict[str, Signed] = {}
    now = format_instant(loop.clock.now())
    for entry in loop.ledger.entries(kind=APPROVED, subject=digest):
        if entry.payload.get("evidence") != evidence or entry.payload["signed_at"] > now:
            continue
        key_id = require_signature(entry, trust, at=str(entry.payload["signed_at"]))
        key = trust.find(key_id)
        if key is not None and key.valid_at(now):
            envelope = loop.blobs.get_json(str(entry.payload["envelope"]))
            found.setdefault(key_id, (PREDICATE_APPROVAL, envelope))
    return found


def signatures_of(loop: Loop, digest: str, evidence: str) -> list[Signed]:
    """The attestations that made this bundle a release on that decision, if they still hold."""
    signed: list[Signed] = []
    now = format_instant(loop.clock.now())
    for entry in loop.ledger.entries(kind=SIGNED, subject=digest):
        ends = str(entry.payload.get("expires_at", ""))
        if entry.payload.get("evidence") == evidence and not (ends and now >= ends):
            named: list[dict[str, Any]] = entry.payload["attestations"]
            signed = [(str(a["type"]), loop.blobs.get_json(str(a["envelope"]))) for a in named]
    return signed


def envelopes_of(loop: Loop, digest: str) -> set[str]:
    """Digests of every envelope that this workspace made about the bundle."""
    approved = loop.ledger.entries(kind=APPROVED, subject=digest)
    signed = loop.ledger.entries(kind=SIGNED, subject=digest)
    made = {str(entry.payload["envelope"]) for entry in approved}
    return made | {str(a["envelope"]) for entry in signed for a in entry.payload["attestations"]}


def activation_approvers(
    loop: Loop, digest: str, trust: Trust, *, authors: tuple[str, ...]
) -> set[str]:
    """Names of who approved activating this release since it was last activated."""
    last = loop.ledger.newest(kind=ACTIVATED, subject=digest)
    since = last.seq if last else 0
    keys = [
        require_signature(entry, trust, at=str(entry.payload["signed_at"]))
        for entry in loop.ledger.entries(kind=ACTIVATION_APPROVED, subject=digest)
        if entry.seq > since
    ]
    own = [trust.find(author) for author in authors]
    return distinct_people(trust, keys) - {key.name for key in own if key is not None}


def history(loop: Loop) -> list[dict[str, str]]:
    """Every bundle that the ledger knows, oldest first, with how far it came and since when."""
    live = {route.live for route in read_table(loop.workspace.routing).routes.values()}
    found: dict[str, dict[str, str]] = {}
    for kind, state in _STATES:
        for entry in loop.ledger.entries(kind=kind):
            item = found.setdefault(
                entry.subject,
                {
                    "digest": entry.subject,
                    "system": entry.system,
                    "candidate": str(entry.payload.get("candidate", "")),
                    "name": str(entry.payload.get("name", "")),
                },
            )
            is_live = state == "activated" and entry.subject in live
            item |= {"state": "live" if is_live else state, "since": entry.time}
    return list(found.values())


def _blob(loop: Loop, digest: str, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(loop.blobs.get_json(digest), kind, strict=False)
    except msgspec.ValidationError as error:
        raise EvidenceError(f"{digest} is no {kind.__name__}: {error}") from error
