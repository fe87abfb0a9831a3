"""What has no bound proves nothing, whatever its estimate."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.domain import Observation, SafetySLO, Verdict
from roadworthy.monitoring import measure
from roadworthy.policy import assess


def rows(n: int, **values: Any) -> list[Observation]:
    defaults = {
        "time": "t", "system": "s", "release": "r", "stage": "eval", "suite": "s", "label": "a",
        "decision": "a",
    }  # fmt: skip
    return [Observation(**{"id": f"o{i}", "case": f"c{i}", **defaults, **values}) for i in range(n)]


@pytest.mark.parametrize("name", ["f1", "f1_micro", "precision", "recall", "accuracy"])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_handful_of_right_cases_does_not_prove_nine_in_ten(name: str, n: int) -> None:
    found = assess(SafetySLO(name=name, target=">= 0.9"), measure(name, rows(n)))
    assert found.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("n", [1, 2, 20])
def test_the_calibration_of_few_cases_is_undecided(n: int) -> None:
    measured = measure("decision_ece", rows(n, confidence=0.99), aggregation="p95")
    slo = SafetySLO(name="decision_ece_p95_24h", target="<= 0.05", window="24h")
    assert assess(slo, measured).verdict is Verdict.INCONCLUSIVE
    assert measured.value == measured.high
    proven = SafetySLO(name="decision_ece", target="<= 0.05", evidence="proven")
    assert assess(proven, measure("decision_ece", rows(n, confidence=0.99))).verdict is (
        Verdict.INCONCLUSIVE
    )


def test_a_percentile_of_a_calibration_error_passes_on_its_upper_bound() -> None:
    measured = measure("decision_ece", rows(2000, confidence=0.99), aggregation="p95")
    slo = SafetySLO(name="decision_ece_p95_24h", target="<= 0.05", window="24h")
    assert assess(slo, measured).verdict is Verdict.PASS
    wrong = measure("decision_ece", rows(500, confidence=0.99, decision="b"), aggregation="p95")
    assert assess(slo, wrong).verdict is Verdict.FAIL


@pytest.mark.parametrize("evidence", [None, "point", "proven"])
def test_a_percentile_without_an_interval_is_never_its_point_estimate(evidence: Any) -> None:
    measured = measure("latency", rows(20, latency_ms=5.0), aggregation="p95")
    assert measured.low is None
    slo = SafetySLO(name="latency_p95", target="<= 800", evidence=evidence)
    found = assess(slo, measured)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no interval" in found.reason


def test_equal_costs_bound_no_mean() -> None:
    measured = measure("cost_per_request", rows(100, cost="0.0001"))
    found = assess(SafetySLO(name="cost_per_request", target="<= 0.01"), measured)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "all 100 values are equal" in found.reason
    point = SafetySLO(name="cost_per_request", target="<= 0.01", evidence="point")
    assert assess(point, measured).verdict is Verdict.PASS


def test_reasons_say_how_many_answers_are_behind_the_cases() -> None:
    again = [row for repeat in range(4) for row in rows(60, repeat=repeat)]
    found = assess(
        SafetySLO(name="never_event_violations", target="== 0"),
        measure("never_event_violations", again),
    )
    assert found.verdict is Verdict.PASS
    assert found.reason.startswith("0 violations in 60 cases (240 answers): true rate below 4.9 %")
