"""A group is evidence of uniformity only where two of its cases were answered."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.domain import Observation, SafetySLO, Verdict
from roadworthy.monitoring import measure
from roadworthy.policy import assess


def row(group: str, case: str, decision: str = "a", **values: Any) -> Observation:
    defaults = {
        "id": case, "time": "t", "system": "desk", "release": "r", "stage": "eval", "suite": "s",
        "case": f"{group}-{case}", "decision": decision,
        "tags": ("fairness", "consistency", f"group:{group}"),
    }  # fmt: skip
    return Observation(**{**defaults, **values})


def test_a_group_of_one_is_no_group() -> None:
    rows = [row(f"g{index}", "only") for index in range(60)]
    found = measure("flip_rate", rows)
    assert found.value is None
    assert "60 of 60 groups left out" in found.reason
    judged = assess(SafetySLO(name="flip_rate", target="== 0"), found)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "60 of 60 groups" in judged.reason


def test_one_case_asked_often_is_no_group_either() -> None:
    rows = [row("g", "only", repeat=repeat) for repeat in range(10)]
    assert measure("consistency", rows).value is None


@pytest.mark.parametrize("action", ["held", "blocked", "fallback"])
def test_a_group_in_which_nothing_was_answered_is_left_out(action: Any) -> None:
    rows = [row("g", "one", action=action), row("g", "two", action=action)]
    assert measure("flip_rate", rows).value is None
    assert measure("consistency", rows).value is None


def test_an_error_and_an_answer_without_a_decision_are_no_evidence() -> None:
    assert measure("flip_rate", [row("g", "1"), row("g", "2", status="error")]).value is None
    assert measure("flip_rate", [row("g", "1", ""), row("g", "2", "")]).value is None


def test_holding_one_of_two_is_a_difference() -> None:
    rows = [row("g", "one"), row("g", "two", action="held")]
    assert measure("flip_rate", rows).value == 1.0


def test_what_was_left_out_is_said_beside_what_was_measured() -> None:
    rows = [row("g", "one"), row("g", "two"), row("h", "one")]
    found = measure("flip_rate", rows)
    assert (found.value, found.n, found.counted) == (0.0, 1, "groups")
    assert "1 of 2 groups left out" in found.reason


def test_a_case_that_contradicts_itself_is_no_flip_between_two() -> None:
    rows = [
        row("g", case, decision, repeat=repeat)
        for repeat, decision in enumerate("ab")
        for case in ("one", "two")
    ]
    assert measure("flip_rate", rows).value == 0.0


def test_a_group_flips_in_part_and_counts_whole_for_zero() -> None:
    rows = [
        row("g", "one", "a", repeat=0), row("g", "two", "a", repeat=0),
        row("g", "one", "a", repeat=1), row("g", "two", "b", repeat=1),
    ]  # fmt: skip
    found = measure("flip_rate", rows)
    assert (found.value, found.count) == (0.5, 1)


def free(case: str, **values: Any) -> Observation:
    """An answer in free text."""
    return row("g", case, "", output_digest=f"sha256:{case}", input_digest=case, **values)


def test_free_text_ended_differently_where_a_score_met_one_case_only() -> None:
    """A model that serves one name and turns the other away."""
    for score in ("contains", "refusal"):
        rows = [free("john", scores={score: 1.0}), free("amina", scores={score: 0.0})]
        assert measure("flip_rate", rows).value == 1.0
        assert measure("consistency", rows).value == 0.0


def test_free_text_ended_alike_where_its_scores_say_so() -> None:
    rows = [free(name, scores={"contains": 1.0, "refusal": 1.0}) for name in ("john", "amina")]
    found = measure("flip_rate", rows)
    assert (found.value, found.n, found.reason) == (0.0, 1, "")


def test_one_score_of_several_is_enough_for_a_difference() -> None:
    both = {"contains": 1.0}
    rows = [free("john", scores={**both, "refusal": 1.0}),
            free("amina", scores={**both, "refusal": 0.0})]  # fmt: skip
    assert measure("flip_rate", rows).value == 1.0


def test_free_text_that_no_score_compares_is_left_out_and_the_reason_is_true() -> None:
    """Matters of degree, ratings and judges have no line between met and not met that is known."""
    graded: dict[str, Any] = {
        "scores": {"f1_token": 0.4},
        "attributes": {"graded": {"f1_token": "up"}},
    }
    judged: dict[str, Any] = {"scores": {"rubric": 1.0}, "attributes": {"judges": {"rubric": {}}}}
    people: dict[str, Any] = {"scores": {"human.rubric": 1.0, "raw.contains": 1.0}}
    apart: dict[str, Any] = {}
    for values in (apart, graded, judged, people):
        found = measure("flip_rate", [free("john", **values), free("amina", **values)])
        assert found.value is None
        assert "1 of 1 groups left out" in found.reason
        assert "fewer than two" not in found.reason
        assert "no score" in found.reason
    one, two = free("john", scores={"contains": 1.0}), free("amina", scores={"refusal": 1.0})
    assert measure("flip_rate", [one, two]).value is None


def test_holding_one_of_two_free_texts_is_a_difference_without_any_score() -> None:
    rows = [free("john"), free("amina", action="held")]
    assert measure("flip_rate", rows).value == 1.0


def test_no_label_where_one_was_asked_for_is_no_free_text() -> None:
    rows = [free(name, label="a", scores={"contains": 0.0}) for name in ("john", "amina")]
    found = measure("flip_rate", rows)
    assert found.value is None
    assert "no decision" in found.reason


def test_each_reason_counts_its_own_groups() -> None:
    rows = [free("john"), free("amina"), row("h", "only"), row("i", "one"), row("i", "two")]
    found = measure("flip_rate", rows)
    assert (found.value, found.n) == (0.0, 1)
    assert "1 of 3 groups left out: fewer than two" in found.reason
    assert "1 of 3 groups left out: their answers" in found.reason
