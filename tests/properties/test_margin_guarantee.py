"""The guarantee of a comparison with the baseline, by simulation with fixed seeds.

At the boundary (the truth is exactly `factor x baseline`) a proven PASS is a false one: at most
2.5 %, whatever part of the cases the two candidates answer alike.
"""

from __future__ import annotations

import random

import pytest

from roadworthy.domain import Measurement, SafetySLO, Verdict
from roadworthy.policy import Side, assess_relative
from roadworthy.statistics import Estimate, least_correlation, margin, mean_interval, wilson

ROUNDS = 800
SLACK = 0.015
"""Three standard errors of the simulation, rounded down."""


def pairs(n: int, old: float, new: float, alike: float, source: random.Random):  # type: ignore[no-untyped-def]
    """Answers of two candidates: the same luck decides a case in `alike` of all cases."""
    for _ in range(n):
        first = source.random()
        second = first if source.random() < alike else source.random()
        yield float(first < old), float(second < new)


def side(values: list[float]) -> Side:
    n, count = len(values), int(sum(values))
    bounds = wilson(count, n)
    measured = Measurement(
        name="accuracy", value=count / n, low=bounds.low, high=bounds.high, n=n, count=count
    )
    return Side(measured=measured, cases={str(at): value for at, value in enumerate(values)})


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize(
    ("n", "old", "factor"), [(60, 0.5, 1.0), (60, 0.9, 0.95), (120, 0.9, 1.0), (400, 0.97, 0.98)]
)
def test_a_candidate_at_the_boundary_is_rarely_passed(
    n: int, old: float, factor: float, alike: float
) -> None:
    slo = SafetySLO(name="accuracy", target=f">= {factor} x baseline")
    source = random.Random(7)
    passed = 0
    for _ in range(ROUNDS):
        before, now = zip(*pairs(n, old, old * factor, alike, source), strict=True)
        found = assess_relative(slo, side(list(now)), side(list(before)))
        passed += found.verdict is Verdict.PASS
    # With factor 1 and every answer alike the two never differ: then nothing is proven.
    assert passed / ROUNDS <= 0.025 + SLACK


@pytest.mark.parametrize(("old", "factor"), [(0.5, 1.0), (0.9, 1.0), (0.9, 0.95), (0.1, 2.0)])
@pytest.mark.parametrize("alike", [0.0, 0.9])
def test_the_margins_interval_covers_the_truth(old: float, factor: float, alike: float) -> None:
    source, inside = random.Random(3), 0
    for _ in range(ROUNDS):
        before, now = zip(*pairs(120, old, old * factor, alike, source), strict=True)
        found = margin(
            estimate(now), estimate(before), factor=factor,
            correlation=least_correlation(before, now),
        )  # fmt: skip
        inside += found.low <= 1e-12 and found.high >= -1e-12
    assert inside / ROUNDS >= 0.95 - 2 * SLACK


@pytest.mark.parametrize("shared", [0.0, 0.95])
def test_it_holds_for_means_too(shared: float) -> None:
    """Skewed like durations; the new is the old one's equal on average."""
    source, inside = random.Random(5), 0
    for _ in range(ROUNDS):
        before, now = [], []
        for _ in range(80):
            common = source.expovariate(1)
            before.append(shared * common + (1 - shared) * source.expovariate(1))
            now.append(shared * common + (1 - shared) * source.expovariate(1))
        found = margin(
            mean(now), mean(before), factor=1.0, correlation=least_correlation(before, now)
        )
        inside += found.low <= 0.0 <= found.high
    assert inside / ROUNDS >= 0.95 - 2 * SLACK


def test_pairing_tells_a_small_gain_that_two_sums_cannot() -> None:
    """12 of 400 cases won, none lost: the paired margin sees it, independent intervals do not."""
    before = [1.0] * 300 + [0.0] * 100
    now = [1.0] * 312 + [0.0] * 88
    slo = SafetySLO(name="accuracy", target="> 1 x baseline")
    assert assess_relative(slo, side(now), side(before)).verdict is Verdict.PASS
    strangers = Side(measured=side(before).measured, cases={})
    assert assess_relative(slo, side(now), strangers).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_agreement_in_a_few_cases_never_makes_the_interval_vanish(n: int) -> None:
    answers = [1.0, 0.0] * n
    slo = SafetySLO(name="accuracy", target=">= 1 x baseline")
    found = assess_relative(slo, side(answers), side(answers))
    assert found.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("now", "before", "says"),
    [
        (Measurement(name="accuracy", value=None, reason="no label"), 0.5, "no data: no label"),
        (0.5, Measurement(name="accuracy", value=None, reason="no label"), "of the baseline"),
        (0.5, None, "no such slice"),
        (Measurement(name="accuracy", value=0.9, n=80), 0.5, "nothing is proven"),
    ],
)
def test_what_cannot_be_compared_stays_open(now, before, says):  # type: ignore[no-untyped-def]
    slo = SafetySLO(name="accuracy", target=">= 0.5 x baseline")
    found = assess_relative(slo, given(now), None if before is None else given(before))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert says in found.reason


def test_equality_with_the_baseline_is_never_proven() -> None:
    answers = [1.0] * 200
    found = assess_relative(
        SafetySLO(name="accuracy", target="== 1 x baseline"), side(answers), side(answers)
    )
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "write >= or <=" in found.reason


def given(value: Measurement | float) -> Side:
    if isinstance(value, Measurement):
        return Side(measured=value, cases={})
    return side([1.0, 0.0] * 40)


def estimate(values) -> Estimate:  # type: ignore[no-untyped-def]
    bounds = wilson(int(sum(values)), len(values))
    return Estimate(sum(values) / len(values), bounds.low, bounds.high)


def mean(values: list[float]) -> Estimate:
    bounds = mean_interval(values)
    return Estimate(sum(values) / len(values), bounds.low, bounds.high)
