"""Accept thresholds: the guarantees by simulation, with the truth known in closed form."""

from __future__ import annotations

import random

import pytest

from roadworthy.statistics import controlled_threshold, proven_threshold


def labelled(source: random.Random, n: int, gap: float = 0.1) -> tuple[list[float], list[bool]]:
    """Confidence is uniform on [0, 1]; at confidence c the answer is right with c - gap."""
    sure = [source.random() for _ in range(n)]
    return sure, [source.random() < confidence - gap for confidence in sure]


def all_risk(threshold: float, gap: float = 0.1) -> float:
    """Share of all requests that are answered wrongly: the integral of 1 - max(0, c - gap)."""
    bare = max(0.0, gap - threshold)
    start = max(threshold, gap)
    return bare + (1 - start) * (1 + gap) - (1 - start**2) / 2


def answered_risk(threshold: float, gap: float = 0.1) -> float:
    return all_risk(threshold, gap) / (1 - threshold)


@pytest.mark.parametrize("limit", [0.05, 0.15])
@pytest.mark.parametrize("n", [30, 200])
def test_risk_control_holds_the_limit_on_average(n: int, limit: float) -> None:
    source = random.Random(f"{n} {limit}")
    total, rounds, answered = 0.0, 600, 0.0
    for _ in range(rounds):
        found = controlled_threshold(*labelled(source, n), limit=limit)
        if found is not None:
            total += all_risk(found.threshold)
            answered += found.coverage
    assert total / rounds <= limit + 0.003
    if n == 200:
        assert total / rounds > 0.7 * limit
        assert answered / rounds > 0.1


@pytest.mark.parametrize("limit", [0.15, 0.25])
@pytest.mark.parametrize("n", [100, 1000, 3000])
def test_a_proven_threshold_fails_in_at_most_one_of_twenty(n: int, limit: float) -> None:
    source = random.Random(f"{n} {limit}")
    broken = found_any = 0
    rounds = 300
    for _ in range(rounds):
        found = proven_threshold(*labelled(source, n), limit=limit)
        if found is not None:
            found_any += 1
            broken += answered_risk(found.threshold) > limit
    assert broken / rounds <= 0.05
    if n == 3000 and limit == 0.25:
        assert found_any / rounds > 0.9


def test_the_lowest_risk_that_was_seen_would_break_its_promise_far_more_often() -> None:
    """Why it is tested and not read off the curve."""
    source = random.Random(2)
    broken, rounds = 0, 300
    for _ in range(rounds):
        sure, hits = labelled(source, 100)
        for least in sorted(sure):
            kept = [hit for c, hit in zip(sure, hits, strict=True) if c >= least]
            if kept.count(False) / len(kept) <= 0.15:
                broken += answered_risk(least) > 0.15
                break
    assert broken / rounds > 0.3


def test_by_hand() -> None:
    sure = [0.9] * 60 + [0.5] * 40
    hits = [True] * 60 + [False] * 20 + [True] * 20
    found = controlled_threshold(sure, hits, limit=0.1)
    assert found is not None
    assert (found.threshold, found.answered, found.wrong, found.coverage) == (0.9, 60, 0, 0.6)
    proven = proven_threshold(sure * 3, hits * 3, limit=0.05)
    assert proven is not None
    assert (proven.answered, proven.wrong) == (180, 0)
    assert 0.5 < proven.threshold <= 0.9


def test_where_nothing_is_proven_everything_goes_to_a_person() -> None:
    for method in (controlled_threshold, proven_threshold):
        assert method([], [], limit=0.1) is None
        assert method([0.9] * 5, [True] * 5, limit=0.1) is None
        assert method([0.9] * 50, [False] * 50, limit=0.1) is None


@pytest.mark.parametrize("bad", [0.0, 1.0, -1.0, float("nan")])
def test_a_limit_that_is_none_is_refused(bad: float) -> None:
    for method in (controlled_threshold, proven_threshold):
        with pytest.raises(ValueError, match="strictly between"):
            method([0.5], [True], limit=bad)
    with pytest.raises(ValueError, match="strictly between"):
        proven_threshold([0.5], [True], limit=0.1, certainty=bad)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1.1])
def test_what_is_no_confidence_has_no_threshold(bad: float) -> None:
    for method in (controlled_threshold, proven_threshold):
        with pytest.raises(ValueError, match="between 0 and 1"):
            method([bad], [True], limit=0.1)
