"""Early stopping keeps its promise: wherever it stops, its interval holds 95 times in 100."""

from __future__ import annotations

import random

import pytest

from roadworthy.evaluation.stopping import look_sizes
from roadworthy.policy import confidence_of
from roadworthy.statistics import ConfidenceSequence, share_interval

SERIES = 2_000
SIZES = look_sizes(1_600, 50)


def misses(rate: float, confidence: float) -> float:
    """Share of series in which somebody who stops at the worst look is told what is not so."""
    draw = random.Random(7)
    found = 0
    for _ in range(SERIES):
        right = asked = 0
        for size in SIZES:
            right += sum(draw.random() < rate for _ in range(size - asked))
            asked = size
            bounds = share_interval(right, asked, confidence)
            if not bounds.low <= rate <= bounds.high:
                found += 1
                break
    return found / SERIES


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.5, 0.9])
def test_an_interval_holds_at_whichever_look_the_suite_ends(rate):
    assert misses(rate, confidence_of(1, len(SIZES))) <= 0.05


@pytest.mark.slow
def test_without_paying_for_the_looks_it_would_not():
    assert misses(0.5, 0.95) > 0.08


@pytest.mark.parametrize("rate", [0.5, 0.9])
def test_paying_for_few_looks_is_narrower_than_a_sequence_that_may_be_looked_at_always(rate):
    draw = random.Random(11)
    sequence, right = ConfidenceSequence(0.95), 0.0
    for size in SIZES:
        values = [float(draw.random() < rate) for _ in range(size - sequence.n)]
        sequence.add(*values)
        right += sum(values)
        always, paid = sequence.look(), share_interval(right, size, confidence_of(1, len(SIZES)))
        if size >= 100:
            assert paid.high - paid.low < always.high - always.low
