"""POST /v1/chat/completions, the way in: the body decoded once, fields checked, the rest kept.

What enters: bytes. What leaves: a `ChatRequest` whose unknown fields are as they came. What
never happens here: a second parse, or a field of a wrong type that goes on.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .dialect import ChatRequest, checked, decoded
from .older_request import OlderBody
from .problems import bad_field


class _Part(Struct):
    type: str
    text: str | None = None


class _Message(Struct):
    role: str
    content: str | list[_Part] | None = None


class _Body(OlderBody):
    messages: Annotated[list[_Message], Meta(max_length=4096)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None


_OURS = frozenset(_Body.__struct_fields__)


def read_chat_request(data: bytes) -> ChatRequest:
    """Decode and check a body. Raises ApiError (400) that names the field."""
    raw = decoded(data)
    body = checked(raw, _Body)
    body.require_one("n")
    if not body.messages and body.variables is None:
        raise bad_field("messages", "messages must hold at least one message")
    _refuse_unseen(body.messages or [])
    return ChatRequest(
        raw=raw,
        model=body.model,
        messages=raw.get("messages") or [],
        stream=bool(body.stream),
        include_usage=body.include_usage,
        user=body.user or "",
        variables=body.variables,
        wishes=body.wishes(max_tokens=body.max_completion_tokens or body.max_tokens),
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
