"""Looking again and again whether answers are still the same."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy import stats

from roadworthy.statistics import Returning, share_interval


def test_the_bound_on_wavering_is_clopper_and_pearsons() -> None:
    watch = Returning(3, 120, alpha=0.02)
    assert watch.usual == pytest.approx(stats.beta.ppf(0.99, 4, 117))
    assert watch.at_least == pytest.approx(stats.beta.ppf(0.01, 3, 118))
    assert watch.needed == 100
    assert Returning(0, 120).at_least == 0.0


def test_the_evidence_is_a_mixture_over_shares_and_over_beginnings() -> None:
    watch = Returning(0, 100, alpha=0.1)
    looks = [(1, 30), (0, 30), (9, 30), (12, 28)]
    usual = watch.usual
    shares = usual + (1 - usual) * (np.arange(64) + 0.5) / 64
    gains = [
        (stats.binom.pmf(differ, n, shares) / stats.binom.pmf(differ, n, usual)).mean()
        for differ, n in looks
    ]
    for at, (differ, n) in enumerate(looks, 1):
        wanted = 1 / (at + 1) + sum(
            math.prod(gains[first - 1 : at]) / (first * (first + 1)) for first in range(1, at + 1)
        )
        assert watch.look(differ, n) == pytest.approx(wanted)


def test_it_is_fair_while_nothing_changes() -> None:
    """The mean of the evidence after a look, over all that the look may show, is what it was."""
    watch = Returning(1, 60)
    n, before = 25, watch.evidence
    after = 0.0
    for differ in range(n + 1):
        again = Returning(1, 60)
        after += stats.binom.pmf(differ, n, watch.usual) * again.look(differ, n)
    assert before == 1.0
    assert after == pytest.approx(before)


def test_a_model_that_did_not_change_is_seldom_called_changed_in_two_hundred_looks() -> None:
    """Cases waver each at its own rate, some of them always; the promise is for all looks."""
    alpha, runs, alarms = 0.1, 400, 0
    for seed in range(runs):
        source = random.Random(seed)
        rates = [source.choice([0.0, 0.0, 0.02, 0.3]) for _ in range(30)]
        differed = sum(source.random() < rate for rate in rates for _ in range(2))
        watch = Returning(differed, 60, alpha=alpha)
        for _ in range(200):
            watch.look(sum(source.random() < rate for rate in rates), 30)
        alarms += watch.changed
    assert share_interval(alarms, runs, 0.999).low <= alpha


@pytest.mark.parametrize("quiet", [0, 1, 20, 200])
def test_a_swap_is_found_at_once_however_long_it_was_quiet(quiet: int) -> None:
    watch = Returning(0, 90)
    for _ in range(quiet):
        watch.look(0, 45)
    assert not watch.changed
    watch.look(20, 45)
    assert watch.changed


def test_a_small_change_is_found_after_some_looks() -> None:
    source = random.Random(2)
    watch = Returning(0, 180)
    looks = 0
    while not watch.changed and looks < 60:
        watch.look(sum(source.random() < 0.1 for _ in range(60)), 60)
        looks += 1
    assert 1 < looks < 20


def test_what_was_found_stays_found() -> None:
    watch = Returning(0, 60)
    watch.look(30, 30)
    for _ in range(500):
        watch.look(0, 30)
    assert watch.changed


def test_same_is_proven_not_assumed() -> None:
    watch = Returning(0, 58)
    assert watch.proves_same(0, 29, within=0.1, confidence=0.95)
    assert not watch.proves_same(0, 28, within=0.1, confidence=0.95), "28 cases prove 10.1 % only"
    assert not watch.proves_same(3, 29, within=0.1, confidence=0.95)
    assert not watch.proves_same(0, 0, within=0.1, confidence=0.95)
    wavering = Returning(150, 300)
    assert wavering.proves_same(140, 300, within=0.1, confidence=0.95)


def test_answers_that_always_differ_tell_nothing() -> None:
    watch = Returning(40, 40)
    watch.look(40, 40)
    assert not watch.changed


@pytest.mark.parametrize(("differ", "asked"), [(1, 0), (-1, 3), (4, 3)])
def test_no_share_is_no_look(differ: int, asked: int) -> None:
    with pytest.raises(ValueError, match="share"):
        Returning(0, 10).look(differ, asked)
    with pytest.raises(ValueError, match="share"):
        Returning(differ, asked)
