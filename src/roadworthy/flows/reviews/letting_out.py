"""What a person lets out goes through the release's rails once more, all but those that hold.

    1 the output rails of this process, as on the request line
    2 those that ask outside, with what the first let through
    3 the late rules, which of a live answer look after it left: here before

Enters: a text that a person approved or wrote. Leaves: the text that may leave. What never happens
here: a text that a rail or a never event with `block` stops, or that one of them could not look at.
Only what asks for a person is answered by a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from msgspec import Struct, field, structs

from roadworthy.domain import (
    Asked,
    Clock,
    Observation,
    RailVerdict,
    RefusedError,
    TextContext,
    Witness,
)
from roadworthy.serving import RailLine, RailOutcome

from ..late.late_looking import look

_TRIES = 3
"""A rail that takes too long is asked again: in a new process the first look compiles patterns."""


class Leaving(Struct, frozen=True, kw_only=True):
    """A text that is to leave, and in answer to what."""

    text: str
    asked: str
    decision: str = ""
    """The label that the text is, if it is one."""
    confidence: float | None = None
    """The machine's; of a label that a person gave 1."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """What filled the prompt: rails that ask outside find their sources there."""


def may_leave(leaving: Leaving, seen: Observation, rails: RailLine, clock: Clock) -> str:
    """The text as the rails let it out: redacted, with what they tell people behind it.

    Raises RefusedError naming the rail.
    """
    line = _without_holds(rails)
    context = TextContext(side="output", input=leaving.asked, facets=seen.facets)
    for _ in range(_TRIES):
        outcome = _through(leaving, line, context)
        if outcome.action == "answered":
            break
    if line.deep_output is not None:
        asking = structs.replace(context, context=dict(leaving.variables))
        with ThreadPoolExecutor(1) as alone:  # whoever calls may be in a loop of its own
            outcome = alone.submit(asyncio.run, _deep(outcome, line, rails, asking)).result()
    if outcome.action != "answered":
        raise RefusedError(
            f"{outcome.rail} stops this text: {_found(outcome.verdicts)}",
            fix="what blocks is not approved away: --edit another answer, or --refuse",
        )
    told = "" if leaving.decision else "".join(f"\n\n{label}" for label in outcome.labels)
    left = outcome.text + told
    _require_no_violation(structs.replace(leaving, text=left), seen, rails, clock)
    return left


def variables_of(texts: Witness) -> dict[str, Any]:
    """What filled the prompt, as the record has it; empty where the input alone did."""
    if not texts.given:
        return {}
    given = msgspec.json.decode(texts.given, type=Asked).input
    return given if isinstance(given, dict) else {}


def _without_holds(rails: RailLine) -> RailLine:
    """The output rails that a person's word does not answer."""
    kept = [guard for guard in rails.outputs if guard.action != "hold"]
    return RailLine(inputs=(), outputs=kept)


def _through(leaving: Leaving, line: RailLine, context: TextContext) -> RailOutcome:
    """1."""
    answer = line.output(context, streamed=False)
    left = answer.feed(leaving.text)
    outcome = answer.finish(decision=leaving.decision, confidence=leaving.confidence)
    return structs.replace(outcome, text=left + outcome.text)


async def _deep(
    outcome: RailOutcome, line: RailLine, rails: RailLine, context: TextContext
) -> RailOutcome:
    """2."""
    assert line.deep_output is not None
    try:
        return await line.deep_output.after(outcome, "", context)
    finally:
        await rails.aclose()


def _require_no_violation(
    leaving: Leaving, seen: Observation, rails: RailLine, clock: Clock
) -> None:
    """3."""
    said = structs.replace(seen, decision=leaving.decision, confidence=leaving.confidence)
    for _ in range(_TRIES):
        seen_by = look(said, rails, clock, asked=leaving.asked, left=leaving.text, called="")
        found = list(seen_by)
        wrong = [one for _, verdicts in found for one in verdicts if one.outcome != "passed"]
        events = [record.event for record, _ in found if record is not None]
        if not events and not wrong:
            return
    raise RefusedError(
        f"never event {', '.join(events)} would be in what leaves"
        if events
        else f"{wrong[0].rail} could not look: {wrong[0].reason}",
        fix="--edit another answer, or --refuse",
    )


def _found(verdicts: tuple[RailVerdict, ...]) -> str:
    stopping = [each for each in verdicts if each.outcome in ("block", "resample", "not_checked")]
    return "; ".join(each.reason or ", ".join(each.kinds) or each.outcome for each in stopping)
