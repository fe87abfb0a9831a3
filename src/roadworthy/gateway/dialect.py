"""What differs between the APIs that this gateway speaks: how a request is read, an answer written.

Enters: the bytes of a body, later what the path gives out. Leaves: a chat request, and bytes in
the API's own shape. What never happens here: a way around the door; it is written once, and every
dialect goes through it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct, field

from roadworthy.domain import Sampling
from roadworthy.flows.request.trace import Reply, Walk
from roadworthy.flows.request_path import answer

from .problems import ApiError, mistyped

_decoder = msgspec.json.Decoder()
_Body = TypeVar("_Body", bound=Struct)


class ChatRequest(Struct, frozen=True, kw_only=True):
    """A checked request in the words of chat completions, whichever API it came by."""

    raw: dict[str, Any]
    """The whole body as decoded."""
    model: str
    messages: list[dict[str, Any]]
    prompt: str | None = None
    """One text to be continued as it is, where the caller owns the prompt."""
    stream: bool = False
    include_usage: bool = False
    """Whether a stream of chunks ends with one that counts tokens."""
    user: str = ""
    variables: dict[str, Any] | None = None
    wishes: dict[str, Any] = field(default_factory=dict)
    """What the caller wants of `Sampling`, None where he does not say."""
    extra: dict[str, Any] = field(default_factory=dict)
    """What is not ours to read, in chat completions' own words: tools, response_format …"""
    media: dict[str, str] = field(default_factory=dict)
    """Pictures in messages, by what stands in their place there."""
    foreign: tuple[str, ...] = ()
    """Fields that mean nothing to an upstream: refused where the caller owns the prompt."""
    own: Callable[[], tuple[list[dict[str, Any]], dict[str, Any]]] | None = None
    """Messages and `extra` for an upstream of the caller's own API: with all that chat lacks."""

    def sampling(self, own: Sampling) -> Sampling | None:
        """The candidate's sampling with the caller's wishes; None when there are none."""
        given = {name: value for name, value in self.wishes.items() if value is not None}
        return msgspec.structs.replace(own, **given) if given else None


class Events(Protocol):
    """Encodes one stream."""

    def first(self) -> bytes:
        """What comes before any text."""

    def piece(self, text: str) -> bytes:
        """A piece of the answer."""

    def last(self, reply: Reply) -> bytes:
        """Everything after the last piece. Raises ApiError for what the API cannot say."""

    def error(self, problem: ApiError) -> bytes:
        """An error in the middle of a stream; SDKs raise it."""


class Dialect(Struct, frozen=True, kw_only=True):
    """One API."""

    read: Callable[[bytes], ChatRequest]
    """Raises ApiError that names the field."""
    whole: Callable[[Reply, ChatRequest, int], bytes]
    """A plain answer; the last is when it was made, in seconds since the epoch. Raises ApiError."""
    events: Callable[[str, ChatRequest, int], Events]
    """What encodes the stream of an observation of that id."""
    words: str = "messages"
    """The field that holds what is said."""
    walk: Walk = answer
    """Step 3 of the request line."""
    prompted: bool = True
    """Whether a release's own prompt can be what is filled."""
    kind: Callable[[Reply], bytes] | None = None
    """The media type of a plain answer, where it is no JSON."""


def decoded(data: bytes) -> dict[str, Any]:
    """A body as a JSON object. Raises ApiError."""
    try:
        raw = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, f"the body is not JSON: {error}", code="invalid_json") from None
    if not isinstance(raw, dict):
        raise ApiError(400, "the body must be a JSON object", code="invalid_json")
    return raw


def checked(raw: dict[str, Any], shape: type[_Body]) -> _Body:
    """The fields that are looked at. Raises ApiError that names the one at fault."""
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        raise mistyped(str(error)) from None
