"""Cases in groups (`group:<id>`): an interval that allows for what they share."""

from __future__ import annotations

import random

import pytest

from roadworthy.domain import Observation
from roadworthy.monitoring import measure
from roadworthy.statistics import share_interval


def row(case: int, right: bool, group: int | None, **more: object) -> Observation:
    blank: dict[str, object] = {
        "id": "o", "time": "t", "system": "s", "release": "r", "stage": "eval", "suite": "s",
        "case": str(case), "label": "a", "decision": "a" if right else "b",
        "tags": () if group is None else (f"group:{group}",), "scores": {"mine": float(right)},
    }  # fmt: skip
    return Observation(**{**blank, **more})  # type: ignore[arg-type]


def suite(seed: int, again: float, rate: float = 0.8) -> list[Observation]:
    """Thirty groups of six; a case is like its group's first with probability `again`."""
    source = random.Random(seed)
    rows = []
    for group in range(30):
        first = source.random() < rate
        for _ in range(6):
            right = first if source.random() < again else source.random() < rate
            rows.append(row(len(rows), right, group))
    return rows


@pytest.mark.parametrize("name", ["accuracy", "mine", "coverage"])
def test_groups_widen_an_interval_and_never_narrow_it(name: str) -> None:
    rows = suite(1, 0.9)
    found = measure(name, rows)
    alone = measure(name, [row(i, r.decision == "a", None) for i, r in enumerate(rows)])
    assert found.value == alone.value
    assert found.n == alone.n == 180
    assert found.method == "cluster_robust"
    assert alone.method == "clopper_pearson"
    assert found.low is not None
    assert found.high is not None
    assert alone.low is not None
    assert alone.high is not None
    assert found.low <= alone.low
    assert found.high >= alone.high
    if name != "coverage":
        assert found.high - found.low > 1.3 * (alone.high - alone.low)


@pytest.mark.parametrize("again", [0.0, 0.9])
def test_the_truth_is_covered_however_alike_a_groups_cases_are(again: float) -> None:
    inside = plain = 0
    rounds = 200
    for seed in range(rounds):
        rows = suite(seed, again)
        found = measure("accuracy", rows)
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 0.8 <= found.high
        alone = share_interval(round((found.value or 0) * 180), 180)
        plain += alone.low <= 0.8 <= alone.high
    assert inside / rounds >= 0.95 - 0.046
    if again:
        assert plain / rounds < 0.75


def test_a_single_group_proves_next_to_nothing() -> None:
    found = measure("accuracy", [row(case, True, 7) for case in range(100)])
    assert found.low == pytest.approx(share_interval(1, 1).low)
    assert found.high == 1.0


def test_groups_of_one_case_are_cases() -> None:
    found = measure("accuracy", [row(case, case % 3 > 0, case) for case in range(60)])
    assert found.method == "clopper_pearson"
    assert found.low == share_interval(40, 60).low


def test_cases_without_a_group_stand_for_themselves() -> None:
    rows = [row(case, case % 5 > 0, None) for case in range(200)]
    rows += [row(200 + case, True, 1) for case in range(2)]
    found = measure("accuracy", rows)
    assert found.method == "cluster_robust"
    assert found.low == pytest.approx(share_interval(162, 202).low, abs=0.01)


def test_repeats_of_grouped_cases_are_still_one_case_each() -> None:
    once = suite(3, 0.5)
    twice = [row(int(r.case), r.decision == "a", int(r.tags[0][6:]), repeat=again)
             for r in once for again in range(2)]  # fmt: skip
    first, second = measure("accuracy", once), measure("accuracy", twice)
    assert (second.n, second.rows) == (180, 360)
    assert (second.low, second.high) == pytest.approx((first.low, first.high))
