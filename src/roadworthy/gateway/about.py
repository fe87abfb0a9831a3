"""What every answer says of itself beside the API's own fields: which release, what was done."""

from __future__ import annotations

from typing import Any

from roadworthy.domain import Observation

AI_GENERATED = (b"x-roadworthy-ai-generated", b"true")
"""The header of an answer that a model made (EU AI Act, Article 50(2): for whoever reads it by
program)."""

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


def is_ai_generated(observation: Observation) -> bool:
    """Whether a model made the answer: a fallback was written by people."""
    return observation.action == "answered"


def about(observation: Observation) -> dict[str, Any]:
    """The body field `roadworthy`: which release answered, what was done, what people are told."""
    said: dict[str, Any] = {
        "release": observation.release,
        "observation": observation.id,
        "action": action_word(observation),
    }
    if observation.decision and observation.action == "answered":
        said["decision"] = observation.decision
    if observation.confidence is not None:
        said["confidence"] = observation.confidence
    if is_ai_generated(observation):
        said["ai_generated"] = True
    notice = observation.attributes.get("notice")
    if notice is not None:
        said["notice"] = notice
    labels = observation.attributes.get("labels")
    if labels:
        said["labels"] = labels
    waits = review_id(observation)
    if waits:
        said["review_id"] = waits
    return said
