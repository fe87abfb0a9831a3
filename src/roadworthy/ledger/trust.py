"""Who may do what: pure functions on `Trust`. Reading and writing trust.yaml is for others.

A key is never removed, only ended: what it signed while it was valid stays verifiable.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from roadworthy.domain import (
    AccessError,
    Instant,
    PersonRole,
    Trust,
    TrustedKey,
    UndecidedError,
    UsageError,
)

from .signers import key_id_of


def add_key(
    trust: Trust,
    *,
    name: str,
    public_key: bytes,
    at: Instant,
    roles: Sequence[PersonRole] = (),
    kind: Literal["person", "machine"] = "person",
    valid_until: Instant = "",
) -> Trust:
    """Trust with one more key, valid from `at`.

    Raises UsageError when the key is known, or the name has a key that is still valid.
    """
    key_id = key_id_of(public_key)
    if trust.find(key_id):
        raise UsageError(f"key {key_id} is in the trust file already")
    if live_key(trust, name, at):
        raise UsageError(
            f"{name} has a key already", fix=f"rotate it: roadworthy people rotate {name}"
        )
    key = TrustedKey(
        key_id=key_id,
        name=name,
        kind=kind,
        roles=list(dict.fromkeys(roles)),
        public_key=base64.b64encode(public_key).decode(),
        valid_from=at,
        valid_until=valid_until,
    )
    return msgspec.structs.replace(trust, keys=[*trust.keys, key])


def revoke(trust: Trust, name: str, *, at: Instant) -> Trust:
    """Trust with every key of that name (or the key of that id) revoked from `at` on.

    A rotated key is revoked too: whoever stole it must not sign as of yesterday.
    Raises UsageError when there is none, or all are revoked.
    """
    ended = [key for key in trust.keys if name in (key.name, key.key_id) and not key.revoked_at]
    if not ended:
        raise UsageError(f"no key of {name} is left to revoke", fix=known_names(trust))
    return _with(trust, [msgspec.structs.replace(key, revoked_at=at) for key in ended])


def rotate(trust: Trust, name: str, *, public_key: bytes, at: Instant) -> Trust:
    """Trust in which a new key with the same roles follows that name's valid one at `at`."""
    old = live_key(trust, name, at)
    if old is None:
        raise UsageError(f"{name} has no valid key to rotate", fix=known_names(trust))
    key_id = key_id_of(public_key)
    ended = msgspec.structs.replace(old, valid_until=at, replaced_by=key_id)
    return add_key(
        _with(trust, [ended]),
        name=name,
        public_key=public_key,
        at=at,
        roles=old.roles,
        kind=old.kind,
    )


def trust_machine(trust: Trust, public_key: bytes, *, at: Instant) -> Trust:
    """Trust that holds the workspace's own key; unchanged when it does already.

    A second machine (a trust file that is shared) is called by its key id.
    """
    key_id = key_id_of(public_key)
    if trust.find(key_id):
        return trust
    name = f"machine-{key_id[:8]}" if live_key(trust, "machine", at) else "machine"
    return add_key(trust, name=name, public_key=public_key, at=at, kind="machine")


def live_key(trust: Trust, name: str, at: Instant) -> TrustedKey | None:
    """The key that name signs with at that instant, or None."""
    return next((key for key in trust.keys if key.name == name and key.valid_at(at)), None)


def require_key(trust: Trust, key_id: str, at: Instant) -> TrustedKey:
    """The key, when known and valid then. Raises UndecidedError (unknown) or AccessError."""
    key = trust.find(key_id)
    if key is None:
        raise UndecidedError(
            f"key {key_id} is not in the trust file", fix="roadworthy people add NAME --role ROLE"
        )
    if not key.valid_at(at):
        ended = key.revoked_at or key.valid_until
        raise AccessError(
            f"key {key_id} of {key.name} was not valid at {at}"
            f" (from {key.valid_from}{f' until {ended}' if ended else ''})"
        )
    return key


def require_role(trust: Trust, key_id: str, roles: Sequence[PersonRole], at: Instant) -> TrustedKey:
    """The person's key, when valid then and holding one of the roles.

    No roles given means that nobody may. Raises AccessError (or UndecidedError: unknown key).
    """
    key = require_key(trust, key_id, at)
    if key.kind != "person":
        raise AccessError(f"{key.name} is a machine; a person must do this")
    if not set(key.roles) & set(roles):
        raise AccessError(
            f"{key.name} is {', '.join(key.roles) or 'without a role'};"
            f" this needs {' or '.join(roles) or 'a role that nobody has'}",
            fix="let a person with that role act: --as NAME",
        )
    return key


def distinct_people(trust: Trust, key_ids: Iterable[str], *, author: str = "") -> set[str]:
    """Names behind those keys, without the author's: two keys of one person count once.

    `author` is a key id or a name. Unknown keys and machines count for nobody.
    """
    found = (trust.find(key_id) for key_id in key_ids)
    names = {key.name for key in found if key is not None and key.kind == "person"}
    writer = trust.find(author)
    return names - {writer.name if writer else author}


def known_names(trust: Trust) -> str:
    """A sentence naming the people in the trust file, for errors."""
    names = sorted({key.name for key in trust.keys if key.kind == "person"})
    return f"known: {', '.join(names)}" if names else "nobody is in the trust file yet"


def _with(trust: Trust, changed: Sequence[TrustedKey]) -> Trust:
    by_id = {key.key_id: key for key in changed}
    return msgspec.structs.replace(trust, keys=[by_id.get(key.key_id, key) for key in trust.keys])
