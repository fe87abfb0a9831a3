"""`http`: any service that is sent a text as JSON and answers with a number.

Enters: a text. Leaves: one finding over the whole text with the service's score. What never happens
here: a score guessed from an answer of another shape, a redirect followed, a credential in an
error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from roadworthy.domain import (
    AddressState,
    Finding,
    HttpCheck,
    ProviderError,
    TextContext,
    Upstream,
)

from ..credentials import Secret
from ..http_client import HttpClient
from ..http_connection import Limits

_MOST_BYTES = 1 << 20
"""Of an answer; a score needs far less."""


class HttpInspector:
    """Implements the Inspector port over one service."""

    def __init__(self, check: HttpCheck, upstream: Upstream, *, secret: Secret) -> None:
        """Raises UsageError for a URL or header that cannot be used."""
        self._check = check
        self._pointer = [_unescaped(part) for part in check.score.split("/")[1:]]
        self._timeout_s = upstream.timeout_s
        headers = {"accept": "application/json"}
        if secret.reveal():
            headers["authorization"] = "Bearer " + secret.reveal()
        self._client = HttpClient(
            upstream.url,
            max_connections=min(upstream.max_connections, check.at_once),
            connect_timeout_s=upstream.connect_timeout_s,
            limits=Limits(body_bytes=_MOST_BYTES, read_timeout_s=upstream.timeout_s),
            headers=headers,
        )

    async def inspect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """One finding with the score. Raises ProviderError where there is none."""
        said = {"text": text, "side": context.side, "input": context.input}
        fields = {field: said[name] for name, field in self._check.send.items()}
        try:
            body = msgspec.json.encode({**self._check.also, **fields})
        except (UnicodeEncodeError, TypeError, ValueError):
            raise ProviderError("the text cannot be written as JSON", retryable=False) from None
        response = await self._client.post(self._check.path, body, timeout_s=self._timeout_s)
        try:
            if response.status != 200:
                busy = response.status == 429 or response.status >= 500
                raise ProviderError(
                    f"it answers {response.status}", retryable=busy, status=response.status
                )
            score = self._score(await response.read())
        finally:
            response.close()
        return (Finding(kind=self._check.kind, start=0, end=len(text), score=score),)

    def states(self) -> tuple[AddressState, ...]:
        """Nothing: whoever asks it watches it."""
        return ()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _score(self, body: bytes) -> float:
        """The number that the answer holds. Raises ProviderError unless it is one in [0, 1]."""
        try:
            found: Any = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            raise _no_score("it answers something that is no JSON") from None
        for name in self._pointer:
            found = _at(found, name)
        if isinstance(found, bool):
            return 1.0 if found else 0.0
        if not isinstance(found, int | float) or not math.isfinite(found) or not 0 <= found <= 1:
            raise _no_score(f"its answer has no number in [0, 1] at `{self._check.score}`")
        return float(found)


def _at(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list) and name.isdecimal() and name.isascii():
        at = int(name)
        return value[at] if at < len(value) else None
    return None


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _no_score(message: str) -> ProviderError:
    """A service whose answers cannot be read fails, as one that does not answer does."""
    return ProviderError(message, retryable=True)
