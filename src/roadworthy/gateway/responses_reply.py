"""POST /v1/responses (OpenAI), the way out: responses and events in the API's own shape."""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import TokenLogprob, Usage
from roadworthy.flows.request.trace import Reply
from roadworthy.serving import ToolCall, tool_calls

from .about import about
from .dialect import ChatRequest, Dialect
from .problems import ApiError
from .responses_request import read_responses_request

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}

_encoder = msgspec.json.Encoder()


def response(reply: Reply, asked: ChatRequest, created: int) -> bytes:
    """The body of a plain answer."""
    return _encoder.encode(_ended(reply, _opening(reply.observation.id, asked, created)))


class ResponseEvents:
    """Encodes the events of one stream."""

    def __init__(self, observation_id: str, asked: ChatRequest, created: int) -> None:
        self._response = _opening(observation_id, asked, created)
        self._message = {"item_id": f"msg_{observation_id}", "output_index": 0, "content_index": 0}
        self._number = 0
        self._speaking = False

    def first(self) -> bytes:
        """The events that say that it began."""
        return self._event("response.created", response=self._response) + self._event(
            "response.in_progress", response=self._response
        )

    def piece(self, text: str) -> bytes:
        """A piece of the answer; the first opens the message."""
        begin = b"" if self._speaking else self._start()
        self._speaking = True
        return begin + self._event(
            "response.output_text.delta", **self._message, delta=text, logprobs=[]
        )

    def last(self, reply: Reply) -> bytes:
        """Everything after the last piece."""
        parts = [self.piece(reply.rest)] if reply.rest else []
        ended = _ended(reply, self._response)
        for index, item in enumerate(ended["output"]):
            parts.append(self._stop(item) if item["type"] == "message" else self._call(index, item))
        parts.append(self._event(f"response.{ended['status']}", response=ended))
        return b"".join(parts)

    def error(self, problem: ApiError) -> bytes:
        """An error in the middle of a stream; SDKs raise on `error`, the rest is the API's own."""
        error = msgspec.json.decode(problem.body())["error"]
        return self._event(
            "error",
            code=problem.code,
            message=problem.message,
            param=problem.param,
            error=error,
        )

    def _start(self) -> bytes:
        item = _message(self._message["item_id"], "in_progress", [])
        return self._event("response.output_item.added", output_index=0, item=item) + self._event(
            "response.content_part.added", **self._message, part=_text("", ())
        )

    def _stop(self, item: dict[str, Any]) -> bytes:
        part = item["content"][0]
        said = {"text": part["text"], "logprobs": part["logprobs"]}
        return (
            self._event("response.output_text.done", **self._message, **said)
            + self._event("response.content_part.done", **self._message, part=part)
            + self._event("response.output_item.done", output_index=0, item=item)
        )

    def _call(self, index: int, item: dict[str, Any]) -> bytes:
        place = {"item_id": item["id"], "output_index": index}
        begun = {**item, "status": "in_progress", "arguments": ""}
        written, arguments = "response.function_call_arguments", item["arguments"]
        return (
            self._event("response.output_item.added", output_index=index, item=begun)
            + self._event(f"{written}.delta", **place, delta=arguments)
            + self._event(f"{written}.done", **place, arguments=arguments, name=item["name"])
            + self._event("response.output_item.done", output_index=index, item=item)
        )

    def _event(self, kind: str, **fields: Any) -> bytes:
        said = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encoder.encode(said))


RESPONSES = Dialect(
    read=read_responses_request, whole=response, events=ResponseEvents, words="input"
)


def _opening(observation_id: str, asked: ChatRequest, created: int) -> dict[str, Any]:
    """A response of which nothing has been said; the request is told again, as the API does."""
    raw = asked.raw
    return {
        "id": f"resp_{observation_id}",
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": raw.get("instructions"),
        "max_output_tokens": raw.get("max_output_tokens"),
        "metadata": raw.get("metadata") or {},
        "model": asked.model,
        "output": [],
        "parallel_tool_calls": raw.get("parallel_tool_calls") is not False,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": raw.get("temperature"),
        "text": raw.get("text") or {"format": {"type": "text"}},
        "tool_choice": raw.get("tool_choice") or "auto",
        "tools": raw.get("tools") or [],
        "top_p": raw.get("top_p"),
        "truncation": "disabled",
        "usage": None,
        "user": raw.get("user"),
    }


def _ended(reply: Reply, opening: dict[str, Any]) -> dict[str, Any]:
    """The whole response."""
    seen = reply.observation
    why = _INCOMPLETE.get(reply.finish_reason)
    status = "incomplete" if why else "completed"
    output = []
    if reply.text:
        part = _text(reply.text, reply.logprobs)
        output.append(_message(f"msg_{seen.id}", status, [part]))
    output += [_function_call(seen.id, *each) for each in enumerate(tool_calls(reply.deltas))]
    return {
        **opening,
        "status": status,
        "incomplete_details": {"reason": why} if why else None,
        "output": output,
        "usage": _usage(reply.usage),
        "roadworthy": about(seen),
    }


def _message(item_id: object, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": item_id,
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _text(text: str, tokens: tuple[TokenLogprob, ...]) -> dict[str, Any]:
    return {
        "type": "output_text",
        "text": text,
        "annotations": [],
        "logprobs": [
            {
                **_token(token.token, token.logprob),
                "top_logprobs": [_token(*other) for other in token.top.items()],
            }
            for token in tokens
        ],
    }


def _token(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


def _function_call(observation_id: str, number: int, call: ToolCall) -> dict[str, Any]:
    return {
        "id": f"fc_{observation_id}_{number}",
        "type": "function_call",
        "status": "completed",
        "call_id": call.id,
        "name": call.name,
        "arguments": call.text,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
