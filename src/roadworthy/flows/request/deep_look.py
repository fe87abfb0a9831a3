"""Rails that ask outside, on the request line: after those in this process, before anything leaves.

    input     3.1, when every rail here let the texts pass: one question about all of them together
    output    3.6, on what would leave: the answer, or what its tool calls say

What enters: texts that no rail here objects to. What leaves: the same or redacted texts, and what
becomes of the call. What never happens here: a text that one rail changes half; it is blocked.
"""

from __future__ import annotations

from msgspec import structs

from roadworthy.domain import Action, Call, TextContext
from roadworthy.serving import RailOutcome, escaped_texts, is_plain_talk, texts_between

from .input_look import divided, looked_into
from .service import Service
from .trace import Trace


async def ask_of_input(
    call: Call, texts: list[str], action: Action, service: Service, trace: Trace
) -> tuple[list[str], Action]:
    """What the model may see of texts that all other rails let pass, and what becomes of the call.

    `action` is what those rails say; when they stop the call, nothing outside is asked.
    """
    panel = service.rails.deep_input
    assert panel is not None
    if action != "answered":
        trace.verdicts += panel.unasked(trace.stopped_by)
        return texts, action
    beside = escaped_texts(texts)
    if not is_plain_talk(call):
        beside += texts_between(call)
    joined = "\n".join([*texts, *beside])
    outcome = await panel.judge(joined, told(looked_into(call, joined), call))
    trace.note(outcome)
    if outcome.action != "answered" or outcome.text == joined:
        return texts, outcome.action
    return (texts, "blocked") if beside else divided(outcome.text, texts)


async def ask_of_output(
    call: Call, outcome: RailOutcome, left: str, service: Service, looking: TextContext
) -> RailOutcome:
    """The outcome of all rails on what would leave; `left` went before it."""
    panel = service.rails.deep_output
    assert panel is not None
    return await panel.after(outcome, left, told(looking, call))


def told(context: TextContext, call: Call) -> TextContext:
    """The context with a call's variables in it: sources may stand there."""
    return structs.replace(context, context={**call.variables, **call.context})
