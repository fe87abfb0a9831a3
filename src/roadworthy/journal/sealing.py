"""The Merkle root of an ended segment, for the ledger: one entry vouches for all its records.

RFC 9162, section 2.1.1: leaf = SHA-256(0x00 || payload), node = SHA-256(0x01 || left || right).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import Instant

from .reading import payloads
from .record import stamp_of


class Seal(Struct, frozen=True, kw_only=True):
    """What the ledger keeps of a segment."""

    segment: str
    records: int
    size_bytes: int
    root: str
    """Hex."""
    first_at: Instant
    last_at: Instant


class _Frontier:
    """The roots of the complete subtrees so far, largest first: O(log n) memory."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, payload: bytes) -> None:
        """Append a leaf."""
        level, node = 0, hashlib.sha256(b"\x00" + payload).digest()
        while self._peaks and self._peaks[-1][0] == level:
            _, left = self._peaks.pop()
            level, node = level + 1, hashlib.sha256(b"\x01" + left + node).digest()
        self._peaks.append((level, node))

    def root(self) -> str:
        """The Merkle tree hash of all leaves, in hex."""
        if not self._peaks:
            return hashlib.sha256().hexdigest()
        node = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node.hex()


def seal_segment(path: Path) -> Seal | None:
    """The seal of a segment; None while it has not ended. Raises VerificationError."""
    tree, records, first_at, last_at, end, kind = _Frontier(), 0, "", "", 0, ""
    for payload, next_offset in payloads(path, 0):
        if payload is None:
            continue
        stamp = stamp_of(payload, where=str(path))
        tree.add(payload)
        records += 1
        first_at = first_at or stamp.at
        last_at, end, kind = stamp.at, next_offset, stamp.kind
    if kind != "end":
        return None
    return Seal(
        segment=path.stem,
        records=records,
        size_bytes=end,
        root=tree.root(),
        first_at=first_at,
        last_at=last_at,
    )
