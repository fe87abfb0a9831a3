"""The workers' door as an OpenAPI document: what callers send is checked by the same types.

What enters: nothing. What leaves: the document. What never happens here: a body described otherwise
than it is read. Of answers only that is said on which a caller may build whatever the release is;
the rest is OpenAI's, Anthropic's or the upstream's.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from .batches import BatchBody
from .chat_request import ChatBody
from .completions import CompletionBody
from .embeddings import EmbeddingBody
from .images import ImageBody
from .messages_request import MessagesBody
from .openapi import JSON_KIND, Operation, Query, Said, document, refused
from .outcomes import OutcomeBody
from .problems import AnthropicError, ErrorDocument
from .provenance import Known, Question
from .responses_request import ResponsesBody
from .speech import SpeechBody

EVENTS_KIND = "text/event-stream"
_STREAMED = (JSON_KIND, EVENTS_KIND)
_RELEASE = {
    "x-roadworthy-release": "Digest of the release that answered.",
    "x-roadworthy-observation": "Under which id it is in the journal.",
}


class Listed(Struct):
    """A list."""

    object: Literal["list"]
    data: list[dict[str, Any]]


class Named(Struct):
    """What can be asked for again by its id."""

    id: str
    object: str


class Choices(Struct):
    """An answer of OpenAI's older APIs."""

    id: str
    object: str
    created: int
    model: str
    choices: list[dict[str, Any]]


class MessageAnswer(Struct):
    """An answer of Anthropic's API."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    content: list[dict[str, Any]]


class Heard(Struct):
    """What became of an outcome."""

    observation: str
    state: str


class Proof(Struct):
    """The proof of an answer; `roadworthy-verify` checks it."""


class Alive(Struct):
    """The process turns."""

    status: Literal["ok"]


class Readiness(Struct):
    """How a worker stands."""

    ready: bool
    worker: str
    systems: dict[str, Any]
    table: dict[str, Any]
    keys: dict[str, Any]
    journal: dict[str, Any]
    limits: dict[str, Any]
    in_flight: int


class Transcript(Struct):
    """The words of a sound."""

    text: str


Limit = Annotated[int, Meta(ge=1, le=100)]
FileLimit = Annotated[int, Meta(ge=1, le=10_000)]
Order = Literal["asc", "desc"]

_HELD = "It is not HTTP/1.1, not JSON, or a field is wrong: `param` names it."


def _always(error: Any = ErrorDocument) -> dict[int, Said]:
    """How every request may end that needs a key."""
    return {
        400: refused(_HELD, type=error),
        401: refused("No key, or none that holds.", type=error, www_authenticate="Bearer."),
        403: refused("The key, or the charter, does not allow it.", type=error),
        408: refused("It did not arrive within a minute.", type=error),
        413: refused("Its body is too long.", type=error),
        431: refused("Its head is too long.", type=error),
        503: refused("Stopped, not ready, or too much at once.", type=error),
    }


def _asked(path: str, what: str, takes: Any, answer: Said, *, error: Any = ErrorDocument) -> Any:
    """An operation that asks a model."""
    said = {
        200: answer,
        **_always(error),
        404: refused("There is no such system or model.", type=error),
        429: refused("The tenant's limit or budget is used up.", type=error),
        502: refused("The upstream failed where no answer of ours can stand.", type=error),
    }
    return Operation(method="POST", path=path, what=what, takes=takes, said=said)


def _kept(method: str, path: str, what: str, answer: Said, **more: Any) -> Operation:
    """An operation on what is left here. Whose it is, the path says: 404 for another's."""
    said = {200: answer, **_always(), **more.pop("also", {})}
    if "{" in path:
        said[404] = refused("There is none of that id.")
    return Operation(method=method, path=path, what=what, said=said, **more)


def _models() -> list[Operation]:
    answered = Said(what="An answer.", type=Choices, kinds=_STREAMED, headers=_RELEASE)
    message = Said(what="An answer.", type=MessageAnswer, kinds=_STREAMED, headers=_RELEASE)
    response = Said(what="An answer.", type=Named, kinds=_STREAMED, headers=_RELEASE)
    vectors = Said(what="Vectors.", type=Listed, headers=_RELEASE)
    pictures = Said(what="Marked pictures.", headers=_RELEASE)
    sound = Said(what="A marked sound.", kinds=("audio/*",), headers=_RELEASE)
    words = Said(what="The words.", type=Transcript, headers=_RELEASE)
    form = {
        "type": "object",
        "required": ["file", "model"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "model": {"type": "string"},
            "prompt": {"type": "string"},
            "language": {"type": "string"},
            "response_format": {"const": "json"},
        },
    }
    heard = _asked("/v1/audio/transcriptions", "The words of a sound.", None, words)
    return [
        _asked("/v1/chat/completions", "Answer a conversation.", ChatBody, answered),
        _asked("/v1/responses", "Answer, in the words of Responses.", ResponsesBody, response),
        _asked("/v1/completions", "Continue a text.", CompletionBody, answered),
        _asked("/v1/embeddings", "Make vectors of texts.", EmbeddingBody, vectors),
        _asked(
            "/v1/messages", "Answer, as Anthropic does.", MessagesBody, message,
            error=AnthropicError,
        ),
        _asked("/v1/images/generations", "Make pictures.", ImageBody, pictures),
        _asked("/v1/audio/speech", "Say a text.", SpeechBody, sound),
        Operation(method="POST", path=heard.path, what=heard.what, said=heard.said, form=form),
    ]  # fmt: skip


def _left() -> list[Operation]:
    upload = {
        "type": "object",
        "required": ["file", "purpose"],
        "properties": {
            "purpose": {"const": "batch"},
            "file": {"type": "string", "format": "binary"},
            "expires_after[anchor]": {"const": "created_at"},
            "expires_after[seconds]": {"type": "string", "pattern": "^[0-9]{4,7}$"},
        },
    }
    pages = (Query(name="after", type=str), Query(name="order", type=Order))
    files = (*pages, Query(name="limit", type=FileLimit), Query(name="purpose", type=str))
    batches = (*pages, Query(name="limit", type=Limit))
    one, page = Said(what="It.", type=Named), Said(what="A page.", type=Listed)
    lines = Said(what="Its lines.", kinds=("application/jsonl",))
    late = {409: refused("It is in use, or over.")}
    return [
        _kept("POST", "/v1/files", "Leave a file.", one, form=upload),
        _kept("GET", "/v1/files", "List files.", page, asks=files),
        _kept("GET", "/v1/files/{file}", "See a file.", one),
        _kept("DELETE", "/v1/files/{file}", "Remove a file.", one, also=late),
        _kept("GET", "/v1/files/{file}/content", "Read a file.", lines),
        _kept("POST", "/v1/batches", "Leave a batch.", one, takes=BatchBody, also=late | _NO_FILE),
        _kept("GET", "/v1/batches", "List batches.", page, asks=batches),
        _kept("GET", "/v1/batches/{batch}", "See a batch.", one),
        _kept("POST", "/v1/batches/{batch}/cancel", "Call a batch off.", one, also=late),
    ]


_NO_FILE = {404: refused("There is no such file or endpoint.")}


def _looked_at() -> list[Operation]:
    unsealed = {409: refused("Its part of the journal is not sealed yet.")}
    heard = {
        201: Said(what="Kept, or acted on.", type=Heard),
        202: Said(what="It waits for a person.", type=Heard),
        404: refused("There is no such observation."),
    }
    outcome = Operation(
        method="POST", path="/v1/outcomes", what="Say what became of an answer.",
        takes=OutcomeBody, said={**heard, **_always()},
    )  # fmt: skip
    known = Said(what="What is known of it.", type=Known)
    return [
        _kept("GET", "/v1/models", "What may stand in `model`.", Said(what="A list.", type=Listed)),
        outcome,
        _kept("GET", "/v1/reviews/{review}", "A held answer.", Said(what="It.", type=Named)),
        _kept("POST", "/v1/provenance/check", "Is it one of ours?", known, takes=Question),
        _kept(
            "GET", "/v1/provenance/{observation}", "The proof of an answer.",
            Said(what="It.", type=Proof), also=unsealed,
        ),
    ]  # fmt: skip


def _watched() -> list[Operation]:
    alive = {200: Said(what="It turns.", type=Alive)}
    ready = {
        200: Said(what="All that is live is served.", type=Readiness),
        503: Said(what="It is not, and why.", type=Readiness),
    }
    api = {200: Said(what="It.")}
    short = {code: said for code, said in _always().items() if code in (400, 408, 413, 431)}
    pages = (
        ("/healthz", "Whether the process turns.", alive),
        ("/readyz", "Whether all that is live is served.", ready),
        ("/openapi.json", "This document.", api),
    )
    return [
        Operation(method=method, path=path, what=what, said={**said, **short}, open=True)
        for path, what, said in pages
        for method in ("GET", "HEAD")
    ]


def gateway_api() -> bytes:
    """The document."""
    about = (
        "The APIs of OpenAI and Anthropic, answered by released systems behind rails, limits, "
        "journal and kill switch."
    )
    operations = [*_models(), *_left(), *_looked_at(), *_watched()]
    return document("Roadworthy, gateway", about, operations, keys=True)
