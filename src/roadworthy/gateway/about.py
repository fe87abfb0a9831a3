"""What every answer says of itself beside the API's own fields: which release, what was done."""

from __future__ import annotations

from typing import Any

from roadworthy.domain import Observation

PENDING = "pending"
"""What a caller reads when a person must look first."""


def review_id(observation: Observation) -> str:
    """The id under which a held answer waits for a person; empty when it is not held."""
    if observation.action != "held":
        return ""
    return observation.review or f"review-{observation.id}"


def action_word(observation: Observation) -> str:
    """The action as the header says it: a held answer is `pending`."""
    return PENDING if observation.action == "held" else observation.action


def about(observation: Observation) -> dict[str, Any]:
    """The body field `roadworthy`: which release answered, and what was done."""
    said: dict[str, Any] = {
        "release": observation.release,
        "observation": observation.id,
        "action": action_word(observation),
    }
    if observation.decision and observation.action == "answered":
        said["decision"] = observation.decision
    if observation.confidence is not None:
        said["confidence"] = observation.confidence
    waits = review_id(observation)
    if waits:
        said["review_id"] = waits
    return said
