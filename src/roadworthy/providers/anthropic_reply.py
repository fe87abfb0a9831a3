"""Anthropic's Messages API, the way out: a message or the events of one become chunks.

Enters: JSON values of the upstream. Leaves: chunks in the words of every other provider. What
never happens here: text in `delta`, where no rail would look; an event of a later version of the
API that breaks an answer (https://platform.claude.com/docs/en/build-with-claude/streaming).
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import Chunk, ModelRequest, ProviderError

from .credentials import Secret
from .labels import parse_label
from .openai_errors import error_in_body
from .usage import usage_of

_REASONS = {
    "end_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "refusal": "content_filter",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
}
_TOLD = frozenset(("stop_sequence", "pause_turn", "model_context_window_exceeded"))
"""Reasons for which chat completions have no word of their own."""

THOUGHTS = frozenset(("thinking", "redacted_thinking"))
"""Blocks that are no part of the answer's words; they go beside it."""

_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status that an error has where it is no event of a stream."""

_encode = msgspec.json.Encoder().encode


class Event(Struct):
    """One event of a stream; which fields there are hangs on its type."""

    type: str = ""
    index: int = 0
    message: dict[str, Any] | None = None
    content_block: dict[str, Any] | None = None
    delta: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    error: Any = None


class _Message(Struct):
    type: str = ""
    content: list[dict[str, Any]] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    error: Any = None


_events = msgspec.json.Decoder(Event)
_messages = msgspec.json.Decoder(_Message)


def decode_event(data: bytes, peer: str, secret: Secret) -> Event:
    """One event. Raises ProviderError when it is not one, or is an error."""
    try:
        event = _events.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProviderError(f"{peer} sent an event that is none", retryable=True) from None
    if event.type == "error" or event.error is not None:
        raise told_error(peer, event.error, secret)
    return event


def whole_chunk(data: bytes, request: ModelRequest, peer: str, secret: Secret) -> Chunk:
    """A plain answer as one chunk. Raises ProviderError when it is no finished message."""
    try:
        message = _messages.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProviderError(
            f"{peer} answered something that is not a message", retryable=True
        ) from None
    if message.error is not None:
        raise told_error(peer, message.error, secret)
    if message.content is None or not message.stop_reason:
        raise ProviderError(f"{peer} answered without a finished message", retryable=True)
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    thoughts: list[dict[str, Any]] = []
    for block in message.content:
        if block.get("type") == "text":
            texts.append(_text(block.get("text")))
        elif block.get("type") == "tool_use":
            calls.append(begun_call(len(calls), block, _encode(block.get("input")).decode()))
        elif block.get("type") in THOUGHTS:
            thoughts.append(block)
    text = "".join(texts)
    if request.labels:
        text = parse_label(text, request.labels) or text
    ending = ending_of(message.stop_reason, message.stop_sequence, message.stop_details)
    delta = {**ending, **({"tool_calls": calls} if calls else {})}
    delta |= {"thoughts": thoughts} if thoughts else {}
    return Chunk(
        text=text,
        finish_reason=finish_reason(message.stop_reason),
        usage=None if message.usage is None else usage_of(message.usage),
        delta=delta or None,
    )


def begun_call(index: int, block: dict[str, Any], arguments: str) -> dict[str, Any]:
    """A call of a tool in OpenAI's shape; its arguments are text, and may go on."""
    function = {"name": _text(block.get("name")), "arguments": arguments}
    return {"index": index, "id": _text(block.get("id")), "type": "function", "function": function}


def ending_of(reason: str, sequence: str | None, details: dict[str, Any] | None) -> dict[str, Any]:
    """What is known of how an answer ended, beside its finish reason."""
    if reason == "refusal":
        category = (details or {}).get("category")
        return {"refusal": category if isinstance(category, str) else "refusal"}
    if reason not in _TOLD:
        return {}
    return {"ended": {"reason": reason, "sequence": sequence}}


def finish_reason(reason: str) -> str:
    """A stop reason in OpenAI's words; one that is not known as it is."""
    return _REASONS.get(reason, reason)


def told_error(peer: str, error: Any, secret: Secret) -> ProviderError:
    """The error that an event or an answer with status 200 carries."""
    kind = error.get("type") if isinstance(error, dict) else None
    status = _STATUS.get(kind) if isinstance(kind, str) else None
    if status is not None:
        error = {**error, "code": str(status)}
    return error_in_body(peer, error, secret=secret)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
