"""OpenAI's JSON shapes: a ModelRequest becomes a body, a body becomes chunks.

Used by `/chat/completions` and `/completions`, plain and streamed. Fields that we do not know
go through in both directions; text never leaves in `delta`, so rails cannot be walked around.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from roadworthy.domain import Chunk, ModelRequest, ProviderError, TokenLogprob

from .credentials import Secret
from .labels import label_logprobs, parse_label
from .openai_errors import error_in_body
from .usage import usage_of


class WireOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model.options` of an openai_compatible model."""

    headers: dict[str, str] = field(default_factory=dict)
    """Further headers of every request. Never a secret: options are part of the digest."""
    auth_header: str = "authorization"
    """Another name (such as `api-key`) carries the bare credential, without `Bearer`."""
    fields: dict[str, Any] = field(default_factory=dict)
    """Further fields of every body, such as `reasoning_effort`."""
    omit: tuple[str, ...] = ()
    """Sampling fields that the model refuses, such as `temperature`."""
    max_tokens_field: str = "max_tokens"
    """`max_completion_tokens` for models that ask for it."""
    logprobs: bool = True
    """Whether labels may ask for log-probabilities."""
    top_logprobs: int = 0
    """Alternatives to ask for; 0: 20 in chat, 5 in completions (OpenAI's own limits)."""
    stream_usage: bool = True
    """Whether streams ask for usage (`stream_options.include_usage`)."""


class WireChoice(Struct):
    """A choice, plain (`message` or `text`) or streamed (`delta` or `text`)."""

    index: int = 0
    message: dict[str, Any] | None = None
    delta: dict[str, Any] | None = None
    text: str | None = None
    finish_reason: str | None = None
    logprobs: dict[str, Any] | None = None


class WireReply(Struct):
    """A whole reply, or one event of a stream."""

    choices: list[WireChoice] = field(default_factory=list)
    usage: dict[str, Any] | None = None
    error: Any = None


_LEAST = -9999.0
_ROUNDING = 1e-3
"""So far above 0 a log-probability may come to lie by rounding."""

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(WireReply)


def encode_request(request: ModelRequest, options: WireOptions, *, stream: bool) -> bytes:
    """The body of a request. Raises ProviderError for what one call cannot ask."""
    body: dict[str, Any] = {**options.fields, **request.extra}
    if body.get("n", 1) != 1:
        raise ProviderError("n must be 1: one call, one answer", retryable=False, status=400)
    body.pop("stream_options", None)
    body["model"] = request.model
    chat = request.prompt is None
    if chat:
        body["messages"] = request.messages
    else:
        body["prompt"] = request.prompt
    body["stream"] = stream
    if stream and options.stream_usage:
        body["stream_options"] = {"include_usage": True}
    _add_sampling(body, request, options)
    if request.labels and options.logprobs:
        if chat:
            body["logprobs"] = True
            body["top_logprobs"] = options.top_logprobs or 20
        else:
            body["logprobs"] = options.top_logprobs or 5
    elif request.logprobs:
        body["logprobs"] = True if chat else (options.top_logprobs or 5)
    for name in options.omit:
        body.pop(name, None)
    return _encode(body)


def _add_sampling(body: dict[str, Any], request: ModelRequest, options: WireOptions) -> None:
    sampling = request.sampling
    body["temperature"] = sampling.temperature
    if sampling.top_p != 1.0:
        body["top_p"] = sampling.top_p
    if sampling.top_k:
        body["top_k"] = sampling.top_k
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.stop:
        body["stop"] = sampling.stop
    if "max_completion_tokens" not in body:
        body[options.max_tokens_field] = sampling.max_tokens


def decode_reply(data: bytes, peer: str, secret: Secret) -> WireReply:
    """A whole reply or an event. Raises ProviderError when it is not one or is an error."""
    try:
        reply = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProviderError(
            f"{peer} answered something that is not a completion", retryable=True
        ) from None
    if reply.error:
        raise error_in_body(peer, reply.error, secret=secret)
    return reply


def whole_chunk(reply: WireReply, request: ModelRequest, peer: str) -> Chunk:
    """A plain reply as one chunk. Raises ProviderError when it holds no finished choice."""
    choice = first_choice(reply)
    if choice is None or not choice.finish_reason:
        raise ProviderError(f"{peer} answered without a finished choice", retryable=True)
    text, delta = split_choice(choice)
    logprobs = token_logprobs(choice.logprobs)
    usage = None if reply.usage is None else usage_of(reply.usage)
    scores = None
    if request.labels:
        scores = label_logprobs(logprobs, request.labels)
        text = parse_label(text, request.labels) or text
    return Chunk(
        text=text,
        finish_reason=choice.finish_reason,
        usage=usage,
        logprobs=logprobs,
        label_logprobs=scores,
        delta=delta,
    )


def first_choice(reply: WireReply) -> WireChoice | None:
    """The choice with index 0."""
    for choice in reply.choices:
        if choice.index == 0:
            return choice
    return None


def split_choice(choice: WireChoice) -> tuple[str, dict[str, Any] | None]:
    """A choice's text, and what its message or delta holds beside text and role.

    A refusal is text too, so that rails look at it and the caller reads it; `refusal` in the rest
    says that it is one. Tool calls of a plain message get the `index` that streamed ones have, so
    that what reads deltas reads both.
    """
    message = choice.delta if choice.message is None else choice.message
    if message is None:
        return choice.text or "", None
    content = message.get("content")
    if len(message) == 1 and isinstance(content, str):
        return content, None  # nearly every delta of a stream
    refused = message.get("refusal")
    text = content if isinstance(content, str) else _joined(content)
    if isinstance(refused, str):
        text += refused
    rest = {
        key: value
        for key, value in message.items()
        if value is not None and key not in ("role", "content")
    }
    calls = None if choice.message is None else rest.get("tool_calls")
    if isinstance(calls, list):
        rest["tool_calls"] = [
            {"index": index, **call} if isinstance(call, dict) else call
            for index, call in enumerate(calls)
        ]
    return text, rest or None


def _joined(content: Any) -> str:
    """The text parts of a content that is a list; nothing of any other."""
    parts = content if isinstance(content, list) else ()
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def token_logprobs(raw: dict[str, Any] | None) -> tuple[TokenLogprob, ...]:
    """Token log-probabilities in chat's shape (`content`) or completions' (`tokens`)."""
    if not raw:
        return ()
    content = raw.get("content")
    if isinstance(content, list):
        return tuple(_chat_token(item) for item in content if isinstance(item, dict))
    tokens, values = raw.get("tokens"), raw.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list):
        return ()
    tops = raw.get("top_logprobs")
    if not isinstance(tops, list) or len(tops) != len(tokens):
        tops = [None] * len(tokens)
    return tuple(
        TokenLogprob(token=str(token), logprob=_number(value), top=_tops(top))
        for token, value, top in zip(tokens, values, tops, strict=False)
    )


def _chat_token(item: dict[str, Any]) -> TokenLogprob:
    top = {
        str(entry.get("token", "")): _number(entry.get("logprob"))
        for entry in item.get("top_logprobs") or ()
        if isinstance(entry, dict)
    }
    return TokenLogprob(
        token=str(item.get("token", "")), logprob=_number(item.get("logprob")), top=top
    )


def _tops(top: Any) -> dict[str, float]:
    return {str(key): _number(value) for key, value in top.items()} if isinstance(top, dict) else {}


def _number(value: Any) -> float:
    """A log-probability; what is none counts as the least (OpenAI itself writes -9999.0).

    Raises ProviderError on one above 0: then it is no probability, and nobody knows what it is.
    """
    if not isinstance(value, int | float):
        return _LEAST
    if value > _ROUNDING:
        raise ProviderError(
            f"the upstream gave {value} as a log-probability, which is above 0",
            retryable=False,
            fix="leave logprobs out of model.options if the upstream has none",
        )
    return float(max(_LEAST, min(0.0, value)))
