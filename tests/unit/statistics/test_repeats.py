from __future__ import annotations

import itertools

import pytest

from roadworthy.domain import Reducer, parse_reducer
from roadworthy.statistics import pass_at_k, pass_hat_k, reduced


@pytest.mark.parametrize(
    ("n", "passes", "k", "any_of", "all_of"),
    [
        (5, 5, 2, 1.0, 1.0),
        (5, 0, 2, 0.0, 0.0),
        (4, 2, 2, 1 - 1 / 6, 1 / 6),
        (3, 2, 1, 2 / 3, 2 / 3),
    ],
)
def test_pass_at_k_and_pass_hat_k(n, passes, k, any_of, all_of):
    assert pass_at_k(n, passes, k) == pytest.approx(any_of)
    assert pass_hat_k(n, passes, k) == pytest.approx(all_of)


@pytest.mark.parametrize(("n", "k"), [(4, 1), (5, 2), (6, 4)])
def test_they_are_the_shares_of_all_draws(n, k):
    for passes in range(n + 1):
        draws = list(itertools.combinations([True] * passes + [False] * (n - passes), k))
        assert pass_at_k(n, passes, k) == pytest.approx(sum(map(any, draws)) / len(draws))
        assert pass_hat_k(n, passes, k) == pytest.approx(sum(map(all, draws)) / len(draws))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_they_are_unbiased(rate):
    """Over all outcomes of 6 repeats of a case that passes with `rate`: the mean is the truth."""
    k = 3
    at = hat = 0.0
    for drawn in itertools.product((True, False), repeat=6):
        passes = sum(drawn)
        weight = rate**passes * (1 - rate) ** (6 - passes)
        at += weight * pass_at_k(6, passes, k)
        hat += weight * pass_hat_k(6, passes, k)
    assert at == pytest.approx(1 - (1 - rate) ** k)
    assert hat == pytest.approx(rate**k)


@pytest.mark.parametrize(("n", "passes", "k"), [(3, 2, 4), (3, 4, 1), (3, -1, 1), (3, 1, 0)])
def test_impossible_counts_are_refused(n, passes, k):
    with pytest.raises(ValueError, match="need 1 <= k"):
        pass_at_k(n, passes, k)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("mean", 0.625),
        ("max", 1.0),
        ("min", 0.0),
        ("majority", 0.0),
        ("pass_at(2)", 1 - 1 / 6),
        ("pass_hat(2)", 1 / 6),
    ],
)
def test_each_reducer(said, value):
    assert reduced([1.0, 0.5, 0.0, 1.0], parse_reducer(said)) == pytest.approx(value)


def test_half_is_no_majority():
    assert reduced([1.0, 0.0], parse_reducer("majority")) == 0.0
    assert reduced([1.0, 1.0, 0.0], parse_reducer("majority")) == 1.0


def test_too_few_repeats_have_no_value():
    with pytest.raises(ValueError, match="need 1 <= k"):
        reduced([1.0, 1.0], parse_reducer("pass_hat(3)"))
    with pytest.raises(ValueError, match="without a repeat"):
        reduced([], Reducer("mean"))


@pytest.mark.parametrize(
    "said",
    ["median", "pass_at", "mean(2)", "pass_hat(0)", "pass_hat(-1)", "", "max;", "pass_at(x)"],
)
def test_what_is_no_reducer_is_refused(said):
    with pytest.raises(ValueError, match="no reducer"):
        parse_reducer(said)


def test_a_reducer_reads_back_as_written():
    for said in ("mean", "max", "min", "majority", "pass_at(3)", "pass_hat(8)"):
        assert str(parse_reducer(said)) == said
