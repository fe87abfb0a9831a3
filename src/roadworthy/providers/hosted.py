"""Models behind an address: what every API of theirs has in common.

Enters: an upstream and its credential. Leaves: responses whose status is 200, or a ProviderError.
What never happens here: a credential in an error, or a body that is read as what it is not.
"""

from __future__ import annotations

from roadworthy.domain import Clock, Model, ModelRequest, ProviderError, Upstream

from .credentials import Secret
from .http_client import HttpClient, Response
from .http_connection import Limits
from .openai_errors import refusal
from .time_limit import time_limit


class Hosted:
    """One upstream of a model, with its connections."""

    def __init__(
        self,
        model: Model,
        upstream: Upstream,
        *,
        headers: dict[str, str],
        secret: Secret,
        clock: Clock,
    ) -> None:
        """`headers` go with every request. Raises UsageError for what cannot be sent."""
        self.name = model.upstream or model.provider
        self._model_name = model.name
        self._secret = secret
        self._clock = clock
        self._timeout_s = upstream.timeout_s
        self._client = HttpClient(
            upstream.url,
            max_connections=upstream.max_connections,
            connect_timeout_s=upstream.connect_timeout_s,
            limits=Limits(read_timeout_s=upstream.timeout_s),
            headers={"accept": "application/json, text/event-stream", **headers},
        )
        self.peer = self._client.peer
        """Host and port."""
        self._peer = f"upstream {self.name!r} ({self.peer})"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _asked(self, path: str, body: bytes, request: ModelRequest) -> Response:
        """A response that is an answer; whoever gets it closes it. Raises ProviderError."""
        timeout_s = time_limit(request, self._timeout_s)
        response = await self._client.post(path, body, timeout_s=timeout_s)
        try:
            if response.status != 200:
                raise await self._refused(response)
            _check_encoding(response, self._peer)
        except BaseException:
            response.close()
            raise
        return response

    async def _read(self, path: str, body: bytes, request: ModelRequest) -> bytes:
        """The whole body of an answer. Raises ProviderError."""
        async with await self._asked(path, body, request) as response:
            return await response.read()

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


def credential_header(name: str, secret: Secret) -> dict[str, str]:
    """The header that carries a credential: `Bearer` in `authorization`, bare in any other."""
    text = secret.reveal()
    if not text:
        return {}
    return {name: f"Bearer {text}" if name.lower() == "authorization" else text}


def _check_encoding(response: Response, peer: str) -> None:
    encoding = response.headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() != b"identity":
        raise ProviderError(f"{peer} compressed its answer although nobody asked", retryable=False)
