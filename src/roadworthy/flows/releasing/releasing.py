"""The middle of the release line: sign, activate (`building.py` builds). Each step is recorded.

    sign       1 the bundle holds  2 the gate said PASS of it, since the last incident and with its
               cases (`owed.py`); its note and waivers still stand
               3 this person may approve
               4 approval into the ledger, then into the bundle
               5 enough distinct people: release attestations into the ledger, then the bundle
               6 what was signed is verified
    activate   1 copy into the workspace  2 verify the copy  3 gate and note still open, and no
               incident that it has not learned from, or it is the safe baseline in an emergency
               4 this person may  5 enough people, where the charter asks  6 entry, then routing

Before it signs or activates, each step asks that the whole ledger verifies (`intact.py`).
Every step may be repeated: a killed command, run again, finds in the ledger what it had done and
goes on. What never happens here: a signature used before the ledger has it, a release activated
from other bytes than those that were verified.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    AccessError,
    RefusedError,
    ReleaseContent,
    Route,
    RoutingTable,
    Signer,
    Trust,
    TrustedKey,
    UndecidedError,
    format_instant,
)
from roadworthy.ledger import distinct_people
from roadworthy.release import (
    Basis,
    Evidence,
    Signed,
    Subject,
    add_attestations,
    attest_approval,
    attest_evaluation,
    attest_gate,
    attest_release,
    envelope_digest,
    expiry,
    mend_bundle,
    read_bundle,
    require_approver,
    require_verified,
    verify_release,
    waivers_used,
    wanted_people,
)
from roadworthy_verify.envelope import read_statement, take_apart
from roadworthy_verify.layout import PREDICATE_RELEASE

from ..brakes.stopping import recording
from ..entries.incident_entries import incidents_of
from ..entries.model_moved import require_unmoved
from ..entries.owed import require_learned
from ..entries.release_records import (
    ACTIVATED,
    ACTIVATION_APPROVED,
    APPROVED,
    BUILT,
    SIGNED,
    activation_approvers,
    approvals_of,
    authors_of,
    evidence_of,
    signatures_of,
)
from ..workspace.intact import require_intact
from ..workspace.loop import Loop
from ..workspace.routing import publish, read_table
from ..workspace.trusting import agreed_trust
from .admitting import admit_release, require_no_rollout
from .approved_models import require_models
from .building import record_about, subject_of
from .deliberating import require_note
from .live_routes import was_put_back
from .safe_baseline import SafeBaseline, safe_baseline
from .waiving import require_waivers


class Signing(Struct, frozen=True, kw_only=True):
    """How far a bundle is on its way to a release."""

    digest: str
    candidate: str
    released: bool
    approved_by: tuple[str, ...]
    wanted: int
    """How many distinct people the charter asks for."""
    after: tuple[str, ...] = ()
    """Who approved when the release was signed already: attached, but it does not rest on them."""

    @property
    def missing(self) -> int:
        """How many people must still approve."""
        return max(0, self.wanted - len(self.approved_by))


class Activation(Struct, frozen=True, kw_only=True):
    """A release that is live from now on."""

    digest: str
    system: str
    path: str
    table_version: int
    baseline: str
    """Digest of the release before; empty: the static fallback."""
    why_no_baseline: str = ""
    """Why it is empty, and what would make one."""
    owes: tuple[str, ...] = ()
    """Incidents whose cases it has not passed: an emergency, and their kills stand."""


def sign_release(path: Path, loop: Loop, *, root: Path, signer: Signer) -> Signing:
    """Add this person's approval; when enough distinct people approved, sign the release.

    `root` is the system's folder, where note and waivers lie. Raises VerificationError on a bundle
    that does not hold, UndecidedError or RefusedError unless the gate's newest decision on it is
    PASS, knew every incident, and its note, waivers and models still stand, AccessError when this
    person may not approve.
    """
    trust = agreed_trust(loop.workspace, loop.ledger, loop.keyring, loop.clock)
    require_intact(loop)
    mend_bundle(path)
    digest, content = read_bundle(path)  # 1
    case = _Case(
        content=content,
        subject=subject_of(content, digest),
        evidence=evidence_of(loop, content),  # 2
        authors=authors_of(loop, digest),
    )
    require_learned(loop, content)
    require_unmoved(loop, content)
    require_note(root, case.evidence.decision)
    require_waivers(root, content, loop, trust=trust, decision=case.evidence.decision)
    require_models(content, loop, case.evidence.decision.models, root=root)
    _require_author(trust, case)
    used = waivers_used(case.evidence.decision)
    at = format_instant(loop.clock.now())
    key = require_approver(trust, signer.key_id, authors=case.authors, at=at)  # 3
    evidence = case.evidence.decision_digest
    approvals = approvals_of(loop, digest, evidence, trust)
    if key.key_id not in approvals:  # 4
        approvals[key.key_id] = _approve(loop, case, key=key, signer=signer)
    own = _names(trust, case.authors)
    approvals = {
        key_id: item for key_id, item in approvals.items() if not _is_of(trust, key_id, own)
    }
    people = distinct_people(trust, approvals)
    wanted = wanted_people(content.charter, "release", least=1)
    signed = signatures_of(loop, digest, evidence)
    if not signed and len(people) >= wanted:  # 5
        signed = _release(loop, case, approvals=approvals.values(), waivers=used)
    add_attestations(path, [*approvals.values(), *signed])
    if signed:  # 6
        require_verified(verify_release(path, trust=trust, at=loop.clock.now()))
    return Signing(
        digest=digest,
        candidate=content.candidate_digest,
        released=bool(signed),
        approved_by=tuple(sorted(people)),
        wanted=wanted,
        after=tuple(sorted(people - _rests_on(signed, approvals, trust))) if signed else (),
    )


def activate_release(
    path: Path, loop: Loop, *, root: Path, signer: Signer, ends: str = ""
) -> Activation:
    """Make a verified release the live one of its system; `root` is the system's folder.

    `ends`: the rollout that ends by this, whose last step it is.

    Raises VerificationError, UndecidedError or RefusedError unless it verifies now, AccessError
    unless this person operates.
    """
    trust = agreed_trust(loop.workspace, loop.ledger, loop.keyring, loop.clock)
    admitted = admit_release(path, loop, root=root, signer=signer, trust=trust)  # 1 to 4
    subject, key = admitted.subject, admitted.key
    require_no_rollout(loop, subject, ends=ends)
    with recording(loop):  # until the table has it: whoever puts routes back waits
        if not _is_half_done(loop, subject):
            content = admitted.content
            _require_people(loop, content, subject, key=key, signer=signer, trust=trust)  # 5
            payload = {
                "candidate": subject.candidate,
                "path": str(admitted.folder.relative_to(loop.workspace.root)),
                "table": read_table(loop.workspace.routing).version,
                "signed_at": admitted.at,
                "owes": admitted.owes,
            }
            record_about(loop, ACTIVATED, subject, signer=signer, payload=payload)  # 6
        actor = f"person:{key.key_id}"
        live = _go_live(loop, subject, admitted.folder, at=admitted.at, actor=actor)
        return msgspec.structs.replace(live, owes=tuple(admitted.owes))


class _Case(Struct, frozen=True, kw_only=True):
    """One bundle that is to be signed, and what speaks for it."""

    content: ReleaseContent
    subject: Subject
    evidence: Evidence
    authors: tuple[str, ...]


def _require_author(trust: Trust, case: _Case) -> None:
    """Somebody is the author: nobody can be told apart from an approver who may have built it."""
    authors = [trust.find(key_id) for key_id in case.authors]
    if not any(key is not None and key.kind == "person" for key in authors):
        raise RefusedError(
            f"no person is the author of {case.subject.digest}: the workspace's machine built it",
            fix="whoever made it builds it again (the digest stays): roadworthy release build"
            " --out PATH --as NAME",
        )


def _is_of(trust: Trust, key_id: str, names: set[str]) -> bool:
    """Whether the key is one of these people's: an author's approval never counts."""
    return bool(_names(trust, [key_id]) & names)


def _names(trust: Trust, key_ids: Iterable[str]) -> set[str]:
    keys = [trust.find(key_id) for key_id in key_ids]
    return {key.name for key in keys if key is not None}


def _rests_on(signed: list[Signed], approvals: dict[str, Signed], trust: Trust) -> set[str]:
    """Names of the people whose approvals the release attestation names."""
    releases = [envelope for kind, envelope in signed if kind == PREDICATE_RELEASE]
    _, _, says = read_statement(take_apart(releases[-1]))
    named = [
        k
        for k, (_, envelope) in approvals.items()
        if envelope_digest(envelope) in says["approvals"]
    ]
    return _names(trust, named)


def _approve(loop: Loop, case: _Case, *, key: TrustedKey, signer: Signer) -> Signed:
    """4. The approval, in the ledger; the blob first, so that no entry names what is not there."""
    at = format_instant(loop.clock.now())
    evidence = case.evidence.decision_digest
    signed = attest_approval(case.subject, evidence, key, signer=signer, at=at)
    payload = {
        "act": "release",
        "candidate": case.subject.candidate,
        "evidence": evidence,
        "envelope": loop.blobs.put_json(signed[1]),
        "signed_at": at,
    }
    record_about(loop, APPROVED, case.subject, signer=signer, payload=payload)
    return signed


def _release(
    loop: Loop, case: _Case, *, approvals: Iterable[Signed], waivers: dict[str, str]
) -> list[Signed]:
    """5. Evaluation, gate and release, signed by the machine, in the ledger."""
    machine = loop.keyring.machine()
    at = format_instant(loop.clock.now())
    evaluation = attest_evaluation(case.subject, case.evidence, signer=machine, at=at)
    gate = attest_gate(case.subject, case.evidence, signer=machine, at=at)
    basis = Basis(
        authors=case.authors,
        gate=envelope_digest(gate[1]),
        evaluation=envelope_digest(evaluation[1]),
        approvals=tuple(sorted(envelope_digest(envelope) for _, envelope in approvals)),
        checkpoint=loop.ledger.checkpoint(),
        waivers=waivers,
        expires_at=expiry(waivers, case.content.charter.time_zone),
    )
    signed = [evaluation, gate, attest_release(case.subject, basis, signer=machine, at=at)]
    payload = {
        "candidate": case.subject.candidate,
        "evidence": case.evidence.decision_digest,
        "checkpoint": basis.checkpoint.size,
        "expires_at": basis.expires_at,
        "attestations": [
            {"type": kind, "envelope": loop.blobs.put_json(envelope)} for kind, envelope in signed
        ],
    }
    record_about(loop, SIGNED, case.subject, signer=machine, payload=payload)
    return signed


def _is_half_done(loop: Loop, subject: Subject) -> bool:
    """Whether this activation is in the ledger and the routing lacks it or lacked it before."""
    last = loop.ledger.newest(kind=ACTIVATED, system=subject.system)
    if last is None or last.subject != subject.digest:
        return False
    if was_put_back(loop, last):
        return True
    return bool(last.payload.get("table") == read_table(loop.workspace.routing).version)


def _require_people(
    loop: Loop,
    content: ReleaseContent,
    subject: Subject,
    *,
    key: TrustedKey,
    signer: Signer,
    trust: Trust,
) -> None:
    """5. Where the charter asks for people to approve the activation, they are counted."""
    wanted = wanted_people(content.charter, "activate", least=0)
    if not wanted:
        return
    built = loop.ledger.entries(kind=BUILT, subject=subject.digest)
    authors = tuple({entry.actor.partition(":")[2] for entry in built})
    if key.name in _names(trust, authors):
        raise AccessError(f"{key.name} built this release and cannot approve its activation")
    people = activation_approvers(loop, subject.digest, trust, authors=authors)
    if key.name not in people:
        at = format_instant(loop.clock.now())
        payload = {"candidate": subject.candidate, "signed_at": at}
        record_about(loop, ACTIVATION_APPROVED, subject, signer=signer, payload=payload)
        people.add(key.name)
    if len(people) < wanted:
        raise UndecidedError(
            f"{len(people)} of {wanted} people approved the activation: {', '.join(people)}",
            fix="another operator runs the same command: --as NAME",
        )


def _go_live(loop: Loop, subject: Subject, folder: Path, *, at: str, actor: str) -> Activation:
    """The routing, after the entry: nothing is live that the ledger does not know."""
    relative = str(folder.relative_to(loop.workspace.root))
    incidents = incidents_of(loop, subject.system).values()

    found = SafeBaseline()

    def change(table: RoutingTable) -> RoutingTable:
        nonlocal found
        found = safe_baseline(table.routes.get(subject.system), subject.digest, incidents)
        route = Route(
            system=subject.system,
            live=subject.digest,
            path=relative,
            baseline=found.digest,
            baseline_path=found.path,
            activated_at=at,
            activated_by=actor,
        )
        return msgspec.structs.replace(table, routes={**table.routes, subject.system: route})

    table = publish(loop.workspace, change, loop.clock)
    return Activation(
        digest=subject.digest,
        system=subject.system,
        path=relative,
        table_version=table.version,
        baseline=found.digest,
        why_no_baseline=found.why_none,
    )
