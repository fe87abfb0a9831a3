"""The late rules, on what left: right after the answer in an evaluation, from the journal live.

Enters: an observation, its texts and tool calls. Leaves: a verdict per late rule, and its
violations. What never happens here: a rule that could not look counted as one that found nothing;
the pieces of a stream that left before it was blocked, held or cut off taken for pieces that did
not.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from roadworthy.domain import (
    UNHEARD,
    Call,
    Charter,
    Clock,
    NeverRecord,
    Observation,
    RailVerdict,
    TextContext,
)
from roadworthy.serving import RailLine, input_text

from ..request.called import calls_looked_at

_FALLBACK = ("blocked", "held", "fallback")
"""How an exchange ended that the endpoint's fallback text ended."""


def what_left(observation: Observation, output: str, charter: Charter) -> str | None:
    """What left of the model's answer; None where nothing did.

    `output` is all that the caller got. A stream that was stopped had pieces of the answer in it,
    then the fallback of its endpoint, which is the charter's word and not the model's.
    """
    if observation.stage in UNHEARD:
        return None
    if observation.action == "answered":
        return output
    if observation.action in _FALLBACK:
        output = output.removesuffix(fallback_of(observation.endpoint, charter))
    return output or None


def fallback_of(endpoint: str, charter: Charter) -> str:
    """The text with which an endpoint ends what it does not answer."""
    return next((each.fallback for each in charter.endpoints if each.id == endpoint), "")


def look(
    observation: Observation, rails: RailLine, clock: Clock, *, asked: str, left: str, called: str
) -> Iterator[tuple[NeverRecord | None, tuple[RailVerdict, ...]]]:
    """What each late rule with a detector finds in `left`, which was answered to `asked`.

    `called`: the tool calls that left with it, as the journal keeps them.
    """
    context = TextContext(
        side="output",
        input=asked,
        decision=observation.decision,
        confidence=observation.confidence,
        facets=observation.facets,
    )
    calls = calls_looked_at(called)
    clear = rails.late_look.clear(input=asked, output=left, calls=calls)  # nearly every answer
    for rule in rails.late_rules:
        if rule.wired and not rule.judged:
            yield (
                (None, rule.passed)
                if clear
                else rule.check(
                    input=asked, output=left, context=context, timer=clock.monotonic, calls=calls
                )
            )


def look_late(
    observation: Observation, call: Call, rails: RailLine, clock: Clock, *, called: str
) -> Observation:
    """The observation of a case as the late rules leave it; unchanged where no answer left.

    They see what the control process sees of a live answer: its texts, tool calls, decision and
    facets. A case is asked for a plain answer, so that nothing of one that was stopped has left.
    """
    if observation.action != "answered":
        return observation
    records, verdicts = [], list(observation.rails)
    asked, left = input_text(call), observation.output
    for record, seen in look(observation, rails, clock, asked=asked, left=left, called=called):
        verdicts += seen
        if record is not None:
            records.append(record)
    return msgspec.structs.replace(
        observation, rails=tuple(verdicts), never=(*observation.never, *records)
    )
