"""Clustered cases: the matrices written out as oracle, and coverage with few groups."""

from __future__ import annotations

import random

import numpy as np
import pytest

from roadworthy.statistics import (
    cluster_interval,
    cluster_share_interval,
    clustered,
    share_interval,
)


def written_out(values: list[float], groups: list[int], together: bool) -> tuple[float, float]:
    """CR2 error and degrees of freedom of a mean, by Bell and McCaffrey's matrices."""
    n, y = len(values), np.array(values)
    names = np.array(groups)
    hat = np.ones((n, n)) / n
    left = np.eye(n) - hat
    residuals = left @ y
    variance, rows = 0.0, []
    for name in np.unique(names):
        inside = names == name
        block = left[np.ix_(inside, inside)]
        roots, vectors = np.linalg.eigh(block)
        adjust = vectors @ np.diag(roots**-0.5) @ vectors.T
        variance += float((adjust @ residuals[inside]).sum() / n) ** 2
        rows.append((adjust @ left[inside]).sum(axis=0) / n)
    assumed = (names[:, None] == names[None, :]).astype(float) if together else np.eye(n)
    g = np.array(rows) @ assumed @ np.array(rows).T
    return float(np.sqrt(variance)), float(np.trace(g) ** 2 / np.trace(g @ g))


@pytest.mark.parametrize("sizes", [[3, 3, 3], [1, 2, 9, 4], [1] * 8, [20, 1, 1, 1]])
def test_error_and_degrees_are_those_of_the_matrices(sizes: list[int]) -> None:
    source = random.Random(str(sizes))
    groups = [name for name, size in enumerate(sizes) for _ in range(size)]
    values = [source.gauss(name, 1.0) for name in groups]
    found = clustered(values, groups)
    apart, together = (written_out(values, groups, same) for same in (False, True))
    assert found.error == pytest.approx(apart[0])
    assert found.degrees == pytest.approx(max(1.0, min(apart[1], together[1])))


def test_groups_of_one_case_are_students_t() -> None:
    values = [1.0, 2.0, 4.0, 7.0, 9.0]
    found = clustered(values, range(5))
    assert found.error == pytest.approx(np.std(values, ddof=1) / np.sqrt(5))
    assert found.degrees == pytest.approx(4.0)


def drawn(seed: int, groups: int, uneven: bool) -> tuple[list[float], list[int]]:
    source = random.Random(seed)
    values, names = [], []
    for name in range(groups):
        level = source.gauss(0.0, 1.0)
        for _ in range(source.choice([1, 2, 12]) if uneven else 6):
            values.append(level + source.gauss(0.0, 0.5))
            names.append(name)
    return values, names


@pytest.mark.parametrize(("groups", "uneven"), [(4, False), (8, False), (8, True), (30, True)])
def test_few_groups_are_covered(groups: int, uneven: bool) -> None:
    inside, rounds = 0, 800
    for seed in range(rounds):
        found = cluster_interval(*drawn(seed, groups, uneven))
        inside += found.low <= 0.0 <= found.high
    assert inside / rounds >= 0.95 - (0.05 if uneven else 0.023)


@pytest.mark.parametrize("groups", [5, 20])
@pytest.mark.parametrize("rate", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("again", [0.0, 0.8, 1.0])
def test_a_share_of_grouped_cases_is_covered(groups: int, rate: float, again: float) -> None:
    """Six cases a group, each like the group's first with probability `again`."""
    source = random.Random(f"{groups} {rate} {again}")
    inside = plain = 0
    rounds = 400
    for _ in range(rounds):
        values, names = [], []
        for name in range(groups):
            first = source.random() < rate
            for _ in range(6):
                hit = first if source.random() < again else source.random() < rate
                values.append(float(hit))
                names.append(name)
        found = cluster_share_interval(values, names)
        alone = share_interval(sum(values), len(values))
        inside += found.low <= rate <= found.high
        plain += alone.low <= rate <= alone.high
    assert inside / rounds >= 0.95 - 0.033
    if again == 1.0 and rate == 0.5:
        assert plain / rounds < 0.9


def test_very_uneven_groups_are_nearly_covered() -> None:
    """Groups of 1, 2 and 12 cases: a few large ones decide, and what they hide is the limit."""
    source = random.Random(5)
    inside = 0
    for _ in range(500):
        values, names = [], []
        for name in range(60):
            first = source.random() < 0.9
            for _ in range(source.choice([1, 2, 12])):
                values.append(float(first if source.random() < 0.8 else source.random() < 0.9))
                names.append(name)
        found = cluster_share_interval(values, names)
        inside += found.low <= 0.9 <= found.high
    assert inside / 500 >= 0.88


def test_groups_that_agree_are_worth_one_case_each() -> None:
    found = cluster_share_interval([1.0] * 60, [index // 6 for index in range(60)])
    assert found == share_interval(10, 10)
    assert cluster_share_interval([0.0, 0.0], [1, 2]).high < 1.0


def test_independent_cases_lose_next_to_nothing() -> None:
    source = random.Random(8)
    values = [float(source.random() < 0.8) for _ in range(600)]
    found = cluster_share_interval(values, [index // 2 for index in range(600)])
    alone = share_interval(sum(values), 600)
    assert found.high - found.low == pytest.approx(alone.high - alone.low, rel=0.2)


def test_what_shows_no_groups_is_refused() -> None:
    with pytest.raises(ValueError, match="one group does not"):
        clustered([1.0, 2.0], [1, 1])
    with pytest.raises(ValueError, match="one group for each"):
        clustered([1.0, 2.0], [1])
    with pytest.raises(ValueError, match="all alike"):
        cluster_interval([1.0, 1.0], [1, 2])
    with pytest.raises(ValueError, match="between 0 and 1"):
        cluster_share_interval([float("nan"), 1.0], [1, 2])
