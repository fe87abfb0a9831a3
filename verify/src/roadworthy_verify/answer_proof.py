"""A proof of one answer: its record, the path to its segment's root, the entry that sealed it.

In: the proof as JSON values, later a text that somebody has. Out: what the record says. Never: a
word of the texts (the record has digests, and texts under keys that are not here), a claim about a
record whose path was not worked out anew.

    record --path--> root of its segment --said by--> entry --path--> root of a signed checkpoint

A record is a leaf as it lies in the segment: its own bytes, MessagePack.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from .checkpoint import Head
from .entry_proof import Json, ProofError, inclusion, read_hashes, require_fields
from .instant import is_instant
from .message_pack import PackError, unpack
from .tree import inclusion_holds

ANSWER = "answer_proof"
_SEAL = {"seq", "entry", "hashes", "checkpoint"}
_SEALED = "journal.sealed"
_SAID = ("id", "time", "system", "release", "output_digest")
_ABOUT = (*_SAID, "tenant", "stage", "model", "status")
_BREAKS = (b"\r\n", b"\n")
"""What an editor puts at the end of a file."""


def answered(document: Json) -> tuple[list[Head], Json, list[str]]:
    """Record, path and seal. Raises ProofError."""
    seal = require_fields(document["seal"], _SEAL, "the seal")
    heads, said, lines = inclusion(seal)
    root, size = _sealed(seal["entry"])
    record = _record(document["record"])
    index = document["index"]
    held = type(index) is int and inclusion_holds(
        leaf=record,
        index=index,
        size=size,
        proof=read_hashes(document["path"]),
        root=root,
    )
    segment = seal["entry"]["subject"]
    if not held:
        raise ProofError("tampered", f"its path does not lead from the record to segment {segment}")
    seen = _observation(record)
    if seen["id"] != document["observation"]:
        named = str(document["observation"])[:40]
        raise ProofError("tampered", f"the proof is of {named!r}, but holds {seen['id']!r}")
    about = {name: seen.get(name, "") for name in _ABOUT}
    made = _made(seen)
    said |= {
        "observation": seen["id"],
        "answer": about | {"action": seen.get("action", "answered")},
        "made": made,
        "segment": segment,
        "index": index,
        "text": "not given",
    }
    line = (
        f"answer {seen['id']} of release {seen['release']} ({seen['system']}), of {seen['time']} by"
        f" the answering machine's clock, is record {index} of segment {segment}"
    )
    return heads, said, [line, *lines]


def held_against_text(details: Json, text: bytes) -> str:
    """Whether a text, or a file, is the one that was answered. Raises ProofError."""
    answer = details.get("answer")
    if answer is None:
        raise ProofError("not_evidence", "only the proof of an answer says what was answered")
    known = {answer["output_digest"], *details["made"]}
    readings = [text, *(text.removesuffix(end) for end in _BREAKS if text.endswith(end))]
    if not any(_digest(reading) in known for reading in readings):
        details["text"] = "another"
        raise ProofError("refused", "the text that was given is not the one that was answered")
    details["text"] = "the same"
    return "the text that was given is what was answered, byte by byte"


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _sealed(entry: Json) -> tuple[bytes, int]:
    """Root and number of records of the segment that an entry vouches for. Raises ProofError."""
    payload = entry["payload"]
    if entry["kind"] != _SEALED or payload.get("segment") != entry["subject"]:
        raise ProofError("tampered", f"an entry {entry['kind']!r} vouches for no segment")
    records = payload.get("records")
    if type(records) is not int or records < 1:
        raise ProofError("tampered", "the seal does not say how many records it is of")
    (root,) = read_hashes([payload.get("root")])
    return root, records


def _record(text: Any) -> bytes:
    """The record's bytes, written in the one way. Raises ProofError."""
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        data = None
    if data is None or base64.b64encode(data).decode() != text:
        raise ProofError("tampered", "`record` is not written in base64")
    return data


def _observation(record: bytes) -> Json:
    """What a closing record says. Raises ProofError where it is another kind of record."""
    try:
        value = unpack(record)
    except PackError as error:
        raise ProofError("tampered", f"the record cannot be read: {error}") from None
    seen = value.get("observation") if isinstance(value, dict) else None
    if not isinstance(seen, dict) or value.get("kind") != "close":
        raise ProofError("tampered", "the record is not of an answer that ended")
    for name in _SAID:
        if not isinstance(seen.get(name), str) or not seen[name]:
            raise ProofError("tampered", f"the record does not say the answer's {name}")
    if not is_instant(seen["time"]):
        raise ProofError("tampered", f"{seen['time'][:40]!r} is no instant")
    for name in _ABOUT:
        if not isinstance(seen.get(name, ""), str):
            raise ProofError("tampered", f"the record's {name} is no text")
    return seen


def _made(seen: Json) -> list[str]:
    """The digests of the files that were made, where the answer was images or sound."""
    attributes = seen.get("attributes")
    made = attributes.get("made") if isinstance(attributes, dict) else None
    parts = made if isinstance(made, list) else []
    return [
        part["digest"]
        for part in parts
        if isinstance(part, dict) and isinstance(part.get("digest"), str)
    ]
