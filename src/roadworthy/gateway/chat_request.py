"""POST /v1/chat/completions, the way in: the body decoded once, fields checked, the rest kept.

What enters: bytes. What leaves: a `ChatRequest` whose unknown fields are as they came. What
never happens here: a second parse, or a field of a wrong type that goes on.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from roadworthy.domain import sha256

from .dialect import ChatRequest, checked, decoded
from .older_request import OlderBody
from .problems import bad_field

MOST_PICTURES = 8


class _Picture(Struct):
    url: str


class _Part(Struct):
    type: str
    text: str | None = None
    image_url: _Picture | None = None


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
    """The messages with a name in each picture's place, and the pictures. Raises ApiError."""
    media: dict[str, str] = {}
    left = raw
    for number, message in enumerate(messages):
        if not isinstance(message.content, list):
            continue
        for place, part in enumerate(message.content):
            if part.type == "image_url" and part.image_url is not None:
                name = _named(part.image_url.url, number)
                media[name] = part.image_url.url
                if left is raw:
                    left = [dict(each) for each in raw]
                _put_name(left[number], place, name)
            elif part.type != "text" or part.text is None:
                raise bad_field(
                    "messages",
                    f"messages[{number}] holds a part of type {part.type!r}: the rails look at "
                    "text only, so nothing else is let in but pictures, where the charter says so",
                )
    if len(media) > MOST_PICTURES:
        raise bad_field("messages", f"messages hold {len(media)} pictures, {MOST_PICTURES} may be")
    return left, media


def _named(url: str, number: int) -> str:
    """What stands in a picture's place, so that records have its digest and no byte of it."""
    if not url.startswith("data:image/") or ";base64," not in url[:64]:
        raise bad_field(
            "messages",
            f"messages[{number}] names a picture elsewhere: nobody here could look at it; send it "
            "as data:image/png;base64,…",
        )
    return f"picture {sha256(url.encode()).removeprefix('sha256:')[:12]}"


def _put_name(message: dict[str, Any], place: int, name: str) -> None:
    parts = list(message["content"])
    parts[place] = {**parts[place], "image_url": {**parts[place]["image_url"], "url": name}}
    message["content"] = parts
