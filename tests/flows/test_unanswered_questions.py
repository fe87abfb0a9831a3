"""A question that got no answer is left out of no score in silence: at its worst, or undecided."""

from __future__ import annotations

import pytest

from doubles.answering import an_observation
from roadworthy.domain import Assessment, Observation, SafetySLO, Verdict
from roadworthy.flows.gate.baseline import Baseline
from roadworthy.flows.gate.judging import Evidence, judge


def rows_of(
    right: int, failed: int = 0, *, score: str = "exact", **more: object
) -> list[Observation]:
    answered = [
        an_observation(suite="all", case=f"a{n}", scores={score: 1.0}, **more) for n in range(right)
    ]
    lost = [
        an_observation(
            suite="all",
            case=f"f{n}",
            status="error",
            action="fallback",
            attributes={"due": [score]},
        )
        for n in range(failed)
    ]
    return answered + lost


def judged(
    rows: list[Observation], target: str, metric: str = "exact_match", **more: object
) -> Assessment:
    slo = SafetySLO(name="it", metric=metric, target=target, **more)
    (found,), _ = judge([slo], Evidence(rows=rows, baseline=Baseline(rows=[], run="")))
    return found


def test_a_perfect_score_is_not_proven_by_those_who_answered():
    found = judged(rows_of(991, 9), "== 1")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "9 of 1000 questions got no answer" in found.reason
    assert "0 violations in 991 cases" in found.reason
    assert found.phase == "operations"


def test_a_target_that_holds_at_their_worst_is_met_and_names_them():
    found = judged(rows_of(991, 9), ">= 0.9")
    assert found.verdict is Verdict.PASS
    assert "9 of 1000 questions got no answer, and at their worst it still holds" in found.reason


def test_without_failures_nothing_is_said():
    found = judged(rows_of(1000), "== 1")
    assert found.verdict is Verdict.PASS
    assert "no answer" not in found.reason


def test_a_miss_stays_a_miss():
    rows = [
        *rows_of(900, 9),
        *(an_observation(suite="all", case=f"w{n}", scores={"exact": 0.0}) for n in range(90)),
    ]
    assert judged(rows, "== 1").verdict is Verdict.FAIL


@pytest.mark.parametrize(("metric", "target"), [("mine", "== 1"), ("pii_leak", "== 0")])
def test_scores_of_a_suites_own_and_of_detectors_count_them_too(metric, target):
    score = "pii" if metric == "pii_leak" else metric
    assert judged(rows_of(200, score=score), target, metric).verdict is Verdict.PASS
    assert judged(rows_of(200, 1, score=score), target, metric).verdict is Verdict.INCONCLUSIVE


def test_a_score_without_a_worst_is_undecided_however_few_failed():
    rows = [
        an_observation(suite="all", case=f"a{n}", scores={"absolute_error": n % 2},
                       attributes={"graded": {"absolute_error": "down"}})
        for n in range(200)
    ]  # fmt: skip
    lost = rows_of(0, 1, score="absolute_error")
    point = {"evidence": "point"}
    assert judged(rows, "<= 5", "mae", **point).verdict is Verdict.PASS
    assert judged(rows + lost, "<= 5", "mae", **point).verdict is Verdict.INCONCLUSIVE


def test_an_error_with_a_largest_value_has_a_worst():
    rows = [
        an_observation(suite="all", case=f"a{n}", scores={"absolute_error": n % 2},
                       attributes={"graded": {"absolute_error": "down"}})
        for n in range(200)
    ]  # fmt: skip
    lost = rows_of(0, 2, score="absolute_error")
    reach = {"values_at_most": 10.0}
    found = judged(rows + lost, "<= 5", "mae", **reach)
    assert found.verdict is Verdict.PASS
    assert "2 of 202 questions got no answer, and at their worst it still holds" in found.reason
    tight = judged(rows + lost, "<= 0.9", "mae", **reach)
    assert tight.verdict is Verdict.INCONCLUSIVE


def test_a_failure_of_a_case_that_the_score_is_not_about_changes_nothing():
    rows = [*rows_of(200), *rows_of(0, 3, score="schema")]
    assert judged(rows, "== 1").verdict is Verdict.PASS


def test_a_failure_that_does_not_say_what_was_due_counts_where_its_suite_has_the_score():
    here, there = (
        an_observation(suite=suite, case="f", status="error") for suite in ("all", "else")
    )
    assert judged([*rows_of(200), here], "== 1").verdict is Verdict.INCONCLUSIVE
    assert judged([*rows_of(200), there], "== 1").verdict is Verdict.PASS


def test_a_failure_is_noted_in_every_slice_by_itself():
    rows = [*rows_of(200, facets={"language": "en"}), *rows_of(200, facets={"language": "de"})]
    lost = an_observation(
        suite="all",
        case="f",
        status="error",
        facets={"language": "de"},
        attributes={"due": ["exact"]},
    )
    slo = SafetySLO(name="it", metric="exact_match", target="== 1", by=["language"])
    found, _ = judge([slo], Evidence(rows=[*rows, lost], baseline=Baseline(rows=[], run="")))
    assert {each.name: each.verdict for each in found} == {
        "it{language=en}": Verdict.PASS, "it{language=de}": Verdict.INCONCLUSIVE,
    }  # fmt: skip
