"""The late rules in an evaluation: right after the answer, as the control process does live.

Enters: an observation whose answer left. Leaves: the same with a verdict per late rule and its
violations. What never happens here: a rule that could not look counted as one that found nothing.
"""

from __future__ import annotations

import msgspec

from roadworthy.domain import Call, Clock, Observation, TextContext
from roadworthy.serving import RailLine, input_text


def look_late(observation: Observation, call: Call, rails: RailLine, clock: Clock) -> Observation:
    """The observation as the late rules leave it; unchanged where no answer left.

    They see what the control process sees of a live answer: its texts, decision and facets.
    """
    rules = [rule for rule in rails.late_rules if rule.wired]
    if not rules or observation.action != "answered":
        return observation
    asked = input_text(call)
    context = TextContext(
        side="output",
        input=asked,
        decision=observation.decision,
        confidence=observation.confidence,
        facets=observation.facets,
    )
    records, verdicts = [], list(observation.rails)
    for rule in rules:
        record, seen = rule.check(
            input=asked, output=observation.output, context=context, timer=clock.monotonic
        )
        verdicts += seen
        if record is not None:
            records.append(record)
    return msgspec.structs.replace(
        observation, rails=tuple(verdicts), never=(*observation.never, *records)
    )
