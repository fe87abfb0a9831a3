"""The log's Merkle tree (RFC 9162, section 2.1), kept so that heads and proofs cost O(log n).

Complete subtrees of 256 leaves and more are stored as nodes when they fill (one node for each
256 entries, as in the tiles of https://c2sp.org/tlog-tiles); everything smaller is hashed anew
from at most 255 leaves. So nothing has to be kept in memory between two appends, and several
processes may append in turn. Nodes are a cache of the entries: verification works them out anew
and refuses a stored one that differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

from roadworthy.domain import EvidenceError
from roadworthy_verify.tree import BLOCK, STORED_LEVEL

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""

_sha256 = hashlib.sha256


class Leaves(Protocol):
    """What the tree is computed from."""

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Leaves `start` to `end` (0-based, half-open), 32 bytes each."""
        ...

    def node(self, level: int, index: int) -> bytes:
        """The stored root of leaves `index * 2**level` to `(index + 1) * 2**level`."""
        ...


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one leaf."""
    return _sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return _sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Root of a tree from all of its leaves, level by level.

    An odd last node moves up as it is, which equals RFC 9162's recursive definition.
    """
    if not leaves:
        return EMPTY_ROOT
    level = [_sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        odd = [level.pop()] if len(level) & 1 else []
        pairs = iter(level)
        level = [
            _sha256(b"\x01" + left + right).digest()
            for left, right in zip(pairs, pairs, strict=True)
        ] + odd
    return level[0]


def subtree(log: Leaves, start: int, end: int) -> bytes:
    """Root of leaves `start` to `end` (half-open); `start` is aligned as RFC 9162 splits it."""
    width = end - start
    if width < BLOCK:
        return root_of(log.leaves(start, end))
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return log.node(level, start >> level)
    middle = start + _split(width)
    return node_hash(subtree(log, start, middle), subtree(log, middle, end))


def inclusion_path(log: Leaves, index: int, size: int) -> list[bytes]:
    """PATH(index, D[0:size]) of RFC 9162, section 2.1.3.1; `index` is 0-based."""
    if not 0 <= index < size:
        raise EvidenceError(f"entry {index + 1} is not among the first {size}")
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtree(log, middle, end))
            end = middle
        else:
            path.append(subtree(log, start, middle))
            start = middle
    return path[::-1]


def consistency_path(log: Leaves, old_size: int, new_size: int) -> list[bytes]:
    """PROOF(old_size, D[0:new_size]) of RFC 9162, section 2.1.4.1."""
    if not 0 < old_size <= new_size:
        raise EvidenceError(f"no tree of {old_size} entries lies within one of {new_size}")
    start, end, whole = 0, new_size, True
    path: list[bytes] = []
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(subtree(log, middle, end))
            end = middle
        else:
            path.append(subtree(log, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(subtree(log, start, end))
    return path[::-1]


def fill_nodes(
    log: Leaves, old_size: int, new_size: int, keep: Callable[[int, int, bytes], None]
) -> None:
    """Store every subtree that filled while the log grew; `keep(level, index, hash)` stores."""
    for block in range(old_size >> STORED_LEVEL, new_size >> STORED_LEVEL):
        level, index = STORED_LEVEL, block
        node = root_of(log.leaves(block << STORED_LEVEL, (block + 1) << STORED_LEVEL))
        keep(level, index, node)
        while index & 1:
            node = node_hash(log.node(level, index - 1), node)
            level, index = level + 1, index >> 1
            keep(level, index, node)


def _split(width: int) -> int:
    """The largest power of two smaller than `width` (width > 1)."""
    return 1 << (width - 1).bit_length() - 1
