"""One secret from which every data subject's key follows, and any of them can be taken away.

A puncturable pseudorandom function: the tree of Goldreich, Goldwasser and Micali (How to construct
random functions, 1986), with 16 children a node. A subject's leaf is 16 hexadecimal digits of its
name's SHA-256, and its key is found by walking down from the root. To take one away, the nodes
above it are replaced by all that branches off its path: the other keys still follow, that one does
not (Boneh and Waters, Constrained pseudorandom functions, 2013).

What enters: secrets and subjects. What leaves: keys of 32 bytes. What never happens here: I/O.
Nobody waits for a file to be made for each subject, and nothing lists who there was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

LEAF_DIGITS = 16
"""64 bits. Of a million subjects of a tenant and day two share a leaf, and are erased together,
with a probability of 3 in 100 million."""

_DIGITS = "0123456789abcdef"
ROOT = ""

Nodes = Mapping[str, bytes]
"""Digits of the way down -> what lies there, of the parts of the tree that are left."""


def leaf_of(subject: str) -> str:
    """Where a subject's key lies; texts without a subject have a leaf of their own."""
    return hashlib.sha256(subject.encode()).hexdigest()[:LEAF_DIGITS]


def key_at(nodes: Nodes, leaf: str) -> bytes | None:
    """The key of a leaf; None when it was taken away."""
    for depth in range(len(leaf) + 1):
        node = nodes.get(leaf[:depth])
        if node is not None:
            for digit in leaf[depth:]:
                node = _child(node, digit)
            return node
    return None


def without(nodes: Nodes, leaf: str) -> dict[str, bytes]:
    """The tree without one leaf; as it is when that was taken away before."""
    left = dict(nodes)
    depth = next((d for d in range(len(leaf) + 1) if leaf[:d] in left), None)
    if depth is None:
        return left
    node = left.pop(leaf[:depth])
    for at in range(depth, len(leaf)):
        left |= {leaf[:at] + digit: _child(node, digit) for digit in _DIGITS if digit != leaf[at]}
        node = _child(node, leaf[at])
    return left


def only(nodes: Nodes, leaves: Iterable[str]) -> dict[str, bytes]:
    """Nothing but these leaves, as far as they are left."""
    found = {leaf: key_at(nodes, leaf) for leaf in leaves}
    return {leaf: key for leaf, key in found.items() if key is not None}


def _child(node: bytes, digit: str) -> bytes:
    return hashlib.sha256(node + digit.encode()).digest()
