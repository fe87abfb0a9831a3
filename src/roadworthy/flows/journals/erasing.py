"""Erasing texts of the journal, by a person or because their time is over; records stay whole.

erase    1 may     a person with a reason
         2 held    what a hold touches is not erased: refused, and listed for a person
         3 record  who, what, why, how many, before anything is gone
         4 erase   the keys; digests and Merkle roots are about what is sealed, and hold
retain   the same for every key past its days, by the machine; of a key of which a hold keeps some
         subjects, those stay and all others go

What never happens here: something erased that no entry names (a crash between 3 and 4 leaves an
entry whose keys are there: the next `retain` erases them, and `journal verify` names those that
were to go whole), or a hold that is not asked for, also of a key that came back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Draft,
    Entry,
    Hold,
    RefusedError,
    TextScope,
    UsageError,
    format_instant,
    plain,
)
from roadworthy.journal import Vault, Wanted, WrappedKey, key_names, query
from roadworthy.ledger import Ed25519Signer, require_role, sign_draft

from ..workspace.loop import Loop
from ..workspace.people import Acting
from .holding import RELEASERS, keeping, standing_holds

ERASED = "journal.erased"
REFUSED = "journal.erasure_refused"


class Erased(Struct, frozen=True, kw_only=True):
    """What an erasure did."""

    entry: int | None
    """Its number in the ledger; None when there was nothing to do."""
    keys: tuple[str, ...] = ()
    """The keys that were erased, or out of which a subject was taken."""
    narrowed: tuple[str, ...] = ()
    """The keys of which only what is held is left."""
    exchanges: int | None = None
    """Whose texts those were; None where nobody counted."""
    left: tuple[str, ...] = ()
    """Keys that a hold keeps whole, or that have no subjects (version 1): for a person."""


def erase_texts(scope: TextScope, loop: Loop, vault: Vault, by: Acting, *, reason: str) -> Erased:
    """Erase the texts of a scope.

    Raises AccessError for who may not, RefusedError when a hold touches it (entered, too),
    VerificationError when the journal cannot be read, UsageError without a reason.
    """
    if not reason.strip():
        raise UsageError("an erasure needs a reason", fix="--reason TEXT")
    if scope == TextScope() or (scope.subject and not scope.tenant):
        raise UsageError(
            "what is to be erased?", fix="give a tenant, a day, or a tenant's end user"
        )
    key = require_role(loop.trust, by.key.key_id, RELEASERS, format_instant(loop.clock.now()))  # 1
    actor = f"person:{key.key_id}"
    with keeping(loop):
        held = [hold for hold in standing_holds(loop) if hold.scope.touches(scope)]  # 2
        if held:
            said = {"scope": plain(scope), "reason": reason, "holds": [hold.id for hold in held]}
            _enter(REFUSED, scope.words, said, loop, actor, by.signer)
            raise RefusedError(
                f"nothing was erased: {'; '.join(_because(hold) for hold in held)}",
                fix="two people release a hold: roadworthy journal release-hold HOLD",
            )
        there = vault.kept(tenant=scope.tenant, day=scope.day)
        meant = [each for each in there if each.version > 1 or not scope.subject]
        left = tuple(each.name for each in there if each not in meant)
        names = tuple(each.name for each in meant)
        sealed = (row.record.sealed for row in query(loop.workspace.journal, _wanted(scope)))
        exchanges = sum(1 for each in sealed if each is None or each.key not in left)
        said = _said(scope, reason, names, exchanges=exchanges, left=left)
        entry = _enter(ERASED, scope.words, said, loop, actor, by.signer)  # 3
        vault.erase(names, subject=scope.subject)  # 4
    return Erased(entry=entry.seq, keys=names, exchanges=exchanges, left=left)


def retain(loop: Loop, vault: Vault, *, days: int, again: bool = True) -> Erased:
    """Erase every key whose day lies more than `days` days back.

    `again`: what an entry says was erased is erased again, where it came back and nobody holds it.

    Texts of a day are kept for `days` whole days after it: of 183, never less than six months.
    Raises VerificationError when nobody can say what is held; then nothing is erased.
    """
    oldest = (loop.clock.now().date() - dt.timedelta(days=days)).isoformat()
    with keeping(loop):
        if again:
            _erase_again(loop, vault)
        past = vault.kept(before=oldest)
        if not past:
            return Erased(entry=None)
        holds = standing_holds(loop)
        fates = [(key, _kept(key, holds)) for key in past]
        gone = tuple(key.name for key, kept in fates if kept is not None and not kept)
        cut = {key.name: kept for key, kept in fates if kept and vault.has_more(key, kept)}
        left = tuple(key.name for key, kept in fates if kept is None)
        if not gone and not cut:
            return Erased(entry=None, left=left)
        said = _said(TextScope(), f"retention of {days} days", gone, left=left)
        said["narrowed"] = {name: sorted(kept) for name, kept in cut.items()}
        machine = loop.keyring.machine()
        entry = _enter(ERASED, f"before {oldest}", said, loop, loop.machine, machine)
        vault.erase(gone)
        for name, kept in cut.items():
            vault.erase([name], keep=kept)
    return Erased(entry=entry.seq, keys=gone, narrowed=tuple(cut), left=left)


def refused_erasures(loop: Loop) -> list[Entry]:
    """Erasures that a hold stopped and that nobody has done since: they wait for a person."""
    waiting = {entry.subject: entry for entry in loop.ledger.entries(kind=REFUSED)}
    done = {entry.subject: entry.seq for entry in loop.ledger.entries(kind=ERASED)}
    return [each for each in waiting.values() if each.seq > done.get(each.subject, 0)]


def erased_keys(loop: Loop) -> set[str]:
    """The keys of which an entry says that all of them was erased."""
    return {name for name, subject in _erased_before(loop) if not subject}


def _erase_again(loop: Loop, vault: Vault) -> None:
    names = key_names(loop.workspace.journal / "keys") or set()
    back = [each for each in _erased_before(loop) if each[0] in names]
    if not back:
        return
    holds = standing_holds(loop)
    keys = {key.name: key for key in vault.those(name for name, _ in back)}
    for name, subject in back:
        kept = _kept(keys[name], holds, subject) if name in keys else None
        if kept is not None:
            vault.erase([name], subject=subject, keep=kept)


def _erased_before(loop: Loop) -> Iterator[tuple[str, str]]:
    """Key and subject (empty: all of it) of every erasure."""
    for entry in loop.ledger.entries(kind=ERASED):
        subject = str(entry.payload["scope"].get("subject", ""))
        yield from ((str(name), subject) for name in entry.payload["keys"])


def _kept(key: WrappedKey, holds: Sequence[Hold], subject: str = "") -> set[str] | None:
    """The subjects of a key that are held; None when all of it is, or it cannot be parted.

    With a `subject` only of that one: then nothing is held, or all of it.
    """
    scope = TextScope(tenant=key.tenant, day=key.day, subject=subject)
    touching = [hold.scope for hold in holds if hold.scope.touches(scope)]
    if touching and (subject or key.version == 1 or any(not each.subject for each in touching)):
        return None
    return {each.subject for each in touching}


def _wanted(scope: TextScope) -> Wanted:
    if not scope.day:
        return Wanted(tenant=scope.tenant, end_user=scope.subject)
    begin = dt.date.fromisoformat(scope.day)
    since, until = (f"{day.isoformat()}T00:00:00.000000Z" for day in (begin, begin + _DAY))
    return Wanted(tenant=scope.tenant, end_user=scope.subject, since=since, until=until)


_DAY = dt.timedelta(days=1)


def _because(hold: Hold) -> str:
    return f"{hold.id} holds {hold.scope.words} ({hold.reason})"


def _said(
    scope: TextScope,
    reason: str,
    keys: Sequence[str],
    *,
    exchanges: int | None = None,
    left: Sequence[str] = (),
) -> dict[str, Any]:
    said = {"scope": msgspec.to_builtins(scope), "reason": reason, "keys": list(keys)}
    counted = {} if exchanges is None else {"exchanges": exchanges}
    return said | counted | ({"left": list(left)} if left else {})


def _enter(
    kind: str, subject: str, said: dict[str, Any], loop: Loop, actor: str, signer: Ed25519Signer
) -> Entry:
    draft = Draft(system="", kind=kind, subject=subject, actor=actor, payload=said)
    (entry,) = loop.ledger.record(sign_draft(draft, signer))
    return entry
