"""One closing record of the journal, and its path to the Merkle root of its segment.

What enters: the journal's folder, the id of an observation. What leaves: the record's bytes and the
path (RFC 9162, section 2.1.3.1). What never happens here: a path in a segment that still grows.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import Struct

from .reading import around, originals, read_segment, segments


class Included(Struct, frozen=True, kw_only=True):
    """A record in its segment."""

    segment: str
    payload: bytes
    """The record as it lies there: a leaf of the segment's tree."""
    index: int
    """Which leaf it is, from 0."""
    path: tuple[str, ...]
    """Hashes from the leaf to the root, hex; empty while the segment grows."""
    root: str
    """Hex; empty while the segment grows."""


def included(folder: Path, observation_id: str) -> Included | None:
    """Where the record of an ended answer lies; None without one.

    Raises VerificationError on a changed record.
    """
    needle = observation_id.encode()
    for path in originals(around(segments(folder), observation_id)):
        if needle in path.read_bytes():
            found = _within(path, observation_id)
            if found is not None:
                return found
    return None


def _within(path: Path, observation_id: str) -> Included | None:
    leaves: list[bytes] = []
    payload, index, last = b"", -1, ""
    for placed in read_segment(path):
        seen, last = placed.record.observation, placed.record.kind
        if last == "close" and seen is not None and seen.id == observation_id:
            payload, index = placed.payload, len(leaves)
        leaves.append(hashlib.sha256(b"\x00" + placed.payload).digest())
    if index < 0:
        return None
    hashes, root = _climb(leaves, index) if last == "end" else ([], "")
    return Included(segment=path.stem, payload=payload, index=index, path=tuple(hashes), root=root)


def _climb(level: list[bytes], index: int) -> tuple[list[str], str]:
    """The hashes beside the way up from a leaf, and the root.

    An odd last node moves up as it is, which equals RFC 9162's recursive definition.
    """
    path: list[str] = []
    while len(level) > 1:
        if (index ^ 1) < len(level):
            path.append(level[index ^ 1].hex())
        odd = [level.pop()] if len(level) & 1 else []
        pairs = iter(level)
        level = [
            hashlib.sha256(b"\x01" + left + right).digest()
            for left, right in zip(pairs, pairs, strict=True)
        ] + odd
        index >>= 1
    return path, level[0].hex()
