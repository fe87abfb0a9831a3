"""POST /v1/chat/completions, the way out: replies and chunks in the API's own shape."""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import TokenLogprob, Usage
from roadworthy.flows.request.trace import Reply
from roadworthy.serving import tool_calls

from .about import about
from .chat_request import read_chat_request
from .dialect import ChatRequest, Dialect
from .problems import ApiError

_encoder = msgspec.json.Encoder()

DONE = b"data: [DONE]\n\n"
"""The last event of a stream."""

_TEXT = "\x00"
"""Stands where a piece's text will; no name holds it."""


def completion(reply: Reply, asked: ChatRequest, created: int) -> bytes:
    """The body of a plain answer."""
    observation = reply.observation
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None}
    calls = [call.as_message() for call in tool_calls(reply.deltas)]
    if calls:
        message["tool_calls"] = calls
        message["content"] = reply.text or None
    return _encoder.encode(
        {
            "id": f"chatcmpl-{observation.id}",
            "object": "chat.completion",
            "created": created,
            "model": asked.model,
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "logprobs": _logprobs(reply.logprobs),
                    "finish_reason": reply.finish_reason or "stop",
                }
            ],
            "usage": usage_of(reply.usage),
            "roadworthy": about(observation),
        }
    )


class Chunks:
    """Encodes the chunks of one stream."""

    def __init__(self, observation_id: str, asked: ChatRequest, created: int) -> None:
        self._usage = asked.include_usage
        self._head = {
            "id": f"chatcmpl-{observation_id}",
            "object": "chat.completion.chunk",
            "created": created,
            "model": asked.model,
        }
        before, _, after = self._delta({"content": _TEXT}).partition(_encoder.encode(_TEXT))
        self._around = before, after

    def first(self) -> bytes:
        """The chunk that says who speaks."""
        return self._delta({"role": "assistant", "content": ""})

    def piece(self, text: str) -> bytes:
        """A piece of the answer: all but the text is the same in each."""
        before, after = self._around
        return b"%b%b%b" % (before, _encoder.encode(text), after)

    def last(self, reply: Reply) -> bytes:
        """Everything after the last piece: rest, tool calls, finish reason, usage, [DONE]."""
        parts = []
        if reply.rest:
            parts.append(self.piece(reply.rest))
        calls = [call.as_message() for call in tool_calls(reply.deltas)]
        if calls:
            parts.append(self._delta({"tool_calls": [_indexed(*c) for c in enumerate(calls)]}))
        end: dict[str, Any] = dict(self._head)
        end["choices"] = [
            {
                "index": 0,
                "delta": {},
                "logprobs": _logprobs(reply.logprobs),
                "finish_reason": reply.finish_reason or "stop",
            }
        ]
        end["roadworthy"] = about(reply.observation)
        if self._usage:
            end["usage"] = None
        parts.append(_event(end))
        if self._usage:
            parts.append(_event({**self._head, "choices": [], "usage": usage_of(reply.usage)}))
        parts.append(DONE)
        return b"".join(parts)

    def error(self, problem: ApiError) -> bytes:
        """An error in the middle of a stream."""
        return b"data: " + problem.body() + b"\n\n"

    def _delta(self, delta: dict[str, Any]) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        chunk: dict[str, Any] = {**self._head, "choices": [choice]}
        if self._usage:
            chunk["usage"] = None  # the API's own shape: null on all chunks but the last
        return _event(chunk)


def _indexed(index: int, call: dict[str, Any]) -> dict[str, Any]:
    return {"index": index, **call}


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + _encoder.encode(value) + b"\n\n"


def usage_of(usage: Usage) -> dict[str, Any]:
    """Tokens as OpenAI's older APIs count them."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _logprobs(tokens: tuple[TokenLogprob, ...]) -> dict[str, Any] | None:
    if not tokens:
        return None
    content = [
        {
            "token": token.token,
            "logprob": token.logprob,
            "bytes": None,
            "top_logprobs": [
                {"token": other, "logprob": value, "bytes": None}
                for other, value in token.top.items()
            ],
        }
        for token in tokens
    ]
    return {"content": content, "refusal": None}


CHAT = Dialect(read=read_chat_request, whole=completion, events=Chunks)
