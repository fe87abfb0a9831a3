"""What is said about a bundle, and by whom: four predicates, each a plain value.

In: evidence and people. Out: signed envelopes whose subject is the bundle's digest. Never: a
float, a private key, a text of a case. Every predicate says when it was signed (`signed_at`).
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, UnsetType

from roadworthy.domain import (
    Checkpoint,
    GateDecision,
    Instant,
    RunSummary,
    Signer,
    TrustedKey,
    plain,
    timeless,
)
from roadworthy.ledger import sign_envelope, statement
from roadworthy_verify.envelope import PAYLOAD_TYPE
from roadworthy_verify.layout import (
    PREDICATE_APPROVAL,
    PREDICATE_EVALUATION,
    PREDICATE_GATE,
    PREDICATE_RELEASE,
)

Signed = tuple[str, dict[str, Any]]
"""Predicate type and envelope."""


class Subject(Struct, frozen=True, kw_only=True):
    """The bundle that is spoken about."""

    digest: str
    system: str
    candidate: str
    slos: str
    """Digest of its layer `slos.json`."""


class Evidence(Struct, frozen=True, kw_only=True):
    """What the release rests on, with the digests of the ledger's blobs."""

    decision: GateDecision
    decision_digest: str
    summary: RunSummary
    summary_digest: str


def attest_approval(
    subject: Subject, evidence: str, key: TrustedKey, *, signer: Signer, at: Instant
) -> Signed:
    """A person says: this may be released. `evidence` is the digest of the gate's decision."""
    says = {
        "act": "release",
        "evidence": evidence,
        "person": key.name,
        "roles": list(key.roles),
    }
    return _signed(PREDICATE_APPROVAL, subject, says, signer=signer, at=at)


def attest_evaluation(
    subject: Subject, evidence: Evidence, *, signer: Signer, at: Instant
) -> Signed:
    """The run's summary."""
    says = {
        "run": evidence.summary.run,
        "evidence": evidence.summary_digest,
        "summary": timeless(evidence.summary),
    }
    return _signed(PREDICATE_EVALUATION, subject, says, signer=signer, at=at)


def attest_gate(subject: Subject, evidence: Evidence, *, signer: Signer, at: Instant) -> Signed:
    """The gate's decision on that run, with every objective's verdict."""
    decision = evidence.decision
    says: dict[str, Any] = {
        "decision": str(decision.decision),
        "run": decision.run,
        "bar": decision.bar,
        "slos": subject.slos,
        "evidence": evidence.decision_digest,
        "deliberation": decision.deliberation,
        "deliberated": decision.deliberated,
        "objectives": decision.slos,
        "waivers": decision.waivers,
        "notes": decision.notes,
    }
    if not isinstance(decision.models, UnsetType):
        says["models"] = decision.models
    return _signed(PREDICATE_GATE, subject, says, signer=signer, at=at)


class Basis(Struct, frozen=True, kw_only=True):
    """The other attestations and the ledger's head that a release names."""

    authors: tuple[str, ...]
    """Key ids of whoever built it."""
    gate: str
    evaluation: str
    approvals: tuple[str, ...]
    """Digests of the envelopes."""
    checkpoint: Checkpoint
    waivers: dict[str, str]
    """Waiver -> its last day."""
    expires_at: Instant = ""
    """Empty: it rests on nothing that ends."""


def attest_release(subject: Subject, basis: Basis, *, signer: Signer, at: Instant) -> Signed:
    """The workspace says: this is a release, and this is what it rests on."""
    says = {"verdict": "PASS", **msgspec.structs.asdict(basis)}
    return _signed(PREDICATE_RELEASE, subject, says, signer=signer, at=at)


def _signed(
    predicate_type: str, subject: Subject, says: dict[str, Any], *, signer: Signer, at: Instant
) -> Signed:
    predicate = plain(
        {"system": subject.system, "candidate": subject.candidate, "signed_at": at, **says}
    )
    payload = statement(predicate_type, subject.digest, predicate)
    return predicate_type, sign_envelope(payload, PAYLOAD_TYPE, [signer])
