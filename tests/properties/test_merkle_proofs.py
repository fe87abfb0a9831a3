"""The tree against RFC 9162, section 2.1: roots, inclusion, consistency, by its own recursion."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from roadworthy.ledger import root_of
from roadworthy.ledger.merkle import (
    consistency_path,
    fill_nodes,
    inclusion_path,
    leaf_hash,
    node_hash,
    subtree,
)
from roadworthy_verify.tree import GrowingTree, consistency_holds, inclusion_holds

LEAVES = [hashlib.sha256(str(number).encode()).digest() for number in range(1101)]
SIZES = st.integers(0, 70) | st.integers(250, 530) | st.integers(1020, 1100)


class Log:
    """Leaves in a list, nodes in a dictionary, grown in given steps."""

    def __init__(self, *sizes: int) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.size = 0
        for size in sizes:
            old, self.size = self.size, max(self.size, size)
            fill_nodes(
                self, old, self.size, lambda level, at, node: self.nodes.update({(level, at): node})
            )

    def leaves(self, start: int, end: int) -> list[bytes]:
        assert end <= self.size
        return LEAVES[start:end]

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


def split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def mth(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = split(len(leaves))
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 9162, section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, section 2.1.4.1."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


@given(SIZES, SIZES)
def test_roots_are_those_of_the_rfc(step: int, size: int) -> None:
    expected = mth(LEAVES[:size])
    assert root_of(LEAVES[:size]) == expected
    assert subtree(Log(min(step, size), size), 0, size) == expected


@given(st.lists(st.integers(0, 300), max_size=6))
def test_a_growing_tree_has_the_same_root_however_it_grew(steps: list[int]) -> None:
    whole, single, at = GrowingTree(), GrowingTree(), 0
    for step in steps:
        part = LEAVES[at : at + step]
        whole.extend(part)
        for leaf in part:
            single.add(leaf)
        at += len(part)
        assert whole.root() == single.root() == mth(LEAVES[:at])
        assert whole.size == single.size == at


@given(SIZES.filter(bool), st.data())
def test_inclusion_is_the_rfcs_path_and_holds(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_path(Log(size), index, size)
    assert proof == path(index, LEAVES[:size])
    root = mth(LEAVES[:size])
    holds = {"index": index, "size": size, "root": root}
    assert inclusion_holds(leaf=LEAVES[index], proof=proof, **holds)
    assert not inclusion_holds(leaf=LEAVES[size], proof=proof, **holds)
    assert not inclusion_holds(leaf=LEAVES[index], proof=[*proof, root], **holds)
    if proof:
        assert not inclusion_holds(leaf=LEAVES[index], proof=proof[:-1], **holds)
        broken = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof[:broken], bytes(32), *proof[broken + 1 :]]
        assert not inclusion_holds(leaf=LEAVES[index], proof=bent, **holds)


@given(SIZES.filter(bool), st.data())
def test_consistency_is_the_rfcs_proof_and_holds(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = consistency_path(Log(new), old, new)
    assert proof == subproof(old, LEAVES[:new], True)
    roots = {"old_root": mth(LEAVES[:old]), "new_root": mth(LEAVES[:new])}
    sizes = {"old_size": old, "new_size": new}
    assert consistency_holds(proof=proof, **sizes, **roots)
    assert not consistency_holds(proof=[*proof, bytes(32)], **sizes, **roots)
    if old < new:
        swapped = {"old_root": roots["new_root"], "new_root": roots["old_root"]}
        assert not consistency_holds(proof=proof, **sizes, **swapped)
        assert not consistency_holds(proof=proof[:-1], **sizes, **roots)
