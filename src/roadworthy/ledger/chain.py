"""The hash chain: how a draft becomes an entry that nobody can change unseen.

In: drafts, the number and the digest of the entry before. Out: sealed entries. An entry's digest
is SHA-256 over the canonical JSON of every field but `payload` and `digest`; the payload enters
by its own digest, so a payload can be withheld (or erased) and the chain still verifies.
"""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    SHA256_PREFIX,
    Draft,
    Entry,
    EvidenceError,
    Instant,
    VerificationError,
)

from .payload import decode_payload, encode_payload
from .store import Row


class Header(Struct, frozen=True, kw_only=True):
    """The fields that the digest covers, in sorted order: encoding it *is* canonical JSON."""

    actor: str
    kind: str
    payload_digest: str
    prev: str
    seq: int
    subject: str
    system: str
    time: Instant


_encode = msgspec.json.Encoder().encode
_sha256 = hashlib.sha256


def seal(draft: Draft, *, seq: int, time: Instant, prev: str) -> tuple[Entry, bytes]:
    """The entry of a draft, and its payload's canonical bytes.

    Raises EvidenceError when the draft does not fit an entry (see `payload`).
    """
    _check_draft(draft)
    data = encode_payload(draft.payload)
    payload_digest = SHA256_PREFIX + _sha256(data).hexdigest()
    header = Header(
        actor=draft.actor,
        kind=draft.kind,
        payload_digest=payload_digest,
        prev=prev,
        seq=seq,
        subject=draft.subject,
        system=draft.system,
        time=time,
    )
    entry = Entry(
        seq=seq,
        time=time,
        system=draft.system,
        kind=draft.kind,
        subject=draft.subject,
        actor=draft.actor,
        payload=draft.payload,
        payload_digest=payload_digest,
        prev=prev,
        digest=_digest_of_header(header),
    )
    return entry, data


def opened(row: Row) -> Entry:
    """A stored row as the entry it is. Raises VerificationError when the row was changed.

    Its payload must have the `payload_digest`, and its own fields the `digest`. Whether another
    row is missing, or all digests were made anew, is what `Ledger.verify` shows.
    """
    seq, time, system, kind, subject, actor, payload, payload_digest, prev, digest = row
    if type(payload) is not bytes or SHA256_PREFIX + _sha256(payload).hexdigest() != payload_digest:
        raise _changed(seq, "its payload does not have its payload_digest")
    entry = Entry(
        seq=seq,
        time=time,
        system=system,
        kind=kind,
        subject=subject,
        actor=actor,
        payload=decode_payload(payload),
        payload_digest=payload_digest,
        prev=prev,
        digest=digest,
    )
    if entry_digest(entry) != digest:
        raise _changed(seq, "its digest is not that of its fields")
    return entry


def _changed(seq: object, why: str) -> VerificationError:
    return VerificationError(
        f"the ledger does not verify: entry {seq} does not fit: {why}",
        fix="`roadworthy verify` on the workspace says more; `roadworthy restore` puts a backup"
        " back",
    )


def entry_digest(entry: Entry) -> str:
    """The digest that an entry must carry, computed anew from its fields."""
    return _digest_of_header(
        Header(
            actor=entry.actor,
            kind=entry.kind,
            payload_digest=entry.payload_digest,
            prev=entry.prev,
            seq=entry.seq,
            subject=entry.subject,
            system=entry.system,
            time=entry.time,
        )
    )


def leaf_of(entry: Entry) -> bytes:
    """The entry's leaf in the Merkle tree: the 32 bytes of its digest."""
    return bytes.fromhex(entry.digest[len(SHA256_PREFIX) :])


def _digest_of_header(header: Header) -> str:
    try:
        return SHA256_PREFIX + _sha256(_encode(header)).hexdigest()
    except UnicodeEncodeError:
        raise EvidenceError("an entry's fields must be valid Unicode text") from None


def _check_draft(draft: Draft) -> None:
    if not draft.kind or not draft.kind.isascii():
        raise EvidenceError(
            f"{draft.kind!r} is no kind of entry", fix="name it like `gate.decided`"
        )
    if not draft.actor.startswith(("person:", "machine:")):
        raise EvidenceError(
            f"{draft.actor!r} names no actor", fix="write person:<key id> or machine:<key id>"
        )
