"""POST /v1/audio/speech (OpenAI): a text in, marked sound out.

What enters: bytes, later a reply. What leaves: a chat request whose one message is the text, and
the sound. What never happens here: a stream of sound, whose beginning would leave unmarked.
"""

from __future__ import annotations

from msgspec import Struct

from roadworthy.flows.request.trace import Reply, Walk

from .dialect import ChatRequest, Dialect, checked, decoded
from .images import no_stream, require_made
from .problems import bad_field

MAX_CHARS = 4096
"""OpenAI's own limit of a text."""


class SpeechBody(Struct):
    """The fields that are looked at; every other one passes through."""

    model: str
    input: str
    response_format: str | None = None
    stream_format: str | None = None
    user: str | None = None


_OURS = frozenset(("model", "input", "stream_format", "user"))


def read_speech_request(data: bytes) -> ChatRequest:
    """Decode and check a body. Raises ApiError (400) that names the field."""
    raw = decoded(data)
    body = checked(raw, SpeechBody)
    if not body.input.strip() or len(body.input) > MAX_CHARS:
        raise bad_field("input", f"input must be a text of 1 to {MAX_CHARS} characters")
    if body.stream_format not in (None, "audio"):
        raise bad_field(
            "stream_format", "stream_format: a part of a sound cannot be marked; leave it out"
        )
    return ChatRequest(
        raw=raw,
        model=body.model,
        messages=[{"role": "user", "content": body.input}],
        user=body.user or "",
        extra={name: value for name, value in raw.items() if name not in _OURS},
    )


def _sound(reply: Reply, _asked: ChatRequest, _created: int) -> bytes:
    require_made(reply, "sound")
    data: bytes = reply.deltas[0]["file"]
    return data


def _kind(reply: Reply) -> bytes:
    return str(reply.deltas[0]["mime"]).encode()


def speech_dialect(walk: Walk) -> Dialect:
    """The API; `walk` makes and marks."""
    return Dialect(
        read=read_speech_request,
        whole=_sound,
        events=no_stream,
        words="input",
        walk=walk,
        prompted=False,
        kind=_kind,
    )
