"""What nobody looked at is entered: an answer that left, and a never event that may be in it.

Enters: an observation whose rule gave no verdict, and why. Leaves: one entry for an answer and an
event, or for a release whose rules nobody can read. What never happens here: silence about an
answer that a rule of its release never saw.
"""

from __future__ import annotations

from roadworthy.domain import UNHEARD, Charter, Draft, Observation, sha256

from ..late.late_looking import fallback_of
from ..workspace.loop import Loop

NOT_LOOKED = "never.not_looked"
"""The entry of an answer whose rule gave no verdict: nobody knows whether the event is in it."""

_NOTHING = ("", sha256(b""))
"""Digests of an answer of which nothing left."""

ERASED = "its texts are erased, and nothing says that this rule looked at them before"

RELEASE_GONE = (
    "the release cannot be read, and nothing says that its late rules looked at its answers before"
)


def enter_not_looked(
    loop: Loop, observation: Observation, event: str, why: str, *, judge: str = ""
) -> None:
    """Once for an answer and an event, however often it is read."""
    known = loop.ledger.entries(kind=NOT_LOOKED, subject=observation.id)
    if any(entry.payload.get("never_event") == event for entry in known):
        return
    loop.ledger.record(
        Draft(
            system=observation.system,
            kind=NOT_LOOKED,
            subject=observation.id,
            actor=loop.machine,
            payload={"never_event": event, "judge": judge, "reason": why},
        )
    )


def enter_release_gone(loop: Loop, observation: Observation) -> None:
    """Once for a release, with the answer that told of it; an empty answer tells nothing."""
    release = observation.release
    empty = observation.output_digest in _NOTHING and "calls" not in observation.attributes
    if not release or empty:
        return
    if loop.ledger.newest(kind=NOT_LOOKED, subject=release) is not None:
        return
    payload = {"never_event": "", "judge": "", "reason": RELEASE_GONE}
    loop.ledger.record(
        Draft(
            system=observation.system,
            kind=NOT_LOOKED,
            subject=release,
            actor=loop.machine,
            payload=payload | {"observation": observation.id},
        )
    )


def may_have_left(observation: Observation, charter: Charter) -> bool:
    """Whether something of the model left, by the digest of an answer whose text is erased."""
    if observation.stage in UNHEARD:
        return False
    if observation.action == "answered":
        return True
    fallback = fallback_of(observation.endpoint, charter)
    return observation.output_digest not in (*_NOTHING, sha256(fallback.encode()))
