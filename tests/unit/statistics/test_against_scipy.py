"""The arithmetic against scipy and scikit-learn, its oracles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from roadworthy.statistics import (
    benjamini_hochberg,
    beta_quantile,
    brier,
    clopper_pearson,
    counted_mean_interval,
    expected_calibration_error,
    holm,
    mcnemar_exact,
    mean_interval,
    quantile,
    regularised_beta,
    t_quantile,
    wilson,
    zero_count_upper,
)

SHARES = [(0, 1), (1, 1), (0, 60), (3, 10), (50, 120), (120, 120), (999, 20_000), (1, 100_000)]


@pytest.mark.parametrize(("count", "n"), SHARES)
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_intervals_of_a_share_agree_with_scipy(count: int, n: int, confidence: float) -> None:
    test = stats.binomtest(count, n)
    for method, ours in (("wilson", wilson), ("exact", clopper_pearson)):
        theirs = test.proportion_ci(confidence_level=confidence, method=method)
        bounds = ours(count, n, confidence)
        assert bounds.low == pytest.approx(theirs.low, abs=1e-9)
        assert bounds.high == pytest.approx(theirs.high, abs=1e-9)


@pytest.mark.parametrize(("x", "a", "b"), [(0.1, 0.5, 0.5), (0.7, 3, 9), (0.999, 200, 0.5)])
def test_regularised_beta_agrees_with_scipy(x: float, a: float, b: float) -> None:
    assert regularised_beta(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), rel=1e-10)
    p = float(stats.beta.cdf(x, a, b))
    assert beta_quantile(p, a, b) == pytest.approx(x, abs=1e-9)


@pytest.mark.parametrize("degrees", [1, 2, 7, 119, 20_000])
@pytest.mark.parametrize("probability", [0.025, 0.5, 0.9, 0.975])
def test_t_quantile_agrees_with_scipy(degrees: int, probability: float) -> None:
    assert t_quantile(probability, degrees) == pytest.approx(
        stats.t.ppf(probability, degrees), rel=1e-8, abs=1e-12
    )


def test_mean_interval_agrees_with_scipy() -> None:
    values = [1.0, 2.0, 4.0, 8.0, 16.0]
    theirs = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    bounds = mean_interval(values)
    assert (bounds.low, bounds.high) == pytest.approx(theirs)
    many = [value for value in values for _ in range(int(value))]
    counted = counted_mean_interval([(value, int(value)) for value in values])
    theirs = stats.t.interval(0.95, len(many) - 1, np.mean(many), stats.sem(many))
    assert (counted.low, counted.high) == pytest.approx(theirs)
    with pytest.raises(ValueError, match="two different values"):
        counted_mean_interval([(1.0, 7), (2.0, 0)])


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (3, 10), (40, 41), (200, 10)])
def test_mcnemar_agrees_with_the_binomial_test(gained: int, lost: int) -> None:
    n = gained + lost
    theirs = stats.binomtest(min(gained, lost), n).pvalue if n else 1.0
    assert mcnemar_exact(gained, lost) == pytest.approx(theirs, rel=1e-9)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_quantile_agrees_with_numpy() -> None:
    values = sorted([3.0, 1.0, 4.0, 1.5, 9.0, 2.6])
    for share in (0.0, 0.5, 0.95, 1.0):
        assert quantile(values, share) == pytest.approx(np.quantile(values, share))


def test_calibration_by_hand() -> None:
    assert expected_calibration_error([0.9, 0.9], [True, False]) == pytest.approx(0.4)
    assert expected_calibration_error([1.0], [True]) == 0.0
    assert brier([0.8, 0.2], [True, False]) == pytest.approx(0.04)


def test_sixty_clean_cases_exclude_a_rate_of_five_percent() -> None:
    assert zero_count_upper(60) == pytest.approx(0.0487, abs=1e-4)
    assert zero_count_upper(60) == pytest.approx(stats.binomtest(0, 60).proportion_ci(
        confidence_level=0.9, method="exact").high)  # fmt: skip


@pytest.mark.parametrize(("count", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_no_data_or_nonsense_has_no_interval(count: int, n: int) -> None:
    for method in (wilson, clopper_pearson):
        with pytest.raises(ValueError, match="no share"):
            method(count, n)


def test_no_data_has_no_calibration_and_no_proof() -> None:
    with pytest.raises(ValueError, match="no answers"):
        expected_calibration_error([], [])
    with pytest.raises(ValueError, match="prove nothing"):
        zero_count_upper(0)
    with pytest.raises(ValueError, match="no confidence"):
        expected_calibration_error([1.2], [True])


@pytest.mark.parametrize("n", [0, 1, 2, 17])
def test_benjamini_hochberg_is_scipys(n: int) -> None:
    values = list(np.random.default_rng(n).uniform(size=n) ** 3)
    if n > 2:
        values[3] = values[4]
    theirs = stats.false_discovery_control(values) if n else []
    assert benjamini_hochberg(values) == pytest.approx(list(theirs))


def test_the_false_discovery_rate_is_held_where_some_effects_are_real() -> None:
    source = np.random.default_rng(3)
    rates = []
    for _ in range(800):
        real = [stats.norm.sf(value) for value in source.normal(3.0, 1.0, size=5)]
        nothing = list(source.uniform(size=15))
        found = [p <= 0.1 for p in benjamini_hochberg([*real, *nothing])]
        rates.append(sum(found[5:]) / max(1, sum(found)))
    assert np.mean(rates) <= 0.1 * 15 / 20 + 0.02


@pytest.mark.parametrize("probability", [1e-12, 0.00025, 0.025, 0.5, 0.975, 0.99999])
@pytest.mark.parametrize(
    ("a", "b"),
    [(0.5, 0.5), (1, 1e6), (1e6, 1), (3, 9), (150, 29_851), (7.5e5, 7.5e5), (5.5e6, 1)],
)
def test_a_beta_quantile_agrees_with_scipy_far_out(probability: float, a: float, b: float) -> None:
    theirs = float(stats.beta.ppf(probability, a, b))
    found = beta_quantile(probability, a, b)
    assert found == pytest.approx(theirs, rel=1e-9, abs=1e-300)
    assert stats.beta.cdf(found, a, b) == pytest.approx(probability, rel=1e-4)
