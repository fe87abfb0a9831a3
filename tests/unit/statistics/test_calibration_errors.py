"""Debiased, adaptive and swept calibration error, the parts of a Brier score, bad input."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.statistics import (
    brier,
    brier_parts,
    calibration_interval,
    debiased_gap,
    equal_mass,
    gap_of,
    reliability,
    share_interval,
    sweep,
)

ANSWERS = st.lists(
    st.tuples(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0])), st.booleans()),
    min_size=1, max_size=60,
)  # fmt: skip


def split(answers: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [sure for sure, _ in answers], [hit for _, hit in answers]


def sample(seed: int, n: int, gap: float) -> tuple[list[float], list[bool]]:
    """Confidences whose accuracy is lower by `gap`."""
    source = random.Random(seed)
    sure = [source.uniform(0.5, 1.0) for _ in range(n)]
    return sure, [source.random() < confidence - gap for confidence in sure]


@given(ANSWERS, st.integers(1, 12))
def test_bins_of_equal_mass_hold_every_answer_once_in_order(
    answers: list[tuple[float, bool]], bins: int
) -> None:
    rows = equal_mass(*split(answers), bins)
    assert len(rows) <= bins
    assert sum(row.n for row in rows) == len(answers)
    assert all(row.low <= row.confidence + 1e-12 <= row.high + 2e-12 for row in rows)
    assert all(a.high < b.low for a, b in pairwise(rows))
    hits = sum(row.n * row.accuracy for row in rows)
    assert hits == pytest.approx(sum(hit for _, hit in answers))


def test_distinct_confidences_are_cut_as_numpy_splits_them() -> None:
    sure, hits = sample(1, 203, 0.1)
    order = np.argsort(sure)
    rows = equal_mass(sure, hits, 7)
    theirs = np.array_split(order, 7)
    assert [row.n for row in rows] == pytest.approx([len(part) for part in theirs], abs=1)
    gaps = [
        len(part) * abs(np.mean(np.array(sure)[part]) - np.mean(np.array(hits)[part]))
        for part in theirs
    ]
    assert gap_of(rows) == pytest.approx(sum(gaps) / 203, abs=0.01)


def test_equal_confidences_are_never_parted() -> None:
    rows = equal_mass([0.9] * 50 + [0.5] * 3, [True] * 53, 10)
    assert [(row.low, row.n) for row in rows] == [(0.5, 3), (0.9, 50)]


def resampled(rows: list[object], seed: int) -> float:
    """Kumar's own estimator: what noise adds, by resampling the accuracies."""
    source = np.random.default_rng(seed)
    n = np.array([row.n for row in rows])  # type: ignore[attr-defined]
    sure = np.array([row.confidence for row in rows])  # type: ignore[attr-defined]
    right = np.array([row.accuracy for row in rows])  # type: ignore[attr-defined]
    noisy = source.normal(right, np.sqrt(right * (1 - right) / n), size=(200_000, len(n)))
    plain = float(np.sum(n * np.abs(sure - right)) / n.sum())
    shown = float(np.mean(np.sum(n * np.abs(sure - noisy), axis=1)) / n.sum())
    return max(0.0, 2 * plain - shown)


@pytest.mark.parametrize("gap", [0.0, 0.02, 0.2])
def test_the_closed_form_is_what_resampling_finds(gap: float) -> None:
    rows = reliability(*sample(3, 300, gap))
    assert debiased_gap(rows) == pytest.approx(resampled(list(rows), 1), abs=5e-4)


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.2])
def test_it_is_less_biased_than_the_plain_error(gap: float) -> None:
    """With 12 cases a bin. Where the error is large the correction takes a little too much."""
    rounds = 300
    plain = debiased = swept = 0.0
    for seed in range(rounds):
        answers = sample(seed, 120, gap)
        rows = equal_mass(*answers)
        plain += gap_of(rows) / rounds
        debiased += debiased_gap(rows) / rounds
        swept += gap_of(sweep(*answers)) / rounds
    if gap == 0.2:
        assert debiased == pytest.approx(gap, abs=0.013)
        return
    assert abs(debiased - gap) < 0.75 * abs(plain - gap)
    assert abs(swept - gap) < 0.8 * abs(plain - gap)


@pytest.mark.parametrize("n", [20, 100, 400])
@pytest.mark.parametrize("gap", [0.0, 0.1])
def test_the_error_of_equal_bins_lies_in_its_interval(n: int, gap: float) -> None:
    inside, rounds = 0, 300
    for seed in range(rounds):
        bounds = calibration_interval(equal_mass(*sample(seed, n, gap)))
        inside += bounds.low <= gap <= bounds.high
    assert inside / rounds >= 0.95 - 0.038


def test_the_sweep_has_rising_bins_and_one_more_would_not() -> None:
    answers = sample(5, 500, 0.1)
    rows = sweep(*answers)
    assert all(a.accuracy <= b.accuracy for a, b in pairwise(rows))
    more = equal_mass(*answers, len(rows) + 1)
    assert any(a.accuracy > b.accuracy for a, b in pairwise(more))


def test_a_bin_has_the_interval_of_its_share() -> None:
    rows = reliability([0.9] * 10, [True] * 8 + [False] * 2)
    assert rows[0].interval() == share_interval(8, 10)


@given(ANSWERS, st.sampled_from([None, 1, 5, 10]))
def test_the_parts_of_a_brier_score_sum_to_it(
    answers: list[tuple[float, bool]], bins: int | None
) -> None:
    sure, hits = split(answers)
    found = brier_parts(sure, hits, bins)
    assert found.brier == pytest.approx(brier(sure, hits))
    whole = found.reliability - found.resolution + found.uncertainty + found.within
    assert whole == pytest.approx(found.brier)
    assert min(found.reliability, found.resolution, found.uncertainty) >= 0
    if bins is None:
        assert found.within == pytest.approx(0.0, abs=1e-9)


def test_parts_by_hand() -> None:
    found = brier_parts([0.8] * 5 + [0.3] * 5, [True] * 4 + [False] * 5 + [True])
    assert found.reliability == pytest.approx(0.5 * 0.0 + 0.5 * 0.01)
    assert found.resolution == pytest.approx(0.09)
    assert found.uncertainty == pytest.approx(0.25)


@pytest.mark.parametrize("bad", [1.2, -0.1, float("nan"), float("inf")])
def test_what_is_no_confidence_is_refused(bad: float) -> None:
    for method in (equal_mass, sweep, brier_parts, reliability):
        with pytest.raises(ValueError, match="no confidence"):
            method([bad], [True])
        with pytest.raises(ValueError, match="one confidence"):
            method([0.5], [])


def test_no_answers_have_no_error() -> None:
    assert equal_mass([], []) == []
    for rows in (equal_mass([], []), sweep([], [])):
        with pytest.raises(ValueError, match="no answers"):
            debiased_gap(rows)
    with pytest.raises(ValueError, match="no answers"):
        brier_parts([], [])


def test_one_class_is_measured_as_it_is() -> None:
    assert debiased_gap(reliability([0.9] * 40, [True] * 40)) == pytest.approx(0.1)
    assert brier_parts([0.9] * 4, [True] * 4).uncertainty == 0.0
