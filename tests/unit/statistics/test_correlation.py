"""Correlations are scipy's, and their intervals hold what they promise."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.statistics import correlation_interval, pearson, spearman
from roadworthy.statistics.correlation import LEAST

stats = pytest.importorskip("scipy.stats", reason="scipy is the oracle: make setup")

VALUES = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 2))


def varies(values: list[float]) -> bool:
    return max(values) - min(values) > 1e-3


@given(st.lists(st.tuples(VALUES, VALUES), min_size=3, max_size=30))
def test_both_are_those_of_scipy(pairs):
    first, second = map(list, zip(*pairs, strict=True))
    if not varies(first) or not varies(second):
        return
    assert pearson(first, second) == pytest.approx(stats.pearsonr(first, second)[0], abs=1e-6)
    assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second)[0], abs=1e-9)


@pytest.mark.parametrize(
    "values", [[1e308, 1e308, 0.0], [1.7e308, -1.7e308, -1.7e308], [math.inf, 0.0], [math.nan, 0.0]]
)
def test_numbers_that_no_sum_holds_are_refused(values):
    with pytest.raises(ValueError, match="finite"):
        pearson(values, [float(n * n) for n in range(len(values))])


def test_ties_share_their_rank():
    first, second = [1, 1, 2, 3, 3, 3], [2, 1, 2, 4, 3, 3]
    assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second)[0])


def drawn(kind: str, n: int, draw: random.Random) -> tuple[list[float], list[float]]:
    pairs = []
    for _ in range(n):
        x = draw.gauss(0, 1)
        y = 0.8 * x + 0.6 * draw.gauss(0, 1)
        if kind == "ratings":
            x, y = (min(5.0, max(0.0, round(each * 1.3 + 2.5))) for each in (x, y))
        elif kind == "some at random":
            x = draw.uniform(0, 5)
            y = draw.uniform(0, 5) if draw.random() < 0.15 else x + 0.3 * draw.gauss(0, 1)
        elif kind == "skewed":
            x = math.exp(0.8 * x)
            y = x * math.exp(0.4 * draw.gauss(0, 1))
        pairs.append((x, y))
    first, second = zip(*pairs, strict=True)
    return list(first), list(second)


@pytest.mark.slow
@pytest.mark.parametrize("ranked", [False, True])
@pytest.mark.parametrize("kind", ["normal", "ratings", "some at random", "skewed"])
def test_the_interval_covers_about_as_often_as_it_says(kind, ranked):
    """At 95 %, with 60 cases: where a few stray ones carry all, a hundredth or two less."""
    draw = random.Random(11)
    truth = (spearman if ranked else pearson)(*drawn(kind, 60_000, draw))
    rounds, held = 400, 0
    for _ in range(rounds):
        bounds = correlation_interval(*drawn(kind, 60, draw), ranked=ranked)
        held += bounds.low <= truth <= bounds.high
    assert held / rounds >= 0.925, f"{held} of {rounds}"


def test_cases_that_say_the_same_prove_no_more():
    """Each case written four times: a group of four is one case."""
    draw = random.Random(3)
    first, second = drawn("ratings", 120, draw)
    alone = correlation_interval(first, second, ranked=True)
    groups = [n // 4 for n in range(480)]
    together = correlation_interval(
        [first[n] for n in groups], [second[n] for n in groups], ranked=True, groups=groups
    )
    fourfold = correlation_interval(
        [first[n] for n in groups], [second[n] for n in groups], ranked=True
    )
    wide = alone.high - alone.low
    assert together.high - together.low == pytest.approx(wide, rel=0.1)
    assert fourfold.high - fourfold.low < 0.7 * wide


@pytest.mark.parametrize("ranked", [False, True])
def test_what_bounds_nothing_is_refused(ranked):
    some = [float(n % 7) for n in range(LEAST)]
    other = [float(n % 5) for n in range(LEAST)]
    for first, second in (
        (some[:-1], other[:-1]),
        (some, [1.0] * LEAST),
        (some, some),
        (some, [math.nan, *other[1:]]),
        (some, other[:-1]),
        (some[:1], other[:1]),
    ):
        with pytest.raises(ValueError):
            correlation_interval(first, second, ranked=ranked)
