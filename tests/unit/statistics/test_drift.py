"""The distance between two samples: against scipy, shuffled labels, and where it is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from roadworthy.statistics import (
    Stratum,
    drift,
    excess,
    gamma_quantile,
    regularised_gamma,
    total_variation,
)


def counted(values: object) -> dict[str, float]:
    return {str(at): float(value) for at, value in enumerate(values) if value}  # type: ignore[arg-type, var-annotated]


def alone(reference: object, seen: object, n: float = 0.0) -> Stratum:
    found = counted(seen)
    return Stratum(counted(reference), found, n or math.fsum(found.values()))


@pytest.mark.parametrize("a", [0.5, 1.0, 7.3, 50.0, 500.0])
def test_the_gamma_distribution_is_scipys(a: float) -> None:
    for x in (0.0, 1e-6 * a, 0.1 * a, a, a + 1.0, 3 * a):
        assert regularised_gamma(x, a) == pytest.approx(stats.gamma.cdf(x, a), abs=1e-12)
    for probability in (1e-6, 0.025, 0.5, 0.975, 0.999999):
        wanted = stats.gamma.ppf(probability, a)
        assert gamma_quantile(probability, a) == pytest.approx(wanted, rel=1e-9)


def test_the_total_variation_is_half_the_sum_of_differences() -> None:
    draw = np.random.default_rng(1)
    one, other = draw.integers(0, 50, 12), draw.integers(0, 90, 12)
    wanted = np.abs(one / one.sum() - other / other.sum()).sum() / 2
    assert total_variation(counted(one), counted(other)) == pytest.approx(wanted)
    assert total_variation({"a": 3}, {"b": 9}) == 1.0
    assert total_variation({"a": 3, "b": 1}, {"a": 9, "b": 3}) == 0.0


@pytest.mark.parametrize("moved", [0.0, 0.05, 0.1, 0.2])
def test_of_two_categories_the_test_is_the_z_test(moved: float) -> None:
    """There the chi variable is exact, of the wider of the pooled and the unpooled deviation."""
    m, n, p = 4000, 500, 0.5
    q = p + moved
    both = (m * p + n * q) / (m + n)
    deviation = max(
        math.sqrt(p * (1 - p) / m + q * (1 - q) / n),
        math.sqrt(both * (1 - both) * (1 / m + 1 / n)),
    )
    tail = 2 * stats.norm.sf(moved / deviation)
    found = drift([alone([m * p, m - m * p], [n * q, n - n * q])])
    assert found.p_value == pytest.approx(min(1.0, 2 * tail), rel=1e-6, abs=1e-12)
    lost = stats.halfnorm.ppf(0.975) * deviation
    assert found.interval.low == pytest.approx(max(0.0, moved - lost), abs=1e-9)


def test_the_chance_of_so_much_distance_is_that_of_shuffled_labels() -> None:
    """Twice it, as said; the bound on the covariances is no more than a few points off."""
    draw = np.random.default_rng(3)
    for kinds, m, n in ((4, 300, 200), (12, 4000, 250), (30, 1000, 1000)):
        shares = draw.dirichlet(np.full(kinds, 3.0))
        old, new = draw.multinomial(m, shares), draw.multinomial(n, shares)
        found = drift([alone(old, new)])
        both = old + new
        shuffled = draw.multivariate_hypergeometric(both, n, size=20_000)
        apart = np.abs(shuffled / n - (both - shuffled) / m).sum(axis=1) / 2
        exact = (apart >= found.apart - 1e-12).mean()
        assert found.p_value / 2 == pytest.approx(exact, abs=0.03)


def test_a_large_shift_is_refuted_as_chi_squared_does() -> None:
    old, new = [500, 300, 200], [90, 60, 150]
    assert stats.chi2_contingency([old, new]).pvalue < 1e-6
    found = drift([alone(old, new)])
    assert found.p_value < 1e-6
    assert found.interval.low > 0.2
    assert found.value == pytest.approx(0.3, abs=0.01)


def test_chance_is_taken_off_the_distance() -> None:
    """Two samples of one thing are apart by 0.12 on average, and the estimate by a quarter."""
    draw = np.random.default_rng(5)
    shares = np.full(20, 0.05)
    found = [
        drift([alone(draw.multinomial(5000, shares), draw.multinomial(200, shares))])
        for _ in range(300)
    ]
    apart, value = (np.mean([getattr(each, name) for each in found]) for name in ("apart", "value"))
    assert apart > 0.11
    assert value < apart / 3


def test_more_of_the_same_narrows_it_to_the_truth() -> None:
    found = drift([alone([600_000, 400_000], [300_000, 700_000])])
    assert found.value == pytest.approx(0.3, abs=1e-4)
    assert 0.29 < found.interval.low < 0.3 < found.interval.high < 0.31


def test_dependent_observations_prove_less() -> None:
    one, other = [500, 500], [120, 80]
    sure, unsure = drift([alone(one, other)]), drift([alone(one, other, n=20)])
    assert unsure.apart == sure.apart
    assert unsure.interval.low == 0.0 < sure.interval.low
    assert unsure.interval.high > sure.interval.high


def test_strata_are_weighed() -> None:
    same = Stratum({"a": 5e5, "b": 5e5}, {"a": 5e5, "b": 5e5}, 1e6, weight=3)
    other = Stratum({"a": 9e5, "b": 1e5}, {"a": 1e5, "b": 9e5}, 1e6, weight=1)
    found = drift([same, other])
    assert found.apart == pytest.approx(0.2)
    assert found.value == pytest.approx(0.2, abs=1e-3)
    assert found.interval.low < 0.2 < found.interval.high


def test_kinds_that_are_seen_once_each_refute_nothing() -> None:
    """A thousand different texts on each side are no shift: nothing was seen twice."""
    one = {f"a{at}": 1.0 for at in range(1000)}
    other = {f"b{at}": 1.0 for at in range(1000)}
    found = drift([Stratum(one, other, 1000)])
    assert found.apart == pytest.approx(1.0)
    assert (found.value, found.interval.low, found.p_value) == (0.0, 0.0, 1.0)
    assert found.interval.high == 1.0


def test_one_kind_alone_lies_nowhere_else() -> None:
    found = drift([Stratum({"a": 40.0}, {"a": 10.0}, 10)])
    assert (found.value, found.interval.low, found.p_value) == (0.0, 0.0, 1.0)
    assert 0 < found.interval.high < 1


@pytest.mark.parametrize(
    "strata",
    [
        [],
        [Stratum({}, {"a": 1.0}, 1)],
        [Stratum({"a": 1.0}, {}, 1)],
        [Stratum({"a": 0.0}, {"a": 1.0}, 1)],
        [Stratum({"a": 1.0}, {"a": -1.0, "b": 3.0}, 1)],
        [Stratum({"a": 1.0}, {"a": math.inf}, 1)],
        [Stratum({"a": 1.0}, {"a": 1.0}, 0)],
        [Stratum({"a": 1.0}, {"a": 1.0}, 1, weight=0.0)],
        [Stratum({"a": 1.0}, {"a": 1.0}, 1, weight=-1.0)],
    ],
)
def test_no_data_has_no_distance(strata: list[Stratum]) -> None:
    with pytest.raises(ValueError, match=r"distance|weights"):
        drift(strata)


def test_the_excess_is_what_is_flagged_beyond_the_false_alarms() -> None:
    value, bounds = excess(30, 200, chance=0.05, held=399)
    assert value == pytest.approx((0.15 - 0.05) / 0.95)
    most = stats.beta.ppf(1 - 0.0125, 20, 380)
    low, high = stats.beta.ppf(0.0125, 30, 171), stats.beta.ppf(1 - 0.0125, 31, 170)
    assert bounds.low == pytest.approx(max(0.0, (low - most) / (1 - most)))
    assert bounds.high == pytest.approx(high)
    assert excess(0, 50, chance=0.05, held=10)[0] == 0.0
    for chance, held in ((0.0, 9), (1.0, 9), (0.1, 0)):
        with pytest.raises(ValueError, match="false alarms"):
            excess(1, 2, chance=chance, held=held)
