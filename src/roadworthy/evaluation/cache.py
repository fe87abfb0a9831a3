"""A provider that never pays twice for the same question.

Enters and leaves: what the wrapped provider takes and gives. The key is the digest of the
model's identity and of the request, the repeat's index included, so repeats are distinct
samples and a resumed run finds its own. An answer is stored before it is handed on. Errors,
streams that ended without a finish reason and answers that are unsound are never stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import msgspec

from roadworthy.domain import Chunk, ModelRequest, Provider, require_sound

from .answers import Answer, AnswerStore


class Receipt(msgspec.Struct):
    """What the model calls behind one answer were: paid for now, or found."""

    paid: int = 0
    found: int = 0
    latency_ms: float = 0.0
    """Of the calls when they were paid for, added up; milliseconds."""
    first_token_ms: float | None = None

    @property
    def cache_hit(self) -> bool:
        """True when every call was found."""
        return self.found > 0 and self.paid == 0


_receipt: ContextVar[Receipt | None] = ContextVar("roadworthy_receipt", default=None)


def new_receipt() -> Receipt:
    """A receipt that the cached calls of this task fill in from now on."""
    receipt = Receipt()
    _receipt.set(receipt)
    return receipt


@contextmanager
def apart() -> Iterator[None]:
    """Cached calls in here are in no receipt: who plays the user is not what is measured."""
    token = _receipt.set(None)
    try:
        yield
    finally:
        _receipt.reset(token)


@contextmanager
def receipt_apart() -> Iterator[Receipt]:
    """Cached calls in here are on a receipt of their own."""
    receipt = Receipt()
    token = _receipt.set(receipt)
    try:
        yield receipt
    finally:
        _receipt.reset(token)


class CachedProvider:
    """The Provider port before another one, with an answer store between them."""

    def __init__(self, provider: Provider, path: Path, *, identity: str, secret: bytes) -> None:
        """`identity` names the model: everything but the request that changes its answers.

        `secret` is the workspace's own: an answer that was not stored with it is asked again.
        """
        self.name = provider.name
        self._provider = provider
        self._store = AnswerStore(path, secret=secret)
        self._identity = hashlib.sha256(identity.encode()).digest()
        self._encoder = msgspec.json.Encoder(order="sorted")
        self._asked: dict[bytes, asyncio.Future[None]] = {}

    @property
    def refused(self) -> int:
        """Answers that were found, but not written by this workspace, or changed since."""
        return self._store.refused

    def key_of(self, request: ModelRequest) -> bytes:
        """The request's place in the store: 32 bytes.

        All that decides the answer is in it, so not whether or how long it streams.
        """
        request = msgspec.structs.replace(request, stream=False, timeout_s=0.0)
        return hashlib.sha256(self._identity + self._encoder.encode(request)).digest()

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the stored answer, or ask, store and yield. Raises ProviderError, EvidenceError.

        The whole answer is drawn before its first piece is handed on: a caller that stops
        early has still paid for all of it once, and finds all of it next time.
        """
        key = self.key_of(request)
        while (asked := self._asked.get(key)) is not None:
            await asyncio.shield(asked)
        answer = self._store.get(key)
        if answer is not None:
            _note(answer, found=True)
        else:
            answer = await self._ask(key, request)
            _note(answer, found=False)
        for chunk in answer.chunks:
            yield chunk

    async def _ask(self, key: bytes, request: ModelRequest) -> Answer:
        """Ask the model; others with the same question wait and then look into the store."""
        done = asyncio.get_running_loop().create_future()
        self._asked[key] = done
        try:
            answer, complete = await _drawn(self._provider, request)
            if complete:
                await self._store.put(key, answer)
            return answer
        finally:
            del self._asked[key]
            if not done.done():
                done.set_result(None)

    async def aclose(self) -> None:
        """Close the store and the wrapped provider; safe to call twice."""
        self._store.close()
        await self._provider.aclose()


class PlainProvider:
    """The same receipts without a store (`--no-cache`)."""

    def __init__(self, provider: Provider) -> None:
        self.name = provider.name
        self._provider = provider

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Ask, then yield the answer. Raises ProviderError."""
        answer, _ = await _drawn(self._provider, request)
        _note(answer, found=False)
        for chunk in answer.chunks:
            yield chunk

    async def aclose(self) -> None:
        """Close the wrapped provider; safe to call twice."""
        await self._provider.aclose()


async def _drawn(provider: Provider, request: ModelRequest) -> tuple[Answer, bool]:
    """The whole reply, and whether it is complete (its last chunk says why it ended)."""
    begun = time.perf_counter()
    first: float | None = None
    chunks: list[Chunk] = []
    async for chunk in provider.stream(request):
        require_sound(chunk)
        if first is None and chunk.text:
            first = (time.perf_counter() - begun) * 1e3
        chunks.append(chunk)
    latency = (time.perf_counter() - begun) * 1e3
    complete = bool(chunks) and bool(chunks[-1].finish_reason)
    return Answer(tuple(chunks), latency, first), complete


def _note(answer: Answer, *, found: bool) -> None:
    receipt = _receipt.get()
    if receipt is None:
        return
    if found:
        receipt.found += 1
    else:
        receipt.paid += 1
    if receipt.first_token_ms is None and answer.first_token_ms is not None:
        receipt.first_token_ms = receipt.latency_ms + answer.first_token_ms
    receipt.latency_ms += answer.latency_ms
