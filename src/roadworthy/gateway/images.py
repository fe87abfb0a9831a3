"""POST /v1/images/generations (OpenAI): a prompt in, marked pictures out.

What enters: bytes, later a reply. What leaves: a chat request whose one message is the prompt, and
the pictures in the API's own shape. What never happens here: an address of a picture, which cannot
be marked.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from roadworthy.flows.request.media_path import MOST_FILES, NOT_MARKED
from roadworthy.flows.request.trace import Reply, Walk

from .about import about
from .dialect import ChatRequest, Dialect, Events, checked, decoded
from .problems import ApiError, bad_field

MAX_CHARS = 32_000
"""OpenAI's own limit of a prompt."""


class ImageBody(Struct):
    """The fields that are looked at; every other one passes through."""

    model: str
    prompt: str
    n: Annotated[int, Meta(ge=1, le=MOST_FILES)] | None = None
    response_format: str | None = None
    stream: bool | None = None
    user: str | None = None


_OURS = frozenset(("model", "prompt", "stream", "user"))
_encoder = msgspec.json.Encoder()


def read_image_request(data: bytes) -> ChatRequest:
    """Decode and check a body. Raises ApiError (400) that names the field."""
    raw = decoded(data)
    body = checked(raw, ImageBody)
    if not body.prompt.strip() or len(body.prompt) > MAX_CHARS:
        raise bad_field("prompt", f"prompt must be a text of 1 to {MAX_CHARS} characters")
    if body.response_format not in (None, "b64_json"):
        raise bad_field(
            "response_format", "response_format must be b64_json: an address cannot be marked"
        )
    if body.stream:
        raise bad_field("stream", "stream: a part of a picture cannot be marked; leave it out")
    return ChatRequest(
        raw=raw,
        model=body.model,
        messages=[{"role": "user", "content": body.prompt}],
        user=body.user or "",
        extra={name: value for name, value in raw.items() if name not in _OURS},
    )


def images(reply: Reply, asked: ChatRequest, created: int) -> bytes:
    """The body of an answer. Raises ApiError where there are no pictures."""
    require_made(reply, "pictures")
    said: dict[str, Any] = {
        "created": created,
        "data": [_one(part) for part in reply.deltas],
        "output_format": str(reply.deltas[0]["mime"]).removeprefix("image/"),
        "roadworthy": {**about(reply.observation), "made": reply.observation.attributes["made"]},
    }
    used = reply.usage
    if used.input_tokens or used.output_tokens:
        total = used.input_tokens + used.output_tokens
        said["usage"] = {
            "input_tokens": used.input_tokens,
            "output_tokens": used.output_tokens,
            "total_tokens": total,
        }
    return _encoder.encode(said)


def _one(part: dict[str, Any]) -> dict[str, str]:
    found = {"b64_json": base64.b64encode(part["file"]).decode()}
    return {**found, "revised_prompt": part["words"]} if part["words"] else found


def require_made(reply: Reply, what: str) -> None:
    """Raises ApiError where nothing was made, or nothing may leave: no text stands for it."""
    if reply.deltas:
        return
    if reply.observation.action in ("blocked", "held"):
        message = f"the input was stopped by a rail, so there are no {what}"
        raise ApiError(400, message, code="content_filter")
    if reply.error.startswith(NOT_MARKED):
        raise ApiError(502, reply.error, code="not_marked")
    raise ApiError(502, f"the model gave no {what}", code="upstream_error")


def no_stream(_id: str, _asked: ChatRequest, _created: int) -> Events:
    """Nothing of this is streamed. Raises ApiError."""
    raise bad_field("stream", "stream: this is not streamed; leave it out")


def images_dialect(walk: Walk) -> Dialect:
    """The API; `walk` makes and marks."""
    return Dialect(
        read=read_image_request,
        whole=images,
        events=no_stream,
        words="prompt",
        walk=walk,
        prompted=False,
    )
