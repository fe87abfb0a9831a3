"""What the ledger says of rollouts: each is its start and what was done to it since.

Enters: entries. Leaves: rollouts as they stand, and the arms that the routing table should have.
Never here: a change; an entry that cannot be read passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import structs

from roadworthy.domain import Arm, Entry, EvidenceError, Rolling, RollingState, Rollout

from ..workspace.loop import Loop

STARTED = "rollout.started"
MOVED = "rollout.moved"
PAUSED = "rollout.paused"
RESUMED = "rollout.resumed"
APPROVED = "rollout.promotion_approved"
WEIGHED = "rollout.weighed"
PROMOTED = "rollout.promoted"
ABORTED = "rollout.aborted"

_STATES: dict[str, RollingState] = {
    PAUSED: "paused", RESUMED: "running", PROMOTED: "promoted", ABORTED: "aborted",
}  # fmt: skip
KINDS = (STARTED, MOVED, WEIGHED, *_STATES)


def fold_rollouts(entries: Iterable[Entry]) -> dict[str, Rolling]:
    """Rollouts by id, in the order in which they began. Raises EvidenceError."""
    found: dict[str, Rolling] = {}
    for entry in entries:
        if entry.kind == STARTED:
            found[entry.subject] = _begun(entry)
        elif entry.kind in KINDS and entry.subject in found:
            found[entry.subject] = _changed(found[entry.subject], entry)
    return found


def _begun(entry: Entry) -> Rolling:
    said = entry.payload
    try:
        plan = msgspec.convert(said["plan"], Rollout, strict=False)
        return Rolling(
            id=entry.subject,
            system=entry.system,
            release=str(said["release"]),
            candidate=str(said["candidate"]),
            path=str(said["path"]),
            baseline=str(said["baseline"]),
            plan=plan,
            started_at=entry.time,
            stepped_at=entry.time,
            seq=entry.seq,
            by=entry.actor,
        )
    except (KeyError, msgspec.ValidationError) as error:
        raise EvidenceError(f"entry {entry.seq} is no rollout: {error}") from error


def _changed(rolling: Rolling, entry: Entry) -> Rolling:
    if rolling.over:
        return rolling  # two acted at once: the first counts
    if entry.kind == WEIGHED:
        return structs.replace(rolling, share=_share(entry), weighed_at=entry.time)
    said: dict[str, Any] = {"by": entry.actor, "reason": str(entry.payload.get("reason", ""))}
    if entry.kind == MOVED:
        step = int(entry.payload.get("step", -1))
        if not 0 <= step < len(rolling.plan.steps):
            raise EvidenceError(f"entry {entry.seq} moves {rolling.id} to a step that it has not")
        return structs.replace(rolling, step=step, stepped_at=entry.time, **said)
    if entry.kind == RESUMED:
        said["resumed_at"] = entry.time
    return structs.replace(rolling, state=_STATES[entry.kind], **said)


def _share(entry: Entry) -> float:
    try:
        return float(str(entry.payload["share"]))
    except (KeyError, ValueError) as error:
        raise EvidenceError(f"entry {entry.seq} weighs nothing: {error}") from error


def rollouts_of(loop: Loop, system: str = "") -> dict[str, Rolling]:
    """Every rollout of a system, or of all. Raises EvidenceError."""
    entries = [entry for kind in KINDS for entry in loop.ledger.entries(kind=kind, system=system)]
    return fold_rollouts(sorted(entries, key=lambda entry: entry.seq))


def under_way(loop: Loop) -> dict[str, Rolling]:
    """System -> its rollout that is not over. Raises EvidenceError."""
    return {each.system: each for each in rollouts_of(loop).values() if not each.over}


def standing_arms(loop: Loop) -> dict[str, Arm]:
    """System -> the arm that its route should have. Raises EvidenceError."""
    arms = {system: rolling.arm for system, rolling in under_way(loop).items()}
    return {system: arm for system, arm in arms.items() if arm is not None}
