"""A case that takes more than one question: turns of a user, tool calls and their results.

    play    1 the user speaks          the case's input, then its script or its simulated user
            2 the model answers        through the request path, each time
            3 tools answer the calls   that left it; back to 2 until the model calls none
            4 back to 1, until the user has nothing more to say

Enters: a case, the request path, a tool desk, who plays the user. Leaves: one observation for all
of it, with every call and every answer on the way. What never happens here: a text that the rails
did not see (a tool's result comes in like a user's words and is looked at as input), a step after
one that did not leave as an answer, or an episode without an end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import msgspec

from roadworthy.domain import (
    Case,
    ModelRequest,
    Observation,
    Provider,
    ProviderError,
    Sampling,
    SimulatedUser,
    Usage,
    UsageError,
)
from roadworthy.evaluation import apart
from roadworthy.serving import call_texts, tool_calls

from ..request.tool_desk import ToolDesk
from ..request.trace import Reply

MOST_STEPS = 24
"""Answers of the model to one turn of the user; an agent that goes on after them goes round."""

DONE = "[DONE]"
"""What a simulated user says when there is nothing more to say."""

Ask = Callable[[list[dict[str, Any]], list[dict[str, Any]]], Awaitable[Reply]]
"""(messages, tools) -> the request path's reply."""


async def play(
    case: Case, *, ask: Ask, desk: ToolDesk, user: Provider | None, model: str = "", repeat: int = 0
) -> Observation:
    """Play the case to its end. `user` (of that `model`) plays a simulated user.

    Raises ProviderError when the simulated user fails: then nobody knows what it would have said.
    """
    told = _Told(case)
    tools = desk.definitions()
    turn = 0
    said: str | None = ""
    while said is not None:
        ended = await _turn(told, turn, ask=ask, desk=desk, tools=tools)
        if ended:
            break
        turn += 1
        said = await _next(case, told.messages, turn, user=user, model=model, repeat=repeat)
        if said is not None:
            told.messages.append({"role": "user", "content": said})
    return told.observation(desk)


async def with_calls(reply: Reply, desk: ToolDesk) -> Observation:
    """The row of a question that nobody goes on from, with the calls that left in its answer.

    They are acts that were asked for, approved or not, whether or not a tool would answer; a desk
    without live functions executes none.
    """
    calls = tool_calls(reply.deltas)
    if not calls:
        return reply.observation
    for call in calls:
        await desk.answer(call, turn=0)
    record = {"calls": desk.calls, "said": call_texts(calls)}
    seen = reply.observation
    return msgspec.structs.replace(
        seen,
        never=(*seen.never, *desk.never),
        attributes={**seen.attributes, "trajectory": record},
    )


def opening(case: Case) -> list[dict[str, Any]]:
    """The messages that a case begins with; of prompt variables, what `input` says.

    Raises UsageError when they have no `input`: then nobody knows what the user said.
    """
    given = case.input
    if isinstance(given, list):
        return given
    if isinstance(given, dict) and not isinstance(given.get("input"), str):
        raise UsageError(
            f"case {case.id} is a conversation whose variables do not say what the user said",
            fix="give the user's first words as `input`",
        )
    return [{"role": "user", "content": given["input"] if isinstance(given, dict) else given}]


async def _turn(
    told: _Told, turn: int, *, ask: Ask, desk: ToolDesk, tools: list[dict[str, Any]]
) -> bool:
    """2 and 3, until the model calls no tool. True when the episode is over with it."""
    for _ in range(MOST_STEPS):
        reply = await ask(list(told.messages), tools)
        calls = tool_calls(reply.deltas)
        told.take(reply, turn)
        if reply.observation.action != "answered":
            return True
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        if calls:
            message["tool_calls"] = [call.as_message() for call in calls]
        told.messages.append(message)
        if not calls:
            return False
        for call in calls:
            answered = await desk.answer(call, turn=turn)
            told.messages.append(
                {"role": "tool", "tool_call_id": call.id, "content": answered.text}
            )
    told.cut = f"still calling tools after {MOST_STEPS} answers"
    return True


async def _next(
    case: Case,
    messages: Sequence[dict[str, Any]],
    turn: int,
    *,
    user: Provider | None,
    model: str,
    repeat: int,
) -> str | None:
    """What the user says next; None when nothing more."""
    script = [each.user for each in case.script if each.user]
    if script:
        return script[turn - 1] if turn <= len(script) else None
    plays = case.simulate
    if not isinstance(plays, SimulatedUser) or turn >= plays.most_turns:
        return None
    if user is None:
        raise ProviderError(
            f"case {case.id} has a simulated user, and its suite names no `user` model",
            retryable=False,
        )
    said = await _spoken(user, _request(plays, messages, model, repeat))
    return None if DONE in said or not said.strip() else said.strip()


def _request(
    plays: SimulatedUser, messages: Sequence[dict[str, Any]], model: str, repeat: int
) -> ModelRequest:
    """The conversation as the user sees it: the assistant's words are said to them."""
    swapped = {"user": "assistant", "assistant": "user"}
    heard = [
        {"role": swapped[message["role"]], "content": message["content"]}
        for message in messages
        if message["role"] in swapped and message.get("content")
    ]
    return ModelRequest(
        model=model,
        messages=({"role": "system", "content": _PART.format(
            persona=plays.persona, goal=plays.goal, done=DONE
        )}, *heard),
        sampling=Sampling(temperature=0.0, max_tokens=256),
        repeat=repeat,
    )  # fmt: skip


_PART = """\
You play a person who talks to an assistant. Never step out of the part, never help the assistant.
Who you are: {persona}
What you want: {goal}
Write only your next message, one or two sentences, and tell no more than you are asked for.
When you have what you want, or it is clear that you will not get it, write {done} and nothing
else."""


async def _spoken(user: Provider, request: ModelRequest) -> str:
    with apart():
        async with aclosing(user.stream(request)) as chunks:  # type: ignore[type-var]
            return "".join([chunk.text async for chunk in chunks])


class _Told:
    """The episode so far."""

    def __init__(self, case: Case) -> None:
        before = [] if case.script else case.turns
        self.messages: list[dict[str, Any]] = [*before, *opening(case)]
        self.cut = ""
        self._replies: list[Reply] = []
        self._answers: dict[int, Reply] = {}
        self._said: list[str] = []

    def take(self, reply: Reply, turn: int) -> None:
        """Keep a reply; the last of a turn is its answer."""
        self._replies.append(reply)
        self._answers[turn] = reply
        if reply.text:
            self._said.append(reply.text)
        self._said.extend(call_texts(tool_calls(reply.deltas)))

    def observation(self, desk: ToolDesk) -> Observation:
        """One row for the whole: the last answer, and what was done on the way to it."""
        rows = [reply.observation for reply in self._replies]
        record = {
            "calls": desk.calls,
            "answers": [
                {"text": reply.text, "action": reply.observation.action}
                for reply in self._answers.values()
            ],
            "said": self._said,
            "messages": self.messages,
            "state": desk.state,
        }
        if self.cut:
            record["cut"] = self.cut
        last = rows[-1]
        return msgspec.structs.replace(
            last,
            usage=_usage(rows),
            cost=_cost(rows),
            rails=tuple(dict.fromkeys(verdict for row in rows for verdict in row.rails)),
            never=(*(event for row in rows for event in row.never), *desk.never),
            input_digest=rows[0].input_digest,
            attributes={**last.attributes, "trajectory": record},
        )


def _usage(rows: Sequence[Observation]) -> Usage:
    counts = [name for name in Usage.__struct_fields__ if name != "raw"]
    return Usage(**{name: sum(getattr(row.usage, name) for row in rows) for name in counts})


def _cost(rows: Sequence[Observation]) -> str | None:
    """The sum; None where one price was not known."""
    if any(row.cost is None for row in rows):
        return None
    return str(sum((Decimal(row.cost or 0) for row in rows), Decimal(0)))
