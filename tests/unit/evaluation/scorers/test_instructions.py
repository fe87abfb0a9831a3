"""All 25 kinds of IFEval: each with an answer that follows it and one that does not."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import (
    INSTRUCTIONS,
    Case,
    DetectorError,
    Expect,
    Observation,
    ScorerSpec,
)
from roadworthy.evaluation import make_scorer
from roadworthy.evaluation.scorers import english_text
from roadworthy.evaluation.scorers.english_text import capital_words
from roadworthy.evaluation.scorers.instructions import _CHECKS, unchecked

ROW = Observation(
    id="o", time="2026-11-22T00:00:00.000000Z", system="s", release="r", stage="eval", output=""
)


def score(asked: Any, output: str) -> float | None:
    case = Case(id="c", input="i", expect=Expect(json=asked))
    return make_scorer(ScorerSpec(scorer="instructions")).score(case, output, ROW)


TOLD: list[tuple[str, dict[str, Any], str, str]] = [
    ("punctuation:no_comma", {}, "a b", "a, b"),
    ("length_constraints:number_words", {"relation": "at least", "num_words": 3}, "a b-c", "a b"),
    ("length_constraints:number_words", {"relation": "less than", "num_words": 2}, "a", "a b"),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb", "a\n***\n***\nb"),
    ("keywords:forbidden_words", {"forbidden_words": ["cat"]}, "concatenate", "The CAT sat"),
    ("keywords:forbidden_words", {"forbidden_words": ["a.c"]}, "abc", "an a.c here"),
    ("keywords:existence", {"keywords": ["Graz", "sea"]}, "graz by the sea", "graz"),
    (
        "keywords:frequency",
        {"keyword": "go", "relation": "at least", "frequency": 2},
        "Go go",
        "go",
    ),
    (
        "keywords:letter_frequency",
        {"letter": "e", "let_relation": "less than", "let_frequency": 2},
        "e",
        "eE",
    ),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 2},
        "*a* and **b**",
        "*a* and **",
    ),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n- b", "* a\n- b\n- c"),
    ("detectable_format:title", {}, "<<A day>>\nx", "<< >>\nx"),
    ("detectable_format:json_format", {}, '```json\n{"a": 1}\n```', "{a: 1}"),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Part", "num_sections": 2},
        "Part 1\na\nPart 2\nb",
        "Part 1\na",
    ),
    ("detectable_format:constrained_response", {}, "My answer is maybe.", "maybe"),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[a] [b]", "[a]"),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "x\nP. P. S more", "x P.S."),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "x\nP.S. more", "x PS"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say it."}, "say it. Yes.", "Yes. Say it."),
    ("combination:two_responses", {}, "a\n******\nb", "a\n******\na"),
    ("startend:quotation", {}, '"a"', '"a'),
    ("startend:end_checker", {"end_phrase": "Any questions?"}, "So. any questions?", "So."),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "then"},
        'One.\n\n"Then, two.',
        "Then one.\n\nAnd two.",
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 1, "first_word": "a"},
        "a\n\nb",
        "a\n\nb\n\nc",
    ),
    (
        "change_case:capital_word_frequency",
        {"capital_relation": "at least", "capital_frequency": 3},
        "I SAID: NO, never",
        "I said NO",
    ),
    (
        "change_case:capital_word_frequency",
        {"capital_relation": "less than", "capital_frequency": 2},
        "Only ONE is",
        "DON'T go",
    ),
]

WITH_LIBRARIES: list[tuple[str, dict[str, Any], str, str]] = [
    ("language:response_language", {"language": "de"}, "Das Haus am See ist alt und sehr schön.",
     "The house by the lake is old and very nice."),
    ("language:response_language", {"language": "kn"}, "ನಾನು ಕನ್ನಡದಲ್ಲಿ ಉತ್ತರಿಸುತ್ತೇನೆ.",
     "मैं हिंदी में उत्तर देता हूँ।"),
    ("change_case:english_capital", {}, "THIS IS A LETTER THAT WE HAVE WRITTEN TO EVERYBODY.",
     "DAS HAUS AM SEE IST WIRKLICH SEHR ALT."),
    ("change_case:english_capital", {}, "THIS IS A LETTER FROM OUR OFFICE.",
     "THIS IS A LETTER FROM our OFFICE."),
    ("change_case:english_lowercase", {}, "the house by the lake is very old.",
     "The house by the lake is very old."),
    ("length_constraints:number_sentences", {"relation": "at least", "num_sentences": 3},
     "Dr. Lee came. Was it late? It was!", "Dr. Lee paid 3.50 euros. It was late."),
    ("length_constraints:number_sentences", {"relation": "less than", "num_sentences": 3},
     "He said e.g. that. \"Really?\" she asked.", "One. Two. Three."),
]  # fmt: skip


def library(name: str) -> None:
    """Skips where the check's library is missing."""
    why = unchecked(name)
    if why:
        pytest.skip(why)


@pytest.mark.parametrize(("name", "options", "right", "wrong"), [*TOLD, *WITH_LIBRARIES])
def test_an_instruction_tells_right_from_wrong(name, options, right, wrong):
    library(name)
    asked = [{"instruction": name, **options}]
    assert score(asked, right) == 1.0
    assert score(asked, wrong) == 0.0


def test_every_instruction_has_its_example():
    assert {each[0] for each in [*TOLD, *WITH_LIBRARIES]} == INSTRUCTIONS.keys() == _CHECKS.keys()
    assert len(INSTRUCTIONS) == 25


@pytest.mark.parametrize(("name", "options", "right", "wrong"), TOLD)
def test_check_knows_the_options_without_which_nothing_can_be_told(name, options, right, wrong):
    assert set(INSTRUCTIONS[name]) == set(options)
    for key in INSTRUCTIONS[name]:
        asked = {"instruction": name, **{each: options[each] for each in options if each != key}}
        with pytest.raises(DetectorError, match="lacks an option"):
            score([asked], right)


@pytest.mark.parametrize("name", sorted({each[0] for each in WITH_LIBRARIES}))
def test_without_its_library_an_instruction_is_never_passed(name, monkeypatch):
    """The import fails as it does where nobody installed it."""
    english_text._langdetect.cache_clear()
    english_text._splitter.cache_clear()
    for missing in ("langdetect", "nupunkt"):
        monkeypatch.setitem(sys.modules, missing, None)
    options = {"language": "en", "relation": "at least", "num_sentences": 1}
    text = "the house is old." if name.endswith("lowercase") else "THE HOUSE IS OLD."
    with pytest.raises(DetectorError, match=r"roadworthy\[ifeval\]"):
        score([{"instruction": name, **options}], text)


def test_an_answer_in_which_no_language_shows_is_in_none():
    library("language:response_language")
    assert score([{"instruction": "language:response_language", "language": "en"}], "12 34") == 0.0


def test_the_language_of_an_answer_is_the_same_every_time():
    """The library draws at random unless it is told not to."""
    library("language:response_language")
    asked = [{"instruction": "language:response_language", "language": "no"}]
    assert len({score(asked, "Det er en god dag i dag, sa han.") for _ in range(20)}) == 1


@pytest.mark.parametrize(
    "text",
    ["DON'T STOP", "I'M HERE. WE'LL SEE", "CANNOT (OR WON'T)", "U.S.A. AND A.B.C.", "AND/OR NO-GO",
     "A,B 1,000 A:B", "so-called NATO's ROLE", "\"STOP!\" he said...", "HE--SHE", "'TIS AN 'ART'",
     "A&B @HOME #ONE 100%", "Ünder ÄRGER ß STRASSE"],
)  # fmt: skip
def test_words_in_capitals_are_those_of_the_treebank(text):
    """NLTK's tokenizer is the oracle: the paper's own check uses it."""
    from nltk.tokenize import NLTKWordTokenizer

    words = NLTKWordTokenizer().tokenize(text)
    assert capital_words(text) == sum(word.isupper() for word in words), words


@given(st.text(alphabet="ABNTSantms '.,:;!?()-\"19", max_size=40))
def test_words_in_capitals_are_those_of_the_treebank_whatever_the_text(text):
    from nltk.tokenize import NLTKWordTokenizer

    words = NLTKWordTokenizer().tokenize(text)
    assert capital_words(text) == sum(word.isupper() for word in words), words


def test_all_must_hold():
    asked = [{"instruction": "punctuation:no_comma"}, {"instruction": "startend:quotation"}]
    assert score(asked, '"a"') == 1.0
    assert score(asked, '"a, b"') == 0.0


def test_an_empty_answer_follows_nothing():
    assert score([{"instruction": "punctuation:no_comma"}], " ") == 0.0


@pytest.mark.parametrize(
    "asked",
    [[{"instruction": "language:of_the_heart"}], [{}], ["no_comma"],
     [{"instruction": "punctuation:no_comma"}, {"instruction": "keywords:existence"}],
     [{"instruction": "length_constraints:number_words", "relation": "about", "num_words": 3}]],
)  # fmt: skip
def test_what_cannot_be_checked_is_never_passed(asked):
    with pytest.raises(DetectorError):
        score(asked, "text")


def test_a_case_that_lists_none_is_not_scored():
    assert score([], "text") is None
