"""What a journal keeps, record by record, and how one is framed on disk.

What enters: an observation, an outcome, a sealed text. What leaves: bytes of one frame, or a
record read back. What never happens here: a text in the clear; an observation's `output` and
`raw_output` are emptied before it is encoded, and what its `error` quotes is taken out.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from roadworthy.domain import EvidenceError, Instant, Observation, Outcome, VerificationError

MAGIC = b"RWJRNL1\n"
"""First bytes of every segment; the digit is the framing's version."""

HEADER = struct.Struct("<I8s")
"""Length of the payload, then the first eight bytes of its SHA-256: what is hashed anyway for
the Merkle leaf, and stronger than a CRC against anything but an attacker (the sealed root is
what stops that one)."""

MAX_PAYLOAD = 64 * 1024 * 1024
"""A longer length can only be a torn or foreign frame."""

SEALED = "[sealed]"
"""Where an error quoted somebody."""

_Kind = TypeVar("_Kind", bound=Struct)

RecordKind = Literal["begin", "open", "sent", "close", "outcome", "report", "end"]


class Sealed(Struct, frozen=True, kw_only=True):
    """A text under a key of the vault (AES-256-GCM); unreadable once the key is erased."""

    key: str
    """Name of the wrapped key in the vault."""
    nonce: int
    """Counter under that key; the 96-bit nonce, big-endian."""
    data: bytes
    leaf: str = ""
    """Where in the key's tree the data subject lies; empty: the key is the whole (version 1)."""


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fact in a segment.

    `begin` and `end` frame a segment; `open` and `close` an exchange (a plain answer has only
    the second); `sent` is what left of a stream between two writes; `outcome` is what was learned
    later; `report` is a claim by someone who may not act on it, waiting for a person.
    """

    version: int = 1
    kind: RecordKind
    at: Instant
    segment: str = ""
    worker: str = ""
    observation: Observation | None = None
    about: str = ""
    """Id of the observation for `sent`, `outcome` and `report`."""
    sealed: Sealed | None = None
    outcome: Outcome | None = None
    recovered: bool = False
    """Written at recovery, not by the worker that served."""


class Stamp(Struct, frozen=True):
    """Of a record what it is and when it was made, for who needs no more of it."""

    kind: RecordKind
    at: Instant


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)
_stamp_decoder = msgspec.msgpack.Decoder(Stamp)


def encode(record: Record) -> bytes:
    """The frame of a record: header and payload. Texts in the observation are left out."""
    observation = record.observation
    if observation is not None:
        record = msgspec.structs.replace(record, observation=_bare(observation))
    payload = _encoder.encode(record)
    return HEADER.pack(len(payload), hashlib.sha256(payload).digest()[:8]) + payload


def _bare(seen: Observation) -> Observation:
    """The observation without a text."""
    if not (seen.output or seen.raw_output or seen.quoted):
        return seen
    error = seen.error.replace(seen.quoted, SEALED) if seen.quoted else seen.error
    return msgspec.structs.replace(seen, output="", raw_output="", quoted="", error=error)


def decode(payload: bytes, *, where: str = "") -> Record:
    """The record of a payload whose checksum held. Raises EvidenceError when it is not one."""
    return _decoded(_decoder, payload, where)


def stamp_of(payload: bytes, *, where: str = "") -> Stamp:
    """The same, but the rest is passed over unread. Raises as `decode`."""
    return _decoded(_stamp_decoder, payload, where)


def _decoded(decoder: msgspec.msgpack.Decoder[_Kind], payload: bytes, where: str) -> _Kind:
    try:
        return decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise EvidenceError(
            f"{where}: not a journal record: {error}",
            fix="a newer version of roadworthy may have written it; upgrade to read it",
        ) from error


def take_frame(data: bytes, offset: int) -> tuple[bytes, int] | None:
    """The payload of the frame at `offset` and where the next one starts.

    None when the frame is not whole yet. Raises VerificationError when its checksum fails.
    """
    start = offset + HEADER.size
    if start > len(data):
        return None
    length, checksum = HEADER.unpack_from(data, offset)
    if length > MAX_PAYLOAD:
        raise VerificationError(f"a frame of {length} bytes at offset {offset} cannot be one")
    end = start + length
    if end > len(data):
        return None
    payload = data[start:end]
    if hashlib.sha256(payload).digest()[:8] != checksum:
        raise VerificationError(f"checksum does not hold at offset {offset}")
    return payload, end
