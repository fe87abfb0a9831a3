"""Models behind Anthropic's Messages API.

A ModelRequest enters, chunks leave. The upstream is asked to stream exactly when the caller
profits from it; an answer that breaks off is an error, never a shorter answer. What never happens
here: a probability of a label, for the API reports none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from roadworthy.domain import Chunk, Clock, Model, ModelRequest, Upstream, UsageError

from .anthropic_reply import whole_chunk
from .anthropic_stream import MessageReader
from .anthropic_wire import AnthropicOptions, encode_message, require_heard
from .credentials import Secret
from .hosted import Hosted, credential_header


class Anthropic(Hosted):
    """The `anthropic` provider: one upstream, its credential and its connections."""

    def __init__(self, model: Model, upstream: Upstream, *, secret: Secret, clock: Clock) -> None:
        """Raises UsageError for options, a URL or a header that cannot be used."""
        options = anthropic_options(model)
        self._options = options
        headers = {"anthropic-version": options.api_version, **options.headers}
        if options.betas:
            headers["anthropic-beta"] = ",".join(options.betas)
        headers |= credential_header(options.auth_header, secret)
        super().__init__(model, upstream, headers=headers, secret=secret, clock=clock)

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the reply; see the port. The tighter of the two timeouts holds."""
        streamed = request.stream and not request.labels
        body = encode_message(request, self._options, stream=streamed)
        response = await self._asked("/messages", body, request)
        try:
            kind = response.headers.get(b"content-type", b"")
            if streamed and b"json" not in kind:
                reader = MessageReader(response, self._peer, self._secret)
                while not reader.ended:
                    for chunk in await reader.read():
                        yield chunk
                return
            data = await response.read()
        finally:
            response.close()
        yield whole_chunk(data, request, self._peer, self._secret)


def require_anthropic_hears(
    model: Model,
    messages: Sequence[dict[str, Any]],
    extra: Mapping[str, Any],
    wishes: Mapping[str, Any],
) -> None:
    """Raise ProviderError naming the first wish of a caller that `model` would not be told of.

    `wishes` are those of sampling, None where the caller says nothing.
    """
    require_heard(messages, extra, wishes, anthropic_options(model))


def anthropic_options(model: Model) -> AnthropicOptions:
    """`model.options`. Raises UsageError."""
    try:
        return msgspec.convert(model.options, AnthropicOptions)
    except msgspec.ValidationError as error:
        raise UsageError(f"model.options of {model.name!r}: {error}") from None
