"""The hash chain: reads entries from front to back and stops at the first that does not fit.

In: rows as they are stored. Out: the log's Merkle tree, and the first fault. Memory stays flat
however long the log is. This loop runs once for every entry; it is written for speed, in the
order of the numbered steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from json.encoder import encode_basestring

from .tree import GrowingTree

Row = tuple[int, str, str, str, str, str, bytes, str, str, str]
"""The columns of `entries`, in order; the payload as canonical JSON bytes."""

GENESIS = "sha256:" + "0" * 64
_FLUSH = 4096
"""Leaves that are collected before they are hashed into the tree, level by level."""


@dataclass
class Walk:
    """What was found on the way."""

    tree: GrowingTree = field(default_factory=GrowingTree)
    first_bad: int = 0
    """Number of the first entry that does not fit; 0 when all do."""
    fault: str = ""
    first_time: str = ""
    last_time: str = ""
    roots: dict[int, bytes] = field(default_factory=dict)
    """Root at each size that was asked for."""


def walk(
    rows: Iterable[Row],
    *,
    sizes: Iterable[int] = (),
    on_signed: Callable[[Row], None] | None = None,
    on_node: Callable[[int, int, bytes], None] | None = None,
) -> Walk:
    """Check every row; note the roots at `sizes`; hand rows that carry a signature on.

    `on_node` hears of the tree's inner nodes that a ledger stores (see `GrowingTree`).
    """
    found = Walk(GrowingTree(on_node))
    stops = sorted(set(sizes), reverse=True)
    next_stop = stops.pop() if stops else 0
    sha256, quote = hashlib.sha256, encode_basestring
    leaves: list[bytes] = []
    last, number = GENESIS, 0
    try:
        for row in rows:
            seq, time, system, kind, subject, actor, payload, payload_digest, prev, digest = row
            number += 1
            # 1. Numbers run from 1 without gap; entries stand in their order.
            if seq != number:
                return _stop(found, leaves, number, _out_of_place(seq, number))
            # 2. The payload is the one that its digest names.
            own_payload = "sha256:" + sha256(payload).hexdigest()
            if own_payload != payload_digest:
                return _stop(found, leaves, number, "its payload does not have its payload_digest")
            # 3. It names the entry before it.
            if prev != last:
                return _stop(found, leaves, number, "its prev is not the digest before it")
            # 4. Its digest is that of its own fields, as canonical JSON (RFC 8785).
            header = (
                f'{{"actor":{quote(actor)},"kind":{quote(kind)},"payload_digest":"{own_payload}",'
                f'"prev":"{last}","seq":{number},"subject":{quote(subject)},'
                f'"system":{quote(system)},"time":{quote(time)}}}'
            )
            leaf = sha256(header.encode()).digest()
            last = "sha256:" + leaf.hex()
            if last != digest:
                return _stop(found, leaves, number, "its digest is not that of its fields")
            # 5. It is a leaf of the Merkle tree whose root the checkpoints sign.
            leaves.append(leaf)
            if number == next_stop or len(leaves) == _FLUSH:
                found.tree.extend(leaves)
                leaves.clear()
                if number == next_stop:
                    found.roots[number] = found.tree.root()
                    next_stop = stops.pop() if stops else 0
            # 6. Whoever signed it by hand is asked for later.
            if on_signed is not None and b'"signature":{' in payload:
                on_signed(row)
            if number == 1:
                found.first_time = time
            found.last_time = time
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        return _stop(found, leaves, number, f"it is not an entry ({error})")
    found.tree.extend(leaves)
    return found


def _stop(found: Walk, leaves: list[bytes], number: int, reason: str) -> Walk:
    found.tree.extend(leaves)
    found.first_bad = number
    found.fault = f"entry {number} does not fit: {reason}"
    return found


def _out_of_place(seq: object, number: int) -> str:
    if isinstance(seq, int) and seq > number:
        missing = (
            f"{number} to {seq - 1} are missing" if seq > number + 1 else f"{number} is missing"
        )
        return f"entry {seq} stands in its place, {missing}"
    return f"entry {seq} stands in its place"
