"""Server-sent events: the result never depends on where the bytes were cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import ProviderError
from roadworthy.providers import sse
from roadworthy.providers.sse import EventParser

STREAM = (
    b"\xef\xbb\xbf: comment\n\ndata: one\n\n"
    b"event: x\r\nid: 7\r\ndata: two\r\ndata:  three\r\n\r\n"
    b"data:four\rdata\r\r"
    b'data: {"a": "\xe2\x82\xac"}\n\n: keep-alive\n\nretry: 10\n\ndata: [DONE]\n\n'
)
EVENTS = [b"one", b"two\n three", b"four\n", b'{"a": "\xe2\x82\xac"}', b"[DONE]"]


def parse(*pieces: bytes) -> list[bytes]:
    parser = EventParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.finish()


def test_whole() -> None:
    assert parse(STREAM) == EVENTS


def test_byte_by_byte() -> None:
    assert parse(*(STREAM[i : i + 1] for i in range(len(STREAM)))) == EVENTS


@pytest.mark.parametrize("at", range(len(STREAM) + 1))
def test_cut_at_every_position(at: int) -> None:
    assert parse(STREAM[:at], STREAM[at:]) == EVENTS


@given(
    st.lists(
        st.sampled_from(
            [
                b"data: a\n\n",
                b"data: a",
                b"data:b",
                b":c",
                b"data",
                b"",
                b"\n",
                b"\r",
                b"\r\n",
                b"x",
            ]
        )
    ),
    st.lists(st.integers(0, 60)),
)
def test_any_text_any_cuts(parts: list[bytes], cuts: list[int]) -> None:
    text = b"".join(parts)
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    pieces = [text[a:b] for a, b in pairwise(places)]
    assert parse(*pieces) == parse(text)
    assert parse(*(text[at : at + 1] for at in range(len(text)))) == parse(text)


def test_an_event_without_its_blank_line_still_counts_at_the_end() -> None:
    assert parse(b"data: [DONE]") == [b"[DONE]"]


def test_an_endless_event_is_refused() -> None:
    parser = EventParser()
    with pytest.raises(ProviderError, match="larger than"):
        for _ in range(10):
            parser.feed(b"data: " + b"x" * (sse.MAX_EVENT_BYTES // 4) + b"\n")


def test_an_endless_line_is_refused() -> None:
    parser = EventParser()
    with pytest.raises(ProviderError, match="larger than"):
        for _ in range(10):
            parser.feed(b"x" * (sse.MAX_EVENT_BYTES // 4))
