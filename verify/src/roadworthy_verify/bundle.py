"""A bundle or release: may it be used, who says so, and does every byte hold?

In: a folder or tar, the trusted keys, an instant. Out: a Report. Never: a server, a clock other
than the caller's (or the machine's, when the caller names none), a claim taken from a statement
whose signature was not checked.

A release is a bundle with four kinds of signed attestation: approvals (each by a person), and by
the workspace's machine the evaluation, the gate's decision, and the release that names them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import layout
from .checkpoint import CheckpointError, head_from_json, judge
from .container import BundleError, Container, NotABundleError
from .contents import Contents, read_contents
from .envelope import EnvelopeError, SignedStatement, open_statement
from .instant import EXAMPLE, MAX_CLOCK_SKEW, later, now, whole_instant
from .report import Report
from .trust import Key, Trust, load_trust

Json = dict[str, Any]

APPROVER_ROLES = frozenset({"reviewer", "risk_officer", "admin"})
"""Who may approve a release. Engineers build, operators activate, auditors read."""


class ReleaseError(Exception):
    """Why a bundle is not a release that may be used; `state` is a state of the report."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


@dataclass(frozen=True)
class Claim:
    """One attestation of this bundle, its signatures checked."""

    digest: str
    statement: SignedStatement

    @property
    def says(self) -> Json:
        """The predicate."""
        return self.statement.predicate

    @property
    def signed_at(self) -> str:
        """When it was signed, by its own word."""
        return str(self.says["signed_at"])

    @property
    def key(self) -> Key:
        """The one key that signed it."""
        return self.statement.keys[0]


def verify_bundle(
    path: Path | str,
    trust: Trust | Path | str | Mapping[str, Any] | None = None,
    at: str | None = None,
) -> Report:
    """Verify a bundle or release at an instant (default: now).

    Raises TrustError when the trust file cannot be read.

    1. Every byte hangs together: layout, digests, manifests, content (eight steps of their own).
    2. Every attestation is signed by trusted keys, valid when they signed, about this bundle.
    3. One attestation says that this is a release: the newest by a machine's key.
    4. The gate's decision that it names says PASS, of this candidate, on these objectives.
    5. The evaluation that it names is of this candidate, and the run that the gate judged.
    6. A person is the author. Enough distinct people approved, none of them an author, each in a
       role that may, each with a key that was still valid when the release was signed.
    7. Nothing that it rests on has expired.
    8. The ledger's checkpoint that it carries is signed by a trusted key.
    """
    asked, at = at, None if at is None else whole_instant(at)
    if at == "":
        fault = f"{asked!r} is no instant; write one as {EXAMPLE}"
        return Report("not_evidence", fault, {"kind": "bundle"}, (fault,))
    keys = load_trust(trust)
    details: Json = {"kind": "bundle", "trust": keys.source, "trust_from": keys.came_from}
    trusted = keys.told
    lines: list[str] = []
    try:
        contents = read_contents(Container(Path(path)))  # 1
        details |= _identity(contents)
        lines.append(f"every byte of bundle {contents.digest} holds")
        claims = _claims(contents, keys)  # 2
        details |= _judged(contents, claims, keys, at or now())  # 3 to 8
    except NotABundleError as error:
        return Report("not_evidence", str(error), details, (str(error),))
    except BundleError as error:
        return Report("tampered", str(error), details, (*lines, str(error)))
    except (EnvelopeError, ReleaseError) as error:
        return Report(error.state, str(error), details, (*lines, trusted, str(error)))
    except OSError as error:
        fault = f"{path} cannot be read: {error.strerror or error}"
        return Report("unreadable", fault, details, (fault,))
    return Report("verified", "", details, (*lines, *_sentences(details), trusted))


def _identity(contents: Contents) -> Json:
    content = contents.content
    return {
        "digest": contents.digest,
        "system": str(content["system"]),
        "candidate": str(content["candidate_digest"]),
        "attestations": len(contents.attestations),
    }


def _claims(contents: Contents, trust: Trust) -> list[Claim]:
    """2. Every attestation, signatures first. Integrity faults come before unknown keys."""
    claims: list[Claim] = []
    unknown: EnvelopeError | None = None
    for item in contents.attestations:
        try:
            statement = open_statement(item.envelope, trust)
        except EnvelopeError as error:
            if error.state == "tampered":
                raise
            unknown = unknown or error
            continue
        if statement.subject != contents.digest:
            raise ReleaseError("tampered", f"an attestation is about {statement.subject!r}")
        if statement.predicate_type != item.predicate_type:
            raise ReleaseError("tampered", f"an attestation is no {item.predicate_type!r}")
        if len(statement.keys) != 1:
            raise ReleaseError("tampered", "an attestation is signed by one key, not by several")
        claims.append(Claim(item.digest, statement))
    if unknown is not None:
        raise unknown
    return claims


def _judged(contents: Contents, claims: list[Claim], trust: Trust, moment: str) -> Json:
    try:
        release = _release(contents, claims, moment)  # 3
        gate = _named(claims, release, "gate", layout.PREDICATE_GATE)
        _check_gate(contents, gate)  # 4
        evaluation = _named(claims, release, "evaluation", layout.PREDICATE_EVALUATION)
        _check_evaluation(contents, evaluation, gate)  # 5
        approvals = _approvals(contents, claims, release, gate, trust)  # 6
        _check_expiry(release, moment)  # 7
        checkpoint = _checkpoint(release, trust)  # 8
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ReleaseError("tampered", f"an attestation has not its form: {error!r}") from None
    people = [_signer(claim, "approval") for claim in approvals]
    models = {"models": gate.says["models"]} if "models" in gate.says else {}
    return {
        "signed_at": release.signed_at,
        "signed_by": [*people, _signer(release, "release")],
        "approved_beside": [_signer(claim, "approval") for claim in _beside(claims, release)],
        "authors": [_author(key_id, trust) for key_id in release.says["authors"]],
        "expires_at": str(release.says["expires_at"]),
        "run": str(gate.says["run"]),
        **models,
        "checkpoint": checkpoint,
        "not_checked": ["whether the ledger still holds what the release was built on"],
    }


def _release(contents: Contents, claims: list[Claim], moment: str) -> Claim:
    """3. The newest release attestation."""
    found = [c for c in claims if c.statement.predicate_type == layout.PREDICATE_RELEASE]
    if not found:
        approved = sum(c.statement.predicate_type == layout.PREDICATE_APPROVAL for c in claims)
        wanted = required_approvals(contents.content)
        raise ReleaseError(
            "unsigned", f"not signed as a release: {approved} of {wanted} approvals are there"
        )
    release = max(found, key=lambda claim: claim.signed_at)
    _require_machine(release)
    _require_same(contents, release)
    if release.says["verdict"] != "PASS":
        raise ReleaseError("refused", f"its verdict is {release.says['verdict']!r}, not 'PASS'")
    _require_past(claims, moment)
    return release


def required_approvals(content: Mapping[str, Any]) -> int:
    """How many distinct people the charter asks for; never less than one."""
    wanted = content["charter"]["review"]["approvals"].get("release", 1)
    return max(1, int(wanted))


def _require_past(claims: list[Claim], moment: str) -> None:
    latest = later(moment, MAX_CLOCK_SKEW)
    for claim in claims:
        if claim.signed_at > latest:
            raise ReleaseError(
                "refused", f"{claim.key.name} signed at {claim.signed_at}, after {moment}"
            )


def _require_machine(claim: Claim) -> None:
    if claim.key.kind != "machine":
        raise ReleaseError(
            "refused",
            f"{claim.statement.predicate_type} is signed by {claim.key.name}, who is no machine",
        )


def _require_same(contents: Contents, claim: Claim) -> None:
    named = (claim.says["system"], claim.says["candidate"])
    if named != (contents.content["system"], contents.content["candidate_digest"]):
        raise ReleaseError("tampered", f"an attestation is about candidate {named[1]!r}")


def _named(claims: list[Claim], release: Claim, role: str, predicate_type: str) -> Claim:
    return _by_digest(claims, str(release.says[role]), predicate_type)


def _by_digest(claims: list[Claim], digest: str, predicate_type: str) -> Claim:
    for claim in claims:
        if claim.digest == digest and claim.statement.predicate_type == predicate_type:
            return claim
    raise ReleaseError("tampered", f"attestation {digest!r}, which the release names, is missing")


def _check_gate(contents: Contents, gate: Claim) -> None:
    """4. PASS, and of this."""
    _require_machine(gate)
    _require_same(contents, gate)
    decision = gate.says["decision"]
    if decision != "PASS":
        raise ReleaseError("refused", f"the gate said {str(decision)!r}, not PASS")
    if gate.says["slos"] != contents.layers["slos.json"]:
        raise ReleaseError("refused", "the gate judged other objectives than the bundle holds")


def _check_evaluation(contents: Contents, evaluation: Claim, gate: Claim) -> None:
    """5. The run that was judged."""
    _require_machine(evaluation)
    _require_same(contents, evaluation)
    if evaluation.says["run"] != gate.says["run"]:
        raise ReleaseError("refused", "the gate judged another run than the one attested")


def _approvals(
    contents: Contents, claims: list[Claim], release: Claim, gate: Claim, trust: Trust
) -> list[Claim]:
    """6. One approval a person; two keys of one person, or one key under two names, are one."""
    authors = {str(key_id) for key_id in release.says["authors"]}
    if not authors:
        raise ReleaseError("refused", "the release names no author")
    names = {_author(key_id, trust)["name"] for key_id in authors}
    if not any(trust.keys[key_id].kind == "person" for key_id in authors):
        raise ReleaseError("refused", "the release names no person as its author")
    counted: dict[str, Claim] = {}
    seen: set[bytes] = set()
    for digest in release.says["approvals"]:
        approval = _by_digest(claims, str(digest), layout.PREDICATE_APPROVAL)
        _check_approval(contents, approval, release, gate)
        if approval.key.key_id in authors or approval.key.name in names:
            raise ReleaseError("refused", f"{approval.key.name} is an author and approved himself")
        if approval.key.public_key not in seen:
            seen.add(approval.key.public_key)
            counted.setdefault(approval.key.name, approval)
    wanted = required_approvals(contents.content)
    if len(counted) < wanted:
        raise ReleaseError("refused", f"{len(counted)} of {wanted} distinct people approved it")
    return list(counted.values())


def _beside(claims: list[Claim], release: Claim) -> list[Claim]:
    """Approvals in the bundle that the release does not name: it was signed without them."""
    named = release.says["approvals"]
    approvals = [c for c in claims if c.statement.predicate_type == layout.PREDICATE_APPROVAL]
    return [claim for claim in approvals if claim.digest not in named]


def _check_approval(contents: Contents, approval: Claim, release: Claim, gate: Claim) -> None:
    key, says = approval.key, approval.says
    _require_same(contents, approval)
    if says["act"] != "release":
        raise ReleaseError("refused", f"{key.name} approved {says['act']!r}, not the release")
    if says["evidence"] != gate.says["evidence"]:
        raise ReleaseError("refused", f"{key.name} approved another decision of the gate")
    if key.kind != "person" or not APPROVER_ROLES & set(key.roles):
        may = " or ".join(sorted(APPROVER_ROLES))
        raise ReleaseError("refused", f"{key.name} may not approve a release: {may} may")
    if approval.signed_at > release.signed_at:
        raise ReleaseError("refused", f"{key.name} approved after the release was signed")
    if reason := key.invalid_because(release.signed_at):
        raise ReleaseError("unknown_key", f"{reason}; the release was signed afterwards")


def _check_expiry(release: Claim, moment: str) -> None:
    """7. Half-open: at the instant itself it has expired."""
    expires_at = str(release.says["expires_at"])
    if expires_at and moment >= expires_at:
        raise ReleaseError("expired", f"what the release rests on expired at {expires_at}")


def _checkpoint(release: Claim, trust: Trust) -> Json:
    """8. The newest head of the ledger when the release was signed, as it can be kept."""
    try:
        head = head_from_json(release.says["checkpoint"], "in the release")
    except CheckpointError as error:
        raise ReleaseError("tampered", str(error)) from None
    signature = judge(head, trust)
    if signature.state == "false":
        raise ReleaseError("tampered", signature.reason)
    if signature.state != "valid":
        raise ReleaseError("unknown_key", signature.reason)
    names = ("origin", "size", "root", "time", "key_id", "signature")
    return {name: release.says["checkpoint"][name] for name in names}


def _signer(claim: Claim, act: str) -> Json:
    return {
        "act": act,
        "name": claim.key.name,
        "key_id": claim.key.key_id,
        "roles": list(claim.key.roles),
        "signed_at": claim.signed_at,
    }


def _author(key_id: Any, trust: Trust) -> Json:
    key = trust.find(str(key_id))
    if key is None:
        raise ReleaseError("unknown_key", f"its author {key_id!r} is not a trusted key")
    return {"key_id": key.key_id, "name": key.name}


def _sentences(details: Json) -> list[str]:
    lines = [f"release of {details['system']}, candidate {details['candidate']}"]
    lines += [
        f"{item['act']} signed by {item['name']} ({item['key_id']}, valid then)"
        f" at {item['signed_at']}"
        for item in details["signed_by"]
    ]
    lines += [
        f"{item['name']} ({item['key_id']}) approved at {item['signed_at']}, which the release"
        " does not name: it was signed without, and rests on the others alone"
        for item in details["approved_beside"]
    ]
    head = details["checkpoint"]
    lines.append(f"rests on the ledger up to checkpoint {head['size']} of {head['time']}")
    return lines
