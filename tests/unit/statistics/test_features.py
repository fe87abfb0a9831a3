"""Distances of features: scipy's matrix root as the oracle, coverage and bias by simulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import linalg
from sklearn.metrics.pairwise import cosine_similarity, polynomial_kernel

from roadworthy.statistics.features import cosines, frechet, kernel_distance


def drawn(seed: int, n: int, columns: int, shift: float = 0.0) -> Any:
    source = np.random.default_rng(seed)
    mixed = np.random.default_rng(99).normal(size=(columns, columns)) / np.sqrt(columns)
    return source.normal(size=(n, columns)) @ mixed + shift


def textbook(a: Any, b: Any) -> float:
    one, two = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(one @ two)
    gap = a.mean(axis=0) - b.mean(axis=0)
    return float(gap @ gap + np.trace(one) + np.trace(two) - 2 * np.trace(root).real)


@pytest.mark.parametrize(("n", "m", "columns"), [(40, 60, 2), (200, 150, 16), (500, 700, 64)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_frechet_is_what_scipys_root_says(n: int, m: int, columns: int, scale: float) -> None:
    a, b = drawn(1, n, columns) * scale, drawn(2, m, columns, 0.3) * scale
    assert frechet(a, b).value == pytest.approx(textbook(a, b), rel=1e-6)


def test_fewer_rows_than_columns_have_a_distance() -> None:
    """The covariances have no inverse, and the product of roots has no imaginary part to drop."""
    a, b = drawn(1, 50, 128), drawn(2, 60, 128)
    found = frechet(a, b)
    assert np.isfinite(found.value)
    assert found.value == pytest.approx(textbook(a, b), rel=1e-3)


def test_the_order_of_the_rows_hardly_matters() -> None:
    """A table that is sorted by class has the interval of a shuffled one."""
    source = np.random.default_rng(5)
    a = np.concatenate([source.normal(size=(100, 3)) + shift for shift in (0.0, 5.0, 10.0)])
    b = source.permutation(a) + 0.5
    widths = [
        found.interval.high - found.interval.low
        for found in (frechet(a, b), frechet(source.permutation(a), b))
    ]
    assert 0.25 < widths[0] / widths[1] < 4


def test_a_table_is_no_distance_from_itself() -> None:
    a = drawn(1, 300, 12)
    assert frechet(a, a).value == pytest.approx(0.0, abs=1e-9)


def test_kid_is_the_unbiased_estimate_of_the_textbook() -> None:
    a, b = drawn(1, 60, 7), drawn(2, 45, 7, 0.4)
    kernels = [polynomial_kernel(x, y, degree=3, gamma=1 / 7, coef0=1)
               for x, y in ((a, a), (b, b), (a, b))]  # fmt: skip
    within = [(each.sum() - np.trace(each)) / len(each) / (len(each) - 1) for each in kernels[:2]]
    wanted = sum(within) - 2 * kernels[2].mean()
    assert kernel_distance(a, b).value == pytest.approx(wanted, rel=1e-12)


def test_the_jackknife_of_kid_is_leaving_each_row_out() -> None:
    a, b = drawn(1, 42, 3), drawn(2, 43, 3, 0.5)
    found = kernel_distance(a, b)
    parts = []
    for first, second in ((a, b), (b, a)):
        n = len(first)
        left = np.array([_mmd(np.delete(first, row, axis=0), second) for row in range(n)])
        parts.append((n - 1) / n * ((left - left.mean()) ** 2).sum())
    half = 1.959964 * np.sqrt(sum(parts))
    assert found.interval.high - found.value == pytest.approx(half, rel=1e-5)


def _mmd(a: Any, b: Any) -> float:
    d = a.shape[1]
    own = [((x @ x.T / d + 1) ** 3, len(x)) for x in (a, b)]
    within = [(k.sum() - np.trace(k)) / n / (n - 1) for k, n in own]
    return float(sum(within) - 2 * ((a @ b.T / d + 1) ** 3).mean())


def test_the_interval_of_fid_covers_the_truth_that_the_plain_number_overstates() -> None:
    """Two normal distributions of 8 columns, 0.2 apart in each: the truth is 0.32."""
    covered, plain, corrected = 0, [], []
    for seed in range(200):
        source = np.random.default_rng(seed)
        found = frechet(source.normal(size=(200, 8)), source.normal(size=(200, 8)) + 0.2)
        covered += found.interval.low <= 0.32 <= found.interval.high
        plain.append(found.value)
        corrected.append(found.corrected)
    assert covered >= 0.91 * 200
    assert np.mean(plain) > 0.32 + 0.05
    assert np.mean(corrected) == pytest.approx(0.32, abs=0.02)


def test_the_interval_of_kid_covers_the_truth() -> None:
    source = np.random.default_rng(0)
    pairs = [source.normal(size=(2, 2000, 4)) for _ in range(20)]
    truth = np.mean([_mmd(one, two + 0.5) for one, two in pairs])
    covered = 0
    for seed in range(200):
        draws = np.random.default_rng(seed + 1)
        found = kernel_distance(draws.normal(size=(150, 4)), draws.normal(size=(150, 4)) + 0.5)
        covered += found.interval.low <= truth <= found.interval.high
    assert covered >= 0.91 * 200


def test_pictures_and_texts_are_compared_row_by_row() -> None:
    a, b = drawn(1, 30, 16), drawn(2, 30, 16)
    wanted = np.maximum(np.diag(cosine_similarity(a, b)), 0.0)
    assert cosines(a, b) == pytest.approx(wanted.tolist(), abs=1e-12)


GOOD = np.ones((50, 3)) + np.eye(50, 3)


@pytest.mark.parametrize("distance", [frechet, kernel_distance])
@pytest.mark.parametrize(
    ("table", "said"),
    [
        (GOOD[:39], "39 rows"),
        (GOOD[:, :2], "one encoder"),
        (np.where(GOOD > 1, np.nan, GOOD), "finite"),
        (np.where(GOOD > 1, np.inf, GOOD), "finite"),
        (GOOD[0], "a row a picture"),
        (np.zeros((0, 3)), "a row a picture"),
        (GOOD.astype(str), "a table of numbers"),
        (GOOD.astype(complex), "a table of numbers"),
    ],
)
def test_what_is_no_table_of_features_is_refused(
    distance: Callable[..., Any], table: Any, said: str
) -> None:
    for pair in ((table, GOOD), (GOOD, table)):
        with pytest.raises(ValueError, match=said):
            distance(*pair)


def test_pairs_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        cosines(GOOD, GOOD[:40])
    with pytest.raises(ValueError, match="row 3 is all zeros"):
        cosines(GOOD, np.where(np.arange(50)[:, None] == 2, 0.0, GOOD))
