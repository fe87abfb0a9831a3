"""What left beside the answer: what was said on the way to it, arguments of tool calls included.

Enters: an observation. Leaves: texts. What never happens here: a text that left passed over where
something is looked for that must not leave.
"""

from __future__ import annotations

from roadworthy.domain import Observation


def beside_answer(observation: Observation) -> tuple[str, ...]:
    """Answers of earlier turns and steps, and what the tool calls say."""
    return tuple((observation.attributes.get("trajectory") or {}).get("said", ()))
