"""By simulation with fixed seeds: no interval of few or repeated cases covers less than it says."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import Observation
from roadworthy.monitoring import measure
from roadworthy.statistics import (
    calibration_interval,
    macro_interval,
    quantile_interval,
    reliability,
    share_interval,
)

NOISE = 0.017
"""Three standard errors of 1,500 rounds at 95 %."""
ROUNDS = 1500
SIZES = [2, 5, 20, 100]


def row(case: int, repeat: int, label: str, decision: str) -> Observation:
    return Observation(
        id="o", time="t", system="s", release="r", stage="eval", suite="s", case=str(case),
        repeat=repeat, label=label, decision=decision,
    )  # fmt: skip


@pytest.mark.parametrize("again", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize(("rate", "n"), [(0.9, 5), (0.5, 20), (0.95, 60)])
def test_repeats_do_not_shrink_an_interval_below_its_coverage(
    again: float, rate: float, n: int
) -> None:
    """Four repeats that say the same as the first with probability `again`."""
    source = random.Random(f"{again} {rate} {n}")
    inside = 0
    rounds = 400
    for _ in range(rounds):
        rows = []
        for case in range(n):
            first = source.random() < rate
            for repeat in range(4):
                right = first if source.random() < again else source.random() < rate
                rows.append(row(case, repeat, "a", "a" if right else "b"))
        found = measure("accuracy", rows)
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= rate <= found.high
    assert inside / rounds >= 0.95 - 0.033


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("shape", ["difficulty", "thirds", "halves", "rare"])
def test_a_share_of_partial_cases_is_covered(n: int, shape: str) -> None:
    source = random.Random(f"{n} {shape}")
    draw, truth = {
        "difficulty": (lambda: round(source.betavariate(4, 1) * 6) / 6, None),
        "thirds": (lambda: sum(source.random() < 0.9 for _ in range(3)) / 3, 0.9),
        "halves": (lambda: source.choice([0.5, 1.0]), 0.75),
        "rare": (lambda: 0.25 if source.random() < 0.04 else 0.0, 0.01),
    }[shape]
    if truth is None:
        truth = sum(draw() for _ in range(200_000)) / 200_000
    inside = 0
    for _ in range(ROUNDS):
        bounds = share_interval(sum(draw() for _ in range(n)), n)
        inside += bounds.low <= truth <= bounds.high
    assert inside / ROUNDS >= 0.95 - NOISE


Confusion = dict[tuple[str, str], float]


def square(labels: str, right: float) -> Confusion:
    """Labels of one frequency, each right so often, wrong ones spread evenly."""
    size = len(labels)
    wrong = (1 - right) / (size - 1)
    return {(a, b): (right if a == b else wrong) / size for a in labels for b in labels}


POPULATIONS: dict[str, Confusion] = {
    "two labels, 90 %": square("ab", 0.9),
    "two labels, chance": square("ab", 0.5),
    "three labels, 98 %": square("abc", 0.98),
    "five labels, 80 %": square("abcde", 0.8),
    "five labels, 40 %": square("abcde", 0.4),
    "one label never found": {("a", "a"): 0.5, ("b", "b"): 0.3, ("c", "a"): 0.2},
}


def macro_of(cells: Confusion, name: str) -> float:
    """The population's figure, by its definition."""
    values = []
    for label in {label for pair in cells for label in pair}:
        hits = cells.get((label, label), 0.0)
        truths = sum(share for (truth, _), share in cells.items() if truth == label)
        given = sum(share for (_, decision), share in cells.items() if decision == label)
        below = {"recall": truths, "precision": given, "f1": (truths + given) / 2}[name]
        values.append(hits / below if below else 0.0)
    return sum(values) / len(values)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
@pytest.mark.parametrize("population", POPULATIONS)
def test_macro_averages_of_few_cases_cover_the_truth(population: str, name: str, n: int) -> None:
    cells = POPULATIONS[population]
    truth = macro_of(cells, name)
    source = random.Random(f"{population} {name} {n}")
    inside = 0
    rounds = 400
    for _ in range(rounds):
        drawn = source.choices(list(cells), weights=list(cells.values()), k=n)
        rows = [row(case, 0, *pair) for case, pair in enumerate(drawn)]
        found = measure(name, rows)
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.high
        inside += found.low <= truth <= found.high
    assert inside / rounds >= 0.95 - 0.033


@pytest.mark.parametrize("name", ["precision", "recall", "f1", "f1_micro", "accuracy"])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_handful_of_right_answers_proves_little(name: str, n: int) -> None:
    """All right has probability p^n, so a bound above 0.025^(1/n) would be no bound."""
    found = measure(name, [row(case, 0, "a", "a") for case in range(n)])
    share = 0.025 ** (1 / n)
    most = 2 * share / (1 + share) if name == "f1" else share
    assert found.low == pytest.approx(most) or (found.low or 0.0) < most
    assert found.high == 1.0


Draw = Callable[[random.Random], tuple[float, float]]
"""A confidence, and the probability of being right at it."""

CALIBRATIONS: dict[str, tuple[Draw, float]] = {
    "calibrated": (lambda source: (c := source.uniform(0.2, 1.0), c), 0.0),
    "sure and wrong": (lambda source: (0.99, 0.7), 0.29),
    "sure and nearly right": (lambda source: (0.97, 0.95), 0.02),
    "two kinds": (
        lambda source: (0.95, 0.95) if source.random() < 0.6 else (0.55, 0.05), 0.2),
    "too sure": (lambda source: (source.uniform(0.6, 1.0), 0.6), 0.2),
}  # fmt: skip


@pytest.mark.parametrize("n", [1, *SIZES, 500])
@pytest.mark.parametrize("name", CALIBRATIONS)
def test_the_calibration_error_lies_within_its_interval(name: str, n: int) -> None:
    draw, truth = CALIBRATIONS[name]
    source = random.Random(f"{name} {n}")
    inside = above = 0
    rounds = 400
    for _ in range(rounds):
        items = [draw(source) for _ in range(n)]
        hits = [source.random() < right for _, right in items]
        bounds = calibration_interval(reliability([sure for sure, _ in items], hits))
        inside += bounds.low <= truth <= bounds.high + 1e-12
        above += truth > bounds.high + 1e-12
    assert inside / rounds >= 0.95 - 0.033
    assert above / rounds <= 0.025 + 0.023


@pytest.mark.parametrize(("share", "n"), [(0.5, 7), (0.5, 100), (0.95, 80), (0.95, 400)])
def test_a_quantile_lies_between_its_order_statistics(share: float, n: int) -> None:
    source = random.Random(f"{share} {n}")
    inside = 0
    for _ in range(ROUNDS):
        bounds = quantile_interval(sorted(source.random() for _ in range(n)), share)
        assert bounds is not None
        inside += bounds.low <= share <= bounds.high
    assert inside / ROUNDS >= 0.95 - NOISE


@pytest.mark.parametrize(("share", "n"), [(0.95, 71), (0.5, 5), (0.99, 300)])
def test_too_few_values_have_no_interval_of_a_quantile(share: float, n: int) -> None:
    assert quantile_interval([float(value) for value in range(n)], share) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6))
def test_an_interval_of_classes_holds_its_estimate_and_has_a_width(
    parts: list[tuple[int, int]],
) -> None:
    shares = [(hits, hits + misses) for hits, misses in parts]
    bounds = macro_interval(shares)
    estimate = sum(hits / n if n else 0.0 for hits, n in shares) / len(shares)
    assert 0.0 <= bounds.low <= estimate + 1e-12
    assert estimate - 1e-12 <= bounds.high <= 1.0
    assert bounds.low < bounds.high


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_a_calibration_interval_holds_its_estimate_and_has_a_width(
    items: list[tuple[float, bool]],
) -> None:
    bars = reliability([sure for sure, _ in items], [hit for _, hit in items])
    bounds = calibration_interval(bars)
    estimate = sum(bar.n * abs(bar.confidence - bar.accuracy) for bar in bars) / len(items)
    assert 0.0 <= bounds.low <= estimate + 1e-12
    assert bounds.low < bounds.high <= 1.0
    assert Counter(items).total() == round(sum(bar.n for bar in bars))
