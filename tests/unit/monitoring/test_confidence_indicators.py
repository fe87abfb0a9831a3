"""Calibration, risk against coverage, and pass@k as indicators: n, interval, slices, bad input."""

from __future__ import annotations

import random
from typing import Any

import pytest

from roadworthy.domain import Measurement, Observation, SafetySLO, Verdict
from roadworthy.monitoring import measure, measure_all
from roadworthy.policy import assess
from roadworthy.statistics import (
    area_interval,
    area_under_risk,
    debiased_gap,
    equal_mass,
    gap_of,
    pass_at_k,
    risk_coverage,
)

NAMES = ("decision_ece", "adaptive_ece", "debiased_ece", "brier", "risk_coverage")


def row(case: int, confidence: float | None, right: bool, **more: Any) -> Observation:
    blank = {
        "id": "o", "time": "t", "system": "s", "release": "r", "stage": "eval", "suite": "s",
        "case": str(case), "label": "a", "decision": "a" if right else "b",
        "confidence": confidence,
    }  # fmt: skip
    return Observation(**{**blank, **more})


def sample(seed: int, n: int = 200, **more: Any) -> list[Observation]:
    source = random.Random(seed)
    rows = []
    for case in range(n):
        sure = source.uniform(0.4, 1.0)
        rows.append(row(case, sure, source.random() < sure - 0.1, **more))
    return rows


def test_each_is_what_the_arithmetic_says() -> None:
    rows = sample(1)
    sure, right = [r.confidence or 0.0 for r in rows], [r.decision == r.label for r in rows]
    bars = equal_mass(sure, right)
    for name, value in (
        ("adaptive_ece", gap_of(bars)),
        ("debiased_ece", debiased_gap(bars)),
        ("risk_coverage", area_under_risk(risk_coverage(sure, right))),
    ):
        found = measure(name, rows)
        assert found.value == pytest.approx(value)
        assert found.n == 200
        assert found.low is not None
        assert found.high is not None
        assert found.low <= value <= found.high
    assert measure("aurc", rows) == measure("risk_coverage", rows)


@pytest.mark.parametrize("name", NAMES)
def test_repeats_of_a_case_weigh_as_one(name: str) -> None:
    once = sample(2, 60)
    thrice = [
        row(int(r.case), r.confidence, r.decision == "a", repeat=again)
        for r in once
        for again in range(3)
    ]
    first, second = measure(name, once), measure(name, thrice)
    assert second.value == pytest.approx(first.value)
    assert (second.n, second.rows) == (60, 180)
    assert second.low == pytest.approx(first.low)
    assert second.high == pytest.approx(first.high)


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_slices(name: str) -> None:
    rows = [*sample(3, facets={"tenant": "x"}), *sample(4, facets={"tenant": "y"})]
    whole = next(item for item in measure_all(rows) if item.name == name)
    assert set(whole.slices) == {"tenant=x", "tenant=y"}
    assert whole.slices["tenant=x"].n == 200


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [1.2, -0.1, float("nan"), float("inf")])
def test_an_impossible_confidence_is_no_value_and_never_a_pass(name: str, bad: float) -> None:
    found = measure(name, [*sample(5), row(900, bad, True)])
    assert found.value is None
    assert "1 confidence is not between 0 and 1" in found.reason
    judged = assess(SafetySLO(name="x", metric=name, target="<= 0.9"), found)
    assert judged.verdict is Verdict.INCONCLUSIVE


def test_one_class_has_no_interval_of_its_order() -> None:
    for right in (True, False):
        found = measure("risk_coverage", [row(case, 0.9, right) for case in range(100)])
        assert found.value == (0.0 if right else 1.0)
        assert found.low is None
        assert "5 right" in found.reason or "5 of them right" in found.reason
        proven = SafetySLO(name="risk_coverage", target="<= 0.1", evidence="proven")
        assert assess(proven, found).verdict is not Verdict.PASS


def test_few_cases_are_inconclusive() -> None:
    slo = SafetySLO(name="adaptive_ece", target="<= 0.9")
    assert assess(slo, measure("adaptive_ece", sample(6, 20))).verdict is Verdict.INCONCLUSIVE
    assert assess(slo, measure("adaptive_ece", sample(6, 40))).verdict is Verdict.PASS


def test_the_area_lies_in_its_interval() -> None:
    """Confidence uniform in [0, 1], right with that probability: the area is 1/4."""
    inside, rounds, n = 0, 400, 150
    for seed in range(rounds):
        source = random.Random(seed)
        sure = [source.random() for _ in range(n)]
        found = area_interval(sure, [source.random() < each for each in sure])
        assert found is not None
        inside += found.low <= 0.25 <= found.high
    assert inside / rounds >= 0.95 - 0.04


def test_influences_are_what_leaving_a_case_out_changes() -> None:
    """The interval of many cases is the normal one of the jackknife over whole cases."""
    source = random.Random(7)
    sure = [round(source.random(), 1) for _ in range(400)]
    right = [source.random() < each for each in sure]
    whole = area_under_risk(risk_coverage(sure, right))
    left = [
        area_under_risk(risk_coverage(sure[:i] + sure[i + 1 :], right[:i] + right[i + 1 :]))
        for i in range(400)
    ]
    error = (sum((each - whole) ** 2 for each in left) * 399 / 400) ** 0.5
    found = area_interval(sure, right)
    assert found is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.03)


def repeated(passes: list[list[bool]]) -> list[Observation]:
    return [
        row(case, None, right, repeat=again)
        for case, each in enumerate(passes)
        for again, right in enumerate(each)
    ]


def test_pass_at_k_and_pass_hat_k_are_means_over_cases() -> None:
    rows = repeated([[True] * 5, [True, False, False, False, True], [False] * 5])
    found = measure("pass_at_2", rows)
    assert found.value == pytest.approx((1 + pass_at_k(5, 2, 2) + 0) / 3)
    assert (found.n, found.rows) == (3, 15)
    every = measure("pass_hat_2", rows)
    assert every.value == pytest.approx((1 + 1 / 10 + 0) / 3)
    assert measure("pass_at_k", rows).value == pytest.approx(2 / 3)
    assert measure("pass_hat_k", rows).value == pytest.approx(1 / 3)
    assert every.low is not None
    assert every.low <= (every.value or 0.0)


def test_pass_hat_k_covers_the_truth() -> None:
    """Cases of difficulty uniform in [0, 1], four repeats: pass^2 is 1/3."""
    inside, rounds = 0, 200
    for seed in range(rounds):
        source = random.Random(seed)
        passes = []
        for _ in range(40):
            ease = source.random()
            passes.append([source.random() < ease for _ in range(4)])
        found = measure("pass_hat_2", repeated(passes))
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 1 / 3 <= found.high
    assert inside / rounds >= 0.95 - 0.05


def judged(found: Measurement) -> Verdict:
    return assess(SafetySLO(name=found.name, target=">= 0.01"), found).verdict


@pytest.mark.parametrize(
    ("name", "passes", "reason"),
    [
        ("pass_at_k", [[True]] * 80, "asked once"),
        ("pass_at_5", [[True] * 3] * 80, "80 of 80 cases were asked fewer than 5 times"),
        ("pass_hat_k", [[True] * 3, [True] * 5] * 40, "name k, as in pass_hat_3"),
        ("pass_hat_3", [[True] * 3, [True] * 2] * 40, "40 of 80 cases were asked fewer than 3"),
    ],
)
def test_too_few_repeats_are_said_and_never_a_pass(
    name: str, passes: list[list[bool]], reason: str
) -> None:
    found = measure(name, repeated(passes))
    assert found.value is None
    assert reason in found.reason
    assert judged(found) is Verdict.INCONCLUSIVE


def test_a_repeat_that_failed_was_not_right_and_a_case_without_an_expectation_is_left_out() -> None:
    rows = repeated([[True, True]] * 4)
    failed = [*rows, row(9, None, True, repeat=0), row(9, None, True, repeat=1, status="error")]
    assert measure("pass_hat_2", failed).value == pytest.approx(4 / 5)
    nothing = [row(8, None, True, repeat=again, label="") for again in range(2)]
    assert measure("pass_hat_2", [*rows, *nothing]).n == 4
    assert "says what is right" in measure("pass_hat_2", nothing).reason
