"""Cases that ask the same are one case: copying proves nothing, whatever the copies carry."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.domain import NeverRecord, Observation, SafetySLO, Verdict
from roadworthy.monitoring import copies_in, measure, measure_all
from roadworthy.policy import assess

VIOLATION = NeverRecord(event="e", kind="violation", found_by="label")


def row(case: int, copy: int, **values: Any) -> Observation:
    name = f"c{case}" if not copy else f"c{case}-copy{copy}"
    defaults = {
        "id": f"o{case}-{copy}", "time": "t", "system": "desk", "release": "r", "stage": "eval",
        "suite": "main", "case": name, "label": "a", "decision": "a", "confidence": 0.75,
        "attributes": {"copy_of": ["main", f"c{case}"]} if copy else {},
    }  # fmt: skip
    return Observation(**{**defaults, **values})


def run(right: int, wrong: int, copies: int) -> list[Observation]:
    return [
        row(case, copy, decision="a" if case < right else "b")
        for case in range(right + wrong)
        for copy in range(copies)
    ]


@pytest.mark.parametrize(
    "name",
    ["accuracy", "precision", "recall", "f1", "f1_micro", "precision_micro", "decision_ece",
     "brier", "coverage", "error_rate", "never_event_violations", "availability"],
)  # fmt: skip
def test_copying_the_cases_proves_nothing_more(name: str) -> None:
    once, often = measure(name, run(12, 8, 1)), measure(name, run(12, 8, 30))
    assert (often.n, often.rows) == (20, 600)
    assert often.value == pytest.approx(once.value)
    assert (often.low, often.high) == pytest.approx((once.low, once.high))


def test_sixty_copies_are_no_sixty_cases() -> None:
    rows = run(1, 0, 60)
    slo = SafetySLO(name="never_event_violations", target="== 0")
    assert assess(slo, measure("never_event_violations", rows)).verdict is Verdict.INCONCLUSIVE


def test_one_copy_that_violates_is_a_violation() -> None:
    rows = run(60, 0, 3)
    rows[7] = row(2, 1, never=(VIOLATION,))
    found = measure("never_event_violations", rows)
    assert (found.count, found.n) == (1, 60)
    slo = SafetySLO(name="never_event_violations", target="== 0")
    assert assess(slo, found).verdict is Verdict.FAIL


def test_a_copy_in_another_suite_and_another_slice_is_one_still() -> None:
    rows = [row(0, 0), row(0, 1, suite="tail", facets={"tenant": "x"}), row(1, 0)]
    assert measure("accuracy", rows).n == 2
    slices = next(one for one in measure_all(rows) if one.name == "accuracy").slices
    assert slices["tenant=x"].n == 1
    assert copies_in(rows) == (2, 1)


def test_a_copy_counts_without_its_original() -> None:
    assert measure("accuracy", [row(0, 1), row(0, 2)]).n == 1


def test_a_reducer_takes_no_copy_for_a_repeat() -> None:
    """`max` over the repeats of each case, not over the copies of one."""
    rows = [
        row(0, copy, repeat=repeat, scores={"label": float(copy == 0 and repeat == 1)},
            decision="a" if copy == 0 and repeat == 1 else "b",
            attributes={"reduce": {"label": "max"},
                        **({"copy_of": ["main", "c0"]} if copy else {})})
        for copy in range(4) for repeat in range(2)
    ]  # fmt: skip
    found = measure("accuracy", rows)
    assert (found.n, found.value) == (1, 0.25)


def member(group: str, case: str, decision: str = "a", **values: Any) -> Observation:
    return Observation(
        id=case, time="t", system="desk", release="r", stage="eval", suite="s",
        case=f"{group}-{case}", decision=decision,
        tags=("consistency", f"group:{group}"), **values,
    )  # fmt: skip


def test_a_group_of_copies_is_no_evidence_of_uniformity() -> None:
    rows = [member("g", name, input_digest="sha256:one") for name in ("one", "two")]
    assert measure("consistency", rows).value is None
    differs = [*rows, member("g", "three", "b", input_digest="sha256:one")]
    assert measure("consistency", differs).value == 0.0, "a difference is one all the same"


def test_copied_groups_are_one_group() -> None:
    rows = [
        member(f"g{n}", name, attributes={"copy_of": ["s", name]})
        for n in range(40)
        for name in ("one", "two")
    ]
    assert measure("consistency", rows).n == 1
