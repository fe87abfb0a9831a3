"""No match of RE2 is ever longer, or holds more blanks, than its pattern's extent says."""

from __future__ import annotations

from typing import Any

import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.detectors.extent import extent_of

ATOMS = ["a", "b", ".", " ", r"\d", r"\s", r"\S", r"\w", r"\W", "[ab]", "[^a]", r"[^\s]", r"[a\s]"]
ATOMS += [r"\pL", r"\PL", r"\b", r"\B", "[[:alpha:]]", "[[:^alpha:]]", r"\x{20}", r"\x61", "[ -a]"]
ATOMS += [r"\n", "é", "[0-9]", "{", r"\Qa b\E"]


def quantified(inner: Any) -> Any:
    counts = st.sampled_from(["", "?", "{2}", "{0,3}", "{1,2}?", "{,2}", "*", "+?"])
    return st.builds(lambda one, count: f"(?:{one}){count}", inner, counts)


patterns = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        quantified(inner),
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join).map(lambda p: f"({p})"),
    ),
    max_leaves=8,
)
texts = st.text(alphabet="aab 1\né{x", max_size=30)


@settings(max_examples=600, deadline=None)
@given(patterns, st.lists(texts, min_size=1, max_size=4))
def test_extents_bound_every_match(pattern: str, several: list[str]) -> None:
    options = re2.Options()
    options.log_errors = False
    try:
        regex = re2.compile(pattern, options)
    except re2.error:
        return
    extent = extent_of(pattern)
    for text in several:
        for match in regex.finditer(text):
            said = match.group()
            assert len(said) >= extent.shortest
            if extent.longest is not None:
                assert len(said) <= extent.longest
            if extent.blanks is not None:
                assert said.count(" ") + said.count("\n") <= extent.blanks
