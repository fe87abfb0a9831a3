"""The interval of a pace holds for steady arrivals, also in bursts that are short."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from roadworthy.statistics import pace_interval


def steady(draw: np.random.Generator) -> np.ndarray:
    return np.cumsum(draw.exponential(0.5, 400))


def bursts(draw: np.random.Generator) -> np.ndarray:
    """Four at once, as a pool of callers asks."""
    return np.sort(np.repeat(np.cumsum(draw.exponential(2.0, 100)), 4) + draw.uniform(0, 0.1, 400))


@pytest.mark.parametrize("arrivals", [steady, bursts])
def test_it_covers_the_pace_behind(arrivals: object) -> None:
    draw = np.random.default_rng(7)
    hits = 0
    for _ in range(1000):
        bounds = pace_interval(arrivals(draw).tolist())  # type: ignore[operator]
        hits += bounds.low <= 2.0 <= bounds.high
    assert stats.binomtest(hits, 1000, 0.95).pvalue > 1e-3 or hits > 950


def test_it_is_students_of_the_stretches() -> None:
    instants = np.sort(np.random.default_rng(1).uniform(0, 90, 300))
    counts, _ = np.histogram(instants[1:], bins=10, range=(instants[0], instants[-1]))
    paces = counts / (instants[-1] - instants[0]) * 10
    wanted = stats.t.interval(0.95, 9, loc=paces.mean(), scale=stats.sem(paces))
    found = pace_interval(instants.tolist())
    assert (found.low, found.high) == pytest.approx(wanted)


@pytest.mark.parametrize("instants", [[], [1.0], [float(at) for at in range(50)],
                                      [float(at) for at in range(101)]])  # fmt: skip
def test_few_events_or_a_clock_have_no_bounds(instants: list[float]) -> None:
    with pytest.raises(ValueError, match="bounds"):
        pace_interval(instants)
