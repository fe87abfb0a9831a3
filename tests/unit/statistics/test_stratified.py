"""A whole of which only some was drawn: the estimate written out, and bounds that stay honest."""

from __future__ import annotations

import math

import numpy as np
import pytest

from roadworthy.statistics import DrawnPart, Interval, share_interval, stratified


def part(size: int, right: int, n: int) -> DrawnPart:
    return DrawnPart(size=size, n=n, value=right / n, bounds=share_interval(right, n))


def test_the_estimate_is_the_weighted_mean_of_the_drawn_ones() -> None:
    found = stratified([part(9000, 80, 90), part(1000, 300, 500)], least=0.0, most=1.0)
    values = np.array([1.0] * 80 + [0.0] * 10 + [1.0] * 300 + [0.0] * 200)
    weights = np.array([9000 / 90] * 90 + [1000 / 500] * 500)
    assert found.value == pytest.approx(np.average(values, weights=weights))
    kish = weights.sum() ** 2 / (weights**2).sum()
    assert found.effective == pytest.approx(kish)
    assert found.bounds is not None
    assert found.bounds.low < found.value < found.bounds.high


def test_one_stratum_is_what_it_would_be_by_itself() -> None:
    found = stratified([part(9000, 80, 90)], least=0.0, most=1.0)
    assert found.bounds == share_interval(80, 90)
    assert found.effective == 90


def test_a_stratum_of_ten_is_worth_ten_whatever_the_others_are() -> None:
    """An effective n of 917 would exclude 0.5 %; ten clean ones of a tenth of all cannot."""
    found = stratified([part(9000, 0, 9000), part(1000, 0, 10)], least=0.0, most=1.0)
    assert found.effective == pytest.approx(917, abs=1)
    assert found.bounds is not None
    assert found.bounds.high == pytest.approx(0.1 * share_interval(0, 10).high, rel=0.01)


def test_a_stratum_of_which_none_was_drawn_may_be_anything() -> None:
    unseen = DrawnPart(size=1000, n=0)
    found = stratified([part(1000, 1000, 1000), unseen], least=0.0, most=1.0)
    assert found.value == 1.0
    assert found.bounds is not None
    assert found.bounds.low < 0.5
    assert found.effective < 3
    assert stratified([part(1, 1, 1), unseen], least=None, most=None).bounds is None


def test_bounds_that_are_missing_are_not_made_up() -> None:
    bare = DrawnPart(size=10, n=1, value=3.0)
    sure = DrawnPart(size=10, n=9, value=2.0, bounds=Interval(1.0, 3.0))
    assert stratified([bare, sure], least=0.0, most=None).bounds is None


def test_how_answers_fell_into_the_strata_is_chance_too() -> None:
    """Every answer looked at, the strata far apart: no narrower than one sample of them all."""
    found = stratified([part(50, 0, 50), part(50, 50, 50)], least=0.0, most=1.0)
    assert found.bounds is not None
    plain = 1.96 * math.sqrt(0.25 / 100)
    assert found.bounds.high - found.bounds.low >= 2 * plain


def test_nothing_that_was_looked_at_is_no_estimate() -> None:
    with pytest.raises(ValueError, match="nothing was looked at"):
        stratified([DrawnPart(size=10, n=0)], least=0.0, most=1.0)
