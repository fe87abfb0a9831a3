"""One objective against one measurement."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.domain import Measurement, SafetySLO, Verdict, worst
from roadworthy.policy import assess
from roadworthy.statistics import zero_count_upper


def rate(value: float | None, low: float | None, high: float | None, n: int = 120) -> Measurement:
    return Measurement(name="accuracy", value=value, low=low, high=high, n=n)


def never(count: int, n: int) -> Measurement:
    return Measurement(name="never_event_violations", value=float(count), n=n, count=count)


def slo(target: str, name: str = "accuracy", **options: Any) -> SafetySLO:
    return SafetySLO(name=name, target=target, **options)


@pytest.mark.parametrize(
    ("target", "low", "value", "high", "verdict"),
    [
        (">= 0.5", 0.55, 0.65, 0.74, Verdict.PASS),
        (">= 0.5", 0.45, 0.55, 0.64, Verdict.INCONCLUSIVE),
        (">= 0.5", 0.30, 0.39, 0.49, Verdict.FAIL),
        ("<= 0.5", 0.30, 0.39, 0.49, Verdict.PASS),
        ("<= 0.5", 0.45, 0.55, 0.64, Verdict.INCONCLUSIVE),
        ("<= 0.5", 0.51, 0.60, 0.70, Verdict.FAIL),
    ],
)
def test_a_rate_is_judged_on_its_bound(
    target: str, low: float, value: float, high: float, verdict: Verdict
) -> None:
    assert assess(slo(target), rate(value, low, high)).verdict is verdict


def test_a_point_objective_is_judged_on_its_estimate() -> None:
    measured = rate(0.55, 0.45, 0.64)
    assert assess(slo(">= 0.5", evidence="point"), measured).verdict is Verdict.PASS
    assert assess(slo(">= 0.6", evidence="point"), measured).verdict is Verdict.FAIL


def test_calibration_is_a_point_by_default() -> None:
    measured = Measurement(name="decision_ece", value=0.04, low=0.02, high=0.09, n=120)
    assert assess(slo("<= 0.05", "decision_ece"), measured).verdict is Verdict.PASS


def test_no_data_is_never_a_pass() -> None:
    for target in (">= 0.0", "<= 1.0", "== 0", "== 1"):
        found = assess(slo(target), rate(None, None, None, n=0))
        assert found.verdict is Verdict.INCONCLUSIVE
        assert "no data" in found.reason


def test_no_interval_proves_nothing() -> None:
    assert assess(slo(">= 0.5"), rate(0.9, None, None)).verdict is Verdict.INCONCLUSIVE


def test_zero_violations_in_sixty_cases_say_what_they_prove() -> None:
    found = assess(slo("== 0", "never_event_violations"), never(0, 60))
    assert found.verdict is Verdict.PASS
    assert found.reason == "0 violations in 60 cases: true rate below 4.9 % at 95 % (one-sided)"


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        (60, "4.9 %"),
        (300, "1.00 %"),
        (3_000, "0.100 %"),
        (100_000, "0.0030 %"),
        (10**9, "0.00000030 %"),
    ],
)
def test_a_rate_of_many_clean_cases_is_not_said_to_be_nothing(cases: int, said: str) -> None:
    found = assess(slo("== 0", "never_event_violations"), never(0, cases))
    assert f"true rate below {said} at 95 %" in found.reason
    shown = float(said.removesuffix(" %")) / 100
    assert 0 < zero_count_upper(cases) <= shown


def test_one_violation_fails_however_many_cases() -> None:
    found = assess(slo("== 0", "never_event_violations"), never(1, 100_000))
    assert found.verdict is Verdict.FAIL


def test_zero_violations_in_too_few_cases_are_inconclusive() -> None:
    assert assess(slo("== 0", "never_event_violations"), never(0, 59)).verdict is (
        Verdict.INCONCLUSIVE
    )
    demanding = slo("== 0", "never_event_violations", max_rate=0.01)
    assert assess(demanding, never(0, 60)).verdict is Verdict.INCONCLUSIVE
    assert assess(demanding, never(0, 300)).verdict is Verdict.PASS


def test_equal_to_one_counts_the_misses() -> None:
    measured = Measurement(name="hold_recall", value=0.99, low=0.9, high=1.0, n=100, count=99)
    assert assess(slo("== 1", "hold_recall"), measured).verdict is Verdict.FAIL


def test_min_samples_hold_for_rates_too() -> None:
    assert assess(slo(">= 0.5", min_samples=200), rate(0.9, 0.8, 0.95)).verdict is (
        Verdict.INCONCLUSIVE
    )


def test_a_relative_target_is_never_judged_on_two_sums_alone() -> None:
    """`assess_relative` judges it, case by case."""
    relative = slo(">= 0.98 x baseline")
    assert assess(relative, rate(0.9, 0.85, 0.95)).verdict is Verdict.INCONCLUSIVE
    found = assess(relative, rate(0.9, 0.85, 0.95), baseline=rate(0.5, 0.4, 0.6))
    assert found.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("name", "phase"),
    [("accuracy", "model"), ("decision_ece", "model"), ("over_refusal", "prompt"),
     ("flip_rate", "data"), ("error_rate", "operations")],
)  # fmt: skip
def test_a_miss_names_the_phase_to_go_back_to(name: str, phase: str) -> None:
    target = ">= 0.9" if name == "accuracy" else "<= 0.01"
    measured = Measurement(name=name, value=0.5, low=0.45, high=0.55, n=400, count=200)
    assert assess(slo(target, name), measured).phase == phase


def test_worst_wins_and_nothing_is_inconclusive() -> None:
    assert worst([]) is Verdict.INCONCLUSIVE
    assert worst([Verdict.PASS, Verdict.INCONCLUSIVE]) is Verdict.INCONCLUSIVE
    assert worst([Verdict.FAIL, Verdict.INCONCLUSIVE]) is Verdict.FAIL
    assert worst([Verdict.FAIL, Verdict.ERROR]) is Verdict.ERROR
    assert [verdict.opens for verdict in Verdict] == [True, False, False, False]
