"""An entry of a ledger that is not at hand, and its path to the root of a checkpoint.

In: the parts of a proof as JSON values. Out: heads whose signatures are still to be judged. Never:
a claim about an entry whose digest or path was not worked out anew here.

Sources: RFC 9162, section 2.1.3.2. A leaf is the entry's 32-byte digest, so a proof says of an
entry what the ledger would.
"""

from __future__ import annotations

import re
from typing import Any

from .checkpoint import FIELDS, CheckpointError, Head, head_from_json
from .covered import digest_of
from .tree import inclusion_holds

Json = dict[str, Any]

TEXTS = ("time", "system", "kind", "subject", "actor", "payload_digest", "prev", "digest")
_ENTRY = {*TEXTS, "seq", "payload"}
_HASH = re.compile(r"[0-9a-f]{64}")
_MOST_HASHES = 128
"""Twice the height of the tallest tree that a 64-bit size allows."""


class ProofError(ValueError):
    """Why a proof does not hold; `state` is a state of the report."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


def require_fields(value: Any, names: set[str], what: str) -> Json:
    """The value, a JSON object of exactly these names. Raises ProofError."""
    if not isinstance(value, dict):
        raise ProofError("tampered", f"{what} is no JSON object")
    if lost := names - set(value):
        state = "unsigned" if lost == {"checkpoint"} else "tampered"
        raise ProofError(state, f"{what} has lost {', '.join(sorted(lost))}")
    if more := set(value) - names:
        raise ProofError("tampered", f"{what} has {sorted(more)[0]!r}, which no such thing has")
    return value


def inclusion(document: Json) -> tuple[list[Head], Json, list[str]]:
    """Entry and path. Raises ProofError."""
    entry, seq = document["entry"], document["seq"]
    require_fields(entry, _ENTRY, "the entry")
    leaf = _leaf(entry)
    if type(seq) is not int or seq != entry["seq"]:
        raise ProofError("tampered", f"the proof is of entry {seq!r}, but holds {entry['seq']!r}")
    head = read_head(document["checkpoint"], "the proof's checkpoint")
    hashes = read_hashes(document["hashes"])
    if not inclusion_holds(leaf=leaf, index=seq - 1, size=head.size, proof=hashes, root=head.root):
        raise ProofError("tampered", f"its path does not lead from entry {seq} to {head}")
    said = {
        "seq": seq,
        "entry": {name: entry[name] for name in ("time", "system", "kind", "subject", "actor")},
        "digest": entry["digest"],
        "checkpoint": shown(head),
    }
    about = f" about {entry['subject']}" if entry["subject"] else ""
    line = f"entry {seq} ({entry['kind']}{about}, of {entry['time']}) is in the log of {head}"
    return [head], said, [line]


def _leaf(entry: Json) -> bytes:
    """The entry's digest, worked out anew. Raises ProofError where its fields have another."""
    if type(entry["seq"]) is not int or entry["seq"] < 1:
        raise ProofError("tampered", f"{entry['seq']!r} is no number of an entry")
    if not isinstance(entry["payload"], dict):
        raise ProofError("tampered", "the entry's payload is no JSON object")
    if not all(isinstance(entry[name], str) for name in TEXTS):
        raise ProofError("tampered", "every field of an entry but seq and payload is text")
    try:
        payload_digest = digest_of(entry["payload"])
        digest = digest_of({name: entry[name] for name in _ENTRY - {"payload", "digest"}})
    except (ValueError, RecursionError) as error:  # half a character, an infinity
        raise ProofError("tampered", f"the entry cannot be one: {error}") from None
    if payload_digest != entry["payload_digest"]:
        raise ProofError("tampered", "the entry's payload does not have its payload_digest")
    if digest != entry["digest"]:
        raise ProofError("tampered", "the entry's digest is not that of its fields")
    return bytes.fromhex(digest.removeprefix("sha256:"))


def read_hashes(found: Any) -> list[bytes]:
    """Hashes as a proof writes them. Raises ProofError."""
    if not isinstance(found, list) or len(found) > _MOST_HASHES:
        raise ProofError("tampered", "`hashes` is no list of hashes")
    for text in found:
        if not isinstance(text, str) or not _HASH.fullmatch(text):
            raise ProofError("tampered", f"{str(text)[:40]!r} is no hash of 64 hex digits")
    return [bytes.fromhex(text) for text in found]


def read_head(value: Any, where: str) -> Head:
    """A signed head, its signature not judged yet. Raises ProofError."""
    if not value or (isinstance(value, dict) and not value.get("signature")):
        raise ProofError("unsigned", f"{where} is not signed")
    require_fields(value, FIELDS, where)
    try:
        return head_from_json(value, where)
    except CheckpointError as error:
        raise ProofError("tampered", str(error)) from None


def shown(head: Head) -> Json:
    """A head in a report."""
    return {"size": head.size, "time": head.time, "origin": head.origin, "root": head.root.hex()}
