"""The ledger's own word on whose keys are trusted, and what a copy of it gets wrong.

In: a store, and trust as trust.yaml has it. Out: the keys by the entries on people; trust as those
keys would be written. Never: a walk over the whole log, so that every command can ask; that an
entry was not rewritten is what `Ledger.verify` shows.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import msgspec

from roadworthy.domain import Entry, Trust, VerificationError
from roadworthy_verify import Authority, AuthorityError, disagreements, load_trust, replay
from roadworthy_verify import Trust as VerifiedTrust
from roadworthy_verify.authority import KINDS

from .payload import encode_payload
from .store import LedgerStore, Row


def authority_of(store: LedgerStore, trust: Trust, *, first: str) -> Authority:
    """The keys by the entries on people. Raises VerificationError naming an entry that cannot be.

    `first` is the key id of the machine that the log began with; no entry has its public key, so
    that is taken from `trust`.
    """
    found = [entry for kind in KINDS for entry in store.find(kind=kind)]
    found.sort(key=lambda entry: entry.seq)
    try:
        return replay(map(_row, found), first=first, trust=_as_verified(trust))
    except AuthorityError as error:
        if not error.seq:
            raise VerificationError(
                f"trust.yaml is not what the ledger says: {error}",
                fix="`roadworthy people restore` writes it again as the ledger has it",
            ) from None
        raise VerificationError(
            f"the ledger does not verify: {error}", fix="roadworthy restore puts a backup back"
        ) from None


def trust_disagreements(authority: Authority, trust: Trust) -> Iterator[str]:
    """Where trust says something else than the ledger, a sentence each. Empty: they agree."""
    return disagreements(authority, _as_verified(trust))


def trust_by(authority: Authority, *, began: str = "") -> Trust:
    """Trust as the ledger has it, to be written.

    `began` is when the first machine's key became valid, where trust.yaml no longer says so.
    """
    keys = [
        {
            "key_id": key.key_id,
            "name": key.name,
            "kind": key.kind,
            "roles": list(key.roles),
            "public_key": base64.b64encode(key.public_key).decode(),
            "valid_from": key.valid_from or began,
            "valid_until": key.valid_until,
            "revoked_at": key.revoked_at,
            "replaced_by": key.replaced_by,
        }
        for key in authority.keys.values()
    ]
    return msgspec.convert({"keys": keys}, Trust)


def _as_verified(trust: Trust) -> VerifiedTrust:
    return load_trust(msgspec.to_builtins(trust), source="trust.yaml")


def _row(entry: Entry) -> Row:
    """An entry as the verifier reads it."""
    return (
        entry.seq,
        entry.time,
        entry.system,
        entry.kind,
        entry.subject,
        entry.actor,
        encode_payload(entry.payload),
        entry.payload_digest,
        entry.prev,
        entry.digest,
    )
