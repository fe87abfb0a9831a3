"""How many are expected where so many were seen: exact, and true on simulated counts."""

from __future__ import annotations

import pytest
from scipy.stats import chi2, poisson

from roadworthy.statistics import expected_count


@pytest.mark.parametrize("count", [0, 1, 5, 14, 200])
def test_a_count_is_bounded_as_by_garwood(count: int) -> None:
    found = expected_count(count, 0.95)
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    assert (found.low, found.high) == pytest.approx((low, chi2.ppf(0.975, 2 * count + 2) / 2))


def test_garwoods_bounds_hold_what_they_promise() -> None:
    """Of 4,000 counts at least 95 % of intervals hold what was expected."""
    for mean in (2.0, 5.0, 11.0):
        counts = poisson.rvs(mean, size=4000, random_state=7)
        bounds = {count: expected_count(count, 0.95) for count in set(map(int, counts))}
        held = sum(bounds[int(n)].low <= mean <= bounds[int(n)].high for n in counts) / 4000
        assert held >= 0.945


def test_fewer_than_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 0"):
        expected_count(-1)
