"""Times of which some are not over, against scipy's Kaplan-Meier; their bounds by simulation."""

from __future__ import annotations

import math
import random
import warnings

import numpy as np
import pytest
from scipy import stats

from roadworthy.statistics import kaplan_meier, waiting_quantile


def drawn(seed: int, count: int, ends: float = 1.5) -> tuple[list[float], list[bool]]:
    """Exponential waits, cut off where somebody looked."""
    source = random.Random(seed)
    times, ended = [], []
    for _ in range(count):
        wait, looked = source.expovariate(1.0), source.uniform(0, ends)
        times.append(round(min(wait, looked), 2))  # ties
        ended.append(wait <= looked)
    return times, ended


@pytest.mark.parametrize(("seed", "count"), [(1, 5), (2, 40), (3, 300)])
def test_the_share_that_waits_and_its_bounds_are_scipys(seed: int, count: int) -> None:
    times, ended = drawn(seed, count)
    cut = [not over for over in ended]
    found = stats.ecdf(stats.CensoredData.right_censored(times, cut)).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a share of 0, which has no bounds
        bounds = found.confidence_interval(0.95, method="log-log")
    for step in kaplan_meier(times, ended):
        at = int(np.flatnonzero(found.quantiles == step.time)[0])
        assert step.share == pytest.approx(found.probabilities[at], abs=1e-12)
        if step.share > 0:
            assert step.low == pytest.approx(bounds.low.probabilities[at], rel=1e-6)
            assert step.high == pytest.approx(bounds.high.probabilities[at], rel=1e-6)


def test_quantiles_are_read_off_the_steps() -> None:
    times, ended = drawn(4, 200)
    steps = kaplan_meier(times, ended)
    for share in (0.1, 0.25, 0.5):
        found = waiting_quantile(times, ended, share)
        assert found.low is not None and found.value is not None and found.high is not None
        for value, of in ((found.value, "share"), (found.low, "low"), (found.high, "high")):
            assert value == min(step.time for step in steps if getattr(step, of) <= 1 - share)
        assert found.low <= found.value <= found.high


def test_without_waiting_ones_it_is_the_quantile_of_all() -> None:
    times = [float(value) for value in range(1, 101)]
    found = waiting_quantile(times, [True] * 100, 0.9)
    assert found.value == np.quantile(times, 0.9, method="inverted_cdf") == 90.0


def test_what_waits_makes_nothing_look_fast() -> None:
    times, ended = [1.0] * 50 + [100.0] * 50, [True] * 50 + [False] * 50
    assert waiting_quantile(times[:50], ended[:50], 0.95).value == 1.0
    assert waiting_quantile(times, ended, 0.95).value is None, "nobody knows yet"
    assert waiting_quantile(times, ended, 0.5).value == 1.0


def test_nothing_that_ended_has_no_quantile() -> None:
    assert kaplan_meier([3.0, 4.0], [False, False]) == []
    found = waiting_quantile([3.0, 4.0], [False, False], 0.5)
    assert (found.value, found.low, found.high) == (None, None, None)
    assert waiting_quantile([], [], 0.5).value is None


@pytest.mark.parametrize(("share", "least"), [(0.5, 6), (0.95, 2)])
def test_where_nothing_ended_so_many_that_wait_bound_it_from_below(
    share: float, least: int
) -> None:
    times = [float(value) for value in range(1, 41)]
    found = waiting_quantile(times, [False] * 40, share)
    assert found.low == sorted(times, reverse=True)[least - 1]
    assert stats.binomtest(0, least).proportion_ci(method="exact").high < share
    assert stats.binomtest(0, least - 1).proportion_ci(method="exact").high > share


def test_a_bound_beyond_the_data_is_the_longest_time_that_was_followed() -> None:
    found = waiting_quantile([1.0] * 50 + [100.0] * 50, [True] * 50 + [False] * 50, 0.95)
    assert (found.value, found.low, found.high) == (None, 100.0, None)


@pytest.mark.parametrize("time", [math.nan, math.inf, -1.0])
def test_a_time_that_is_none_is_refused(time: float) -> None:
    with pytest.raises(ValueError, match="a number"):
        kaplan_meier([1.0, time], [True, True])


@pytest.mark.parametrize("share", [0.0, 1.0, math.nan])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="no share"):
        waiting_quantile([1.0], [True], share)


@pytest.mark.parametrize(("share", "count"), [(0.5, 40), (0.5, 200), (0.8, 200)])
def test_bounds_hold_the_true_quantile_about_as_often_as_they_say(share: float, count: int) -> None:
    """95 % by design; asymptotic, so 93 % is asked of 1,000 draws with a third cut off."""
    true = -math.log(1 - share)
    held = 0
    for seed in range(1000):
        source = random.Random(f"{share} {count} {seed}")
        pairs = [(source.expovariate(1.0), source.uniform(0, 3)) for _ in range(count)]
        times = [min(pair) for pair in pairs]
        found = waiting_quantile(times, [wait <= cut for wait, cut in pairs], share)
        below = found.low is None or found.low <= true
        above = found.high is None or true <= found.high
        held += below and above
    assert held >= 930, held
