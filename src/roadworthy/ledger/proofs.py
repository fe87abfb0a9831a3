"""Proofs as files, and a head that was kept elsewhere, held against the log of today.

In: a ledger, a file that was kept, the trusted keys. Out: the newest head in that file as a
checkpoint; a proof that the log only grew since (RFC 9162, section 2.1.4). Never: a proof over a
log that is shorter than the one that was kept, or another one.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Checkpoint,
    InclusionProof,
    Trust,
    UndecidedError,
    UsageError,
    VerificationError,
)
from roadworthy_verify import CheckpointError, Head, load_heads, load_trust
from roadworthy_verify.checkpoint import judge
from roadworthy_verify.proof import CONSISTENCY, INCLUSION, VERSION
from roadworthy_verify.tree import consistency_holds

from .ledger import Ledger


class ConsistencyProof(Struct, frozen=True, kw_only=True):
    """That the log of `new` only appends to that of `old`."""

    old: Checkpoint
    new: Checkpoint
    hashes: tuple[str, ...]


def kept_checkpoint(path: Path, trust: Trust) -> Checkpoint:
    """The newest checkpoint in a file that was kept: a note, JSON, JSON lines, a release, a backup.

    Raises UsageError when it holds none, UndecidedError unless a trusted key signed it,
    VerificationError when the signature does not hold.
    """
    try:
        heads = load_heads(path)
    except CheckpointError as error:
        raise UsageError(
            str(error), fix="give what `roadworthy ledger checkpoint --out FILE` wrote"
        ) from None
    return _checkpoint(max(heads, key=lambda head: head.size), trust)


def prove_growth(ledger: Ledger, old: Checkpoint) -> ConsistencyProof:
    """That the log of the newest checkpoint only appends to the one that was kept.

    Raises VerificationError when it does not: it is another log, its tail was cut, or it was
    rewritten.
    """
    new = ledger.checkpoint()
    if old.origin != new.origin:
        raise VerificationError(
            f"the kept checkpoint is of log {old.origin}, this is {new.origin}",
            fix="give one of this log; if it is, another one lies in its place",
        )
    if old.size > new.size:
        raise VerificationError(
            f"the ledger does not verify: its tail was cut: it has {new.size} entries, the"
            f" checkpoint that was kept covers {old.size} (of {old.time})",
            fix="roadworthy restore puts a backup back",
        )
    hashes = ledger.prove_consistency(old.size, new.size)
    if not consistency_holds(
        old_size=old.size,
        new_size=new.size,
        old_root=bytes.fromhex(old.root),
        new_root=bytes.fromhex(new.root),
        proof=[bytes.fromhex(text) for text in hashes],
    ):
        raise VerificationError(
            f"the ledger does not verify: it is not the one of the checkpoint {old.size} of"
            f" {old.time} that was kept",
            fix="roadworthy ledger verify --checkpoint says which entries were rewritten",
        )
    return ConsistencyProof(old=old, new=new, hashes=hashes)


def proof_document(proof: InclusionProof | ConsistencyProof) -> dict[str, Any]:
    """The JSON form, as `roadworthy-verify` reads it."""
    kind = INCLUSION if isinstance(proof, InclusionProof) else CONSISTENCY
    return {"roadworthy": VERSION, "kind": kind, **msgspec.to_builtins(proof)}


def encode_proof(proof: InclusionProof | ConsistencyProof) -> bytes:
    """The bytes of a proof's file."""
    return msgspec.json.format(msgspec.json.encode(proof_document(proof)), indent=2) + b"\n"


def _checkpoint(head: Head, trust: Trust) -> Checkpoint:
    """A head as the product has it, its signature checked."""
    signature = judge(head, load_trust(msgspec.to_builtins(trust)))
    if signature.state == "false":
        raise VerificationError(signature.reason)
    if signature.state != "valid" or signature.key is None:
        raise UndecidedError(
            signature.reason, fix="it must be signed by a key that trust.yaml knows"
        )
    return Checkpoint(
        origin=head.origin,
        size=head.size,
        root=head.root.hex(),
        time=head.time,
        key_id=signature.key.key_id,
        signature=base64.b64encode(head.signature).decode(),
    )
