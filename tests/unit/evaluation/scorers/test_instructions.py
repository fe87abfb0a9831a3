"""Instructions of IFEval that a rule can check: each with an answer that follows and one not."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.domain import Case, DetectorError, Expect, Observation, ScorerSpec
from roadworthy.evaluation import make_scorer
from roadworthy.evaluation.scorers.instructions import CHECKED

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
    ("keywords:frequency", {"keyword": "go", "relation": "at least", "frequency": 2}, "Go go",
     "go"),
    ("keywords:letter_frequency", {"letter": "e", "let_relation": "less than",
                                   "let_frequency": 2}, "e", "eE"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and **b**",
     "*a* and **"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n- b", "* a\n- b\n- c"),
    ("detectable_format:title", {}, "<<A day>>\nx", "<< >>\nx"),
    ("detectable_format:json_format", {}, "```json\n{\"a\": 1}\n```", "{a: 1}"),
    ("detectable_format:multiple_sections", {"section_spliter": "Part", "num_sections": 2},
     "Part 1\na\nPart 2\nb", "Part 1\na"),
    ("detectable_format:constrained_response", {}, "My answer is maybe.", "maybe"),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[a] [b]", "[a]"),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "x\nP. P. S more", "x P.S."),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "x\nP.S. more", "x PS"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say it."}, "say it. Yes.", "Yes. Say it."),
    ("combination:two_responses", {}, "a\n******\nb", "a\n******\na"),
    ("startend:quotation", {}, '"a"', '"a'),
    ("startend:end_checker", {"end_phrase": "Any questions?"}, "So. any questions?", "So."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "right", "wrong"), TOLD)
def test_an_instruction_tells_right_from_wrong(name, options, right, wrong):
    asked = [{"instruction": name, **options}]
    assert score(asked, right) == 1.0
    assert score(asked, wrong) == 0.0


def test_every_instruction_has_its_example():
    assert {each[0] for each in TOLD} == CHECKED


def test_all_must_hold():
    asked = [{"instruction": "punctuation:no_comma"}, {"instruction": "startend:quotation"}]
    assert score(asked, '"a"') == 1.0
    assert score(asked, '"a, b"') == 0.0


def test_an_empty_answer_follows_nothing():
    assert score([{"instruction": "punctuation:no_comma"}], " ") == 0.0


@pytest.mark.parametrize(
    "asked",
    [[{"instruction": "language:response_language"}], [{}], ["no_comma"],
     [{"instruction": "punctuation:no_comma"}, {"instruction": "keywords:existence"}],
     [{"instruction": "length_constraints:number_words", "relation": "about", "num_words": 3}]],
)  # fmt: skip
def test_what_cannot_be_checked_is_never_passed(asked):
    with pytest.raises(DetectorError):
        score(asked, "text")


def test_a_case_that_lists_none_is_not_scored():
    assert score([], "text") is None
