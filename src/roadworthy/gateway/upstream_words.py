"""Whether an upstream is told all that a caller wants who owns the prompt.

What enters: a request in chat completions' words, and the release's model. What leaves: the request
in words that its upstream knows. What never happens here: a wish that nobody is told of; it is
refused, and named.
"""

from __future__ import annotations

from msgspec import structs

from roadworthy.domain import Model, ProviderError
from roadworthy.providers import require_anthropic_hears

from .dialect import ChatRequest
from .problems import bad_field


def told(body: ChatRequest, model: Model, *, talk: bool = True) -> ChatRequest:
    """The request as the upstream is told of it. Raises ApiError (400) that names a field.

    `talk`: whether a conversation is gone on with; vectors and media have doors of their own.
    """
    if model.provider != "anthropic" or not talk:
        _require_none_foreign(body)
        return body
    if body.own is not None:
        messages, extra = body.own()
        body = structs.replace(body, messages=messages, extra=extra, foreign=())
    _require_none_foreign(body)
    if body.prompt is not None:
        raise bad_field("prompt", "Anthropic continues no text; send messages")
    try:
        require_anthropic_hears(model, body.messages, body.extra, body.wishes)
    except ProviderError as error:
        raise bad_field(error.message.partition(":")[0], error.message) from None
    return body


def _require_none_foreign(body: ChatRequest) -> None:
    if body.foreign:
        name = body.foreign[0]
        raise bad_field(name, f"{name}: no upstream of this gateway would be told of it")
