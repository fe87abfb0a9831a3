"""POST /v1/chat/completions, the way in: the body decoded once, fields checked, the rest kept.

What enters: bytes. What leaves: a `ChatRequest` whose unknown fields are as they came. What
never happens here: a second parse, or a field of a wrong type that goes on.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from .dialect import ChatRequest, checked, decoded
from .older_request import OlderBody
from .problems import bad_field
from .taken_out import TakenOut


class _Picture(Struct):
    url: str
    detail: str | None = None


class _Sound(Struct):
    data: str
    format: str


class _File(Struct):
    file_data: str | None = None
    filename: str | None = None
    file_id: str | None = None


class _Part(Struct):
    type: str
    text: str | None = None
    image_url: _Picture | None = None
    input_audio: _Sound | None = None
    file: _File | None = None


class _Message(Struct):
    role: str
    content: str | list[_Part] | None = None


class ChatBody(OlderBody):
    """The fields that are looked at; every other one passes through."""

    messages: Annotated[list[_Message], Meta(max_length=4096)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None


_OURS = frozenset(ChatBody.__struct_fields__)


def read_chat_request(data: bytes) -> ChatRequest:
    """Decode and check a body. Raises ApiError (400) that names the field."""
    raw = decoded(data)
    body = checked(raw, ChatBody)
    body.require_one("n")
    if not body.messages and body.variables is None:
        raise bad_field("messages", "messages must hold at least one message")
    messages, media = _taken_out(raw.get("messages") or [], body.messages or [])
    return ChatRequest(
        raw=raw,
        model=body.model,
        messages=messages,
        stream=bool(body.stream),
        include_usage=body.include_usage,
        user=body.user or "",
        variables=body.variables,
        wishes=body.wishes(max_tokens=body.max_completion_tokens or body.max_tokens),
        media=media,
        extra={name: value for name, value in raw.items() if name not in _OURS},
    )


def _taken_out(
    raw: list[dict[str, Any]], messages: list[_Message]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The messages with a name in each file's place, and the files. Raises ApiError."""
    taken: TakenOut | None = None
    left = raw
    for number, message in enumerate(messages):
        if not isinstance(message.content, list):
            continue
        for place, part in enumerate(message.content):
            if part.type == "text" and part.text is not None:
                continue
            taken = taken or TakenOut("messages")
            put = _put(part, taken, f"messages[{number}]")
            if left is raw:
                left = [dict(each) for each in raw]
            parts = list(left[number]["content"])
            parts[place] = put
            left[number]["content"] = parts
    return left, taken.media if taken is not None else {}


def _put(part: _Part, taken: TakenOut, at: str) -> dict[str, Any]:
    """What stands in the place of a part that is no text."""
    if part.type == "image_url" and part.image_url is not None:
        detail = part.image_url.detail
        more = {} if detail is None else {"detail": detail}
        return taken.picture(part.image_url.url, at, **more)
    if part.type == "input_audio" and part.input_audio is not None:
        return taken.sound(part.input_audio.data, part.input_audio.format, at)
    if part.type == "file" and part.file is not None:
        taken.no_file(part.file.file_id, at)
        return taken.document(part.file.file_data, at, title=part.file.filename or "")
    raise bad_field(
        "messages",
        f"{at} holds a part of type {part.type!r}: the rails look at text only, so nothing else is "
        "let in but pictures, sounds and documents, where the charter says so",
    )
