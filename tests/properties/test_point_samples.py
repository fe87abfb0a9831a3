"""Why a point estimate of calibration needs 30 cases: below, the size of the sample is all it says.

Confidences are drawn uniformly from 0.5 to 1 and every decision is right with exactly
that probability, so the true calibration error is 0.
"""

from __future__ import annotations

import random
from statistics import median

import pytest

from roadworthy.domain import Measurement, SafetySLO, Verdict
from roadworthy.policy import assess
from roadworthy.statistics import expected_calibration_error


def errors_of_a_perfect_system(n: int, runs: int = 300) -> list[float]:
    source = random.Random(f"point {n}")
    found = []
    for _ in range(runs):
        sure = [source.uniform(0.5, 1.0) for _ in range(n)]
        found.append(expected_calibration_error(sure, [source.random() < one for one in sure]))
    return found


@pytest.mark.parametrize("n", [6, 10, 20, 29])
def test_below_thirty_cases_a_perfect_system_is_off_by_a_tenth_as_often_as_not(n: int) -> None:
    assert median(errors_of_a_perfect_system(n)) > 0.1


def test_the_target_that_init_writes_is_met_by_a_perfect_system_with_sixty_cases() -> None:
    met = sum(error <= 0.2 for error in errors_of_a_perfect_system(60))
    assert met >= 0.99 * 300


def judged(n: int, target: str = "<= 0.05", **slo: object) -> Verdict:
    found = Measurement(name="decision_ece", value=0.266, low=0.1, high=0.4, n=n)
    return assess(SafetySLO(name="decision_ece", target=target, **slo), found).verdict  # type: ignore[arg-type]


def test_few_cases_of_calibration_are_undecided_whichever_way_they_point() -> None:
    assert judged(6) is Verdict.INCONCLUSIVE
    assert judged(29, "<= 0.5") is Verdict.INCONCLUSIVE
    assert judged(30) is Verdict.FAIL
    assert judged(30, "<= 0.5") is Verdict.PASS


def test_an_objective_that_says_its_own_least_number_is_held_to_that() -> None:
    assert judged(20, "<= 0.5", min_samples=20) is Verdict.PASS
    assert judged(59, "<= 0.5", min_samples=60) is Verdict.INCONCLUSIVE


def test_no_share_is_judged_as_a_point_on_a_handful_of_cases() -> None:
    slo = SafetySLO(name="flip_rate", target="<= 0.5", evidence="point")
    found = Measurement(name="flip_rate", value=0.0, low=0.0, high=0.6, n=4, count=0)
    assert assess(slo, found).verdict is Verdict.INCONCLUSIVE
