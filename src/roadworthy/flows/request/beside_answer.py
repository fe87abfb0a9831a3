"""What would leave beside the text of an answer: tool calls, thoughts, tokens.

Enters: what the model gave. Leaves: what of it may go. What never happens here: a call that a rail
changed half; anything that only a rail outside could look at.
"""

from __future__ import annotations

from typing import Any

from roadworthy.domain import Action, Call, RailVerdict, TextContext
from roadworthy.serving import (
    beside_text,
    checked_calls,
    delta_text,
    thought_text,
    thoughts,
    tool_calls,
    without_thoughts,
)

from .deep_look import ask_of_output
from .service import Service
from .trace import Trace


async def check_tool_calls(
    call: Call, service: Service, trace: Trace, looking: TextContext
) -> Action | None:
    """Look at what tool calls say. The action that stops them, or None when they may leave.

    They leave whole, with the reply, so a rail sees all of them. A rail that would change them
    blocks: half-redacted arguments are no call that anybody asked for. Of a managed call only
    tools on the release's list leave: it was told of no other.
    """
    if not trace.deltas:
        return None
    thought = _thoughts_that_pass(call, service, trace, looking)
    trace.deltas = without_thoughts(trace.deltas)
    if not trace.deltas:
        trace.deltas = thought
        return None
    if call.managed and any(each.name not in service.tools for each in tool_calls(trace.deltas)):
        trace.verdicts.append(_UNLISTED)
        return "blocked"
    text = delta_text(trace.deltas)
    rails = service.rails.output(looking)
    left = rails.feed(text)
    outcome = rails.finish()
    if service.rails.deep_output is not None:
        outcome = await ask_of_output(call, outcome, left, service, looking)
    trace.note(outcome)
    if outcome.action != "answered":
        return outcome.action
    if left + outcome.text != text:
        return "blocked"
    calls = checked_calls(trace.deltas, lambda name: _pass(service, name, looking))
    trace.deltas = [*calls, *thought]
    return None


def _thoughts_that_pass(
    call: Call, service: Service, trace: Trace, looking: TextContext
) -> list[dict[str, Any]]:
    """What the model thought, where the caller asked that it thinks and no rail minds; else none.

    Nothing outside is asked of them, so where a rail would ask they stay.
    """
    if not call.thoughts or service.rails.deep_output is not None:
        return []
    found = thoughts(trace.deltas)
    passes = bool(found) and _pass(service, thought_text(found), looking)
    return [{"thoughts": list(found)}] if passes else []


def logprobs_pass(service: Service, trace: Trace, looking: TextContext) -> bool:
    """Whether tokens and their alternatives may leave.

    Nothing outside is asked what alternatives spell, so where a rail would ask they stay.
    """
    if service.rails.deep_output is not None:
        return False
    return _pass(service, beside_text(trace.logprobs), looking)


def _pass(service: Service, text: str, looking: TextContext) -> bool:
    """Whether a text beside the answer may leave as it is; the answer does not hang on it."""
    rails = service.rails.output(looking)
    left = rails.feed(text)
    outcome = rails.finish()
    return outcome.action == "answered" and left + outcome.text == text


_UNLISTED = RailVerdict(
    rail="tools", side="output", outcome="block", kinds=("unlisted",),
    reason="a call of a tool that is not on the release's list",
)  # fmt: skip
