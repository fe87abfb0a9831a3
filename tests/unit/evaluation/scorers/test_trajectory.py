from __future__ import annotations

import pytest

from doubles.answering import an_observation
from doubles.suites import a_case
from roadworthy.domain import (
    DetectorError,
    Expect,
    ExpectedCall,
    ScorerSpec,
    Trajectory,
    UsageError,
)
from roadworthy.evaluation import make_scorer


def row(*calls, **more):
    made = [{"turn": 0, "tool": tool, "arguments": arguments} for tool, arguments in calls]
    return an_observation(attributes={"trajectory": {"calls": made, **more}})


def wanted(*calls, **more):
    expected = [ExpectedCall(tool=tool, arguments=arguments) for tool, arguments in calls]
    return a_case(0, expect=Expect(trajectory=Trajectory(calls=expected, **more)))


def score(case, seen, **options):
    return make_scorer(ScorerSpec(scorer="trajectory", options=options)).score(case, "", seen)


A, B = ("a", {"x": 1}), ("b", {})


@pytest.mark.parametrize(
    ("case", "seen", "value"),
    [
        (wanted(A), row(A), 1.0),
        (wanted(A), row(B), 0.0),
        (wanted(A), row(), 0.0),
        (wanted(A), row(("a", {"x": 2})), 0.0),
        (wanted(A), row(("a", "no json")), 0.0),
        (wanted(A, A), row(A), 0.0),
        (wanted(A, A), row(A, A), 1.0),
        (wanted(A, B, ordered=True), row(A, ("c", {}), B), 1.0),
        (wanted(A, B, ordered=True), row(B, A), 0.0),
        (wanted(A, B), row(B, A), 1.0),
        (wanted(A, only=True), row(A, B), 0.0),
        (wanted(A, only=True), row(A), 1.0),
        (wanted(never=["b"]), row(A), 1.0),
        (wanted(never=["b"]), row(A, B), 0.0),
        (wanted(never=["*"]), row(), 1.0),
        (wanted(never=["*"]), row(("unheard-of", {})), 0.0),
        (wanted(at_most=0), row(), 1.0),
        (wanted(at_most=1), row(A, A), 0.0),
        (wanted(state={"left": 3}), row(state={"left": 3, "more": 1}), 1.0),
        (wanted(state={"left": 3}), row(state={"left": 2}), 0.0),
        (wanted(state={"left": None}), row(state={}), 0.0),
        (wanted(never=["b"]), row(A, cut="goes round"), 0.0),
    ],
)
def test_each_expectation(case, seen, value):
    assert score(case, seen) == value


def test_calls_are_paired_so_that_as_many_as_possible_fit():
    wide, narrow = ("a", {}), ("a", {"x": 1})
    assert score(wanted(wide, narrow), row(("a", {"x": 1}), ("a", {"x": 2}))) == 1.0
    assert score(wanted(narrow, wide), row(("a", {"x": 2}), ("a", {"x": 1}))) == 1.0


@pytest.mark.parametrize(
    ("check", "value"),
    [("called", 1.0), ("not_called", 0.0), ("order", None), ("at_most", None), ("all", 0.0)],
)
def test_one_scorer_may_look_at_one_thing(check, value):
    assert score(wanted(A, never=["b"]), row(A, B), check=check) == value


def test_a_case_that_says_nothing_of_it_is_not_judged():
    assert score(a_case(0), row(A)) is None


@pytest.mark.parametrize("case", [wanted(A), wanted(never=["*"], at_most=0)])
def test_a_missing_record_is_never_no_calls(case):
    with pytest.raises(DetectorError, match="nobody recorded which tools were called"):
        score(case, an_observation())


def test_an_unknown_check_is_refused():
    with pytest.raises(UsageError, match="trajectory"):
        score(a_case(0), row(), check="vibes")
