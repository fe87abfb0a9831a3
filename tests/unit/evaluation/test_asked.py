"""What a judge or rater is told of the question: what was said, and nothing that was expected."""

from __future__ import annotations

from typing import Any

from doubles.suites import a_case
from roadworthy.domain import Observation
from roadworthy.evaluation.asked import asked_of

SCRIPT = [{"user": "", "expect": {"text": "first"}}, {"user": "And now?", "expect": {"text": "42"}}]
SAID = [
    {"role": "user", "content": "What is 0?"}, {"role": "assistant", "content": "first"},
    {"role": "user", "content": "And now?"},
]  # fmt: skip


def row(output: str = "42", messages: list[dict[str, Any]] | None = None) -> Observation:
    told = {"trajectory": {"messages": messages}} if messages is not None else {}
    return Observation(
        id="o", time="t", system="desk", release="r", stage="eval", output=output, attributes=told
    )


def test_a_plain_case_asks_its_input() -> None:
    assert asked_of(a_case(0), row()) == "What is 0?"


def test_what_went_before_stands_before_it() -> None:
    before = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    asked = asked_of(a_case(0, turns=before), row())
    assert asked == [*before, {"role": "user", "content": "What is 0?"}]


def test_of_a_script_what_was_said_is_told_and_what_is_expected_is_not() -> None:
    messages = [*SAID, {"role": "assistant", "content": "42"}]
    asked = asked_of(a_case(0, turns=SCRIPT), row(messages=messages))
    assert asked == SAID
    assert "expect" not in str(asked)
    assert asked_of(a_case(0, turns=SCRIPT), row()) == "What is 0?"


def test_an_answer_that_is_judged_is_not_told_twice_and_another_one_stays() -> None:
    cut = [*SAID, {"role": "assistant", "content": "something else"}]
    assert asked_of(a_case(0, turns=SCRIPT), row(messages=cut)) == cut
