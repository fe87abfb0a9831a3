"""The repeats of a case are one case: they give it a value between 0 and 1, never more weight."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from roadworthy.domain import NeverRecord, Observation, SafetySLO, Verdict
from roadworthy.monitoring import measure, measure_all
from roadworthy.policy import assess

RIGHT, WRONG = "a", "b"
VIOLATION = NeverRecord(event="e", kind="violation", found_by="label")


def row(case: int, repeat: int, **values: Any) -> Observation:
    defaults = {
        "id": f"o{case}-{repeat}", "time": "t", "system": "desk", "release": "r", "stage": "eval",
        "suite": "main", "case": f"c{case}", "repeat": repeat, "label": RIGHT, "decision": RIGHT,
    }  # fmt: skip
    return Observation(**{**defaults, **values})


def run(right: int, wrong: int, repeats: int, **values: Any) -> list[Observation]:
    """Cases that are always right and cases that are always wrong, asked `repeats` times."""
    return [
        row(case, repeat, decision=RIGHT if case < right else WRONG, **values)
        for case in range(right + wrong)
        for repeat in range(repeats)
    ]


@pytest.mark.parametrize(
    "name",
    ["accuracy", "precision", "recall", "f1", "f1_micro", "precision_micro", "decision_ece",
     "brier", "coverage", "error_rate", "never_event_violations", "availability"],
)  # fmt: skip
def test_asking_the_same_cases_again_proves_nothing_more(name: str) -> None:
    once = measure(name, run(12, 8, 1, confidence=0.75))
    often = measure(name, run(12, 8, 50, confidence=0.75))
    assert often.n == once.n == 20
    assert often.rows == 1000
    assert often.value == pytest.approx(once.value)
    assert (often.low, often.high) == pytest.approx((once.low, once.high))


def test_one_case_asked_sixty_times_is_no_sixty_cases() -> None:
    found = measure("never_event_violations", run(1, 0, 60))
    assert (found.n, found.rows, found.count) == (1, 60, 0)
    slo = SafetySLO(name="never_event_violations", target="== 0")
    assert assess(slo, found).verdict is Verdict.INCONCLUSIVE


def test_a_case_violates_when_any_repeat_does() -> None:
    rows = run(60, 0, 4)
    rows[7] = row(1, 3, never=(VIOLATION,))
    rows[6] = row(1, 2, never=(VIOLATION,))
    found = measure("never_event_violations", rows)
    assert (found.value, found.count, found.n) == (1.0, 1, 60)


def test_a_case_that_is_right_now_and_then_counts_in_part() -> None:
    rows = [row(0, 0), row(0, 1, decision=WRONG), row(1, 0), row(1, 1)]
    found = measure("accuracy", rows)
    assert (found.value, found.n, found.count, found.every) == (0.75, 2, 2, 1)


def test_equal_to_one_asks_for_every_repeat() -> None:
    rows = run(60, 0, 2, attributes={"expect_action": "hold"}, action="held")
    slo = SafetySLO(name="hold_recall", target="== 1")
    assert assess(slo, measure("hold_recall", rows)).verdict is Verdict.PASS
    rows[5] = row(2, 1, attributes={"expect_action": "hold"})
    assert assess(slo, measure("hold_recall", rows)).verdict is Verdict.FAIL


def test_the_same_id_in_two_suites_is_two_cases_and_a_live_exchange_is_one() -> None:
    assert measure("accuracy", [row(0, 0), row(0, 0, suite="tail")]).n == 2
    live = [structs.replace(row(0, 0), case="") for _ in range(2)]
    assert measure("accuracy", live).n == 2


def test_latency_has_the_ranks_of_its_cases() -> None:
    few = [row(case, repeat, latency_ms=float(case)) for case in range(10) for repeat in range(50)]
    assert measure("latency", few).low is None
    many = [row(case, 0, latency_ms=float(case)) for case in range(200)]
    twice = [row(case, repeat, latency_ms=float(case)) for case in range(200) for repeat in (0, 1)]
    once, again = measure("latency", many), measure("latency", twice)
    assert (again.low, again.high, again.n) == (once.low, once.high, 200)


def test_slices_count_cases_too() -> None:
    rows = run(3, 1, 5, tags=("golden",))
    accuracy = next(item for item in measure_all(rows) if item.name == "accuracy")
    assert accuracy.slices["tag:golden"].n == 4
