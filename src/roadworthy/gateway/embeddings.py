"""POST /v1/embeddings (OpenAI): texts in, a vector each out.

What enters: bytes, later a reply. What leaves: a chat request whose messages are the texts, and
the vectors in the API's own shape. What never happens here: tokens, which no rail can read.
"""

from __future__ import annotations

import base64
import sys
from array import array
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from roadworthy.flows.request.embedding_path import embed
from roadworthy.flows.request.trace import Reply

from .about import about
from .dialect import ChatRequest, Dialect, Events, checked, decoded
from .problems import ApiError, bad_field

MAX_TEXTS = 2048
"""OpenAI's own limit."""


class EmbeddingBody(Struct):
    """The fields that are looked at; every other one passes through."""

    model: str
    input: str | list[Any]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Meta(ge=1)] | None = None
    stream: bool | None = None
    user: str | None = None


_OURS = frozenset(EmbeddingBody.__struct_fields__) - {"dimensions"}
_encoder = msgspec.json.Encoder()


def read_embedding_request(data: bytes) -> ChatRequest:
    """Decode and check a body. Raises ApiError (400) that names the field."""
    raw = decoded(data)
    body = checked(raw, EmbeddingBody)
    texts = [body.input] if isinstance(body.input, str) else body.input
    if not texts or len(texts) > MAX_TEXTS:
        raise bad_field("input", f"input must hold 1 to {MAX_TEXTS} texts")
    if not all(isinstance(text, str) and text for text in texts):
        raise bad_field("input", "input must be texts that are not empty: the rails read no tokens")
    return ChatRequest(
        raw=raw,
        model=body.model,
        messages=[{"role": "user", "content": text} for text in texts],
        stream=bool(body.stream),
        user=body.user or "",
        extra={name: value for name, value in raw.items() if name not in _OURS},
    )


def embeddings(reply: Reply, asked: ChatRequest, _created: int) -> bytes:
    """The body of an answer. Raises ApiError when there are no vectors: no text stands for them."""
    if not reply.vectors:
        raise _no_vectors(reply)
    packed = asked.raw.get("encoding_format") == "base64"
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _packed(vector) if packed else vector,
        }
        for index, vector in enumerate(reply.vectors)
    ]
    tokens = reply.usage.input_tokens
    return _encoder.encode(
        {
            "object": "list",
            "data": data,
            "model": asked.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            "roadworthy": about(reply.observation),
        }
    )


def _no_vectors(reply: Reply) -> ApiError:
    if reply.observation.action in ("blocked", "held"):
        return ApiError(
            400, "the input was stopped by a rail, so there are no vectors", code="content_filter"
        )
    return ApiError(502, "the model gave no vectors", code="upstream_error")


def _packed(vector: list[float]) -> str:
    """Floats of 32 bits, little-endian, in base64."""
    floats = array("f", vector)
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode()


def _no_stream(_id: str, _asked: ChatRequest, _created: int) -> Events:
    raise bad_field("stream", "stream: vectors are not streamed; leave it out")


EMBEDDINGS = Dialect(
    read=read_embedding_request,
    whole=embeddings,
    events=_no_stream,
    words="input",
    walk=embed,
    prompted=False,
)
