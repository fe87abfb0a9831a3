from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.evaluation.draw import Draw


def test_the_numbers_are_those_of_every_machine():
    """Pinned: a machine or Python that draws otherwise would break every grown suite."""
    draw = Draw(7, "typos", "case-1", 0)
    assert [draw.below(1_000) for _ in range(10)] == PINNED


PINNED = [255, 284, 755, 593, 895, 414, 623, 732, 14, 641]


def test_keys_do_not_run_together():
    rows = [Draw("ab", "c"), Draw("a", "bc"), Draw("abc"), Draw("1"), Draw(1), Draw("a", "b", "c")]
    assert len({tuple(draw.below(10**9) for _ in range(3)) for draw in rows}) == len(rows)


def test_half_a_surrogate_pair_is_a_key_like_any_other():
    assert Draw("\ud800").below(10**9) != Draw("\udfff").below(10**9)


@given(st.text(), st.integers(1, 50), st.integers(0, 60))
def test_a_sample_holds_each_place_at_most_once(key, size, count):
    drawn = Draw(key).sample(range(size), count)
    assert len(drawn) == len(set(drawn)) == min(size, count)
    assert set(drawn) <= set(range(size))


def test_draws_are_even():
    """Chi-squared over 20 cells, n = 20,000: below the 99.9 % point of 19 degrees of freedom."""
    draw, cells = Draw("even"), [0] * 20
    for _ in range(20_000):
        cells[draw.below(20)] += 1
    assert sum((n - 1_000) ** 2 / 1_000 for n in cells) < 43.8


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_a_chance_is_its_share(share):
    draw = Draw("chance", str(share))
    hits = sum(draw.chance(share) for _ in range(10_000))
    assert abs(hits / 10_000 - share) < 0.02
    if share in (0.0, 1.0):
        assert hits == share * 10_000


def test_nothing_can_be_drawn_of_nothing():
    with pytest.raises(ValueError, match="below 0"):
        Draw("x").pick([])
