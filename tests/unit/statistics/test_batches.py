"""Bounds of what a clock reads again and again hold although neighbours are alike."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal, stats

from roadworthy.statistics import mean_interval, ratio_interval, slope_interval
from roadworthy.statistics.batches import memory_of


def alike(seed: int, n: int, again: float) -> np.ndarray:
    """AR(1) around 5: each reading is `again` times the one before, and something new."""
    draw = np.random.default_rng(seed)
    start = draw.normal(0, 1 / np.sqrt(1 - again**2))
    found, _ = signal.lfilter([1.0], [1.0, -again], draw.normal(size=n), zi=[again * start])
    return 5.0 + np.asarray(found)


def test_readings_that_resemble_each_other_are_covered_where_students_t_is_not() -> None:
    wrong = naive = given = 0
    for seed in range(400):
        values = alike(seed, 2000, 0.8).tolist()
        try:
            bounds = ratio_interval(values, [1.0] * 2000)
        except ValueError:
            continue
        given += 1
        wrong += not bounds.low <= 5.0 <= bounds.high
        plain = mean_interval(values)
        naive += not plain.low <= 5.0 <= plain.high
    assert given > 380
    assert stats.binomtest(wrong, given, 0.05, alternative="greater").pvalue > 1e-3
    assert naive > 0.3 * given


def test_the_growth_behind_readings_that_resemble_each_other_is_covered() -> None:
    wrong = given = 0
    instants = [float(at) for at in range(2000)]
    for seed in range(400):
        values = (alike(seed, 2000, 0.6) + 0.01 * np.arange(2000)).tolist()
        try:
            found = slope_interval(instants, values)
        except ValueError:
            continue
        given += 1
        wrong += not found.low <= 0.01 <= found.high
    assert given > 380
    assert stats.binomtest(wrong, given, 0.05, alternative="greater").pvalue > 1e-3


def test_a_ratio_weighs_each_reading_by_what_it_stands_for() -> None:
    draw = np.random.default_rng(3)
    seconds = draw.uniform(1, 9, 300)
    busy = seconds * draw.uniform(0.2, 0.6, 300)
    found = ratio_interval(busy.tolist(), seconds.tolist())
    ratio = busy.sum() / seconds.sum()
    off = (busy - ratio * seconds).reshape(10, 30).sum(axis=1)
    half = stats.t.ppf(0.975, 9) * np.sqrt((off**2).sum() * 10 / 9) / seconds.sum()
    assert (found.low, found.high) == pytest.approx((ratio - half, ratio + half))


def test_a_slope_is_least_squares_over_the_means_of_stretches() -> None:
    draw = np.random.default_rng(4)
    instants, values = np.arange(400) * 5.0, draw.normal(100, 1, 400)
    fit = stats.linregress(instants.reshape(20, 20).mean(1), values.reshape(20, 20).mean(1))
    half = stats.t.ppf(0.975, 18) * fit.stderr
    found = slope_interval(instants.tolist(), values.tolist())
    assert (found.value, found.low, found.high) == pytest.approx(
        (fit.slope, fit.slope - half, fit.slope + half)
    )


def test_how_long_readings_remember_is_what_is_known_of_ar_1() -> None:
    found = [memory_of(alike(seed, 1000, 0.8).tolist()) for seed in range(40)]
    assert np.mean(found) == pytest.approx(1.8 / 0.2, rel=0.15)  # (1 + 0.8) / (1 - 0.8)
    assert memory_of(alike(1, 20_000, 0.8).tolist()) > 9  # over blocks it is never less
    assert memory_of([3.0] * 40) == 1.0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0, 2.0] * 10, "need 50 readings, there are 20"),
        ([7.0] * 60, "all 60 readings are alike"),
        ([float(at) for at in range(200)], "resemble each other"),
    ],
)
def test_too_few_equal_or_ever_growing_readings_bound_no_mean(
    values: list[float], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        ratio_interval(values, [1.0] * len(values))


def test_nothing_to_divide_by_and_one_instant_bound_nothing() -> None:
    with pytest.raises(ValueError, match="nothing to divide by"):
        ratio_interval([1.0] * 60, [0.0] * 60)
    with pytest.raises(ValueError, match="one instant"):
        slope_interval([1.0] * 120, [float(at) for at in range(120)])
    with pytest.raises(ValueError, match="need 100"):
        slope_interval([1.0, 2.0], [1.0, 2.0])


def test_what_stays_the_same_grows_by_nothing() -> None:
    found = slope_interval([float(at) for at in range(120)], [42.0] * 120)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
