"""Models behind an OpenAI-compatible HTTP interface.

A ModelRequest enters, chunks leave. The upstream is asked to stream exactly when the caller
profits from it; an answer that breaks off is an error, never a shorter answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar

import msgspec

from roadworthy.domain import Chunk, Clock, Model, ModelRequest, Upstream, UsageError

from .credentials import Secret
from .hosted import Hosted, credential_header
from .openai_stream import StreamReader
from .openai_wire import WireOptions, decode_reply, encode_request, whole_chunk


class OpenAICompatible(Hosted):
    """The `openai_compatible` provider: one upstream, its credential and its connections."""

    headers: ClassVar[dict[str, str]] = {}
    """What goes with every request of this kind, beside those of the options."""

    def __init__(self, model: Model, upstream: Upstream, *, secret: Secret, clock: Clock) -> None:
        """Raises UsageError for options, a URL or a header that cannot be used."""
        self._options = _options(model)
        said = credential_header(self._options.auth_header, secret)
        headers = {**self._options.headers, **self.headers, **said}
        super().__init__(model, upstream, headers=headers, secret=secret, clock=clock)

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the reply; see the port. The tighter of the two timeouts holds."""
        streamed = request.stream and not request.labels
        body = encode_request(request, self._options, stream=streamed)
        path = "/chat/completions" if request.prompt is None else "/completions"
        response = await self._asked(path, body, request)
        try:
            kind = response.headers.get(b"content-type", b"")
            if streamed and b"json" not in kind:
                reader = StreamReader(response, self._peer, self._secret)
                while not reader.ended:
                    for chunk in await reader.read():
                        yield chunk
                return
            reply = decode_reply(await response.read(), self._peer, self._secret)
        finally:
            response.close()
        yield whole_chunk(reply, request, self._peer)


def _options(model: Model) -> WireOptions:
    try:
        return msgspec.convert(model.options, WireOptions)
    except msgspec.ValidationError as error:
        raise UsageError(f"model.options of {model.name!r}: {error}") from None
