"""A stream of Anthropic's says the same wherever its bytes were cut, and half of it is an error."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.domain import Chunk, ModelRequest, ProviderError
from roadworthy.providers.anthropic_reply import whole_chunk
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


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(-9, 9), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = (
    "type", "index", "message", "content_block", "delta", "usage", "error", "text", "partial_json",
    "thinking", "signature", "stop_reason", "stop_details", "input", "id", "name", "content",
    "cache_creation", "output_tokens_details", "input_tokens", "category", "details",
)  # fmt: skip
KINDS = (
    "message_start", "content_block_start", "content_block_delta", "content_block_stop",
    "message_delta", "message_stop", "error", "ping", "text", "tool_use", "thinking", "text_delta",
    "input_json_delta", "redacted_thinking", "end_turn",
)  # fmt: skip
HOSTILE = st.recursive(
    st.one_of(JSON, st.sampled_from(KINDS), st.integers(0, 2)),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=6), st.lists(inner, max_size=3)
    ),
    max_leaves=25,
)
EVENT = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    st.sampled_from(KINDS[:8]), st.dictionaries(st.sampled_from(KEYS), HOSTILE, max_size=6),
)  # fmt: skip
ASK = ModelRequest(model="m", messages=({"role": "user", "content": "x"},))


@settings(max_examples=500, deadline=None)
@given(events=st.lists(EVENT, max_size=8))
def test_whatever_an_upstream_sends_is_an_answer_or_our_error(events: list[Any]) -> None:
    wire = b"".join(b"data: %b\n\n" % msgspec.json.encode(each) for each in events)
    for data in (wire, WIRE.replace(b"event: ping\n", wire + b"event: ping\n")):
        try:
            chunks = read([data])
        except ProviderError:
            continue
        assert chunks[-1].finish_reason
        thoughts([chunk.delta for chunk in chunks if chunk.delta is not None])


@settings(max_examples=500, deadline=None)
@given(whole=st.dictionaries(st.sampled_from(KEYS), HOSTILE, max_size=8))
def test_whatever_is_answered_at_once_is_an_answer_or_our_error(whole: Any) -> None:
    try:
        chunk = whole_chunk(msgspec.json.encode(whole), ASK, "peer", Secret("k"))
    except ProviderError:
        return
    assert chunk.finish_reason and isinstance(chunk.text, str)
