"""Error-corrected judge rates: by hand, by simulation, and judges that say nothing."""

from __future__ import annotations

import random

import pytest

from roadworthy.statistics import JudgeErrors, mean_interval, prediction_powered, rogan_gladen


def errors(passed_good: int, good: int, failed_bad: int, bad: int) -> JudgeErrors:
    return JudgeErrors(passed_good=passed_good, good=good, failed_bad=failed_bad, bad=bad)


def test_by_hand() -> None:
    found = rogan_gladen(70, 100, errors(90, 100, 80, 100))
    assert found.value == pytest.approx((0.7 + 0.8 - 1) / (0.9 + 0.8 - 1))
    assert found.judged == 0.7
    assert found.interval.low < found.value < found.interval.high


def draw(source: random.Random, n: int, rate: float) -> int:
    return sum(source.random() < rate for _ in range(n))


@pytest.mark.parametrize(
    ("true", "sens", "spec"), [(0.9, 0.9, 0.8), (0.5, 0.8, 0.7), (0.97, 0.95, 0.9)]
)
def test_the_corrected_rate_covers_the_truth_where_the_judges_own_does_not(
    true: float, sens: float, spec: float
) -> None:
    inside = plain = 0
    rounds = 800
    source = random.Random(f"{true} {sens}")
    for _ in range(rounds):
        judged = draw(source, 400, true * sens + (1 - true) * (1 - spec))
        seen = errors(draw(source, 100, sens), 100, draw(source, 60, spec), 60)
        found = rogan_gladen(judged, 400, seen)
        inside += found.interval.low <= true <= found.interval.high
        plain += abs(judged / 400 - true) <= 1.96 * (judged / 400 * (1 - judged / 400) / 400) ** 0.5
    assert inside / rounds >= 0.95 - 0.024
    assert plain / rounds < 0.9


def test_a_judge_no_better_than_chance_says_nothing() -> None:
    found = rogan_gladen(70, 100, errors(6, 10, 5, 10))
    assert (found.interval.low, found.interval.high) == (0.0, 1.0)
    worse = rogan_gladen(70, 100, errors(1, 10, 1, 10))
    assert worse.value == 0.7
    assert (worse.interval.low, worse.interval.high) == (0.0, 1.0)


@pytest.mark.parametrize("bad", [errors(0, 0, 5, 10), errors(5, 10, 0, 0), errors(11, 10, 5, 10)])
def test_without_cases_of_both_kinds_there_is_no_correction(bad: JudgeErrors) -> None:
    with pytest.raises(ValueError, match="people must"):
        rogan_gladen(70, 100, bad)


def test_no_verdicts_are_no_rate() -> None:
    with pytest.raises(ValueError, match="no share"):
        rogan_gladen(0, 0, errors(9, 10, 9, 10))


def rated(source: random.Random, good: float) -> tuple[float, float]:
    truth = source.gauss(3.0, 1.0)
    return good * truth + (1 - good) * 3.0 + source.gauss(0.5, 1.1 - good), truth


@pytest.mark.parametrize("good", [0.0, 0.5, 0.9])
def test_the_powered_mean_covers_the_truth_and_a_good_judge_narrows_it(good: float) -> None:
    source = random.Random(str(good))
    inside, rounds, width, alone = 0, 400, 0.0, 0.0
    for _ in range(rounds):
        judged = [rated(source, good)[0] for _ in range(600)]
        seen = [rated(source, good) for _ in range(60)]
        found = prediction_powered(judged, seen)
        inside += found.interval.low <= 3.0 <= found.interval.high
        width += found.interval.high - found.interval.low
        people = mean_interval([truth for _, truth in seen])
        alone += people.high - people.low
    assert inside / rounds >= 0.95 - 0.033
    assert width <= 1.02 * alone
    if good == 0.9:
        assert width < 0.5 * alone


def test_a_judge_that_was_never_wrong_proves_nothing_of_its_errors() -> None:
    with pytest.raises(ValueError, match="same amount"):
        prediction_powered([1.0, 1.0, 1.0], [(1.0, 1.0), (1.0, 1.0)])


def test_too_little_or_no_numbers() -> None:
    with pytest.raises(ValueError, match="two cases"):
        prediction_powered([1.0], [(1.0, 0.0), (0.0, 0.0)])
    with pytest.raises(ValueError, match="finite"):
        prediction_powered([1.0, float("nan")], [(1.0, 0.0), (0.0, 0.0)])
