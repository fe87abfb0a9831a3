"""A streamed reply of an OpenAI-compatible upstream: the response's bytes in, chunks out.

A stream that ends without `[DONE]` or without a finish reason is an error: what it said may be
cut short, and nobody could tell.
"""

from __future__ import annotations

from typing import Any

from roadworthy.domain import Chunk, ProviderError, TokenLogprob, Usage

from .credentials import Secret
from .http_client import Response
from .openai_wire import WireReply, decode_reply, first_choice, split_choice, token_logprobs
from .sse import EventParser
from .stream_end import drain
from .usage import usage_of

_DONE = b"[DONE]"


class StreamReader:
    """Reads chunks until `ended`. The caller closes the response."""

    __slots__ = (
        "_deltas",
        "_finish_reason",
        "_logprobs",
        "_parser",
        "_peer",
        "_response",
        "_secret",
        "_texts",
        "_usage",
        "ended",
    )

    def __init__(self, response: Response, peer: str, secret: Secret) -> None:
        self._response = response
        self._peer = peer
        self._secret = secret
        self._parser = EventParser()
        self._texts: list[str] = []
        self._logprobs: list[TokenLogprob] = []
        self._deltas: list[dict[str, Any]] = []
        self._finish_reason = ""
        self._usage: Usage | None = None
        self.ended = False

    async def read(self) -> list[Chunk]:
        """The chunks of one read, text joined; the last list ends with the finish reason.

        Raises ProviderError.
        """
        piece = await self._response.piece()
        for event in self._parser.feed(piece) if piece else self._parser.finish():
            if event == _DONE:
                self.ended = True
                break
            if event:
                self._add(decode_reply(event, self._peer, self._secret))
        if self.ended:
            await drain(self._response)
            return self._last()
        if not piece:
            raise ProviderError(f"{self._peer} broke off its stream before [DONE]", retryable=True)
        return self._take()

    def _add(self, reply: WireReply) -> None:
        if reply.usage is not None:
            self._usage = usage_of(reply.usage)
        choice = first_choice(reply)
        if choice is None:
            return
        if choice.logprobs is not None:
            self._logprobs.extend(token_logprobs(choice.logprobs))
        if choice.finish_reason:
            self._finish_reason = choice.finish_reason
        text, rest = split_choice(choice)
        if text:
            self._texts.append(text)
        if rest is not None:
            self._deltas.append(rest)

    def _take(self) -> list[Chunk]:
        """What was gathered; text before deltas."""
        chunks = []
        if self._texts or self._logprobs:
            chunks.append(Chunk(text="".join(self._texts), logprobs=tuple(self._logprobs)))
            self._texts, self._logprobs = [], []
        if self._deltas:
            chunks.extend(Chunk(delta=delta) for delta in self._deltas)
            self._deltas = []
        return chunks

    def _last(self) -> list[Chunk]:
        if not self._finish_reason:
            raise ProviderError(
                f"{self._peer} ended its stream without a finish reason", retryable=True
            )
        last = Chunk(finish_reason=self._finish_reason, usage=self._usage)
        return [*self._take(), last]
