"""The guarantees, by simulation with fixed seeds: coverage of intervals, error of the tests."""

from __future__ import annotations

import random
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import Measurement, SafetySLO, Verdict
from roadworthy.policy import assess
from roadworthy.statistics import (
    clopper_pearson,
    holm,
    mcnemar_exact,
    paired_difference,
    wilson,
)

ROUNDS = 4000


def draws(rate: float, n: int, seed: int) -> list[int]:
    """Counts of events in `n` trials, ROUNDS times."""
    source = random.Random(seed)
    return [sum(source.random() < rate for _ in range(n)) for _ in range(ROUNDS)]


@pytest.mark.parametrize(("rate", "n"), [(0.02, 60), (0.1, 60), (0.5, 120), (0.95, 120)])
def test_clopper_pearson_covers_at_least_what_it_says(rate: float, n: int) -> None:
    inside = sum(
        bounds.low <= rate <= bounds.high
        for bounds in (clopper_pearson(count, n) for count in draws(rate, n, seed=1))
    )
    assert inside / ROUNDS >= 0.95 - 0.007  # three standard errors of the simulation


@pytest.mark.parametrize("n", [60, 120, 400])
def test_wilson_covers_what_it_says_on_average(n: int) -> None:
    """Exact, over 97 rates. Wilson is nominal on average and dips at single rates (Brown, Cai and
    DasGupta 2001, https://doi.org/10.1214/ss/1009213286): Clopper-Pearson is the one that never
    covers less."""
    bounds = [wilson(count, n) for count in range(n + 1)]
    covered = []
    for rate in (percent / 100 for percent in range(2, 99)):
        inside = [k for k, item in enumerate(bounds) if item.low <= rate <= item.high]
        covered.append(sum(comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in inside))
    assert 0.945 <= sum(covered) / len(covered) <= 0.96
    assert min(covered) >= 0.90


@pytest.mark.parametrize("n", [60, 120, 400])
def test_the_gate_rarely_passes_what_is_just_below_its_target(n: int) -> None:
    """At the boundary a `proven` pass is a false one: at most 2.5 %."""
    slo = SafetySLO(name="accuracy", target=">= 0.8", evidence="proven")
    passed = 0
    for count in draws(0.8, n, seed=3):
        bounds = wilson(count, n)
        measured = Measurement(
            name="accuracy", value=count / n, low=bounds.low, high=bounds.high, n=n, count=count
        )
        passed += assess(slo, measured).verdict is Verdict.PASS
    assert passed / ROUNDS <= 0.025 + 0.012


def test_mcnemar_holds_its_level_without_a_difference() -> None:
    source = random.Random(4)
    rejected = 0
    for _ in range(ROUNDS):
        flips = [source.random() < 0.5 for _ in range(40)]
        rejected += mcnemar_exact(sum(flips), 40 - sum(flips)) < 0.05
    assert rejected / ROUNDS <= 0.05


def test_holm_holds_the_family_wise_level() -> None:
    source = random.Random(5)
    wrong = sum(min(holm([source.random() for _ in range(8)])) < 0.05 for _ in range(ROUNDS))
    assert wrong / ROUNDS <= 0.05 + 0.011


def test_the_paired_difference_covers_the_truth() -> None:
    source = random.Random(6)
    inside = 0
    rounds = 1000
    for _ in range(rounds):
        old, new = [], []
        for _ in range(120):
            old.append(source.random() < 0.6)
            new.append(old[-1] if source.random() < 0.7 else source.random() < 0.8)
        truth = 0.3 * (0.8 - 0.6)
        bounds = paired_difference(old, new).interval
        inside += bounds.low <= truth <= bounds.high
    assert inside / rounds >= 0.93


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_estimate_and_stays_in_range(share: tuple[int, int]) -> None:
    count, n = share
    for bounds in (wilson(count, n), clopper_pearson(count, n)):
        assert 0 <= bounds.low <= count / n <= bounds.high <= 1


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(after >= before for before, after in zip(values, adjusted, strict=True))
    order = sorted(range(len(values)), key=lambda index: values[index])
    assert [adjusted[index] for index in order] == sorted(adjusted)
