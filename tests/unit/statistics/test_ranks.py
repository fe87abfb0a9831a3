"""Signed ranks, sign flips and the shift: scipy and full enumeration as oracles, error rates."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from roadworthy.statistics import score_difference, shift, sign_flips, signed_ranks


def draws(n: int, seed: int, move: float = 0.3) -> list[float]:
    source = random.Random(seed)
    return [source.gauss(move, 1.0) for _ in range(n)]


@pytest.mark.parametrize("n", [5, 12, 40, 200])
def test_without_ties_the_exact_test_is_scipys(n: int) -> None:
    values = draws(n, n)
    found = signed_ranks(values)
    assert found.exact
    assert found.p_value == pytest.approx(stats.wilcoxon(values, method="exact").pvalue, rel=1e-12)


def test_many_values_with_ties_and_zeros_agree_with_scipys_approximation() -> None:
    source = random.Random(2)
    values = [source.choice([-2, -1, 0, 0, 1, 2, 2]) for _ in range(900)]
    theirs = stats.wilcoxon(values, zero_method="pratt", correction=True, method="asymptotic")
    found = signed_ranks(values)
    assert not found.exact
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert min(found.positive, found.negative) == theirs.statistic


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9))
def test_ties_and_zeros_are_counted_as_they_are(values: list[int]) -> None:
    ranks = stats.rankdata(np.abs(values))
    kept = [rank for rank, value in zip(ranks, values, strict=True) if value]
    up = sum(rank for rank, value in zip(ranks, values, strict=True) if value > 0)
    least = min(up, sum(kept) - up)
    signs = itertools.product([0, 1], repeat=len(kept))
    ways = sum(float(np.dot(kept, each)) <= least + 1e-9 for each in signs) if kept else 1
    wanted = min(1.0, 2 * ways / 2 ** len(kept))
    assert signed_ranks([float(value) for value in values]).p_value == pytest.approx(wanted)


@pytest.mark.parametrize("n", [3, 9, 16])
def test_few_pairs_are_flipped_in_every_way(n: int) -> None:
    values = draws(n, n)
    theirs = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    assert sign_flips(values) == pytest.approx(theirs.pvalue)


@pytest.mark.parametrize(("n", "move"), [(60, 0.2), (1000, 0.06), (1001, 0.06), (5000, 0.03)])
def test_many_pairs_are_flipped_at_random_or_by_saddlepoint(n: int, move: float) -> None:
    values = draws(n, n, move)
    near = stats.ttest_1samp(values, 0.0).pvalue
    assert sign_flips(values) == pytest.approx(near, abs=0.012)


def test_the_saddlepoint_is_what_draws_show_of_a_long_tail() -> None:
    source = random.Random(5)
    values = [source.lognormvariate(0, 1.2) * source.choice([-1, 1]) + 0.15 for _ in range(1200)]
    signs = np.random.default_rng(1).choice([-1.0, 1.0], size=(20_000, 1200))
    shown = np.mean(np.abs(signs @ np.array(values)) >= abs(sum(values)))
    assert sign_flips(values) == pytest.approx(shown, abs=0.012)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 41])
def test_the_shift_is_the_median_of_all_means(n: int) -> None:
    values = draws(n, n)
    means = [(values[i] + values[j]) / 2 for i in range(n) for j in range(i, n)]
    assert shift(values).value == pytest.approx(float(np.median(means)), abs=1e-12)


def test_six_pairs_are_the_fewest_with_an_interval_of_their_shift() -> None:
    assert shift(draws(5, 1)).interval is None
    values = draws(6, 1)
    found = shift(values).interval
    assert found is not None
    assert (found.low, found.high) == pytest.approx((min(values), max(values)))


def test_no_test_cries_more_often_than_it_says_where_nothing_changed() -> None:
    rounds = 1200
    false = {"ranks": 0, "flips": 0}
    for seed in range(rounds):
        source = random.Random(seed)
        values = [source.choice([-1.0, -0.5, 0.0, 0.0, 0.0, 0.5, 1.0]) for _ in range(25)]
        false["ranks"] += signed_ranks(values).p_value <= 0.05
        false["flips"] += sign_flips(values, rounds=400, seed=seed) <= 0.05
    for cries in false.values():
        assert cries / rounds <= 0.05 + 0.019


@pytest.mark.parametrize("n", [8, 30, 250])
def test_the_shift_lies_in_its_interval(n: int) -> None:
    inside, rounds = 0, 300
    for seed in range(rounds):
        found = shift(draws(n, seed, 0.3)).interval
        assert found is not None
        inside += found.low <= 0.3 <= found.high
    assert inside / rounds >= 0.95 - 0.038


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(bad: float) -> None:
    for method in (signed_ranks, sign_flips, shift):
        with pytest.raises(ValueError, match="finite"):
            method([1.0, bad])
    with pytest.raises(ValueError, match="finite"):
        score_difference([1.0, 2.0], [bad, 1.0])


def test_where_nothing_moved_nothing_is_claimed() -> None:
    assert signed_ranks([0.0, 0.0]).p_value == 1.0
    assert signed_ranks([]).p_value == 1.0
    assert sign_flips([0.0]) == 1.0
    found = score_difference([0.4, 0.6], [0.4, 0.6])
    assert (found.difference, found.rank_p_value, found.mean_p_value) == (0.0, 1.0, 1.0)
    assert found.interval is None


@pytest.mark.parametrize("values", [[1e-300, -1e-300, 2e-300] * 500, [1e200] + [1e-9] * 1200])
def test_extreme_scales_have_a_p_value(values: list[float]) -> None:
    assert 0.0 <= sign_flips(values) <= 1.0


def test_scores_of_two_runs() -> None:
    source = random.Random(9)
    old = [source.random() for _ in range(80)]
    new = [min(1.0, value + source.uniform(-0.1, 0.2)) for value in old]
    found = score_difference(old, new)
    assert found.method == "bca"
    assert found.interval is not None
    assert found.interval.low > 0
    assert found.rank_p_value < 0.01
    assert found.mean_p_value < 0.01
    assert found.rose + found.fell <= found.n == 80
    few = score_difference(old[:12], new[:12])
    assert few.method == "student_t"
    grouped = score_difference(old, new, groups=[index // 8 for index in range(80)])
    assert grouped.method == "cluster_robust"
    assert score_difference(old, new, groups=[index // 2 for index in range(80)]).method == "bca"


def test_groups_that_are_all_alike_have_no_interval() -> None:
    found = score_difference([0.0] * 4, [1.0, 0.0, 1.0, 0.0], groups=[1, 1, 2, 2])
    assert found.interval is None


def test_a_comparison_needs_the_same_cases() -> None:
    for old, new in (([1.0], []), ([], [])):
        with pytest.raises(ValueError, match="same cases"):
            score_difference(old, new)
    with pytest.raises(ValueError, match="one group"):
        score_difference([1.0, 2.0], [2.0, 4.0], groups=[1])


def test_with_a_span_few_that_moved_are_bounded_as_shares_of_it() -> None:
    none = score_difference([0.5] * 100, [0.5] * 100, span=1.0).interval
    assert none is not None
    assert none.high == -none.low == pytest.approx(1 - 0.025 ** (1 / 100))
    half = score_difference([0.5] * 100, [0.5] * 100, span=0.5).interval
    assert half is not None
    assert half.high == pytest.approx(none.high / 2)


def test_with_a_span_rare_falls_are_covered() -> None:
    """Four in a hundred fall by most of the scale: a bootstrap of so few covers far less."""
    source = random.Random(8)
    truth, covered = -0.04 * 0.8, 0
    for _ in range(400):
        new = [0.1 if source.random() < 0.04 else 0.9 for _ in range(60)]
        found = score_difference([0.9] * 60, new, span=1.0).interval
        assert found is not None
        covered += found.low <= truth <= found.high
    assert covered >= 0.93 * 400


def test_a_difference_beyond_the_span_is_refused() -> None:
    with pytest.raises(ValueError, match="within the span"):
        score_difference([0.0, 0.0], [2.0, 0.0], span=1.0)
