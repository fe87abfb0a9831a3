"""The Merkle tree of RFC 9162 (section 2.1), as a reader needs it: roots and proofs.

A leaf is the entry's 32-byte digest. Leaves and nodes are hashed with different first bytes so
that neither can be passed off as the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one leaf (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""


STORED_LEVEL = 8
"""A ledger stores the roots of complete subtrees of 2^8 leaves and more."""
BLOCK = 1 << STORED_LEVEL


class GrowingTree:
    """The root of a log that is read once from front to back, in O(log n) memory."""

    def __init__(self, on_node: Callable[[int, int, bytes], None] | None = None) -> None:
        """`on_node(level, index, hash)` hears of each complete subtree of `BLOCK` and more."""
        self.size = 0
        self._on_node = on_node
        self._peaks: list[bytes] = []
        """Roots of the complete subtrees, one for each bit of `size`, largest first."""

    def add(self, leaf: bytes) -> None:
        """Append one leaf."""
        sha256 = hashlib.sha256
        node = sha256(b"\x00" + leaf).digest()
        size = self.size
        peaks = self._peaks
        while size & 1:
            node = sha256(b"\x01" + peaks.pop() + node).digest()
            size >>= 1
        peaks.append(node)
        self.size += 1

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append leaves in order; whole aligned subtrees are hashed level by level."""
        start = 0
        while start < len(leaves):
            room = self.size & -self.size or 1 << 62
            width = 1 << min(room.bit_length(), (len(leaves) - start).bit_length()) - 1
            self._add_subtree(leaves[start : start + width], width)
            start += width

    def _add_subtree(self, leaves: Sequence[bytes], width: int) -> None:
        sha256 = hashlib.sha256
        level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
        self._tell(level, width)
        while len(level) > 1:
            pairs = iter(level)
            level = [
                sha256(b"\x01" + left + right).digest()
                for left, right in zip(pairs, pairs, strict=True)
            ]
            self._tell(level, width)
        node = level[0]
        place, filled = self.size // width, width
        while place & 1:
            node = node_hash(self._peaks.pop(), node)
            place, filled = place >> 1, filled << 1
            self._tell([node], filled)
        self._peaks.append(node)
        self.size += width

    def _tell(self, level: Sequence[bytes], width: int) -> None:
        """Say the hashes of one level of an aligned subtree that ends where the tree grows to."""
        each = width // len(level)
        if self._on_node is None or each < BLOCK:
            return
        first = self.size // width * len(level)
        for index, node in enumerate(level, start=first):
            self._on_node(each.bit_length() - 1, index, node)

    def root(self) -> bytes:
        """Root hash of everything added so far."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node


def inclusion_holds(
    *, leaf: bytes, index: int, size: int, proof: Iterable[bytes], root: bytes
) -> bool:
    """Whether `leaf` is leaf number `index` (0-based) of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, second = index, size - 1
    node = leaf_hash(leaf)
    for step in proof:
        if second == 0:
            return False
        if first & 1 or first == second:
            node = node_hash(step, node)
            while not first & 1 and first:
                first >>= 1
                second >>= 1
        else:
            node = node_hash(node, step)
        first >>= 1
        second >>= 1
    return second == 0 and node == root


def consistency_holds(
    *, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the new tree only appends to the old one (RFC 9162, 2.1.4.2)."""
    if old_size == new_size:
        return not proof and old_root == new_root
    if not 0 < old_size < new_size or not proof:
        return old_size == 0 and not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    first, second = old_size - 1, new_size - 1
    while first & 1:
        first >>= 1
        second >>= 1
    old_node = new_node = path[0]
    for step in path[1:]:
        if second == 0:
            return False
        if first & 1 or first == second:
            old_node, new_node = node_hash(step, old_node), node_hash(step, new_node)
            while not first & 1 and first:
                first >>= 1
                second >>= 1
        else:
            new_node = node_hash(new_node, step)
        first >>= 1
        second >>= 1
    return second == 0 and old_node == old_root and new_node == new_root
