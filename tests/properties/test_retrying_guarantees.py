"""By simulation: however often a candidate below its target is tried, it rarely ever passes."""

from __future__ import annotations

import random

import pytest

from roadworthy.domain import Measurement, SafetySLO, Verdict
from roadworthy.policy import assess, confidence_of
from roadworthy.statistics import share_interval

SERIES = 400
LONGEST = 40


def ever_passes(source: random.Random, rate: float, target: str, n: int) -> bool:
    """Ask anew, up to `LONGEST` times, until the gate says PASS."""
    slo = SafetySLO(name="accuracy", target=target)
    for runs in range(1, LONGEST + 1):
        count, level = sum(source.random() < rate for _ in range(n)), confidence_of(runs)
        bounds = share_interval(count, n, level)
        found = Measurement(
            name="accuracy", value=count / n, low=bounds.low, high=bounds.high, n=n,
            confidence=level,
        )  # fmt: skip
        if assess(slo, found).verdict is Verdict.PASS:
            return True
    return False


@pytest.mark.parametrize(("rate", "target", "n"), [(0.8, "> 0.8", 60), (0.5, "> 0.5", 200)])
def test_retrying_until_green_passes_at_most_one_in_twenty(
    rate: float, target: str, n: int
) -> None:
    source = random.Random(f"{rate} {n}")
    passed = sum(ever_passes(source, rate, target, n) for _ in range(SERIES))
    assert passed / SERIES <= 0.05 + 0.033


def test_the_levels_of_all_later_runs_sum_to_that_of_the_first() -> None:
    assert confidence_of(1) == 0.95
    assert confidence_of(2) == pytest.approx(0.975)
    spent = sum(1 - confidence_of(runs) for runs in range(2, 20_000))
    assert spent == pytest.approx(0.05, abs=1e-5)
    levels = [confidence_of(runs) for runs in range(1, 50)]
    assert levels == sorted(levels)
