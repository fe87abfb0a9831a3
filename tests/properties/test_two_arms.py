"""Two arms compared at every look: what is promised of false aborts, false passes and bounds."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import msgspec
import pytest

from roadworthy.statistics import TwoArms, clopper_pearson, normal_quantile, two_arms

SURE = 0.999

Rate = Callable[[int], float]


def constant(rate: float) -> Rate:
    return lambda _: rate


def run(
    seed: int, *, live: Rate, new: Rate, share: float, n: int, margin: float = 0.02,
    level: float = 0.05, until: Callable[[TwoArms], bool] = lambda _: False,
) -> TwoArms:  # fmt: skip
    """So many answers, each drawn into an arm; ended early at the first look that says so."""
    source = random.Random(seed)
    arms = two_arms(margin=margin, level=level)
    for at in range(n):
        to_new = source.random() < share
        rate = (new if to_new else live)(at)
        arms.add(float(source.random() < rate), new=to_new)
        if until(arms):
            break
    return arms


def at_most(events: int, runs: int, promised: float) -> bool:
    """Whether so many events refute nothing that was promised."""
    return clopper_pearson(events, runs, SURE).low <= promised


def falls(at: int) -> float:
    """Traffic that gets harder over the day, for both arms alike."""
    return 0.02 + 0.3 * (at / 800)


@pytest.mark.parametrize(
    ("live", "share", "runs"),
    [(constant(0.05), 0.1, 2000), (falls, 0.2, 2000), (constant(0.5), 0.5, 500),
     (constant(0.003), 0.1, 500)],
    ids=["rare", "drifting", "even", "very rare"],
)  # fmt: skip
def test_of_2000_rollouts_of_a_release_that_is_no_worse_few_are_aborted(
    live: Rate, share: float, runs: int
) -> None:
    aborted = sum(
        run(seed, live=live, new=live, share=share, n=800).is_worse >= 20 for seed in range(runs)
    )
    assert at_most(aborted, runs, 0.05), aborted


def test_of_1000_releases_that_are_worse_by_the_margin_few_are_called_safe() -> None:
    safe = sum(
        run(seed, live=constant(0.05), new=constant(0.07), share=0.3, n=800).is_safe >= 20
        for seed in range(1000)
    )
    assert at_most(safe, 1000, 0.05), safe


@pytest.mark.parametrize(("live", "new"), [(0.1, 0.2), (0.5, 0.5), (0.02, 0.0)])
def test_the_interval_holds_at_every_look_together(live: float, new: float) -> None:
    lost = 0
    for seed in range(300):
        arms = run(seed, live=constant(live), new=constant(new), share=0.4, n=800)
        lost += not arms.difference.low <= new - live <= arms.difference.high
    assert at_most(lost, 300, 0.05), lost


def test_twenty_requests_decide_nothing() -> None:
    for seed in range(300):
        arms = run(seed, live=constant(0.1), new=constant(0.1), share=0.5, n=20)
        assert arms.is_safe < 20 and arms.is_worse < 20


def test_a_real_difference_is_found_earlier_than_by_a_fixed_number_of_equal_power() -> None:
    """One in ten against one in twenty, a tenth of the traffic; power as it was seen."""
    stops: list[int] = []
    runs, n = 200, 9000
    for seed in range(runs):
        arms = run(
            seed, live=constant(0.05), new=constant(0.10), share=0.1, n=n,
            until=lambda each: each.is_worse >= 20,
        )  # fmt: skip
        stops.append(arms.new_n if arms.is_worse >= 20 else round(n * 0.1))
    missed = sum(1 for taken in stops if taken >= round(n * 0.1))
    power = min(1 - missed / runs, 0.995)
    spread = 0.10 * 0.90 + 0.05 * 0.95 / 9
    fixed = ((normal_quantile(0.95) + normal_quantile(power)) / 0.05) ** 2 * spread
    assert power > 0.9
    assert sum(stops) / runs < 0.8 * fixed, (sum(stops) / runs, fixed, power)


def test_what_was_written_down_goes_on_the_same() -> None:
    source = random.Random(4)
    whole, halves = two_arms(), two_arms()
    for at in range(500):
        value, new = float(source.random() < 0.2), source.random() < 0.3
        whole.add(value, new=new)
        halves.add(value, new=new)
        if at % 100 == 0:
            halves = msgspec.json.decode(msgspec.json.encode(halves), type=TwoArms)
    assert halves == whole


def test_one_arm_alone_says_nothing() -> None:
    arms = two_arms()
    for _ in range(1000):
        arms.add(1.0, new=True)
    assert (arms.is_worse, arms.is_safe) == (1.0, 1.0)
    assert (arms.interval.low, arms.interval.high) == (-1.0, 1.0)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_share_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        two_arms().add(value, new=True)
    with pytest.raises(ValueError, match="strictly"):
        two_arms(margin=1.0)
