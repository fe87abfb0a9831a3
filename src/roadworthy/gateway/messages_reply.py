"""POST /v1/messages (Anthropic), the way out: messages and events in the API's own shape."""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import Usage
from roadworthy.flows.request.trace import Reply
from roadworthy.serving import ToolCall, thoughts, tool_calls

from .about import about
from .dialect import ChatRequest, Dialect
from .messages_request import read_messages_request
from .problems import ApiError

PATH = "/v1/messages"

_REASONS = {
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}

_LENGTHS = ("pause_turn", "model_context_window_exceeded")
"""Answers that are not whole, for other reasons than that they were to be no longer."""

_encoder = msgspec.json.Encoder()


def message(reply: Reply, asked: ChatRequest, _created: int) -> bytes:
    """The body of a plain answer. Raises ApiError for a tool call that the API cannot say."""
    calls = _sayable(reply)
    content: list[dict[str, Any]] = list(thoughts(reply.deltas))
    content += [_text_block(reply.text)] if reply.text else []
    content += [_tool_block(call, call.arguments or {}) for call in calls]
    said = _opening(reply.observation.id, asked.model)
    said["content"] = content
    said |= _ending(reply, asked, calls)
    said["usage"] = _usage(reply.usage)
    said["roadworthy"] = about(reply.observation)
    return _encoder.encode(said)


class MessageEvents:
    """Encodes the events of one stream."""

    def __init__(self, observation_id: str, asked: ChatRequest, _created: int) -> None:
        self._asked = asked
        self._message = _opening(observation_id, asked.model)
        self._index = 0
        self._speaking = False
        """Whether a text block is open."""
        self._held: list[str] | None = [] if _thinks(asked) else None
        """Words that wait for the thoughts before them: rails look at those when all is said."""

    def first(self) -> bytes:
        """The event that says who speaks."""
        return _event("message_start", message=self._message)

    def piece(self, text: str) -> bytes:
        """A piece of the answer; the first opens its block."""
        if self._held is not None:
            self._held.append(text)
            return _event("ping")
        delta = {"type": "text_delta", "text": text}
        begin = b"" if self._speaking else self._start(_text_block(""))
        self._speaking = True
        return begin + self._delta(delta)

    def last(self, reply: Reply) -> bytes:
        """Everything after the last piece. Raises ApiError like `message`."""
        calls = _sayable(reply)
        parts = [self._thought(one) for one in thoughts(reply.deltas)]
        text = "".join([*(self._held or ()), reply.rest])
        self._held = None
        if text:
            parts.append(self.piece(text))
        if self._speaking:
            parts.append(self._stop())
        for call in calls:
            parts.append(self._start(_tool_block(call, {})))
            parts.append(self._delta({"type": "input_json_delta", "partial_json": call.text}))
            parts.append(self._stop())
        parts.append(
            _event(
                "message_delta",
                delta=_ending(reply, self._asked, calls),
                usage=_usage(reply.usage),
                roadworthy=about(reply.observation),
            )
        )
        parts.append(_event("message_stop"))
        return b"".join(parts)

    def error(self, problem: ApiError) -> bytes:
        """An error in the middle of a stream."""
        return b"event: error\ndata: " + problem.body(PATH) + b"\n\n"

    def _thought(self, block: dict[str, str]) -> bytes:
        if block["type"] != "thinking":
            return self._start(block) + self._stop()
        told = {"type": "thinking_delta", "thinking": block["thinking"]}
        sealed = {"type": "signature_delta", "signature": block["signature"]}
        begun = self._start({"type": "thinking", "thinking": "", "signature": ""})
        return begun + self._delta(told) + self._delta(sealed) + self._stop()

    def _start(self, block: dict[str, Any]) -> bytes:
        return _event("content_block_start", index=self._index, content_block=block)

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return _event("content_block_delta", index=self._index, delta=delta)

    def _stop(self) -> bytes:
        ended = _event("content_block_stop", index=self._index)
        self._index += 1
        return ended


MESSAGES = Dialect(read=read_messages_request, whole=message, events=MessageEvents)


def _thinks(asked: ChatRequest) -> bool:
    thinking = asked.extra.get("thinking")
    return isinstance(thinking, dict) and thinking.get("type") != "disabled"


def _opening(observation_id: str, model: str) -> dict[str, Any]:
    """A message of which nothing has been said."""
    return {
        "id": f"msg_{observation_id}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(Usage()),
    }


def _sayable(reply: Reply) -> tuple[ToolCall, ...]:
    """The tool calls. Raises ApiError for one whose arguments are no object.

    The API has no place for such text, and a call with other arguments is one that nobody made.
    """
    calls = tool_calls(reply.deltas)
    if any(call.arguments is None for call in calls):
        raise ApiError(
            502, "the model called a tool with arguments that are no JSON object",
            code="upstream_error",
        )  # fmt: skip
    return calls


def _ending(reply: Reply, asked: ChatRequest, calls: tuple[ToolCall, ...]) -> dict[str, Any]:
    """Why it ended: as the upstream says it where it speaks this API."""
    reason, sequence = _reason(reply, calls), reply.ended.get("sequence")
    told = reply.ended.get("reason")
    if told == "stop_sequence" and sequence in (asked.wishes.get("stop") or ()):
        return {"stop_reason": told, "stop_sequence": sequence}
    if told in _LENGTHS and reason == "max_tokens":
        reason = str(told)
    return {"stop_reason": reason, "stop_sequence": None}


def _reason(reply: Reply, calls: tuple[ToolCall, ...]) -> str:
    if reply.observation.attributes.get("refused"):
        return "refusal"
    ended = _REASONS.get(reply.finish_reason, "end_turn")
    return "tool_use" if calls and ended == "end_turn" else ended


def _text_block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text, "citations": None}


def _tool_block(call: ToolCall, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments}


def _usage(usage: Usage) -> dict[str, Any]:
    """Here input tokens do not count those that a cache held or took."""
    cached = usage.cached_input_tokens + usage.cache_write_tokens
    return {
        "input_tokens": max(0, usage.input_tokens - cached),
        "output_tokens": usage.output_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_input_tokens,
    }


def _event(kind: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (
        kind.encode(),
        _encoder.encode({"type": kind, **fields}),
    )
