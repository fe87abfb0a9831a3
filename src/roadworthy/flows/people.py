"""People and their keys: each change is signed by who made it, recorded, then trusted.

Steps of every change
  1 lock    one change of trust.yaml at a time
  2 may     an admin changes other people's keys; before there is an admin, the workspace's machine
  3 record  the signed entry, before the change holds
  4 trust   trust.yaml, replaced whole

What enters: a loop, a name, who acts. What leaves: the changed key. What never happens here: a
key that is removed (it is ended), a private key that leaves the keyring. A crash between 3 and 4
leaves an entry without its change; the same command goes on where it was.
"""

from __future__ import annotations

import base64
import datetime as dt
import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from roadworthy.domain import (
    Clock,
    Draft,
    Instant,
    PersonRole,
    Trust,
    TrustedKey,
    UsageError,
    format_instant,
    parse_instant,
)
from roadworthy.ledger import (
    MACHINE,
    Ed25519Signer,
    Keyring,
    add_key,
    known_names,
    live_key,
    require_role,
    revoke,
    rotate,
    sign_draft,
    trust_machine,
)
from roadworthy.manifests import Workspace, load_trust, save_trust

from .loop import Loop


class Acting(Struct, frozen=True, kw_only=True):
    """Who acts, with the key to sign it."""

    name: str
    signer: Ed25519Signer
    key: TrustedKey


def add_person(
    loop: Loop, *, name: str, roles: Sequence[PersonRole], by: Acting | None = None
) -> TrustedKey:
    """Make a key for a person and trust it in those roles from now on.

    `by` must be an admin where there is one. Raises UsageError, AccessError.
    """
    if not roles:
        raise UsageError(f"{name} needs a role", fix="--role engineer (or reviewer, admin …)")
    if name == MACHINE:
        raise UsageError(f"{MACHINE} is the workspace's own name", fix="choose another name")
    with _changing(loop) as trust:  # 1
        at = format_instant(loop.clock.now())
        actor, signer = _authority(loop, trust, by, at)  # 2
        if live_key(trust, name, at):
            raise UsageError(f"{name} has a key already", fix=f"roadworthy people rotate {name}")
        person = _key_of(loop.keyring, name, trust)
        changed = add_key(trust, name=name, public_key=person.public_key, at=at, roles=roles)
        payload = {"key_id": person.key_id, "public_key": person.public_key_base64}
        _record(loop, "person.added", name, actor, signer, {**payload, "roles": list(roles)})  # 3
        save_trust(loop.workspace.trust, changed)  # 4
        return _known(changed, person.key_id)


def revoke_person(loop: Loop, *, name: str, reason: str, by: Acting) -> list[TrustedKey]:
    """End every key of a person from now on; people may end their own, admins anybody's."""
    if not reason.strip():
        raise UsageError("a revocation needs a reason", fix="--reason TEXT")
    with _changing(loop) as trust:  # 1
        at = format_instant(loop.clock.now())
        if by.name != name:
            _authority(loop, trust, by, at)  # 2
        keys = [key for key in trust.keys if name in (key.name, key.key_id) and not key.revoked_at]
        if not keys:
            raise UsageError(f"no key of {name} is left to revoke", fix=known_names(trust))
        entry_time = _record(  # 3
            loop,
            "key.revoked",
            name,
            f"person:{by.key.key_id}",
            by.signer,
            {"key_ids": [key.key_id for key in keys], "reason": reason},
        )
        changed = revoke(trust, name, at=_after(entry_time))
        save_trust(loop.workspace.trust, changed)  # 4
        return [_known(changed, key.key_id) for key in keys]


def rotate_key(loop: Loop, *, name: str) -> TrustedKey:
    """A new key with the same roles; the entry is signed by the old one."""
    with _changing(loop) as trust:  # 1
        at = format_instant(loop.clock.now())
        old, fresh = loop.keyring.signer(name), loop.keyring.prepare(name)
        if done := trust.find(fresh.key_id):
            loop.keyring.promote(name)
            return done
        live = trust.find(old.key_id)
        if live is None or not live.valid_at(at):
            raise UsageError(f"the key of {name} here is not valid", fix=known_names(trust))
        payload = {"key_id": fresh.key_id, "public_key": fresh.public_key_base64}
        kind = "machine" if name == MACHINE else "person"
        entry_time = _record(  # 3
            loop,
            "key.rotated",
            live.name,
            f"{kind}:{old.key_id}",
            old,
            {**payload, "old": old.key_id},
        )
        changed = rotate(trust, live.name, public_key=fresh.public_key, at=_after(entry_time))
        save_trust(loop.workspace.trust, changed)  # 4
        loop.keyring.promote(name)
        return _known(changed, fresh.key_id)


def admitted_machine(workspace: Workspace, keyring: Keyring, clock: Clock) -> Trust:
    """Trust that holds the workspace's own key, made and saved when it does not."""
    machine = keyring.machine()
    trust = load_trust(workspace.trust)
    if trust.find(machine.key_id):
        return trust
    with _locked(workspace):
        trust = load_trust(workspace.trust)
        changed = trust_machine(trust, machine.public_key, at=format_instant(clock.now()))
        if changed is not trust:
            save_trust(workspace.trust, changed)
        return changed


@contextmanager
def _changing(loop: Loop) -> Iterator[Trust]:
    """1. The trust as it is now, and nobody else changing it."""
    with _locked(loop.workspace):
        yield load_trust(loop.workspace.trust)


@contextmanager
def _locked(workspace: Workspace) -> Iterator[None]:
    with workspace.trust.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _authority(
    loop: Loop, trust: Trust, by: Acting | None, at: Instant
) -> tuple[str, Ed25519Signer]:
    """2. Who signs the change. Without an admin yet, the workspace's machine does."""
    if any("admin" in key.roles and key.valid_at(at) for key in trust.keys):
        if by is None:
            raise UsageError("an admin must do this", fix="--as NAME of an admin")
        require_role(trust, by.key.key_id, ["admin"], at)
        return f"person:{by.key.key_id}", by.signer
    machine = loop.keyring.machine()
    return f"machine:{machine.key_id}", machine


def _key_of(keyring: Keyring, name: str, trust: Trust) -> Ed25519Signer:
    """A new key, or the one that a crash left in the keyring before anybody trusted it."""
    if name in keyring.names():
        left = keyring.signer(name)
        if trust.find(left.key_id) is None:
            return left
        raise UsageError(f"the key of {name} has ended", fix="add the person under another name")
    return keyring.create(name)


def _record(
    loop: Loop,
    kind: str,
    subject: str,
    actor: str,
    signer: Ed25519Signer,
    payload: dict[str, object],
) -> Instant:
    """3. The signed entry; returns its instant."""
    draft = Draft(system="", kind=kind, subject=subject, actor=actor, payload=payload)
    (entry,) = loop.ledger.record(sign_draft(draft, signer))
    return entry.time


def _after(moment: Instant) -> Instant:
    """The next microsecond: the entry that ends a key is still signed by a valid one."""
    return format_instant(parse_instant(moment) + dt.timedelta(microseconds=1))


def _known(trust: Trust, key_id: str) -> TrustedKey:
    key = trust.find(key_id)
    assert key is not None, "the key was added a moment ago"
    return key


def public_key_pem(key: TrustedKey) -> str:
    """The public key as PEM (SubjectPublicKeyInfo, RFC 8410), for other tools."""
    prefix = bytes.fromhex("302a300506032b6570032100")
    body = base64.b64encode(prefix + base64.b64decode(key.public_key)).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
