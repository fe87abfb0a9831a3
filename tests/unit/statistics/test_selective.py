"""Risk and coverage: hand-made curves, the direct definition as oracle, the interval's coverage."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.statistics import area_under_risk, risk_coverage

ANSWERS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.7, 0.9, 1.0]), st.booleans()), max_size=40
)


def test_a_curve_made_by_hand() -> None:
    points = risk_coverage([0.9, 0.5, 0.9, 0.2], [True, False, False, True])
    assert [(p.threshold, p.answered, p.wrong) for p in points] == [
        (0.9, 2, 1),
        (0.5, 3, 2),
        (0.2, 4, 2),
    ]
    assert [p.coverage for p in points] == [0.5, 0.75, 1.0]
    assert [p.risk for p in points] == [0.5, 2 / 3, 0.5]
    assert area_under_risk(points) == pytest.approx((2 * 0.5 + 2 / 3 + 0.5) / 4)


@given(ANSWERS)
def test_each_point_is_what_the_threshold_leaves(answers: list[tuple[float, bool]]) -> None:
    points = risk_coverage([sure for sure, _ in answers], [hit for _, hit in answers])
    assert [p.threshold for p in points] == sorted({sure for sure, _ in answers}, reverse=True)
    for point in points:
        kept = [hit for sure, hit in answers if sure >= point.threshold]
        assert point.answered == len(kept)
        assert point.wrong == kept.count(False)
        assert point.coverage == len(kept) / len(answers)


@given(ANSWERS.filter(bool), st.randoms())
def test_the_order_of_the_answers_does_not_matter(
    answers: list[tuple[float, bool]], chance: random.Random
) -> None:
    shuffled = list(answers)
    chance.shuffle(shuffled)
    first, second = (
        risk_coverage([sure for sure, _ in each], [hit for _, hit in each])
        for each in (answers, shuffled)
    )
    assert first == second
    assert 0.0 <= area_under_risk(first) <= 1.0


def test_a_perfect_order_has_the_least_area() -> None:
    sure, right = [0.9, 0.8, 0.3, 0.1], [True, True, False, False]
    best = area_under_risk(risk_coverage(sure, right))
    worst = area_under_risk(risk_coverage(sure, right[::-1]))
    assert best < 0.5 < worst


def test_no_answers_have_no_curve_and_no_area() -> None:
    assert risk_coverage([], []) == []
    with pytest.raises(ValueError, match="no answers"):
        area_under_risk([])


@pytest.mark.parametrize("bad", [1.2, -0.1, float("nan"), float("inf")])
def test_what_is_no_confidence_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        risk_coverage([bad], [True])


def test_repeats_of_a_case_weigh_as_one_case() -> None:
    once = risk_coverage([0.9, 0.4], [True, False])
    thrice = risk_coverage([0.9] * 3 + [0.4] * 3, [True] * 3 + [False] * 3, [1 / 3] * 6)
    assert [p.threshold for p in thrice] == [p.threshold for p in once]
    for first, second in zip(once, thrice, strict=True):
        assert (second.answered, second.wrong) == pytest.approx((first.answered, first.wrong))
        assert (second.coverage, second.risk) == pytest.approx((first.coverage, first.risk))
        assert second.interval() == first.interval()


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="one confidence"):
        risk_coverage([0.5], [])


def test_the_interval_at_a_threshold_fixed_beforehand_covers_the_true_risk() -> None:
    chance = random.Random(4)
    covered, rounds, true_risk = 0, 600, 0.2
    for _ in range(rounds):
        sure = [chance.choice([0.4, 0.8]) for _ in range(120)]
        right = [chance.random() > (true_risk if s == 0.8 else 0.5) for s in sure]
        bounds = risk_coverage(sure, right)[0].interval()
        covered += bounds.low <= true_risk <= bounds.high
    assert covered / rounds >= 0.95
