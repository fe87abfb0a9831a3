"""Models behind an OpenAI-compatible HTTP interface.

A ModelRequest enters, chunks leave. The upstream is asked to stream exactly when the caller
profits from it; an answer that breaks off is an error, never a shorter answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar

import msgspec

from roadworthy.domain import Chunk, Clock, Model, ModelRequest, ProviderError, Upstream, UsageError

from .credentials import Secret
from .http_client import HttpClient, Response
from .http_connection import Limits
from .openai_errors import refusal
from .openai_stream import StreamReader
from .openai_wire import WireOptions, decode_reply, encode_request, whole_chunk
from .time_limit import time_limit


class OpenAICompatible:
    """The `openai_compatible` provider: one upstream, its credential and its connections."""

    headers: ClassVar[dict[str, str]] = {}
    """What goes with every request of this kind, beside those of the options."""

    def __init__(self, model: Model, upstream: Upstream, *, secret: Secret, clock: Clock) -> None:
        """Raises UsageError for options, a URL or a header that cannot be used."""
        self.name = model.upstream or "openai_compatible"
        self._model_name = model.name
        self._options = _options(model)
        self._secret = secret
        self._clock = clock
        self._timeout_s = upstream.timeout_s
        headers = {
            "accept": "application/json, text/event-stream",
            **self._options.headers,
            **self.headers,
        }
        if secret.reveal():
            bearer = self._options.auth_header.lower() == "authorization"
            headers[self._options.auth_header] = ("Bearer " if bearer else "") + secret.reveal()
        self._client = HttpClient(
            upstream.url,
            max_connections=upstream.max_connections,
            connect_timeout_s=upstream.connect_timeout_s,
            limits=Limits(read_timeout_s=upstream.timeout_s),
            headers=headers,
        )
        self.peer = self._client.peer
        """Host and port."""
        self._peer = f"upstream {self.name!r} ({self.peer})"

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the reply; see the port. The tighter of the two timeouts holds."""
        streamed = request.stream and not request.labels
        body = encode_request(request, self._options, stream=streamed)
        path = "/chat/completions" if request.prompt is None else "/completions"
        timeout_s = time_limit(request, self._timeout_s)
        response = await self._client.post(path, body, timeout_s=timeout_s)
        try:
            if response.status != 200:
                raise await self._refused(response)
            _check_encoding(response, self._peer)
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

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _refused(self, response: Response) -> ProviderError:
        try:
            body = await response.read()
        except ProviderError:
            body = b""
        return refusal(
            self._peer,
            response.status,
            response.headers,
            body,
            secret=self._secret,
            now=self._clock.now(),
        )


def _options(model: Model) -> WireOptions:
    try:
        return msgspec.convert(model.options, WireOptions)
    except msgspec.ValidationError as error:
        raise UsageError(f"model.options of {model.name!r}: {error}") from None


def _check_encoding(response: Response, peer: str) -> None:
    encoding = response.headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() != b"identity":
        raise ProviderError(f"{peer} compressed its answer although nobody asked", retryable=False)
