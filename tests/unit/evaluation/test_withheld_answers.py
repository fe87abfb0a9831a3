"""The fallback's words meet no expectation: only an answer that left can be right."""

from __future__ import annotations

from typing import Any

import pytest

from doubles.answering import an_observation
from doubles.suites import a_case, a_content, a_suite, a_system
from roadworthy.domain import Expect, ScorerSpec
from roadworthy.evaluation import Scoring, plan

FALLBACK = "A person will read this."
MEETS_BY_CHANCE = Expect(text="person", regex="person", label="motor")


def scores(expect: Expect, **observed: Any) -> dict[str, float]:
    case = a_case(1, expect=expect)
    system = a_system(a_suite("all", [case], scorers=[ScorerSpec(scorer="contains")]))
    planned = plan(system, a_content(system))
    observation = an_observation(output=FALLBACK, decision="motor", **observed)
    return Scoring(planned).scored(planned.items[0], observation).scores


@pytest.mark.parametrize("action", ["blocked", "held", "fallback"])
def test_a_fallback_that_happens_to_fit_is_not_right(action: str) -> None:
    assert scores(MEETS_BY_CHANCE, action=action) == {"label": 0.0, "contains": 0.0, "regex": 0.0}


def test_an_answer_that_fits_is_right() -> None:
    assert scores(MEETS_BY_CHANCE) == {"label": 1.0, "contains": 1.0, "regex": 1.0}


def test_a_case_that_must_be_blocked_may_say_what_the_caller_reads_then() -> None:
    expect = Expect(action="block", text="person", label="motor")
    assert scores(expect, action="blocked") == {"contains": 1.0, "action": 1.0}
