"""Bounds of means of values in a known range: exact in the limits that can be computed by hand."""

from __future__ import annotations

import math
import random

import pytest

from roadworthy.statistics import mean_bounds, mean_floor, mean_interval, share_interval


def test_the_side_of_the_extremes_is_at_least_as_wide_as_what_no_sample_excludes() -> None:
    """A share of 1 - 0.0125^(1/n) of values at 1,000 is missed by n cases once in eighty times."""
    found = mean_bounds([0.2] * 100, least=0.0, most=1000.0)
    missed = 1 - 0.0125 ** (1 / 100)
    assert found.high >= 1000 * missed > 40
    assert 0 < found.low < 0.2


def test_values_that_vary_little_are_bounded_closely_in_a_wide_range() -> None:
    source = random.Random(3)
    values = [min(5.0, abs(source.gauss(0, 0.3))) for _ in range(2000)]
    found, loose = mean_bounds(values, least=0, most=5), mean_interval(values)
    shares = share_interval(sum(values) / 5, len(values))
    assert found.low < loose.low < loose.high < found.high
    assert found.high - found.low < 2 * (loose.high - loose.low)
    assert found.high - found.low < (shares.high - shares.low) * 5 / 3


def test_of_shares_it_is_hardly_wider_than_clopper_pearson() -> None:
    values = [1.0] * 180 + [0.0] * 20
    found, exact = mean_bounds(values, least=0, most=1), share_interval(180, 200)
    assert found.low <= exact.low <= 0.9 <= exact.high <= found.high
    assert found.high - found.low < 1.2 * (exact.high - exact.low)


def test_scale_and_place_change_nothing() -> None:
    source = random.Random(5)
    values = [source.random() for _ in range(80)]
    plain = mean_bounds(values, least=0, most=1)
    moved = mean_bounds([10 + 4 * value for value in values], least=10, most=14)
    assert moved.low == pytest.approx(10 + 4 * plain.low)
    assert moved.high == pytest.approx(10 + 4 * plain.high)


def test_groups_that_agree_are_worth_one_value_each() -> None:
    source = random.Random(7)
    each = [source.random() for _ in range(40)]
    alone = mean_bounds(each, least=0, most=1)
    values = [value for value in each for _ in range(5)]
    names = [place for place in range(40) for _ in range(5)]
    grouped = mean_bounds(values, least=0, most=1, groups=names)
    assert grouped.high - grouped.low >= (alone.high - alone.low) * 0.85
    assert mean_bounds(values, least=0, most=1).high < grouped.high


def test_one_group_says_next_to_nothing_of_others() -> None:
    found = mean_bounds([0.2] * 50, least=0, most=1, groups=["one"] * 50)
    assert (found.low, found.high) == (pytest.approx(0, abs=0.05), pytest.approx(1, abs=0.05))


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [([], 0, 1), ([0.5, 1.5], 0, 1), ([-0.1, 0.5], 0, 1), ([math.nan, 0.5], 0, 1),
     ([math.inf], 0, 1)],
)  # fmt: skip
def test_values_outside_the_range_bound_nothing(
    values: list[float], least: float, most: float
) -> None:
    with pytest.raises(ValueError, match="value"):
        mean_bounds(values, least=least, most=most)


def test_nothing_is_asked_of_the_other_side() -> None:
    source = random.Random(2)
    values = [source.lognormvariate(0, 1) for _ in range(300)]
    assert 0 < mean_floor(values, 0.025) < math.exp(0.5)
    assert mean_floor([0.0, 0.0], 0.025) == 0.0


def test_the_same_values_have_the_same_bounds() -> None:
    values = [0.1, 0.9, 0.4, 0.4, 0.7] * 9
    assert mean_bounds(values, least=0, most=1) == mean_bounds(values, least=0, most=1)
