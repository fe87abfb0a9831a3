"""A verdict that rests on an estimate alone says so; an average proves no rate."""

from __future__ import annotations

from roadworthy.domain import Assessment, GateDecision, Measurement, SafetySLO, Verdict
from roadworthy.policy import assess, to_markdown, verdict


def of_precision(value: float, n: int = 123, **slo: object) -> Assessment:
    found = Measurement(name="precision", value=value, low=value, high=1.0, n=n)
    return assess(SafetySLO(name="precision", target="== 1", **slo), found)  # type: ignore[arg-type]


def test_an_average_of_exactly_one_is_a_point_and_counts_no_violations() -> None:
    judged = of_precision(1.0)
    assert judged.verdict is Verdict.PASS
    assert judged.reason == (
        "exactly 1, computed from 123 cases, as a point estimate: no rate is proven"
    )
    assert verdict(judged) == "PASS (point, n=123)"


def test_an_average_below_one_says_by_its_value_that_it_is_not() -> None:
    judged = of_precision(0.987)
    assert (judged.verdict, judged.reason) == (Verdict.FAIL, "0.987 is not 1")


def test_an_average_cannot_prove_a_rate_that_was_asked_for() -> None:
    assert of_precision(1.0, max_rate=0.05).verdict is Verdict.INCONCLUSIVE
    assert of_precision(1.0, n=59).verdict is Verdict.INCONCLUSIVE


def test_tables_mark_point_evidence_and_leave_proofs_alone() -> None:
    point = Measurement(name="decision_ece", value=0.1, low=0.05, high=0.2, n=96)
    rate = Measurement(name="accuracy", value=0.9, low=0.82, high=0.95, n=96, count=86)
    slos = (
        assess(SafetySLO(name="decision_ece", target="<= 0.2"), point),
        assess(SafetySLO(name="accuracy", target=">= 0.8"), rate),
    )
    decision = GateDecision(
        decision=Verdict.PASS, system="s", candidate="c", run="r", bar="b", slos=slos
    )
    text = to_markdown(decision)
    assert "| **PASS (point, n=96)** |" in text
    assert "| **PASS** |" in text
