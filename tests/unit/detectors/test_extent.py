"""How much text one match can span; in doubt, all of it."""

from __future__ import annotations

import pytest

from roadworthy.detectors.extent import extent_of


@pytest.mark.parametrize(
    ("pattern", "shortest", "longest", "blanks"),
    [
        ("abc", 3, 3, 0),
        ("a|bcd", 1, 3, 0),
        ("a{2,5}b?", 2, 6, 0),
        ("(?:ab c){2}", 8, 8, 2),
        ("(?P<name>a b)?", 0, 3, 1),
        (r"\d{3}[ \-]?\d{4}", 7, 8, 1),
        (r"\bword\b", 4, 4, 0),
        ("a{,3}", 5, 5, 0),
        ("a{", 2, 2, 0),
        ("x{2}{3}", 6, 6, 0),
        (r"\Qa.b\E", 3, 3, 0),
        ("[[:alpha:]]{3}", 3, 3, 0),
        ("[[:space:]]x", 2, 2, 1),
        ("[]a]b", 2, 2, 0),
        ("[^a]b", 2, 2, 1),
        (r"[^\s,]b", 2, 2, 0),
        (r"[^\\s]b", 2, 2, 1),
        (r"\pL\p{Greek}\PN", 3, 3, 2),
        (r"\x41\x{1F600}", 2, 2, 0),
        (r"[\x{20}-\x{40}]", 1, 1, 1),
        (r"[!-~]", 1, 1, 0),
        ("(?i)a(?s:.)", 2, 2, 1),
        (r"\n\t", 2, 2, 2),
    ],
)
def test_bounded(pattern: str, shortest: int, longest: int, blanks: int) -> None:
    extent = extent_of(pattern)
    assert (extent.shortest, extent.longest, extent.blanks) == (shortest, longest, blanks)
    assert not extent.whole


@pytest.mark.parametrize(
    "pattern",
    ["a*", "a+b", "(?:ab){2,}", "^a", "a$", r"\Aa", r"a\z", "(?m)^a", r"\C", r"\1", "(?x)a"],
)
def test_whole(pattern: str) -> None:
    assert extent_of(pattern).whole


@pytest.mark.parametrize(
    "pattern", [r"\Qab\E+", r"[\Qa\E]", "(", "a\\", "[a", r"\p{Greek", "(?P<n"]
)
def test_what_the_reader_does_not_know_is_whole(pattern: str) -> None:
    assert extent_of(pattern).whole
