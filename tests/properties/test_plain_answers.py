"""A plain answer has the text, verdicts and action of the same answer streamed.

And several inputs have together those that they have one by one.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from doubles.rail_lines import INPUT, OUTPUT, a_line, a_rail

PARTS = [
    "jane@example.org ", "DE89 3704 0044 0532 0130 00 ", "card 4111 1111 1111 1111 ", "1", "x", " ",
    "xyzzy", "xyz", "zy", "\n", "\u200b", "ab", "password: Sommer2024 ", "\u0430", "hello there ",
    "\u3164", "\u2800", "\x1c", "x\u200b\u200by", "hello\ufeff", "xy\u00adz",
]  # fmt: skip
texts = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)
PATTERNS = [r"^x", r"y$", r"\bxyz\b", r"(?m)^ab", r"hello\s", r"1\b", r"(?s)x.*y", r"\Aab", r"zy\z"]
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


@settings(max_examples=300)
@given(st.lists(texts, min_size=2, max_size=4), actions, st.sampled_from(PATTERNS))
def test_inputs_that_are_clear_together_are_clear_one_by_one(
    several: list[str], action: Any, pattern: str
) -> None:
    line = a_line(
        a_rail("pii", "flag", id="p", on="input"),
        a_rail("deny", action, id="d", on="input", options={"words": ["xyzzy", "plugh"]}),
        a_rail("pattern", action, id="q", on="input", options={"patterns": [pattern]}),
    )
    clear = line.clear_input(several)
    each = [line.check_input(text, INPUT) for text in several]
    if clear is not None:
        assert [one.text for one in each] == several
        assert all(one.clean and one.verdicts == clear.verdicts for one in each)


def test_inputs_in_which_nothing_is_are_looked_at_once() -> None:
    line = a_line(a_rail("deny", "block", id="d", on="input", options={"words": ["xyzzy"]}))
    clear = line.clear_input(["a question", "caf\u00e9", "another"])
    assert clear is not None and clear.verdicts[0].outcome == "passed"
    assert line.clear_input(["a question", "xyz", "xyzzy"]) is None
