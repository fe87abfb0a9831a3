"""The journal's sealed segments, held against what the ledger has of them: one root a segment.

In: what the entries `journal.sealed` say, the journal's folder. Out: how many segments fit, and
every one that is gone or another. Never: a text (those are encrypted, and erasing a key changes no
byte here), more memory than one record, a verdict on a segment that is not sealed yet, but that it
is a copy of one that is.

A segment is MAGIC, then frames: length and the first eight bytes of the payload's SHA-256, then the
payload. Its root is that of the Merkle tree over the payloads (RFC 9162, section 2.1.1).
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from .plain_file import PlainFileError, open_plain
from .tree import GrowingTree

SUFFIX = ".rwj"
MAGIC = b"RWJRNL1\n"
_HEADER = struct.Struct("<I8s")
_BLOCK = 1 << 20
_MAX_PAYLOAD = 64 << 20
_LEAVES = 4096
"""Payloads that are hashed into the tree at once, or fewer when they are large."""
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")


class SegmentError(ValueError):
    """Why a segment is not the one that was sealed."""


@dataclass(frozen=True)
class Sealing:
    """What an entry says of a segment."""

    seq: int
    segment: str
    payload: Mapping[str, Any]

    def __str__(self) -> str:
        return f"sealed segment {self.segment} of the journal (entry {self.seq})"


@dataclass
class Journal:
    """What was found of a journal."""

    sealed: int = 0
    fit: int = 0
    records: int = 0
    size_bytes: int = 0
    unsealed: int = 0
    """Segments that nothing vouches for yet: being written, or ended a moment ago."""
    faults: list[str] = field(default_factory=list)

    @property
    def fault(self) -> str:
        """The first fault, and how many more there are; empty when there is none."""
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        return self.faults[0] + more if self.faults else ""

    def details(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "sealed": self.sealed,
            "records": self.records,
            "bytes": self.size_bytes,
            "unsealed_not_checked": self.unsealed,
            "faults": self.faults,
        }

    def line(self) -> str:
        """A sentence for people."""
        of = f"{self.fit} of {self.sealed} sealed segments"
        said = f"{of} of the journal fit ({self.records} records)"
        return f"{said}; {self.unsealed} not sealed yet, not checked" if self.unsealed else said


def check_journal(folder: Path, sealings: Iterable[Sealing]) -> Journal:
    """Read every sealed segment and compare. Raises OSError when one cannot be read."""
    found, roots = Journal(), dict[str, str]()
    names, sizes = set[str](), set[object]()
    for sealing in sealings:
        found.sealed += 1
        names.add(sealing.segment)
        roots[str(sealing.payload.get("root"))] = sealing.segment
        sizes.add(sealing.payload.get("size_bytes"))
        try:
            check_segment(folder, sealing)
        except SegmentError as error:
            found.faults.append(f"{sealing} {error}")
        else:
            found.fit += 1
            found.records += sealing.payload["records"]
            found.size_bytes += sealing.payload["size_bytes"]
    others = sorted({path.stem for path in folder.glob(f"*{SUFFIX}")} - names)
    for name in others:
        path = folder / f"{name}{SUFFIX}"
        own = roots.get(_root_of(path)) if path.stat().st_size in sizes else None
        if own is None:
            found.unsealed += 1
        else:
            copy = f"segment {name} of the journal has the records of sealed segment {own}"
            found.faults.append(f"{copy}: it is a copy")
    return found


def _root_of(path: Path) -> str:
    """The root of a segment that nothing vouches for; empty where it has none (yet)."""
    try:
        with open_plain(path) as file:
            return _root(file)[1]
    except (SegmentError, OSError):
        return ""


def check_segment(folder: Path, sealing: Sealing) -> None:
    """Work out the root anew. Raises SegmentError when the segment is not what the entry says."""
    if not _NAME.fullmatch(sealing.segment) or sealing.payload.get("segment") != sealing.segment:
        raise SegmentError("is not named as a segment is")
    path = folder / f"{sealing.segment}{SUFFIX}"
    try:
        with open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size != sealing.payload.get("size_bytes"):
                said = sealing.payload.get("size_bytes")
                raise SegmentError(f"was changed: it has {size} bytes, not {said}")
            records, root = _root(file)
    except FileNotFoundError:
        raise SegmentError(f"is gone: {path} is not there") from None
    except PlainFileError as error:
        raise SegmentError(f"was changed: {error.strerror}") from None
    if root != sealing.payload.get("root") or records != sealing.payload.get("records"):
        raise SegmentError("was changed: its records do not have the root that was sealed")


def _root(file: BinaryIO) -> tuple[int, str]:
    tree, leaves, held = GrowingTree(), list[bytes](), 0
    for payload in _payloads(file):
        leaves.append(payload)
        held += len(payload)
        if len(leaves) == _LEAVES or held >= _BLOCK:
            tree.extend(leaves)
            leaves, held = [], 0
    tree.extend(leaves)
    return tree.size, tree.root().hex()


def _payloads(file: BinaryIO) -> Iterator[bytes]:
    """Every payload, its checksum held. Raises SegmentError on anything that is no whole frame."""
    sha256, unpack, width = hashlib.sha256, _HEADER.unpack_from, _HEADER.size
    if file.read(len(MAGIC)) != MAGIC:
        raise SegmentError("was changed: it does not begin as a segment does")
    data, at, offset = b"", 0, len(MAGIC)
    while True:
        end = at + width
        if end <= len(data):
            length, checksum = unpack(data, at)
            if length > _MAX_PAYLOAD:
                raise SegmentError(f"was changed: no frame is at offset {offset + at}")
            end += length
            if end <= len(data):
                payload = data[at + width : end]
                if sha256(payload).digest()[:8] != checksum:
                    raise SegmentError(f"was changed: the checksum at offset {offset + at} fails")
                yield payload
                at = end
                continue
        more = file.read(max(_BLOCK, end - len(data)))
        if not more:
            if at != len(data):
                raise SegmentError(f"was changed: no whole frame is at offset {offset + at}")
            return
        data, offset, at = data[at:] + more, offset + at, 0
