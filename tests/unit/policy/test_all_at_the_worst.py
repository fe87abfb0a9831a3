"""Answers that are all as bad as can be are proven bad, though equal values bound no mean above."""

from __future__ import annotations

import random
from typing import Any

import pytest

from roadworthy.domain import Observation, SafetySLO, Verdict
from roadworthy.monitoring import measure
from roadworthy.policy import assess
from roadworthy.statistics import clopper_pearson


def rows(errors: list[float], **values: Any) -> list[Observation]:
    plain = {"time": "t", "system": "s", "release": "r", "stage": "eval", "suite": "s", **values}
    return [
        Observation(id=f"o{i}", case=f"c{i}", scores={"absolute_error": error}, **plain)
        for i, error in enumerate(errors)
    ]


@pytest.mark.parametrize(("name", "bound"), [("mae", 963.7), ("rmse", 981.7)])
def test_all_answers_at_the_worst_fail(name: str, bound: float) -> None:
    measured = measure(name, rows([1000.0] * 100))
    assert measured.low == pytest.approx(bound, abs=0.1)
    assert measured.high is None
    found = assess(SafetySLO(name=name, target="<= 5"), measured)
    assert found.verdict is Verdict.FAIL
    assert "at least" in found.reason
    assert "None" not in found.reason
    assert "no mean" not in found.reason


def test_equal_values_that_may_meet_the_target_prove_nothing() -> None:
    for error, target in ((0.0, "<= 5"), (4.0, "<= 5"), (5.05, "<= 5"), (1000.0, ">= 5")):
        measured = measure("mae", rows([error] * 100))
        found = assess(SafetySLO(name="mae", target=target), measured)
        assert found.verdict is Verdict.INCONCLUSIVE, (error, target)
        assert "all 100 values are equal" in found.reason


def test_one_case_and_groups_bound_nothing() -> None:
    assert measure("mae", rows([1000.0])).low is None
    grown = measure("mae", rows([1000.0] * 100, tags=("group:one",)))
    assert grown.low is None


def test_the_bound_of_equal_values_covers_what_it_says() -> None:
    """How often samples that happen to be all equal put it above the mean; whatever is rarer."""
    for share in (0.5, 0.8, 0.95):
        truth, source, wrong, runs = share * 10, random.Random(f"{share}"), 0, 4000
        for _ in range(runs):
            errors = [10.0 if source.random() < share else 0.0 for _ in range(8)]
            low = measure("mae", rows(errors)).low if min(errors) == 10.0 else None
            wrong += low is not None and low > truth
        assert clopper_pearson(wrong, runs, 0.999).low <= 0.025
