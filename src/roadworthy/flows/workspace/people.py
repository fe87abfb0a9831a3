"""People and their keys: each change is signed by who made it, recorded, then trusted.

Steps of every change
  1 lock    one change of trust.yaml at a time, and only of one that the ledger agrees with
  2 may     an admin changes other people's keys; before there is an admin, the workspace's machine
  3 record  the signed entry, before the change holds
  4 trust   trust.yaml, replaced whole

What enters: a loop, a name, who acts. What leaves: the changed key. What never happens here: a
key that is removed (it is ended), a private key that leaves the keyring. The ledger is the
authority, trust.yaml its copy (`trusting.py`): after a crash between 3 and 4 the next command
writes the copy again.
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from roadworthy.domain import (
    Draft,
    Instant,
    PersonRole,
    Trust,
    TrustedKey,
    UsageError,
    format_instant,
)
from roadworthy.ledger import (
    MACHINE,
    Ed25519Signer,
    Keyring,
    add_key,
    key_id_of,
    known_names,
    live_key,
    next_instant,
    require_role,
    revoke,
    rotate,
    sign_draft,
    trust_machine,
)
from roadworthy.manifests import save_trust

from .loop import Loop
from .trusting import Lock, locked, record_admission, require_agreement, restored

VOUCHERS: tuple[PersonRole, ...] = (
    "engineer", "operator", "reviewer", "risk_officer", "admin",
)  # fmt: skip
"""Who enters evidence, papers and costs. An auditor reads, and makes nothing of what is checked."""


class Acting(Struct, frozen=True, kw_only=True):
    """Who acts, with the key to sign it."""

    name: str
    signer: Ed25519Signer
    key: TrustedKey


def require_voucher(loop: Loop, by: Acting) -> None:
    """Raise AccessError unless this person may enter evidence about a system."""
    require_role(loop.trust, by.key.key_id, VOUCHERS, format_instant(loop.clock.now()))


def add_person(
    loop: Loop,
    *,
    name: str,
    roles: Sequence[PersonRole],
    by: Acting | None = None,
    public_key: bytes = b"",
) -> TrustedKey:
    """Make a key for a person and trust it in those roles from now on.

    With `public_key` (32 raw bytes) the private half is elsewhere and stays there. `by` must be an
    admin where there is one. Raises UsageError, AccessError.
    """
    if not roles:
        raise UsageError(f"{name} needs a role", fix="--role engineer (or reviewer, admin …)")
    if _read(name) == _read(MACHINE):
        raise UsageError(f"{MACHINE} is the workspace's own name", fix="choose another name")
    with _changing(loop) as (trust, lock):  # 1
        at = format_instant(loop.clock.now())
        actor, signer = _authority(loop, trust, by, at)  # 2
        if live_key(trust, name, at):
            raise UsageError(f"{name} has a key already", fix=f"roadworthy people rotate {name}")
        _refuse_alike(name, trust)
        public = public_key or _key_of(loop.keyring, name, trust).public_key
        changed = add_key(trust, name=name, public_key=public, at=at, roles=roles)
        key = _known(changed, key_id_of(public))
        payload: dict[str, object] = {
            "key_id": key.key_id,
            "public_key": key.public_key,
            "roles": list(key.roles),
            "valid_from": at,
        }
        lock.begin()
        _record(loop, "person.added", name, actor, signer, payload)  # 3
        _save(loop, changed, lock)  # 4
        return key


def add_machine(loop: Loop, *, by: Acting | None = None, public_key: bytes = b"") -> TrustedKey:
    """Trust a further machine: this workspace's own new one, or (by its public key) another's.

    What another workspace released is then admitted here. `by` must be an admin where there is
    one. Raises UsageError, AccessError.
    """
    with _changing(loop) as (trust, lock):  # 1
        at = format_instant(loop.clock.now())
        actor, signer = _authority(loop, trust, by, at)  # 2
        public = public_key or loop.keyring.machine().public_key
        changed = trust_machine(trust, public, at=at)
        key = _known(changed, key_id_of(public))
        if changed is trust:
            raise UsageError(f"key {key.key_id} is trusted already, as {key.name}")
        record_admission(loop.ledger, lock, key, actor=actor, by=signer)  # 3
        _save(loop, changed, lock)  # 4
        return key


def restore_people(loop: Loop) -> list[TrustedKey]:
    """Write trust.yaml again as the ledger has it; returns the keys that it now has.

    Raises VerificationError unless the whole ledger holds under the keys that it names itself.
    """
    with locked(loop.workspace) as lock:
        return list(restored(loop.workspace, loop.ledger, lock).keys)


def revoke_person(loop: Loop, *, name: str, reason: str, by: Acting) -> list[TrustedKey]:
    """End every key of a person from now on; people may end their own, admins anybody's."""
    if not reason.strip():
        raise UsageError("a revocation needs a reason", fix="--reason TEXT")
    with _changing(loop) as (trust, lock):  # 1
        at = format_instant(loop.clock.now())
        if by.name != name:
            _authority(loop, trust, by, at)  # 2
        keys = [key for key in trust.keys if name in (key.name, key.key_id) and not key.revoked_at]
        if not keys:
            raise UsageError(f"no key of {name} is left to revoke", fix=known_names(trust))
        lock.begin()
        entry_time = _record(  # 3
            loop,
            "key.revoked",
            name,
            f"person:{by.key.key_id}",
            by.signer,
            {"key_ids": [key.key_id for key in keys], "reason": reason},
        )
        changed = revoke(trust, name, at=next_instant(entry_time))
        _save(loop, changed, lock)  # 4
        return [_known(changed, key.key_id) for key in keys]


def rotate_key(loop: Loop, *, name: str) -> TrustedKey:
    """A new key with the same roles; the entry is signed by the old one."""
    with _changing(loop) as (trust, lock):  # 1
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
        lock.begin()
        entry_time = _record(  # 3
            loop,
            "key.rotated",
            live.name,
            f"{kind}:{old.key_id}",
            old,
            {**payload, "old": old.key_id},
        )
        changed = rotate(trust, live.name, public_key=fresh.public_key, at=next_instant(entry_time))
        _save(loop, changed, lock)  # 4
        loop.keyring.promote(name)
        return _known(changed, fresh.key_id)


@contextmanager
def _changing(loop: Loop) -> Iterator[tuple[Trust, Lock]]:
    """1. The trust that ledger and file agree on, and nobody else changing it."""
    with locked(loop.workspace) as lock:
        yield require_agreement(loop.workspace, loop.ledger, lock=lock), lock


def _save(loop: Loop, changed: Trust, lock: Lock) -> None:
    """4. The copy that readers use."""
    save_trust(loop.workspace.trust, changed)
    lock.done()


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


def _refuse_alike(name: str, trust: Trust) -> None:
    """Two people are told apart by more than capital letters: both sign, and both are read."""
    for key in trust.keys:
        if key.kind == "person" and key.name != name and _read(key.name) == _read(name):
            raise UsageError(
                f"{name} reads like {key.name}, who is known here: people would take one for the"
                " other",
                fix=f"the same person is {key.name}; another one needs what tells them apart, such"
                f" as {name}.b",
            )


def _read(name: str) -> str:
    """A name as people hear it."""
    return unicodedata.normalize("NFKC", name).casefold()


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


def _known(trust: Trust, key_id: str) -> TrustedKey:
    key = trust.find(key_id)
    assert key is not None, "the key was added a moment ago"
    return key


def public_key_pem(key: TrustedKey) -> str:
    """The public key as PEM (SubjectPublicKeyInfo, RFC 8410), for other tools."""
    body = base64.b64encode(_PREFIX + base64.b64decode(key.public_key)).decode()
    return f"{_BEGIN}\n{body}\n{_END}\n"


def raw_public_key(pem: str) -> bytes:
    """The 32 raw bytes of `public_key_pem`. Raises ValueError on anything else."""
    lines = [line.strip() for line in pem.strip().splitlines()]
    if len(lines) < 3 or (lines[0], lines[-1]) != (_BEGIN, _END):
        raise ValueError(f"it does not begin with {_BEGIN}")
    body = base64.b64decode("".join(lines[1:-1]), validate=True)
    if len(body) != len(_PREFIX) + 32 or not body.startswith(_PREFIX):
        raise ValueError("it is another kind of key")
    return body[len(_PREFIX) :]


_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""SubjectPublicKeyInfo of Ed25519 (RFC 8410), without the key."""
_BEGIN, _END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
