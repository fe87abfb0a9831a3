"""The registry of models: proposed by one person, approved by another, deprecated by either.

    register   1 the file as it is read  2 no other id is this model  3 the signed entry
    approve    1 the version  2 this person may, and did not propose it  3 the signed entry
    deprecate  the same with a reason: what runs with it goes on and is named by `status`
    registry_of  all of it, each entry with what does not hold of it

Enters: files as loaded, a loop, who acts. Leaves: entries, or the registry. Never: a version that
changes once it was registered, an approval that counts because a file says so, an entry of another
system's approval in this system's dossier (it is entered under that system).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    AccessError,
    Draft,
    Entry,
    ModelApproval,
    ModelDeprecation,
    ModelFile,
    ModelVersion,
    RefusedError,
    RoadworthyError,
    Trust,
    TrustedKey,
    UsageError,
    VerificationError,
    digest_of,
    format_instant,
    is_same_model,
    plain,
)
from roadworthy.ledger import require_role, require_signature, sign_draft
from roadworthy.policy import Registry, standing_deprecation
from roadworthy.release import APPROVERS, BUILDERS

from ..workspace.loop import Loop
from ..workspace.people import Acting
from ..workspace.trusting import agreed_trust

REGISTERED, APPROVED, DEPRECATED = "model.registered", "model.approved", "model.deprecated"
KINDS = (REGISTERED, APPROVED, DEPRECATED)


class Approve(Struct, frozen=True, kw_only=True):
    """How far an approval goes."""

    reason: str
    system: str = ""
    """The only system that may use it; empty: every one."""
    purpose: str = ""
    """Digest of the intended purpose; empty: any."""
    tasks: tuple[str, ...] = ()
    until: str = ""
    """Its last day; empty: none."""
    again: bool = False
    """A deprecation is undone, knowingly."""


def registry_of(loop: Loop) -> Registry:
    """Everything that the ledger says of models."""
    trust, now, said = loop.trust, format_instant(loop.clock.now()), loop.ledger.entries
    return Registry(
        versions=tuple(_versions(said(kind=REGISTERED), trust)),
        approvals=tuple(_approval(each, trust, now) for each in said(kind=APPROVED)),
        deprecations=tuple(_deprecation(each, trust) for each in said(kind=DEPRECATED)),
    )


def register_model(file: ModelFile, loop: Loop, by: Acting) -> tuple[ModelVersion, Entry]:
    """Propose a model as it is described; the same file twice is entered once.

    Raises UsageError where another id is this very model, or an adapter's base is unknown,
    AccessError when this person may not.
    """
    trust = agreed_trust(loop.workspace, loop.ledger, loop.keyring, loop.clock)
    key = require_role(trust, by.key.key_id, BUILDERS, format_instant(loop.clock.now()))
    registry = registry_of(loop)
    digest = digest_of(file)
    mine = [one for one in registry.versions if one.id == file.id]
    if mine and mine[-1].digest == digest and not mine[-1].fault:
        return mine[-1], loop.ledger.entry(mine[-1].entry)
    _require_new(file, registry)
    number = mine[-1].number + 1 if mine else 1
    payload = {"file": plain(file), "digest": digest, "version": number}
    (entry,) = loop.ledger.record(_signed(REGISTERED, file.id, payload, loop, by))
    return (
        ModelVersion(id=file.id, number=number, digest=digest, file=file, by=key.name,
                     at=entry.time, entry=entry.seq),
        entry,
    )  # fmt: skip


def approve_model(version: ModelVersion, terms: Approve, loop: Loop, by: Acting) -> Entry:
    """A person's word that a version may be used.

    Raises AccessError, UsageError, RefusedError for one that is deprecated and not said `again`.
    """
    trust = agreed_trust(loop.workspace, loop.ledger, loop.keyring, loop.clock)
    now = format_instant(loop.clock.now())
    key = require_role(trust, by.key.key_id, APPROVERS, now)
    if key.name.casefold() == version.by.casefold():
        raise AccessError(
            f"{key.name} proposed {version.name} and cannot approve it",
            fix="let somebody else approve: --as NAME",
        )
    _require_whole(version)
    _require_reason(terms.reason)
    if terms.until:
        _require_day(terms.until, now)
    gone = standing_deprecation(version, registry_of(loop), terms.system)
    if gone is not None and not terms.again:
        raise RefusedError(
            f"{version.name} is deprecated: {gone.by} wrote {gone.reason!r} (entry {gone.entry})",
            fix="approve its successor, or say that it is used again: --again --reason TEXT",
        )
    payload = {
        "digest": version.digest,
        "version": version.number,
        "purpose": terms.purpose,
        "tasks": list(terms.tasks),
        "until": terms.until,
        "reason": terms.reason,
    }
    if gone is not None:
        payload["undoes"] = gone.entry
    draft = _signed(APPROVED, version.id, payload, loop, by, system=terms.system)
    (entry,) = loop.ledger.record(draft)
    return entry


def deprecate_model(
    version: ModelVersion, loop: Loop, by: Acting, *, reason: str, successor: str = ""
) -> Entry:
    """A person's word that a version is used no more. Raises AccessError, UsageError."""
    trust = agreed_trust(loop.workspace, loop.ledger, loop.keyring, loop.clock)
    require_role(trust, by.key.key_id, BUILDERS, format_instant(loop.clock.now()))
    _require_reason(reason)
    if successor and find_version(registry_of(loop), successor).digest == version.digest:
        raise UsageError(
            f"{version.name} cannot follow itself", fix="name another with --successor"
        )
    payload = {
        "digest": version.digest,
        "version": version.number,
        "reason": reason,
        "successor": successor,
    }
    (entry,) = loop.ledger.record(_signed(DEPRECATED, version.id, payload, loop, by))
    return entry


def find_version(registry: Registry, name: str) -> ModelVersion:
    """`ID` (its newest version) or `ID@N`. Raises UsageError naming what there is."""
    wanted, _, number = name.partition("@")
    mine = [one for one in registry.versions if one.id == wanted]
    found = [one for one in mine if not number or str(one.number) == number]
    if not found:
        known = ", ".join(dict.fromkeys(one.name if mine else one.id
                                        for one in mine or registry.versions))  # fmt: skip
        raise UsageError(
            f"there is no model {name!r} in the registry",
            fix=f"one of {known}" if known else "roadworthy model register models/NAME.yaml",
        )
    return found[-1]


def _require_new(file: ModelFile, registry: Registry) -> None:
    """2. No other id is this model; an adapter's base is known."""
    for one in registry.versions:
        known = one.file
        if known is None or one.id == file.id:
            continue
        if is_same_model(known.identity, file.identity):
            raise UsageError(
                f"this very model is registered as {one.id} already",
                fix=f"write `id: {one.id}`: the file then is its next version",
            )
    bases = {one.file.identity.digest for one in registry.versions if one.file is not None}
    if file.kind == "adapter" and file.base not in bases:
        raise UsageError(
            f"the base of {file.id} ({file.base[:19]}…) is not in the registry",
            fix="register the base first: roadworthy model register models/BASE.yaml --as NAME",
        )


def _require_whole(version: ModelVersion) -> None:
    if version.file is None or version.fault:
        raise VerificationError(f"entry {version.entry} ({version.name}): {version.fault}")


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError("it gives no reason", fix="--reason TEXT")


def _require_day(until: str, now: str) -> None:
    try:
        day = dt.date.fromisoformat(until)
    except ValueError:
        raise UsageError(f"--until {until!r} is no day", fix="--until 2027-06-30") from None
    if day.isoformat() != until or until < now[:10]:
        raise UsageError(f"--until {until} is over, or no day", fix="a day that is to come")


def _signed(
    kind: str, subject: str, payload: dict[str, Any], loop: Loop, by: Acting, *, system: str = ""
) -> Draft:
    at = format_instant(loop.clock.now())
    draft = Draft(
        system=system, kind=kind, subject=subject, actor=f"person:{by.key.key_id}",
        payload={**payload, "signed_at": at},
    )  # fmt: skip
    return sign_draft(draft, by.signer)


def _versions(entries: Iterable[Entry], trust: Trust) -> Iterator[ModelVersion]:
    numbers: dict[str, int] = {}
    for entry in entries:
        numbers[entry.subject] = numbers.get(entry.subject, 0) + 1
        key, fault = _signer(entry, trust)
        file, wrong = _file_of(entry)
        yield ModelVersion(
            id=entry.subject, number=numbers[entry.subject],
            digest=str(entry.payload.get("digest", "")), file=None if fault else file,
            by=key.name if key else "?", at=entry.time, entry=entry.seq, fault=fault or wrong,
        )  # fmt: skip


def _file_of(entry: Entry) -> tuple[ModelFile | None, str]:
    """The file that an entry holds, and what is wrong with it."""
    try:
        file = msgspec.convert(entry.payload.get("file"), ModelFile, strict=False)
        digest = digest_of(file)
    except (msgspec.ValidationError, ValueError) as error:
        return None, f"it cannot be read: {error}"
    if (file.id, digest) != (entry.subject, entry.payload.get("digest")):
        return None, "its digest is another one than it says"
    return file, ""


def _approval(entry: Entry, trust: Trust, now: str) -> ModelApproval:
    said = entry.payload
    key, fault = _signer(entry, trust)
    forged = bool(fault)
    if key is not None and not fault:
        fault = _ended(key, trust, now)
        if not set(key.roles) & set(APPROVERS):
            fault = f"{key.name} has no role that approves models"
    return ModelApproval(
        digest=str(said.get("digest", "")), by=key.name if key else "?", entry=entry.seq,
        at=entry.time, system=entry.system, purpose=str(said.get("purpose", "")),
        tasks=tuple(map(str, said.get("tasks", ()))), until=_day_of(said),
        reason=str(said.get("reason", "")), fault=fault, forged=forged,
    )  # fmt: skip


def _day_of(said: dict[str, Any]) -> str:
    """The last day; one that is no day is long over."""
    until = str(said.get("until", ""))
    try:
        return dt.date.fromisoformat(until).isoformat() if until else ""
    except ValueError:
        return "0001-01-01"


def _deprecation(entry: Entry, trust: Trust) -> ModelDeprecation:
    key, fault = _signer(entry, trust)
    return ModelDeprecation(
        digest=str(entry.payload.get("digest", "")), by=key.name if key else "?",
        entry=entry.seq, at=entry.time, reason=str(entry.payload.get("reason", "")),
        successor=str(entry.payload.get("successor", "")), fault=fault,
    )  # fmt: skip


def _signer(entry: Entry, trust: Trust) -> tuple[TrustedKey | None, str]:
    """Whose key signed an entry, or why nobody's did."""
    try:
        key_id = require_signature(entry, trust, at=str(entry.payload.get("signed_at", "")))
    except RoadworthyError as error:
        return trust.find(entry.actor.partition(":")[2]), error.message
    key = trust.find(key_id)
    if key is None or key.kind != "person":
        return key, "no person signed it"
    return key, ""


def _ended(key: TrustedKey, trust: Trust, now: str) -> str:
    """Why the key counts no more; one that was rotated counts by the key that followed it."""
    seen: set[str] = set()
    newest: TrustedKey | None = key
    while newest is not None and newest.replaced_by and newest.key_id not in seen:
        if newest.revoked_at and now >= newest.revoked_at:
            return f"the key of {key.name} was revoked"
        seen.add(newest.key_id)
        newest = trust.find(newest.replaced_by)
    if newest is None or not newest.valid_at(now):
        why = "was revoked" if newest is not None and newest.revoked_at else "has ended"
        return f"the key of {key.name} {why}"
    return ""
