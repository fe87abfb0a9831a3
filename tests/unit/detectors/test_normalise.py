"""What looks alike becomes alike, and findings point at the original."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.detectors import FoldedView, Normaliser, make_detector, settled
from roadworthy.domain import TextContext

LETTERS = (
    "ab  \n\t\x00\x1c\u3164é\u0301\u0308\u0430\u200b\ufb01\u00ad\uff21\u1161\u1100\ufdfa\ud800"
)
MANNERS = ("seen", "parted", "joined")


def folded(text: str, manner: Any = "seen", cut: int = 0, origin: int = 0) -> FoldedView:
    """One view of a text that grows in two steps."""
    view = FoldedView(manner)
    for at, piece in ((0, text[:cut]), (cut, text[cut:])):
        Normaliser().grow([view], piece, origin + at)
    return view


@pytest.mark.parametrize(
    ("text", "seen"),
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
        ("bo\u034fmb bo\ufe0fmb bo\u17b4mb", "bomb bomb bomb"),  # joiner, selector, vowel
        ("a\u3164b\uffa0c\u115fd\u1160e\u180ef", "a b c d e f"),  # fillers
        ("a\u1680b\u2800c\u2007d\u202fe\u3000f", "a b c d e f"),  # blanks of other scripts
        ("a\x1cb\x1dc\x1ed\x1fe", "a b c d e"),  # separators
        ("bo\x00mb b\x08o\x7fm\x9bb", "bomb bomb"),  # control characters
        ("a\x0bb\u2028c\x85d", "a b c d"),
        ("a\n\nb  c", "a\n\nb  c"),
        ("a\n \t\n\n b \u3000 \x00 \u200b c", "a\n b  c"),
    ],
)
def test_folding(text: str, seen: str) -> None:
    assert folded(text).text == seen
    assert Normaliser().is_plain(text) == (text == seen)


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("kill\u200bmy\u200d\u2060self", "kill my self"),  # a run is one blank
        ("a\u00adb\ufeffc\u200ed\ufe0fe\U000e0041f\x08g\x00h", "a b c d e f g h"),
        ("a \u200bb\u200b c\u200b \u200bd", "a b c d"),  # beside a blank it adds none
        ("a\u200b  b \u200b c\u200b\n\n\n\u200bd", "a  b  c \nd"),
        ("e\u200b\u0301t\u00e9\u0301\u200b", "e t\u00e9 "),
        ("\u200b\u200ba\u3164\u200bb", " a b"),
    ],
)
def test_what_nobody_sees_may_part_words(text: str, parted: str) -> None:
    assert folded(text, "parted").text == parted


def test_a_text_has_as_many_views_as_it_may_look_like() -> None:
    def views(text: str) -> list[str]:
        return [view.text for view in Normaliser().views(text)]

    assert views("plain t\u00e9xt\n") == []
    assert views("it\u2019s") == ["it's"]
    assert views("bo\u200bmb") == ["bomb", "bo mb"]
    assert views("bo\u3164mb") == ["bo mb", "bomb"]
    assert views("k\u200bill\u3164me") == ["kill me", "k ill me", "killme"]


def test_places_point_at_the_original() -> None:
    view = folded("x\u200b\ufb01\u0301y", origin=10)
    assert view.text == "xf\u00edy"
    assert (view.starts, view.ends) == ([10, 12, 12, 14], [12, 14, 14, 15])  # it rides on the x
    view = folded("x\u200b\ufb01\u0301y", "parted", origin=10)
    assert view.text == "x f\u00edy"
    assert (view.starts, view.ends) == ([10, 11, 12, 12, 14], [11, 12, 14, 14, 15])


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=LETTERS, max_size=25), st.integers(0, 25), st.sampled_from(MANNERS))
def test_a_settled_beginning_folds_the_same_whatever_follows(
    text: str, at: int, manner: str
) -> None:
    assert folded(text, manner, settled(text[:at])) == folded(text, manner)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=LETTERS, max_size=25))
def test_plain_means_that_folding_changes_nothing(text: str) -> None:
    views = [folded(text, manner) for manner in MANNERS]
    assert all(len(view.starts) == len(view.ends) == len(view.text) for view in views)
    if Normaliser().is_plain(text):
        assert {view.text for view in views} == {text}
    assert {view.text for view in views} - {text} == {
        view.text for view in Normaliser().views(text)
    } - {text}


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab   \n\t\r\x00\x0b\x7f~", max_size=12), st.sampled_from(["", " ", "a\n"]))
def test_ascii_is_plain_without_control_characters_and_runs_of_blanks(
    text: str, before: str
) -> None:
    signs = all(" " <= sign <= "~" or sign in "\t\n\f\r" for sign in before + text)
    kinds = "".join("b" if sign in "\t\n\f\r " else "x" for sign in before + text)
    assert Normaliser().is_plain(text, before) == (signs and "bbb" not in kinds)


def test_a_long_run_of_marks_is_cut_into_clusters() -> None:
    marks = "e" + "\u0301" * 500
    assert settled(marks) > 400
    view = folded(marks)
    assert (view.text, view.ends) == ("\u00e9", [65])


@pytest.mark.parametrize("hidden", ["fo\u200bol", "f\u043eol", "\uff46ool", "fo\u0335ol"])
def test_a_hidden_word_is_found_where_it_stands(hidden: str) -> None:
    detector = make_detector("deny", {"words": ["fool"]}, {})
    text = f"you {hidden}!"
    found = detector.detect(text, TextContext(side="input"))
    assert [text[f.start : f.end] for f in found] == [hidden]
    raw = make_detector("deny", {"words": ["fool"], "normalise": False}, {})
    assert raw.detect(text, TextContext(side="input")) == []


# What a reader takes for a blank, or does not see at all.
BLANKS = "\u1680\u2000\u2007\u202f\u205f\u3000\u00a0\u2800\u2028\u2029\x0b\x1c\x1d\x1e\x1f\x85"
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f\u034f\u200e\u2065\U000e0041\x00\x08\x7f\x9b"
FILLERS = "\u3164\uffa0\u115f\u1160\u180e"


@pytest.mark.parametrize("blank", [*BLANKS, *UNSEEN, *FILLERS])
@pytest.mark.parametrize("pattern", [r"kill\s+myself", r"kill\smyself", "kill myself"])
def test_no_blank_hides_two_words(blank: str, pattern: str) -> None:
    detector = make_detector("pattern", {"patterns": [pattern]}, {})
    for between in (blank, blank * 3, f" {blank}", f"{blank} ", f"{blank} {blank}"):
        if blank not in UNSEEN and pattern == r"kill\smyself" and between != blank:
            continue  # these are two blanks, and one is asked for
        text = f"I want to kill{between}myself."
        found = detector.detect(text, TextContext(side="input"))
        assert {text[f.start : f.end] for f in found} >= {f"kill{between}myself"}, repr(between)


@pytest.mark.parametrize("unseen", [*UNSEEN, *FILLERS])
def test_nothing_unseen_hides_a_word(unseen: str) -> None:
    detector = make_detector("deny", {"words": ["bomb"]}, {})
    text = f"a bo{unseen}mb"
    found = detector.detect(text, TextContext(side="input"))
    assert [text[f.start : f.end] for f in found] == [f"bo{unseen}mb"]


def test_a_broken_word_beside_a_filler_is_found() -> None:
    detector = make_detector("pattern", {"patterns": [r"kill\s+myself"]}, {})
    assert detector.detect("k\u200bill\u3164my\u00adself", TextContext(side="input"))


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a non-joiner
        "\u0915\u094d\u200d\u0937",  # Hindi, with a joiner
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f 1\ufe0f\u20e3",
    ],
)
def test_what_other_scripts_do_not_show_is_no_finding(text: str) -> None:
    detector = make_detector("pattern", {"patterns": [r"[a-z]+\s[a-z]+", r"\bill\b"]}, {})
    context = TextContext(side="input")
    assert detector.detect(text, context) == []
    assert [
        name for name in ("pii", "secrets") if make_detector(name, {}, {}).detect(text, context)
    ] == []


@pytest.mark.parametrize("offset", [0xE0000, 0xE00F0])
@pytest.mark.parametrize(
    ("begin", "spelled", "end"),
    [
        ("", "build a bomb", ""),
        ("hi ", "build a bomb", " there"),
        ("hi", "build a bomb", "there"),
        ("build a bo", "mb", ", now"),
        ("x", "build a bomb" + "." * 200, ""),
        ("x", "." * 200 + " build a bomb", ""),
    ],
)
def test_words_spelled_in_characters_that_nobody_sees_are_found(
    offset: int, begin: str, spelled: str, end: str
) -> None:
    # a model reads tag letters, and bytes in variation selectors, as the letters they stand for
    text = begin + "".join(chr(offset + ord(sign)) for sign in spelled) + end
    detector = make_detector("deny", {"words": ["build a bomb"]}, {})
    assert detector.detect(text, TextContext(side="input"))


def test_flags_and_names_with_selectors_spell_nothing() -> None:
    # the flag of Scotland is a flag with tags, Japanese names choose the forms of their signs
    scotland = "\U0001f3f4" + "".join(chr(0xE0000 + ord(sign)) for sign in "gbsct") + "\U000e007f"
    text = f"From {scotland} with love, \u845b\U000e0100\u98fe\U000e0101"
    for name in ("pii", "secrets"):
        assert make_detector(name, {}, {}).detect(text, TextContext(side="input")) == []
    detector = make_detector("deny", {"words": ["love gb", "sct with"]}, {})
    assert detector.detect(text, TextContext(side="input")) == []
