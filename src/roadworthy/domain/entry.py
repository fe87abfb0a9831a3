"""A line of the ledger, the signed head of the log, and a proof that a line is in it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from .clock import Instant

GENESIS = "sha256:" + "0" * 64
"""`prev` of the first entry."""


class Draft(Struct, frozen=True, kw_only=True):
    """An entry before the ledger gave it a number."""

    system: str
    kind: str
    """A dotted verb phrase in the past tense: `bar.fixed`, `run.completed`, `gate.decided`,
    `release.built`, `release.signed`, `release.activated`, `route.put_back`, `kill.set`,
    `kill.put_back`, `kill.lifted`, `incident.opened`, `incident.promoted`, `incident.closed`,
    `person.added`, `key.revoked` …"""
    subject: str
    """What it is about: a digest, an incident id, a person."""
    actor: str
    """`person:<key id>` or `machine:<key id>`."""
    payload: dict[str, Any]
    """No floats (decimals as strings), keys of any script."""


class Entry(Struct, frozen=True, kw_only=True):
    """One append-only fact. `digest` covers every other field but `payload` (by its digest)."""

    seq: int
    """1-based, without gaps."""
    time: Instant
    system: str
    kind: str
    subject: str
    actor: str
    payload: dict[str, Any]
    payload_digest: str
    prev: str
    digest: str


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A signed tree head: `size` entries have Merkle root `root` (RFC 9162, section 2.1)."""

    origin: str
    """The workspace's name; the first line of the signed note."""
    size: int
    root: str
    """Hex."""
    time: Instant
    key_id: str
    signature: str
    """Base64 Ed25519 over the note body."""


class InclusionProof(Struct, frozen=True, kw_only=True):
    """That entry `seq` is in the tree of `checkpoint` (RFC 9162, section 2.1.3)."""

    seq: int
    entry: Entry
    hashes: tuple[str, ...]
    checkpoint: Checkpoint
