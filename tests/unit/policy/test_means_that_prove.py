"""A mean is proven where its values have a range, and nowhere else."""

from __future__ import annotations

import pytest

from doubles.answering import an_observation
from roadworthy.domain import Assessment, Observation, SafetySLO, Verdict
from roadworthy.flows.gate.baseline import Baseline
from roadworthy.flows.gate.judging import Evidence, judge
from roadworthy.monitoring import Reach, measure


def rows(values: list[float], **more: object) -> list[Observation]:
    return [
        an_observation(suite="all", case=f"a{place}", scores={"absolute_error": value},
                       attributes={"graded": {"absolute_error": "down"}}, **more)
        for place, value in enumerate(values)
    ]  # fmt: skip


def judged(values: list[float], target: str = "<= 0.5", **more: object) -> Assessment:
    slo = SafetySLO(name="mae", target=target, **more)  # type: ignore[arg-type]
    return assessed(slo, rows(values))


def assessed(slo: SafetySLO, seen: list[Observation]) -> Assessment:
    (found,), _ = judge([slo], Evidence(rows=seen, baseline=Baseline(rows=[], run="")))
    return found


SMALL = [0.1, 0.3, 0.2, 0.4] * 75


def test_a_mean_without_a_range_fails_closed() -> None:
    found = judged(SMALL)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "values_at_most" in found.reason
    assert found.phase == "policy"


def test_with_a_range_it_is_proven_and_says_how() -> None:
    found = judged(SMALL, values_at_most=5.0)
    assert found.verdict is Verdict.PASS
    measured = measure("mae", rows(SMALL), reach=Reach(most=5.0))
    assert (measured.method, measured.loose) == ("betting", False)


def test_what_no_sample_excludes_is_not_proven() -> None:
    """Of values up to 1,000, three hundred at 0.25 may hide a hundredth at the end."""
    assert judged(SMALL, values_at_most=1000.0).verdict is Verdict.INCONCLUSIVE


def test_a_value_beyond_the_range_proves_nothing_ever() -> None:
    found = judged([*SMALL, 7.0], target="<= 100", values_at_most=5.0)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "7 lies beyond" in found.reason


def test_a_miss_needs_no_range() -> None:
    assert judged([2.0, 3.0] * 60).verdict is Verdict.FAIL


def test_an_estimate_may_be_asked_for_by_name() -> None:
    assert judged(SMALL, evidence="point").verdict is Verdict.PASS


def test_groups_widen_it() -> None:
    alike = rows(SMALL, tags=("group:one",))
    slo = SafetySLO(name="mae", target="<= 0.5", values_at_most=5.0)
    assert assessed(slo, alike).verdict is Verdict.INCONCLUSIVE


def test_the_root_of_squares_has_the_range_of_the_errors() -> None:
    measured = measure("rmse", rows(SMALL), reach=Reach(most=5.0))
    assert measured.method == "betting"
    assert measured.value is not None
    assert measured.low is not None
    assert measured.high is not None
    assert measured.low < measured.value < measured.high < 5.0


def test_a_suites_own_error_rate_has_one_too() -> None:
    own = [
        an_observation(suite="all", case=f"a{place}", scores={"edits": place % 3},
                       attributes={"graded": {"edits": "down"}})
        for place in range(300)
    ]  # fmt: skip
    assert measure("edits", own).loose
    assert measure("edits", own, reach=Reach(most=10.0)).method == "betting"


@pytest.mark.parametrize("side", ["low", "high"])
def test_zero_is_a_range_too(side: str) -> None:
    """`values_at_most: 0` is not the same as nothing."""
    slo = SafetySLO(name="mae", target="<= 0.5", values_at_most=0.0)
    assert getattr(assessed(slo, rows([0.0] * 100)), side) == 0.0
