"""What looks alike becomes alike, and findings point at the original."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.detectors import Normaliser, make_detector, settled
from roadworthy.domain import TextContext

LETTERS = "ab  \n\t\x00\u3164é\u0301\u0308\u0430\u200b\ufb01\u00ad\uff21\u1161\u1100\ufdfa\ud800"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("plain", "plain"),
        ("p\u0430yp\u0430l", "paypal"),  # Cyrillic
        ("se\u200bcr\u00adet", "secret"),  # zero-width space, soft hyphen
        ("\uff33\uff25\uff23", "SEC"),  # wide letters
        ("\U0001d42c\U0001d41e\U0001d41c", "sec"),  # mathematical letters
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("h\u0335\u0321i", "hi"),  # stray marks
        ("o\ufb03ce", "office"),  # ligature
        ("4111\u20114111", "4111-4111"),
        ("a\u00a0b", "a b"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),  # Hindi
        ("\U000e0041hidden", "hidden"),  # tag characters
        ("bo\u3164mb bo\uffa0mb bo\u17b4mb", "bomb bomb bomb"),  # fillers
        ("bo\x00mb b\x08o\x7fm\x9bb", "bomb bomb"),  # control characters
        ("a\x0bb\u2028c\x85d", "a b c d"),
        ("a\n\nb  c", "a\n\nb  c"),
        ("a\n \t\n\n b \u3000 \x00 \u200b c", "a\n b  c"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert Normaliser().fold(text)[0] == folded
    assert Normaliser().is_plain(text) == (text == folded)


def test_places_point_at_the_original() -> None:
    text = "x\u200b\ufb01\u0301y"
    folded, starts, ends = Normaliser().fold(text, 10)
    assert folded == "xf\u00edy" or folded == "xfiy"
    assert starts[:2] == [10, 12]
    assert ends[0] == 12  # the zero-width space rides on the x
    assert (starts[-1], ends[-1]) == (14, 15)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=LETTERS, max_size=25), st.integers(0, 25))
def test_a_settled_beginning_folds_the_same_whatever_follows(text: str, at: int) -> None:
    normaliser = Normaliser()
    cut = settled(text[:at])
    whole, starts, ends = normaliser.fold(text)
    first, first_starts, first_ends = normaliser.fold(text[:cut])
    rest, rest_starts, rest_ends = normaliser.fold(text[cut:], cut, first[-2:])
    assert first + rest == whole
    assert first_starts + rest_starts == starts
    assert first_ends + rest_ends == ends


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=LETTERS, max_size=25))
def test_plain_means_that_folding_changes_nothing(text: str) -> None:
    normaliser = Normaliser()
    folded, starts, ends = normaliser.fold(text)
    assert len(starts) == len(ends) == len(folded)
    if normaliser.is_plain(text):
        assert folded == text


def test_a_long_run_of_marks_is_cut_into_clusters() -> None:
    marks = "e" + "\u0301" * 500
    assert settled(marks) > 400
    folded, _, ends = Normaliser().fold(marks)
    assert folded == "\u00e9"
    assert ends == [65]


@pytest.mark.parametrize("hidden", ["fo\u200bol", "f\u043eol", "\uff46ool", "fo\u0335ol"])
def test_a_hidden_word_is_found_where_it_stands(hidden: str) -> None:
    detector = make_detector("deny", {"words": ["fool"]}, {})
    text = f"you {hidden}!"
    found = detector.detect(text, TextContext(side="input"))
    assert [text[f.start : f.end] for f in found] == [hidden]
    raw = make_detector("deny", {"words": ["fool"], "normalise": False}, {})
    assert raw.detect(text, TextContext(side="input")) == []
