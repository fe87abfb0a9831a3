"""The `recorded` provider: answers that a real model gave before, by the request's digest.

A request that was not recorded is an error, never a made-up answer. `Recorder` writes such
files while another provider answers; an exchange that failed or was left early is not written.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import Chunk, ModelRequest, Provider, ProviderError, UsageError, sha256

_sorted = msgspec.json.Encoder(order="sorted").encode
_encode = msgspec.json.Encoder().encode


class Exchange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a recording."""

    request: str
    """`request_digest` of the request."""
    model: str = ""
    chunks: tuple[Chunk, ...]


def request_digest(request: ModelRequest) -> str:
    """What names a request: all that decides its answer, so not whether or how long it streams."""
    return sha256(
        _sorted(
            {
                "model": request.model,
                "messages": request.messages,
                "prompt": request.prompt,
                "sampling": request.sampling,
                "labels": request.labels,
                "logprobs": request.logprobs,
                "extra": request.extra,
                "repeat": request.repeat,
            }
        )
    )


class RecordedProvider:
    """Replays exchanges; of two of the same request the later one."""

    def __init__(self, exchanges: Iterable[Exchange], *, source: str) -> None:
        self.name = "recorded"
        self._source = source
        self._chunks = {exchange.request: exchange.chunks for exchange in exchanges}

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the recorded chunks; see the port."""
        chunks = self._chunks.get(request_digest(request))
        if chunks is None:
            raise ProviderError(
                f"{self._source} holds no answer to this request of model {request.model!r}",
                retryable=False,
                fix="record it again: prompt, sampling and labels must be the same",
            )
        for chunk in chunks:
            yield chunk

    async def aclose(self) -> None:
        """Nothing to release."""


class Recorder:
    """Passes calls on to `inner` and appends each finished exchange to a JSONL file."""

    def __init__(self, inner: Provider, path: Path) -> None:
        self.name = inner.name
        self._inner = inner
        self._path = path

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield what `inner` yields; the line is written before the last chunk leaves."""
        chunks: list[Chunk] = []
        async with aclosing(self._inner.stream(request)) as stream:  # type: ignore[type-var]
            async for chunk in stream:
                chunks.append(chunk)
                if chunk.finish_reason:
                    self._write(request, chunks)
                yield chunk

    async def aclose(self) -> None:
        """Release `inner`."""
        await self._inner.aclose()

    def _write(self, request: ModelRequest, chunks: list[Chunk]) -> None:
        exchange = Exchange(
            request=request_digest(request), model=request.model, chunks=tuple(chunks)
        )
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, _encode(exchange) + b"\n")
        finally:
            os.close(handle)


def read_recording(data: bytes | str | list[Any], *, source: str) -> list[Exchange]:
    """The exchanges of a recording, as text (JSONL) or as parsed lines.

    Raises UsageError with the line that is not one.
    """
    if isinstance(data, list):
        rows: Iterable[tuple[int, Any]] = enumerate(data, 1)
    else:
        text = data.encode() if isinstance(data, str) else data
        rows = [(number, line) for number, line in enumerate(text.split(b"\n"), 1) if line.strip()]
    exchanges = []
    for number, row in rows:
        try:
            if isinstance(row, bytes):
                exchanges.append(msgspec.json.decode(row, type=Exchange))
            else:
                exchanges.append(msgspec.convert(row, Exchange))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{source}:{number}: not a recorded exchange: {error}",
                fix='a line is {"request": "sha256:…", "chunks": [{"text": …}]}',
            ) from None
    return exchanges
