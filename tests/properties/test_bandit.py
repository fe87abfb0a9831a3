"""Shares that follow outcomes: the bets keep what they promise, and fewer meet what is worse."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from scipy import integrate, stats

from roadworthy.statistics import TwoArms, better, clopper_pearson, two_arms

SURE = 0.999
LEAST, MOST = 0.05, 0.9

Rate = Callable[[int], float]


def run(
    seed: int, *, live: Rate, new: Rate, n: int = 600, every: int = 20, margin: float = 0.02
) -> tuple[TwoArms, int]:
    """So many answers; the share is drawn anew after so many. Also: how many got the new one."""
    source, arms, share, given = random.Random(seed), two_arms(margin=margin), 0.45, 0
    for at in range(n):
        if at % every == 0:
            (old_n, old_sum), (new_n, new_sum) = arms.closed_old, arms.closed_new
            chance = better(old_n=old_n, old_sum=old_sum, new_n=new_n, new_sum=new_sum)
            share = LEAST + chance * (MOST - LEAST)
        to_new = source.random() < share
        given += to_new
        arms.add(float(source.random() < (new if to_new else live)(at)), new=to_new)
    return arms, given


def constant(rate: float) -> Rate:
    return lambda _: rate


def falls(at: int) -> float:
    """Traffic that gets harder over the day, for both arms alike."""
    return 0.02 + 0.3 * (at / 600)


def eases(at: int) -> float:
    return 0.4 - 0.35 * (at / 600)


@pytest.mark.slow
@pytest.mark.parametrize(
    "live", [constant(0.05), constant(0.5), falls, eases], ids=["rare", "even", "harder", "easier"]
)
def test_of_2000_rollouts_of_a_release_that_is_no_worse_few_are_aborted(live: Rate) -> None:
    """Alpha is 5 %, at every look, although the shares followed the outcomes."""
    runs = 2000
    aborted = sum(run(seed, live=live, new=live)[0].is_worse >= 20 for seed in range(runs))
    assert clopper_pearson(aborted, runs, SURE).low <= 0.05, aborted


def test_of_1000_releases_that_are_worse_by_the_margin_few_are_called_safe() -> None:
    safe = sum(
        run(seed, live=constant(0.05), new=constant(0.15), margin=0.1)[0].is_safe >= 20
        for seed in range(1000)
    )
    assert clopper_pearson(safe, 1000, SURE).low <= 0.05, safe


def test_the_interval_holds_at_every_look_together() -> None:
    lost = 0
    for seed in range(400):
        bounds = run(seed, live=constant(0.1), new=constant(0.2))[0].difference
        lost += not bounds.low <= 0.1 <= bounds.high
    assert clopper_pearson(lost, 400, SURE).low <= 0.05, lost


def test_fewer_meet_a_release_that_is_worse() -> None:
    given = [run(seed, live=constant(0.05), new=constant(0.25))[1] for seed in range(100)]
    assert sum(given) / len(given) < 0.15 * 600, "half of 600 would be by a fixed share"
    good = [run(seed, live=constant(0.25), new=constant(0.05))[1] for seed in range(100)]
    assert sum(good) / len(good) > 0.7 * 600


@pytest.mark.parametrize(
    ("old_n", "old_bad", "new_n", "new_bad"),
    [(0, 0, 0, 0), (20, 1, 20, 5), (300, 15, 40, 1), (7, 7, 3, 0), (2000, 100, 2000, 100)],
)
def test_the_chance_of_the_better_one_is_that_of_two_beta_posteriors(
    old_n: int, old_bad: int, new_n: int, new_bad: int
) -> None:
    old = stats.beta(1 + old_bad, 1 + old_n - old_bad)
    new = stats.beta(1 + new_bad, 1 + new_n - new_bad)
    points = sorted({float(old.mean()), float(new.mean())})
    wanted, _ = integrate.quad(lambda x: old.pdf(x) * new.cdf(x), 0, 1, points=points, limit=500)
    found = better(old_n=old_n, old_sum=old_bad, new_n=new_n, new_sum=new_bad)
    assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("wrong", [{"old_sum": 3.0}, {"new_sum": -1.0}])
def test_more_failures_than_outcomes_are_refused(wrong: dict[str, float]) -> None:
    given: dict[str, float] = {"old_n": 2, "old_sum": 0.0, "new_n": 2, "new_sum": 0.0, **wrong}
    with pytest.raises(ValueError, match="more is not well"):
        better(**given)  # type: ignore[arg-type]
