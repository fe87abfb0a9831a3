"""The threshold of a false-alarm rate that is set: exact, and true on simulated inputs."""

from __future__ import annotations

import math
import random

import pytest
from scipy import stats

from roadworthy.statistics.conformal import alarm_range, conformal_threshold, fewest_scores


@pytest.mark.parametrize(("rate", "fewest"), [(0.05, 19), (0.01, 99), (0.1, 9), (0.5, 1), (0.9, 1)])
def test_how_many_scores_a_rate_needs(rate: float, fewest: int) -> None:
    assert fewest_scores(rate) == fewest
    conformal_threshold([float(score) for score in range(fewest)], rate)
    if fewest > 1:
        with pytest.raises(ValueError, match=f"{fewest} are needed"):
            conformal_threshold([1.0] * (fewest - 1), rate)


def test_it_is_the_smallest_that_keeps_the_rate() -> None:
    assert conformal_threshold([float(score) for score in range(1, 20)], 0.05) == 19.0
    assert conformal_threshold([float(score) for score in range(1, 100)], 0.05) == 95.0
    assert conformal_threshold([3.0, 1.0, 2.0], 0.5) == 2.0


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_none_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        conformal_threshold([1.0] * 50 + [score], 0.05)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, math.nan])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        conformal_threshold([1.0] * 50, rate)


@pytest.mark.parametrize(("n", "rate"), [(19, 0.05), (60, 0.05), (200, 0.1)])
def test_false_alarms_average_the_rate_set(n: int, rate: float) -> None:
    """Over 4,000 thresholds, each on n scores; the share beyond each is known exactly."""
    source = random.Random(20_261_122)
    shares = [
        1.0 - conformal_threshold([source.random() for _ in range(n)], rate) for _ in range(4000)
    ]
    mean = math.fsum(shares) / len(shares)
    spread = stats.tstd(shares) / math.sqrt(len(shares))
    assert mean <= rate + 3 * spread
    assert mean >= rate - 1.0 / (n + 1) - 3 * spread
    bounds = alarm_range(n, rate)
    inside = sum(bounds.low <= share <= bounds.high for share in shares) / len(shares)
    assert abs(inside - 0.95) < 0.015


def test_ties_alarm_less_and_never_more() -> None:
    source = random.Random(7)
    alarms = 0
    for _ in range(2000):
        scores = [float(source.randint(0, 5)) for _ in range(40)]
        alarms += float(source.randint(0, 5)) > conformal_threshold(scores, 0.1)
    assert alarms / 2000 <= 0.1


def test_the_range_is_that_of_a_beta() -> None:
    found = alarm_range(199, 0.05)
    oracle = stats.beta(10, 190)
    assert (found.low, found.high) == pytest.approx(
        (oracle.ppf(0.025), oracle.ppf(0.975)), abs=1e-6
    )
