"""A stream of Anthropic's says the same wherever its bytes were cut, and half of it is an error."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.domain import Chunk, ProviderError
from roadworthy.providers.anthropic_stream import MessageReader
from roadworthy.providers.credentials import Secret
from roadworthy.providers.http_client import Response
from roadworthy.serving import thoughts, tool_calls

EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0,
     "delta": {"type": "thinking_delta", "thinking": "H\N{EURO SIGN}m"}},
    {"type": "content_block_delta", "index": 0,
     "delta": {"type": "signature_delta", "signature": "EqQB"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1,
     "delta": {"type": "text_delta", "text": "Gr\u00fcn \U0001f697"}},
    {"type": "content_block_stop", "index": 1},
    {"type": "content_block_start", "index": 2,
     "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}}},
    {"type": "content_block_delta", "index": 2,
     "delta": {"type": "input_json_delta", "partial_json": '{"a": '}},
    {"type": "content_block_delta", "index": 2,
     "delta": {"type": "input_json_delta", "partial_json": '"b"}'}},
    {"type": "content_block_stop", "index": 2},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]  # fmt: skip
WIRE = b"".join(
    b"event: %b\ndata: %b\n\n" % (each["type"].encode(), msgspec.json.encode(each))
    for each in EVENTS
)


class Pieces:
    """A response that comes in these pieces."""

    complete = True

    def __init__(self, pieces: list[bytes]) -> None:
        self._left = iter([piece for piece in pieces if piece])

    async def piece(self) -> bytes:
        """The next one; empty at the end."""
        return next(self._left, b"")


def read(pieces: list[bytes]) -> list[Chunk]:
    """All that the reader says of them."""

    async def reading() -> list[Chunk]:
        reader = MessageReader(cast("Response", Pieces(pieces)), "peer", Secret("k"))
        found: list[Chunk] = []
        while not reader.ended:
            found += await reader.read()
        return found

    return asyncio.run(reading())


def said(chunks: list[Chunk]) -> tuple[Any, ...]:
    deltas = [chunk.delta for chunk in chunks if chunk.delta is not None]
    calls = [call.as_message() for call in tool_calls(deltas)]
    text = "".join(chunk.text for chunk in chunks)
    return text, calls, thoughts(deltas), chunks[-1].finish_reason, chunks[-1].usage


WHOLE = said(read([WIRE]))


def test_all_of_it_is_there() -> None:
    text, calls, thought, reason, usage = WHOLE
    assert text.startswith("Gr") and text.endswith("\U0001f697")
    assert calls[0]["function"] == {"name": "f", "arguments": '{"a": "b"}'}
    assert thought == ({"type": "thinking", "thinking": "H\N{EURO SIGN}m", "signature": "EqQB"},)
    assert reason == "tool_calls" and (usage.input_tokens, usage.output_tokens) == (3, 9)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_pieces_of_one_size_say_the_same(size: int) -> None:
    assert said(read([WIRE[at : at + size] for at in range(0, len(WIRE), size)])) == WHOLE


@settings(max_examples=200, deadline=None)
@given(cuts=st.lists(st.integers(0, len(WIRE)), max_size=6))
def test_any_cuts_say_the_same(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WIRE)]
    pieces = [WIRE[one:two] for one, two in itertools.pairwise(edges)]
    assert said(read(pieces)) == WHOLE


def test_every_shorter_stream_is_an_error() -> None:
    last = WIRE.index(b"event: message_stop")
    for end in range(last + len(b"event: message_stop\ndata: ")):
        with pytest.raises(ProviderError):
            read([WIRE[:end]])
