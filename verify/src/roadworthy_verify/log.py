"""Is this log whole, unchanged, and signed by somebody who was trusted then?

In: its rows, the checkpoints stored with it, those kept elsewhere, the trusted keys, the list of
keys that is kept with the log. Out: a Report. What is not known is not ok: a log without a
checkpoint is `unsigned`, a checkpoint by a key that trust does not hold is `unknown_key`.
Tampering outweighs both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .authority import KINDS, AuthorityError, disagreements, replay
from .chain import Row, Walk, walk
from .checkpoint import CheckpointError, Head, Signature, head_from_json, judge
from .report import Report
from .signature import SignatureError, signed_bytes, take_signature
from .trust import Trust


def check_log(
    rows: Iterable[Row],
    *,
    stored: Iterable[Head | Mapping[str, Any]] = (),
    outside: Iterable[Head | Mapping[str, Any]] = (),
    trust: Trust | None = None,
    kept: Trust | None = None,
    node: Callable[[int, int], bytes | None] | None = None,
) -> Report:
    """Verify a log. `outside` are checkpoints that were kept where the log is not.

    `kept` is the list of keys that lies with the log (trust.yaml of a workspace): it must be what
    the log's own entries on people say. `node` gives the hash that is stored of the log's tree at
    a level and index, None where there is none: proofs are made of them, so they must fit.
    """
    trust = trust or Trust()
    # 1. Read the checkpoints; one that cannot be read is a fault of its own.
    try:
        heads = [_head(item, "in the ledger") for item in stored]
        heads += [_head(item, "kept outside") for item in outside]
    except CheckpointError as error:
        return Report("tampered", str(error), {"kind": "ledger"}, (str(error),))
    # 2. Judge their signatures, each once.
    unique = {(h.origin, h.size, h.root, h.time, h.signature): h for h in heads}
    judged = [(head, judge(head, trust)) for head in unique.values()]
    judged.sort(key=lambda pair: (pair[0].size, pair[0].time))
    # 3. Walk the entries: numbers, payloads, chain, digests, Merkle roots.
    people = PersonSignatures(trust)
    nodes = StoredNodes(node)
    walked = walk(
        rows,
        sizes=(head.size for head, _ in judged),
        on_signed=people.check,
        on_node=nodes.check if node else None,
    )
    # 4. Whose keys do the entries say are trusted? The list beside the log must say the same.
    first = judged[0][0].key_id if judged else ""
    listed = _listed(people.changes, kept, first) if kept is not None else (0, "")
    # 5. Say the worst of what was found.
    return _verdict(walked, judged, people, trust, (0, nodes.fault) if nodes.fault else listed)


def _listed(changes: list[Row], kept: Trust, first: str) -> tuple[int, str]:
    """The first thing in the kept list that the entries on people contradict, and its entry."""
    differs = f"{kept.source or 'trust.yaml'} is not what the ledger says"
    try:
        authority = replay(changes, first=first, trust=kept)
    except AuthorityError as error:
        return error.seq, str(error) if error.seq else f"{differs}: {error}"
    for difference in disagreements(authority, kept):
        return 0, f"{differs}: {difference}"
    return 0, ""


class StoredNodes:
    """The stored nodes of the log's tree, held against the entries; in flat memory."""

    def __init__(self, node: Callable[[int, int], bytes | None] | None) -> None:
        self._node = node
        self.fault = ""

    def check(self, level: int, index: int, computed: bytes) -> None:
        """Compare one node; remember the first that is missing or is another."""
        if self.fault or self._node is None:
            return
        stored = self._node(level, index)
        if stored != computed:
            what = "is missing" if stored is None else "is not that of its entries"
            self.fault = f"node {index} of level {level} of the stored tree {what}"


class PersonSignatures:
    """Signatures that people put on their own entries (approvals, revocations, resumes)."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self.checked = 0
        self.false = (0, "")
        self.unknown = (0, "")
        self.changes: list[Row] = []
        """Entries that change whose keys are trusted."""

    def check(self, row: Row) -> None:
        """Check one entry's signature, if it is one; remember the first that fails."""
        try:
            payload, key_id, value = take_signature(row[6])
        except SignatureError:
            return
        self.checked += 1
        seq, time, system, kind, subject, actor = row[:6]
        if kind in KINDS:
            self.changes.append(row)
        key = self._trust.find(key_id)
        if key is None or (why := key.invalid_because(time)):
            reason = why if key else f"key {key_id} is unknown"
            self.unknown = self.unknown if self.unknown[0] else (seq, reason)
            return
        signed = signed_bytes(system, kind, subject, actor, payload)
        if actor.partition(":")[2] != key.key_id or not key.signed(signed, value):
            reason = f"the signature of {key.name} on it does not hold"
            self.false = self.false if self.false[0] else (seq, reason)


def _head(item: Head | Mapping[str, Any], where: str) -> Head:
    return item if isinstance(item, Head) else head_from_json(item, where)


def _verdict(
    walked: Walk,
    judged: list[tuple[Head, Signature]],
    people: PersonSignatures,
    trust: Trust,
    listed: tuple[int, str],
) -> Report:
    size = walked.tree.size
    covering = [
        (head, signature)
        for head, signature in judged
        if signature.state == "valid" and walked.roots.get(head.size) == head.root
    ]
    complete = covering[-1] if covering else None
    details: dict[str, Any] = {
        "kind": "ledger",
        "entries": size,
        "checkpoints": len(judged),
        "complete_up_to": _complete(*complete) if complete else None,
        "after_checkpoint": size - (complete[0].size if complete else 0),
        "signatures_of_people": people.checked,
        "trust": trust.source,
        "trust_from": trust.came_from,
        "first_bad": 0,
    }
    lines = [f"{size} entries fit (numbers, payloads, chain, digests)"]
    if complete:
        lines += _complete_lines(*complete, size)
    state, fault, first_bad = _worst(walked, judged, people, complete, listed)
    details["first_bad"] = first_bad
    if fault:
        lines.append(fault)
    return Report(state, fault, details, tuple(lines))


def _worst(
    walked: Walk,
    judged: list[tuple[Head, Signature]],
    people: PersonSignatures,
    complete: tuple[Head, Signature] | None,
    listed: tuple[int, str],
) -> tuple[str, str, int]:
    """State, fault and number of the first entry that does not fit (0: none, or not known)."""
    size = walked.tree.size
    if walked.fault:
        return "tampered", walked.fault, walked.first_bad
    good = 0
    origins = {head.origin for head, _ in judged}
    if len(origins) > 1:
        return "tampered", f"checkpoints of different logs: {', '.join(sorted(origins))}", 0
    for head, signature in judged:
        if signature.state == "false":
            return "tampered", signature.reason, 0
        if head.size > size:
            fault = f"the tail was cut: {head} covers {_span(size + 1, head.size)}"
            return "tampered", fault, size + 1
        if walked.roots.get(head.size) != head.root:
            span = _span(good + 1, head.size)
            return "tampered", f"rewritten: {span}; {head} has another root", good + 1
        good = head.size
    if people.false[0]:
        return (
            "tampered",
            f"entry {people.false[0]} does not fit: {people.false[1]}",
            people.false[0],
        )
    if listed[1]:
        return "tampered", listed[1], listed[0]
    newest = judged[-1] if judged else None
    if newest is None:
        return "unsigned", "no checkpoint says how long this ledger is or who signed it", 0
    if complete is None or complete[0].size < newest[0].size:
        return "unknown_key", newest[1].reason, 0
    if people.unknown[0]:
        return "unknown_key", f"entry {people.unknown[0]}: {people.unknown[1]}", 0
    return "verified", "", 0


def _span(first: int, last: int) -> str:
    return f"entry {first}" if first == last else f"entries {first} to {last}"


def _complete(head: Head, signature: Signature) -> dict[str, Any]:
    key = signature.key
    return {
        "size": head.size,
        "time": head.time,
        "origin": head.origin,
        "root": head.root.hex(),
        "key_id": key.key_id if key else "",
        "name": key.name if key else "",
        "valid_then": True,
    }


def _complete_lines(head: Head, signature: Signature, size: int) -> list[str]:
    key = signature.key
    lines = [f"complete up to checkpoint {head.size} of {head.time}"]
    if key is not None:
        lines.append(f"signed by key {key.key_id} of {key.name} ({key.kind}), valid then")
        if key.revoked_at:
            lines.append(f"that key was revoked later, at {key.revoked_at}")
    if size > head.size:
        lines.append(f"{size - head.size} newer entries are chained but no checkpoint covers them")
    return lines
