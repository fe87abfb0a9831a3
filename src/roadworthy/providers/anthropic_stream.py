"""A streamed message of Anthropic: the response's bytes in, chunks out.

A stream that ends without `message_stop` or without a stop reason is an error: what it said may be
cut short, and nobody could tell. Events and blocks of kinds that are not known are passed over, as
the API's versioning policy asks.
"""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import Chunk, ProviderError

from .anthropic_reply import THOUGHTS, Event, begun_call, decode_event, ending_of, finish_reason
from .credentials import Secret
from .http_client import Response
from .sse import EventParser
from .stream_end import drain
from .usage import usage_of

_encode = msgspec.json.Encoder().encode


class MessageReader:
    """Reads chunks until `ended`. The caller closes the response."""

    def __init__(self, response: Response, peer: str, secret: Secret) -> None:
        self._response = response
        self._peer = peer
        self._secret = secret
        self._parser = EventParser()
        self._texts: list[str] = []
        self._deltas: list[dict[str, Any]] = []
        self._calls: dict[int, tuple[int, dict[str, Any]]] = {}
        """Open calls by the index of their block: which call of the answer, and how it began."""
        self._called = 0
        self._thoughts: dict[int, dict[str, Any]] = {}
        """Open thoughts by the index of their block."""
        self._written: set[int] = set()
        """Blocks of calls whose arguments came in pieces."""
        self._usage: dict[str, Any] = {}
        self._reason = ""
        self._ending: dict[str, Any] = {}
        self.ended = False

    async def read(self) -> list[Chunk]:
        """The chunks of one read, text joined; the last list ends with the finish reason.

        Raises ProviderError.
        """
        piece = await self._response.piece()
        for data in self._parser.feed(piece) if piece else self._parser.finish():
            if data:
                self._take(decode_event(data, self._peer, self._secret))
            if self.ended:
                break
        if self.ended:
            await drain(self._response)
            return self._last()
        if not piece:
            raise ProviderError(
                f"{self._peer} broke off its stream before message_stop", retryable=True
            )
        return self._gathered()

    def _take(self, event: Event) -> None:
        match event.type:
            case "message_start":
                self._count((event.message or {}).get("usage"))
            case "content_block_start":
                self._begin(event.index, event.content_block or {})
            case "content_block_delta":
                self._go_on(event.index, event.delta or {})
            case "content_block_stop":
                self._end_block(event.index)
            case "message_delta":
                self._count(event.usage)
                self._learn_end(event.delta or {})
            case "message_stop":
                self.ended = True

    def _begin(self, index: int, block: dict[str, Any]) -> None:
        if block.get("type") == "text" and isinstance(block.get("text"), str):
            self._texts.append(block["text"])
        elif block.get("type") == "tool_use":
            self._calls[index] = (self._called, block)
            self._deltas.append({"tool_calls": [begun_call(self._called, block, "")]})
            self._called += 1
        elif block.get("type") in THOUGHTS:
            self._thoughts[index] = dict(block)

    def _go_on(self, index: int, delta: dict[str, Any]) -> None:
        if delta.get("type") == "text_delta" and isinstance(delta.get("text"), str):
            self._texts.append(delta["text"])
        elif index in self._thoughts:
            for name in ("thinking", "signature"):
                if isinstance(delta.get(name), str):
                    thought = self._thoughts[index]
                    thought[name] = f"{thought.get(name) or ''}{delta[name]}"
        elif delta.get("type") == "input_json_delta" and index in self._calls:
            more = delta.get("partial_json")
            if isinstance(more, str) and more:
                self._written.add(index)
                self._write(self._calls[index][0], more)

    def _end_block(self, index: int) -> None:
        """A thought is told whole; a call that came in one piece has what it began with."""
        thought = self._thoughts.pop(index, None)
        if thought is not None:
            self._deltas.append({"thoughts": [thought]})
        call = self._calls.pop(index, None)
        if call is not None and index not in self._written:
            self._write(call[0], _encode(call[1].get("input") or {}).decode())

    def _write(self, place: int, arguments: str) -> None:
        function = {"arguments": arguments}
        self._deltas.append({"tool_calls": [{"index": place, "function": function}]})

    def _count(self, usage: Any) -> None:
        """Counts of `message_delta` stand for the whole answer and take the place of earlier."""
        if isinstance(usage, dict):
            self._usage |= {name: value for name, value in usage.items() if value is not None}

    def _learn_end(self, delta: dict[str, Any]) -> None:
        reason = delta.get("stop_reason")
        if not isinstance(reason, str) or not reason:
            return
        details, sequence = delta.get("stop_details"), delta.get("stop_sequence")
        self._reason = reason
        self._ending = ending_of(
            reason,
            sequence if isinstance(sequence, str) else None,
            details if isinstance(details, dict) else None,
        )

    def _gathered(self) -> list[Chunk]:
        """What was read; text before deltas."""
        chunks = [Chunk(text="".join(self._texts))] if any(self._texts) else []
        chunks += [Chunk(delta=delta) for delta in self._deltas]
        self._texts, self._deltas = [], []
        return chunks

    def _last(self) -> list[Chunk]:
        if not self._reason:
            raise ProviderError(
                f"{self._peer} ended its stream without a stop reason", retryable=True
            )
        if self._calls:
            raise ProviderError(f"{self._peer} broke off a call of a tool", retryable=True)
        last = Chunk(
            finish_reason=finish_reason(self._reason),
            usage=usage_of(self._usage) if self._usage else None,
            delta=self._ending or None,
        )
        return [*self._gathered(), last]
