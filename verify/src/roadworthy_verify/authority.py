"""Whose keys the ledger says are trusted: its entries on people, replayed from the first.

In: the entries of four kinds, in order, and a list of keys (trust.yaml). Out: the keys as the
ledger has them, and where the list says something else. Never: an entry that is believed without
the signature of a key that might make that change then. The ledger is the authority; trust.yaml
is a copy for readers, and whoever edits the copy changes nobody's rights.

Who may change what (`_authorised`): an admin changes everything; while there is no admin, the
workspace's machine; people may end their own keys; a key is rotated by itself. The machine whose
key signed the log's first checkpoint is where it begins: it is explained by no entry.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .chain import Row
from .instant import later, parse_instant
from .signature import SignatureError, signed_bytes, take_signature
from .trust import Key, Trust, key_id_of

PERSON_ADDED = "person.added"
MACHINE_ADMITTED = "machine.admitted"
KEY_REVOKED = "key.revoked"
KEY_ROTATED = "key.rotated"
KINDS = (PERSON_ADDED, MACHINE_ADMITTED, KEY_REVOKED, KEY_ROTATED)
"""Entries that change whose keys are trusted."""

_SLACK = dt.timedelta(minutes=1)
"""Entries of the first version do not say from when the key is valid: shortly before they were
written, which took no longer than the ledger's lock."""


class AuthorityError(ValueError):
    """An entry on people that nobody might make. Says which and why.

    `seq` 0: not an entry, but the list lacks the key that the ledger began with.
    """

    def __init__(self, seq: int, reason: str) -> None:
        super().__init__(f"entry {seq} does not fit: {reason}" if seq else reason)
        self.seq = seq


@dataclass
class Authority:
    """The keys as the ledger has them."""

    keys: dict[str, Key] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)
    """Key id -> number of the last entry about it; 0 for the first machine's."""
    imprecise: set[str] = field(default_factory=set)
    """Keys whose entry does not say from when they are valid."""
    first: str = ""
    """Key id of the machine that the log began with."""

    def live(self, key_id: str, moment: str) -> Key | None:
        """The key, when it was valid then."""
        key = self.keys.get(key_id)
        return key if key is not None and not key.invalid_because(moment) else None

    def has_admin(self, moment: str) -> bool:
        """Whether anybody might change other people's keys then."""
        return any(
            "admin" in key.roles and not key.invalid_because(moment) for key in self.keys.values()
        )


def replay(rows: Iterable[Row], *, first: str, trust: Trust) -> Authority:
    """The keys after those entries; other kinds are passed over.

    `first` is the key id that signed the log's first checkpoint, or empty; its public key is taken
    from `trust` (a key id is a hash of it). Raises AuthorityError.
    """
    found = Authority()
    for row in rows:
        if row[3] not in KINDS:
            continue
        if not found.keys:
            _begin(found, first or row[5].partition(":")[2], trust)
        try:
            _apply(found, row)
        except (SignatureError, KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, AuthorityError):
                raise
            reason = str(error) if isinstance(error, SignatureError) else f"{error!r}"
            raise AuthorityError(row[0], f"it is no {row[3]} ({reason})") from None
    if not found.keys and first:
        _begin(found, first, trust)
    return found


def disagreements(authority: Authority, trust: Trust) -> Iterator[str]:
    """Where a list of keys says something else than the ledger, a sentence each."""
    for key_id in sorted(set(authority.keys) | set(trust.keys)):
        said, listed = authority.keys.get(key_id), trust.keys.get(key_id)
        if said is None:
            assert listed is not None, "it is in one of the two"
            what = ", ".join(listed.roles) or listed.kind
            yield f"key {key_id} of {listed.name} ({what}) is in no entry of the ledger"
        elif listed is None:
            entry = authority.entries[key_id]
            source = f"entry {entry} has it" if entry else "it signed the first checkpoint"
            yield f"key {key_id} of {said.name} is missing, but {source}"
        else:
            for name, value, right in _differences(authority, said, listed):
                yield (
                    f"{said.name} ({key_id}): {name} is {value or 'empty'}, but"
                    f" {_source(authority, key_id)} says {right or 'none'}"
                )


def _source(authority: Authority, key_id: str) -> str:
    entry = authority.entries[key_id]
    return f"entry {entry}" if entry else "the ledger"


def _differences(authority: Authority, said: Key, listed: Key) -> Iterator[tuple[str, str, str]]:
    """Field, what is listed, what the ledger says."""
    if set(said.roles) != set(listed.roles):
        yield "roles", ", ".join(listed.roles), ", ".join(said.roles)
    for name in ("name", "kind", "valid_until", "revoked_at", "replaced_by"):
        value, right = str(getattr(listed, name)), str(getattr(said, name))
        if value != right:
            yield name, value, right
    if said.public_key != listed.public_key:
        yield "public_key", _text(listed.public_key), _text(said.public_key)
    if said.key_id == authority.first:
        return  # Nothing says from when: every head it signed is judged by it all the same.
    near = said.key_id in authority.imprecise and _shortly_before(
        listed.valid_from, said.valid_from
    )
    if said.valid_from != listed.valid_from and not near:
        yield "valid_from", listed.valid_from, said.valid_from


def _begin(found: Authority, key_id: str, trust: Trust) -> None:
    """The machine that the log began with, in the one form that it can have."""
    listed = trust.find(key_id)
    if listed is None:
        raise AuthorityError(0, f"key {key_id} of machine is missing, with which the ledger began")
    found.first = key_id
    found.entries[key_id] = 0
    found.keys[key_id] = Key(
        key_id=key_id,
        name=listed.name if _is_machine_name(listed) else "machine",
        kind="machine",
        roles=(),
        public_key=listed.public_key,
        valid_from=listed.valid_from,
    )


def _is_machine_name(key: Key) -> bool:
    return key.name in ("machine", f"machine-{key.key_id[:8]}")


def _apply(found: Authority, row: Row) -> None:
    seq, time, system, kind, subject, actor = row[:6]
    payload, key_id, value = take_signature(row[6])
    signed = signed_bytes(system, kind, subject, actor, payload)
    signer = _signer(found, row, key_id, payload)
    if not signer.signed(signed, value):
        raise AuthorityError(seq, f"the signature of {signer.name} on it does not hold")
    if not _authorised(found, row, signer, payload):
        who = f"{signer.name} ({', '.join(signer.roles) or signer.kind})"
        raise AuthorityError(seq, f"{who} might not make that change ({kind} of {subject})")
    _CHANGES[kind](found, seq, time, subject, payload)


def _signer(found: Authority, row: Row, key_id: str, payload: Mapping[str, Any]) -> Key:
    """Whose signature it is, by what the ledger had said until then."""
    seq, time, actor = row[0], row[1], row[5]
    if actor.partition(":")[2] != key_id:
        raise AuthorityError(seq, f"{actor} did not sign it")
    if row[3] == MACHINE_ADMITTED and payload["key_id"] == key_id and key_id not in found.keys:
        return _new_key(row[4], time, payload, kind="machine")
    key = found.live(key_id, time)
    if key is None:
        raise AuthorityError(seq, f"key {key_id}, which signed it, was not trusted then")
    return key


def _authorised(found: Authority, row: Row, signer: Key, payload: Mapping[str, Any]) -> bool:
    time, kind, subject = row[1], row[3], row[4]
    if kind == KEY_ROTATED:
        return bool(payload["old"] == signer.key_id)
    if kind == KEY_REVOKED and subject in (signer.name, signer.key_id):
        return True
    if found.has_admin(time):
        return signer.kind == "person" and "admin" in signer.roles
    return signer.kind == "machine" or kind == KEY_REVOKED


def _new_key(
    name: str, time: str, payload: Mapping[str, Any], *, kind: str, roles: Iterable[str] = ()
) -> Key:
    public_key = base64.b64decode(str(payload["public_key"]), validate=True)
    key_id = str(payload["key_id"])
    if len(public_key) != 32 or key_id_of(public_key) != key_id:
        raise ValueError(f"{key_id} is not the id of its public key")
    return Key(
        key_id=key_id,
        name=name,
        kind=kind,
        roles=tuple(str(role) for role in roles),
        public_key=public_key,
        valid_from=str(payload.get("valid_from", time)),
    )


def _keep(found: Authority, seq: int, *keys: Key) -> None:
    for key in keys:
        found.keys[key.key_id] = key
        found.entries[key.key_id] = seq


def _person_added(
    found: Authority, seq: int, time: str, subject: str, payload: Mapping[str, Any]
) -> None:
    key = _new_key(subject, time, payload, kind="person", roles=payload["roles"])
    _refuse_known(found, seq, key)
    if "valid_from" not in payload:
        found.imprecise.add(key.key_id)
    _keep(found, seq, key)


def _machine_admitted(
    found: Authority, seq: int, time: str, subject: str, payload: Mapping[str, Any]
) -> None:
    key = _new_key(subject, time, payload, kind="machine")
    _refuse_known(found, seq, key)
    _keep(found, seq, key)


def _refuse_known(found: Authority, seq: int, key: Key) -> None:
    """A second entry for one key would change its rights without ending it."""
    if key.key_id in found.keys:
        raise AuthorityError(seq, f"key {key.key_id} was added before")


def _key_revoked(
    found: Authority, seq: int, time: str, subject: str, payload: Mapping[str, Any]
) -> None:
    for key_id in payload["key_ids"]:
        key = found.keys[key_id]
        if subject not in (key.name, key.key_id):
            raise AuthorityError(seq, f"key {key_id} is not {subject}'s")
        _keep(found, seq, replace(key, revoked_at=_after(time)))


def _key_rotated(
    found: Authority, seq: int, time: str, subject: str, payload: Mapping[str, Any]
) -> None:
    old, ends = found.keys[payload["old"]], _after(time)
    new = _new_key(old.name, ends, payload, kind=old.kind, roles=old.roles)
    _refuse_known(found, seq, new)
    ended = replace(old, valid_until=ends, replaced_by=new.key_id)
    _keep(found, seq, ended, replace(new, valid_from=ends))


_CHANGES: dict[str, Callable[[Authority, int, str, str, Mapping[str, Any]], None]] = {
    PERSON_ADDED: _person_added,
    MACHINE_ADMITTED: _machine_admitted,
    KEY_REVOKED: _key_revoked,
    KEY_ROTATED: _key_rotated,
}


def _after(moment: str) -> str:
    """The next microsecond: the entry that ends a key is still signed by a valid one."""
    return later(moment, dt.timedelta(microseconds=1))


def _shortly_before(moment: str, entry: str) -> bool:
    return dt.timedelta() <= parse_instant(entry) - parse_instant(moment) <= _SLACK


def _text(public_key: bytes) -> str:
    return base64.b64encode(public_key).decode()
