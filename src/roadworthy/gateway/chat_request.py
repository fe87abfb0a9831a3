"""POST /v1/chat/completions, the way in: the body decoded once, fields checked, the rest kept.

What enters: bytes. What leaves: a `ChatRequest` whose unknown fields are as they came. What
never happens here: a second parse, or a field of a wrong type that goes on.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from .dialect import ChatRequest, StreamOptions, checked, decoded
from .problems import bad_field


class _Part(Struct):
    type: str
    text: str | None = None


class _Message(Struct):
    role: str
    content: str | list[_Part] | None = None


class _Body(Struct):
    """The fields that are looked at; every other one passes through."""

    model: str
    messages: Annotated[list[_Message], Meta(max_length=4096)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    user: str | None = None
    variables: dict[str, Any] | None = None


_OURS = frozenset(_Body.__struct_fields__)


def read_chat_request(data: bytes) -> ChatRequest:
    """Decode and check a body. Raises ApiError (400) that names the field."""
    raw = decoded(data)
    body = checked(raw, _Body)
    if body.n not in (None, 1):
        raise bad_field("n", "n must be 1: one answer a request")
    if not body.messages and body.variables is None:
        raise bad_field("messages", "messages must hold at least one message")
    _refuse_unseen(body.messages or [])
    options = body.stream_options
    return ChatRequest(
        raw=raw,
        model=body.model,
        messages=raw.get("messages") or [],
        stream=bool(body.stream),
        include_usage=bool(options is not None and options.include_usage),
        user=body.user or "",
        variables=body.variables,
        wishes={
            "temperature": body.temperature,
            "top_p": body.top_p,
            "max_tokens": body.max_completion_tokens or body.max_tokens,
            "seed": body.seed,
            "stop": [body.stop] if isinstance(body.stop, str) else body.stop,
        },
        extra={name: value for name, value in raw.items() if name not in _OURS},
    )


def _refuse_unseen(messages: list[_Message]) -> None:
    """Refuse what no rail of this version looks at: it would pass unchecked."""
    for number, message in enumerate(messages):
        if isinstance(message.content, list):
            for part in message.content:
                if part.type != "text" or part.text is None:
                    raise bad_field(
                        "messages",
                        f"messages[{number}] holds a part of type {part.type!r}: the rails look at "
                        "text only, so nothing else is let in; send parts of type 'text'",
                    )
