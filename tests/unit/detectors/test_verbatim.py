"""`verbatim` finds every stretch of a protected text, and nothing else."""

from __future__ import annotations

import random
from difflib import SequenceMatcher

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.detectors import make_detector
from roadworthy.domain import ManifestError, TextContext

CONTEXT = TextContext(side="output")
VERSE = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the "
    "age of foolishness, it was the epoch of belief, it was the epoch of incredulity"
)
FEW = st.lists(st.sampled_from("abcd"), max_size=40)


def found(text: str, *protected: str, words: int = 8) -> list[str]:
    detector = make_detector("verbatim", {"texts": list(protected or [VERSE]), "words": words}, {})
    return [text[one.start : one.end] for one in detector.detect(text, CONTEXT)]


def test_a_stretch_is_found_from_its_first_to_its_last_word() -> None:
    said = "Dickens begins so: it was the worst of times, it was the age of wisdom. And so on."
    assert found(said) == ["it was the worst of times, it was the age of wisdom"]


def test_a_stretch_that_is_one_word_too_short_is_none() -> None:
    said = "the age of foolishness, it was the"
    assert found(said, words=8) == []
    assert found(said, words=7) == [said]


@pytest.mark.parametrize(
    "said",
    [
        "IT WAS THE BEST OF TIMES -- IT WAS",
        "it\nwas\tthe   best of\n\ntimes; it... was",
        "it wa\u200bs the be\u00adst of times it was",
        "\uff29\uff34 was the best of times it was",
    ],
)
def test_capitals_marks_breaks_and_unseen_characters_hide_nothing(said: str) -> None:
    assert found(said) == [said]


def test_letters_with_marks_are_the_same_however_they_are_written() -> None:
    right = "Ich wußte nicht mehr was für Ärger das gäbe"
    assert found("ich wußte nicht mehr was fu\u0308r A\u0308rger das ga\u0308be", right) != []


def test_scripts_without_blanks_are_read_by_the_character() -> None:
    text = "雨ニモマケズ風ニモマケズ雪ニモ夏ノ暑サニモマケヌ"
    assert found("彼は言った「風ニモマケズ雪ニモ夏」と", text) == ["風ニモマケズ雪ニモ夏"]


def test_a_stretch_across_two_texts_is_in_neither() -> None:
    assert found("a b c d e f g h i j", "x a b c d e", "f g h i j x", words=6) == []
    assert found("a b c d e f g h i j", "x a b c d e", "f g h i j x", words=5) != []


@settings(max_examples=300, deadline=None)
@given(FEW, FEW)
def test_it_finds_what_a_longest_common_run_finds(protected: list[str], said: list[str]) -> None:
    """The oracle: difflib's longest block, which is quadratic and exact."""
    if len(protected) < 5:
        return
    longest = SequenceMatcher(None, said, protected, autojunk=False).find_longest_match().size
    stretches = found(" ".join(said), " ".join(protected), words=5)
    assert bool(stretches) == (longest >= 5)
    if stretches:
        assert max(len(each.split()) for each in stretches) >= longest


def test_a_long_text_against_long_texts_takes_no_quadratic_time() -> None:
    source = random.Random(1)
    words = [f"w{source.randrange(5000)}" for _ in range(200_000)]
    detector = make_detector("verbatim", {"texts": [" ".join(words)]}, {})
    hits = detector.detect("the same word again " * 50_000 + " ".join(words[77:177]), CONTEXT)
    assert len(hits) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "texts"),
        ({"texts": []}, "no texts"),
        ({"texts": [3]}, "no texts"),
        ({"texts": ["too short"]}, "no stretch of 50"),
        ({"texts": [VERSE], "words": 4}, "from 5 to 1000"),
        ({"texts": [VERSE], "words": True}, "from 5 to 1000"),
        ({"texts": "gone.txt"}, "no side file"),
    ],
)
def test_what_could_never_find_anything_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        make_detector("verbatim", options, {})


def test_a_side_file_holds_one_text_or_a_list() -> None:
    for asset in (VERSE, [VERSE, VERSE]):
        detector = make_detector("verbatim", {"texts": "p", "words": 20}, {"p": asset})
        assert len(detector.detect(VERSE, CONTEXT)) == 1
