"""A tool's file tells of the answers that were given: all of them, once, and no other."""

from __future__ import annotations

import pytest

from roadworthy.evaluation.foreign import Told, mismatch
from roadworthy.evaluation.foreign.matching import Given

ASKED = (("user", "What is 1+1?"),)
OTHER = (("user", "What is 2+3?"),)


def given(name: str, answer: str, question=ASKED) -> Given:
    return Given(id=name, question=question, answer=answer)


def told(answer: str, question=ASKED, name: str = "") -> Told:
    return Told(row="row 1", answer=answer, question=question, id=name)


def test_the_same_answers_in_another_order_go_together():
    assert mismatch([given("1", "2"), given("2", "5", OTHER)], [told("5", OTHER), told("2")]) == ""


def test_by_id_the_question_need_not_be_told_and_reasoning_may_be_divided_off():
    spoken = given("1", "<think>hm</think>\n2")
    assert mismatch([spoken], [told("2", (), "1")]) == ""


@pytest.mark.parametrize(
    "file",
    [
        [told("3")],
        [told("2", OTHER)],
        [told("2"), told("2")],
        [told("2", name="another")],
        [told("3", name="1")],
        [told("", name="1")],
        [told("2", name="1"), told("2", name="1")],
        [told("2", name="1"), told("2")],
    ],
)
def test_an_answer_that_was_not_given_is_found(file):
    assert "was not given here" in mismatch([given("1", "2")], file)


def test_an_answer_that_is_not_told_is_found():
    assert "1 of 2 answers" in mismatch([given("1", "2"), given("2", "2")], [told("2")])


def test_repeats_are_counted():
    twice = [given("1", "2"), given("2", "2")]
    assert mismatch(twice, [told("2"), told("2")]) == ""
    assert mismatch(twice, [told("2"), told("2"), told("2")]) != ""
