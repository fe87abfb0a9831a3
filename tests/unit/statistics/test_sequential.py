"""Looking often: coverage at all looks together, error of stopping at will, bad input."""

from __future__ import annotations

import random
from itertools import accumulate

import pytest

from roadworthy.statistics import ConfidenceSequence, EProcess, share_interval, stop_when_narrow

LOOKS = (5, 10, 20, 40, 80, 160, 320)


def draw(kind: str, source: random.Random) -> float:
    if kind == "thirds":
        return source.choice([0.0, 1 / 3, 1.0, 1.0])
    if kind == "beta":
        return source.betavariate(4, 2)
    return float(source.random() < float(kind))


TRUTH = {"0.5": 0.5, "0.9": 0.9, "0.02": 0.02, "thirds": 7 / 12, "beta": 2 / 3}


@pytest.mark.parametrize("kind", TRUTH)
def test_the_mean_is_in_the_interval_at_all_looks_together(kind: str) -> None:
    missed, rounds = 0, 150
    for seed in range(rounds):
        source = random.Random(f"{kind} {seed}")
        sequence = ConfidenceSequence()
        for look in LOOKS:
            while sequence.n < look:
                sequence.add(draw(kind, source))
            found = sequence.look()
            if not found.low <= TRUTH[kind] <= found.high:
                missed += 1
                break
    assert missed / rounds <= 0.05 + 0.04


def test_a_fixed_interval_read_at_every_look_is_wrong_far_more_often() -> None:
    """Why this is needed at all."""
    missed = 0
    for seed in range(150):
        source = random.Random(f"peek {seed}")
        sums = list(accumulate(float(source.random() < 0.5) for _ in range(640)))
        bounds = [share_interval(sums[n - 1], n) for n in range(20, 641, 10)]
        missed += any(not each.low <= 0.5 <= each.high for each in bounds)
    assert missed / 150 > 0.1


def test_it_never_widens_and_is_not_much_wider_than_one_look() -> None:
    source = random.Random(3)
    sequence = ConfidenceSequence()
    width = 1.0
    for _ in range(20):
        sequence.add(*(float(source.random() < 0.9) for _ in range(50)))
        found = sequence.look()
        assert found.high - found.low <= width + 1e-12
        width = found.high - found.low
    alone = share_interval(900, 1000)
    assert width <= 2.5 * (alone.high - alone.low)


def test_stopping_when_narrow_keeps_the_coverage() -> None:
    inside, rounds, taken = 0, 120, []
    for seed in range(rounds):
        source = random.Random(seed)
        n, found = stop_when_narrow(
            (float(source.random() < 0.95) for _ in range(2000)), width=0.1, every=20
        )
        taken.append(n)
        inside += found.low <= 0.95 <= found.high
        assert found.high - found.low <= 0.1
    assert inside / rounds >= 0.95 - 0.06
    assert max(taken) < 1000


def test_values_that_never_suffice_are_all_taken() -> None:
    n, found = stop_when_narrow([1.0, 0.0] * 20, width=0.01)
    assert n == 40
    assert found.high - found.low > 0.01


@pytest.mark.parametrize("null", [0.5, 0.9, 0.05])
def test_stopping_at_the_best_look_refutes_the_truth_in_at_most_one_of_twenty(null: float) -> None:
    refuted, rounds = 0, 300
    for seed in range(rounds):
        source = random.Random(f"{null} {seed}")
        process = EProcess(null)
        for look in LOOKS:
            while process.n < look:
                process.add(float(source.random() < null))
            if process.look() >= 20:
                refuted += 1
                break
    assert refuted / rounds <= 0.05 + 0.02


def test_a_real_harm_is_found() -> None:
    source = random.Random(1)
    worse = EProcess(0.5, side="below")
    better = EProcess(0.5)
    for _ in range(600):
        difference = float(source.random() < 0.05) - float(source.random() < 0.2)
        for process in (worse, better):
            process.add((1 + difference) / 2)
    assert worse.look() > 20
    assert worse.p_value < 0.05
    assert better.look() < 1
    assert better.p_value == 1.0


def test_the_evidence_never_averages_above_one_where_nothing_is() -> None:
    source = random.Random(2)
    total = 0.0
    for _ in range(2000):
        process = EProcess(0.3)
        process.add(*(float(source.random() < 0.3) for _ in range(30)))
        total += process.look()
    assert total / 2000 <= 1.15


def test_before_any_value_nothing_is_known() -> None:
    found = ConfidenceSequence().look()
    assert (found.low, found.high) == (0.0, 1.0)
    assert EProcess(0.5).look() == 1.0
    assert EProcess(0.5).p_value == 1.0


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.1, 1.1])
def test_what_is_outside_the_scale_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        ConfidenceSequence().add(bad)
    with pytest.raises(ValueError, match="between 0 and 1"):
        EProcess(bad)
    with pytest.raises(ValueError, match="between 0 and 1"):
        stop_when_narrow([0.5], width=bad)
    with pytest.raises(ValueError, match="between 0 and 1"):
        ConfidenceSequence(bad)


def test_an_order_that_carries_meaning_ends_in_a_point_and_no_crossed_bounds() -> None:
    sequence = ConfidenceSequence()
    for value in (0.0, 1.0):
        sequence.add(*[value] * 400)
        found = sequence.look()
        assert found.low <= found.high
