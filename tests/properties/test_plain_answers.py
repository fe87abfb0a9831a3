"""A plain answer has the text, verdicts and action of the same answer streamed."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from doubles.rail_lines import OUTPUT, a_line, a_rail

PARTS = [
    "jane@example.org ", "DE89 3704 0044 0532 0130 00 ", "card 4111 1111 1111 1111 ", "1", "x", " ",
    "xyzzy", "xyz", "zy", "\n", "\u200b", "ab", "password: Sommer2024 ", "\u0430", "hello there ",
]  # fmt: skip
texts = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)
actions = st.sampled_from(["block", "redact", "flag", "hold", "replace"])


@settings(max_examples=300)
@given(texts, actions, actions, st.integers(1, 7))
def test_plain_and_streamed_agree(text: str, one: Any, two: Any, size: int) -> None:
    line = a_line(
        a_rail("pii", one, id="p"),
        a_rail("deny", two, id="d", options={"words": ["xyzzy"]}),
    )
    plain = line.output(OUTPUT, streamed=False)
    streamed = line.output(OUTPUT)
    left = ""
    for at in range(0, len(text), size):
        assert plain.feed(text[at : at + size]) == "" or line.collects
        left += streamed.feed(text[at : at + size])
    whole, rest = plain.finish(), streamed.finish()
    assert whole == msgspec.structs.replace(rest, text=left + rest.text)
