"""An agent as a provider, scripted by a function of the messages: text, or calls of tools."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from roadworthy.domain import Chunk, ModelRequest, Usage

Step = str | list[tuple[str, dict[str, Any] | str]]
"""A text, or calls: (tool, arguments; a text is sent as it is)."""


class Agent:
    """The Provider port: what `step(messages)` gives, calls as fragments of deltas."""

    name = "agent"

    def __init__(self, step: Callable[[list[dict[str, Any]]], Step]) -> None:
        self.step = step
        self.asked: list[ModelRequest] = []
        self.closed = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        self.asked.append(request)
        said = self.step(list(request.messages))
        usage = Usage(input_tokens=5, output_tokens=2)
        if isinstance(said, str):
            yield Chunk(text=said, finish_reason="stop", usage=usage)
            return
        for index, (tool, arguments) in enumerate(said):
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            half = len(text) // 2
            head = {"index": index, "id": f"id{len(self.asked)}-{index}", "type": "function"}
            yield _delta({**head, "function": {"name": tool, "arguments": text[:half]}})
            yield _delta({"index": index, "function": {"arguments": text[half:]}})
        yield Chunk(finish_reason="tool_calls", usage=usage)

    async def aclose(self) -> None:
        self.closed += 1


def _delta(call: dict[str, Any]) -> Chunk:
    return Chunk(delta={"tool_calls": [call]})


def results(messages: list[dict[str, Any]]) -> list[str]:
    """What the tools said so far."""
    return [str(message["content"]) for message in messages if message["role"] == "tool"]


def last_user(messages: list[dict[str, Any]]) -> str:
    """What the user said last."""
    return str(next(m["content"] for m in reversed(messages) if m["role"] == "user"))
