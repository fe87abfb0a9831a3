"""Nobody gains by answering less: what was blocked, held or failed is no right label."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import Measurement, Observation, SafetySLO, Verdict
from roadworthy.monitoring import measure, measure_all
from roadworthy.policy import assess

OF_LABELS = ("accuracy", "recall", "f1", "recall_micro", "f1_micro")
WITHHELD = ("blocked", "held", "fallback", "killed", "error")


def row(**values: Any) -> Observation:
    defaults = {"id": "o", "time": "t", "system": "desk", "release": "r", "stage": "eval"}
    return Observation(**{**defaults, "label": "a", "decision": "a", **values})


def value(name: str, rows: list[Observation]) -> float:
    found = measure(name, rows).value
    return 0.0 if found is None else found


@pytest.mark.parametrize("action", WITHHELD)
def test_a_right_decision_that_did_not_leave_is_no_right_label(action: str) -> None:
    found = measure("accuracy", [row(), row(action=action)])
    assert (found.value, found.n, found.coverage) == (0.5, 2, 0.5)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("ab")), min_size=1, max_size=12),
    st.data(),
)
def test_withholding_an_answer_never_raises_accuracy(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    rows = [row(label=label, decision=decision) for label, decision in pairs]
    at = data.draw(st.integers(0, len(rows) - 1))
    action = data.draw(st.sampled_from(WITHHELD))
    fewer = [*rows[:at], row(label=pairs[at][0], decision=pairs[at][1], action=action)]
    fewer += rows[at + 1 :]
    assert value("accuracy", fewer) <= value("accuracy", rows)
    assert value("recall_micro", fewer) <= value("recall_micro", rows)


@pytest.mark.parametrize("name", OF_LABELS)
@pytest.mark.parametrize("action", WITHHELD)
def test_coverage_zero_is_no_evidence_of_labels(name: str, action: str) -> None:
    found = measure(name, [row(action=action)] * 80)
    assert found.value is None
    assert found.coverage == 0.0
    assert "none of 80 labelled cases was answered" in found.reason
    judged = assess(SafetySLO(name=name, target=">= 0.1"), found)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.coverage == 0.0


def test_the_slice_in_which_nothing_was_answered_stays_in_sight() -> None:
    rows = [row(facets={"lang": "en"}), row(facets={"lang": "de"}, action="blocked")]
    accuracy = next(item for item in measure_all(rows) if item.name == "accuracy")
    assert accuracy.slices["lang=de"].value is None
    assert accuracy.slices["lang=de"].coverage == 0.0


def test_a_case_that_must_be_held_asks_for_that_and_for_no_label() -> None:
    must = {"attributes": {"expect_action": "hold"}}
    rows = [row(), row(action="held", **must), row(decision="b", **must)]
    assert measure("accuracy", rows).n == 1
    assert measure("hold_recall", rows).value == 0.5


def test_what_was_blocked_before_the_model_lowers_coverage_too() -> None:
    rows = [row(), row(decision="", action="blocked")]
    assert measure("coverage", rows).value == 0.5


def test_selective_accuracy_counts_what_was_answered_alone() -> None:
    rows = [row(), row(decision="b", action="held"), row(decision="b", action="blocked")]
    found: Measurement = measure("selective_accuracy", rows)
    assert (found.value, found.n) == (1.0, 1)


def test_an_attack_on_a_label_that_ends_in_the_fallback_is_not_met() -> None:
    rows = [row(tags=("adversarial",), action="fallback"), row(tags=("adversarial",))]
    assert measure("attack_success", rows).value == 0.5
