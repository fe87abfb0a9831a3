"""What is called decided in a growing text stays as it is, whatever text comes after it."""

from __future__ import annotations

from typing import Any

import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.detectors.beginning import Undecided
from roadworthy.detectors.extent import extent_of
from roadworthy.detectors.shape import Shape, re2_options

ATOMS = ["a", "b", ".", " ", r"\d", r"\s", r"\S", r"\w", "[ab]", "[^a]", r"\pL", r"\b", r"\B"]
ATOMS += [r"\x61", "é", "[0-9]", "{", "-", "]", r"\Qa b\E", r"\.", "(?i:A)", "(?:ab|a)", "|"]


def quantified(inner: Any) -> Any:
    counts = st.sampled_from(["", "?", "{2}", "{0,3}", "{1,2}?", "{,2}", "{3,7}", "{0}", "*", "+"])
    return st.builds(lambda one, count: f"(?:{one}){count}", inner, counts)


patterns = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        quantified(inner),
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join).map(lambda p: f"({p})"),
        st.sampled_from(["(?i)", "(?s)"]).flatmap(lambda flags: inner.map(lambda p: flags + p)),
    ),
    max_leaves=8,
)
texts = st.text(alphabet="aabA 1\né{x-.", max_size=24)


def shape_of(pattern: str, right: int) -> Shape | None:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error:
        return None
    shape = Shape(kind="X", pattern=pattern, extent=extent_of(pattern), right=right)
    return None if not shape.sweepable or shape.extent.whole else shape


def matches(pattern: str, text: str, start: int) -> Any:
    """Every match that begins at `start`, by its end: each end that RE2 can be brought to."""
    regex = re2.compile(pattern, re2_options(ignore_case=False))
    first = regex.match(text, start)
    longest = re2.Options()
    longest.longest_match = True
    longest.log_errors = False
    last = re2.compile(pattern, longest).match(text, start)
    return [found.end() for found in (first, last) if found is not None]


@settings(max_examples=800, deadline=None)
@given(st.lists(st.tuples(patterns, st.integers(1, 3)), min_size=1, max_size=3), texts, texts)
def test_no_later_text_changes_what_begins_before(
    several: list[tuple[str, int]], text: str, more: str
) -> None:
    shapes = [shape for one in several if (shape := shape_of(*one)) is not None]
    undecided = Undecided((shape, False) for shape in shapes)
    at = undecided.before(text)
    for shape in shapes:
        for start in range(at):
            now, then = (matches(shape.pattern, all_of, start) for all_of in (text, text + more))
            assert now == then
            assert all(end <= len(text) - shape.right for end in then)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(patterns, st.integers(1, 3)), min_size=1, max_size=3), texts)
def test_it_grows_with_the_text_however_it_is_asked(
    several: list[tuple[str, int]], text: str
) -> None:
    shapes = [shape for one in several if (shape := shape_of(*one)) is not None]
    undecided = Undecided((shape, False) for shape in shapes)
    at = before = 0
    for end in range(len(text) + 1):
        at = undecided.before(text[:end], at)
        assert at == undecided.before(text[:end])
        assert before <= at <= end
        before = at
