"""The means of all pairs by rank: making and sorting all of them is the oracle, to the last bit."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.statistics.walsh import PairMeans

_source = random.Random(11)

SHAPES: dict[str, Callable[[], float]] = {
    "smooth": lambda: _source.gauss(0.1, 1.0),
    "long tail": lambda: _source.lognormvariate(0.0, 2.0),
    "two decimals": lambda: round(_source.random() - _source.random(), 2),
    "few marks": lambda: _source.randint(0, 5) / 5 - _source.randint(0, 5) / 5,
    "half unchanged": lambda: _source.choice([0.0, _source.gauss(0.0, 1.0)]),
    "a gap": lambda: _source.choice([-1.0, 1.0]) + _source.random() / 1000,
    "tiny and huge": lambda: _source.choice([1e-300, 1.0, 1e300]) * _source.random(),
}


def every_mean(values: list[float]) -> list[float]:
    return sorted((a + b) / 2 for a, b in combinations_with_replacement(sorted(values), 2))


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("n", [40, 900])
def test_each_rank_is_the_one_of_all_means_sorted(shape: str, n: int) -> None:
    values = [SHAPES[shape]() for _ in range(n)]
    means, oracle = PairMeans.of(values), every_mean(values)
    assert means.total == len(oracle)
    ranks = [1, 2, means.total, *(_source.randint(1, means.total) for _ in range(25))]
    assert [means.ranked(rank) for rank in ranks] == [oracle[rank - 1] for rank in ranks]


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12), st.data())
def test_any_values_give_one_of_their_means(values: list[float], data: st.DataObject) -> None:
    oracle = every_mean(values)
    rank = data.draw(st.integers(1, len(oracle)))
    assert PairMeans.of(values).ranked(rank) == oracle[rank - 1]


class Counting(PairMeans):
    """Counts its passes over the values."""

    passes = 0

    def _upto(self, limit: float) -> tuple[int, int]:
        self.passes += 1
        return super()._upto(limit)


def test_a_median_of_exactly_nothing_takes_few_passes() -> None:
    """Halving towards 0 took a thousand, and the scores of a run that did not change have it."""
    gaps = [_source.choice([0.0, 0.0, _source.randint(-9, 9) / 10]) for _ in range(5000)]
    gaps += [_source.choice([-1, 1]) * _source.random() for _ in range(1500)]
    means = Counting.of(gaps)
    assert abs(means.ranked(means.total // 2)) < 0.01
    assert means.passes < 40


def test_no_values_have_no_means() -> None:
    with pytest.raises(ValueError, match="no values"):
        PairMeans.of([])
