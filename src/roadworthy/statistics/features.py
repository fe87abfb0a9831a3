"""How far two sets of pictures are apart, by the features that an encoder gave them.

Enters: two tables of features, a row a picture. Leaves: Frechet's distance and the kernel's, each
with its interval. Never here: an encoder, or a number of too few rows. Needs numpy, imported where
it is used; linear algebra of 2,048 columns is not for plain Python.
"""

from __future__ import annotations

import math
from typing import Any

from msgspec import Struct

from .distributions import normal_quantile, t_quantile
from .intervals import Interval

BLOCKS = 20
"""Blocks of each table that the jackknife leaves out in turn."""

FEWEST = 2 * BLOCKS
"""Rows of a table, below which a block is no block."""

_CHUNK = 1024


class Distance(Struct, frozen=True, kw_only=True):
    """A distance with its interval."""

    value: float
    """As it is defined on these rows."""
    corrected: float
    """Less its bias of small samples, of the order of 1 over n; the kernel's has none."""
    interval: Interval
    """Of the corrected distance."""
    n: int
    """Rows of the first table."""
    reference: int
    """Rows of the second."""
    columns: int


def frechet(table: Any, reference: Any, *, confidence: float = 0.95) -> Distance:
    """Frechet's distance of normal distributions fitted to the tables (FID, Heusel et al. 2017).

    https://arxiv.org/abs/1706.08500. Rows stand for themselves. The trace of the root of the
    product of the two covariances is taken from a symmetric matrix with the same eigenvalues, so no
    imaginary part is dropped. On n rows the distance is too large by about a constant over n, and
    by another one for another model (Chong and Forsyth 2020, https://arxiv.org/abs/1911.07023):
    `corrected` and the interval are the jackknife's over 20 blocks of each table (Quenouille 1956;
    Tukey 1958), which takes that out.
    Raises ValueError on fewer than 40 rows, different columns, or a value that is not finite.
    """
    import numpy as np

    a, b = _tables(table, reference)
    one, two = _Moments(a), _Moments(b)
    corrected, variance = 0.0, 0.0
    for moving, still in ((one, two.all()), (two, one.all())):
        root = _root(still[1])
        whole = _apart(moving.all(), still, root)
        left = np.array([_apart(moving.without(block), still, root) for block in range(BLOCKS)])
        corrected += (BLOCKS - 1) * (whole - float(left.mean()))
        variance += (BLOCKS - 1) / BLOCKS * float(((left - left.mean()) ** 2).sum())
    corrected += whole
    half = t_quantile(0.5 + confidence / 2, BLOCKS - 1) * math.sqrt(variance)
    bounds = Interval(max(0.0, corrected - half), max(0.0, corrected + half))
    return Distance(
        value=whole, corrected=corrected, interval=bounds,
        n=len(a), reference=len(b), columns=a.shape[1],
    )  # fmt: skip


class _Moments:
    """Sums of blocks of rows, so that leaving a block out is a subtraction."""

    def __init__(self, rows: Any) -> None:
        import numpy as np

        self._centre = rows.mean(axis=0)
        centred = rows - self._centre
        parts = [centred[block::BLOCKS] for block in range(BLOCKS)]  # rows may come sorted
        self._n = np.array([len(part) for part in parts])
        self._sums = np.array([part.sum(axis=0) for part in parts])
        self._products = [part.T @ part for part in parts]
        self._product = sum(self._products[1:], self._products[0])

    def all(self) -> tuple[Any, Any]:
        """Mean and covariance of all rows."""
        return self._of(self._n.sum(), self._sums.sum(axis=0), self._product)

    def without(self, block: int) -> tuple[Any, Any]:
        """Mean and covariance without a block."""
        return self._of(
            self._n.sum() - self._n[block],
            self._sums.sum(axis=0) - self._sums[block],
            self._product - self._products[block],
        )

    def _of(self, n: Any, sums: Any, product: Any) -> tuple[Any, Any]:
        import numpy as np

        mean = sums / n
        return self._centre + mean, (product - n * np.outer(mean, mean)) / (n - 1)


def _root(spread: Any) -> Any:
    """The symmetric root of a covariance."""
    import numpy as np

    values, vectors = np.linalg.eigh(spread)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def _apart(moving: tuple[Any, Any], still: tuple[Any, Any], root: Any) -> float:
    """The distance, with the root of the second's covariance."""
    import numpy as np

    (mean, spread), (other, wide) = moving, still
    shared = np.linalg.eigvalsh(root @ spread @ root)
    together = np.sqrt(np.maximum(shared, 0.0)).sum()
    gap = mean - other
    return max(0.0, float(gap @ gap + np.trace(spread) + np.trace(wide) - 2 * together))


def kernel_distance(table: Any, reference: Any, *, confidence: float = 0.95) -> Distance:
    """The squared maximum mean discrepancy under a cubic kernel (KID, Binkowski et al. 2018).

    https://arxiv.org/abs/1801.01401. Unbiased on any number of rows, so it can lie below 0 where
    the two are alike. The interval is the jackknife's over all rows of both tables (Arvesen 1969).
    Raises ValueError as `frechet`.
    """
    a, b = _tables(table, reference)
    n, m, columns = len(a), len(b), a.shape[1]
    own, other = _kernel_sums(a, a, columns), _kernel_sums(b, b, columns)
    across, back = _kernel_sums(a, b, columns), _kernel_sums(b, a, columns)
    own -= ((a * a).sum(axis=1) / columns + 1) ** 3
    other -= ((b * b).sum(axis=1) / columns + 1) ** 3
    within, beside, between = float(own.sum()), float(other.sum()), float(across.sum())
    value = within / (n * (n - 1)) + beside / (m * (m - 1)) - 2 * between / (n * m)
    left = (
        (within - 2 * own) / ((n - 1) * (n - 2))
        + beside / (m * (m - 1))
        - 2 * (between - across) / ((n - 1) * m)
    )
    right = (
        within / (n * (n - 1))
        + (beside - 2 * other) / ((m - 1) * (m - 2))
        - 2 * (between - back) / (n * (m - 1))
    )
    variance = sum(
        (len(each) - 1) / len(each) * float(((each - each.mean()) ** 2).sum())
        for each in (left, right)
    )
    half = normal_quantile(0.5 + confidence / 2) * math.sqrt(variance)
    return Distance(
        value=value, corrected=value, interval=Interval(value - half, value + half),
        n=n, reference=m, columns=columns,
    )  # fmt: skip


def _kernel_sums(a: Any, b: Any, columns: int) -> Any:
    """For each row of the first table the sum of the kernel over the second."""
    import numpy as np

    return np.concatenate(
        [
            ((a[start : start + _CHUNK] @ b.T / columns + 1) ** 3).sum(axis=1)
            for start in range(0, len(a), _CHUNK)
        ]
    )


def cosines(table: Any, texts: Any) -> list[float]:
    """The cosine of each picture and the text of the same row; 0 below 0 (CLIPScore without 2.5).

    Hessel et al. 2021, https://arxiv.org/abs/2104.08718, multiply it by 2.5. Raises ValueError on
    tables of different shapes, a row of zeros, or a value that is not finite.
    """
    import numpy as np

    a, b = _numbers(table), _numbers(texts)
    if a.shape != b.shape:
        raise ValueError(f"one text a picture: {a.shape} and {b.shape} are no pairs")
    sizes = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    for side in sizes:
        if not (side > 0).all():
            raise ValueError(
                f"row {int((side > 0).argmin()) + 1} is all zeros: it has no direction"
            )
    found = (a / sizes[0][:, None] * (b / sizes[1][:, None])).sum(axis=1)
    return [float(value) for value in np.clip(found, 0.0, 1.0)]


def _tables(table: Any, reference: Any) -> tuple[Any, Any]:
    a, b = _numbers(table), _numbers(reference)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"{a.shape[1]} and {b.shape[1]} columns: one encoder makes both tables")
    for rows in (a, b):
        if len(rows) < FEWEST:
            raise ValueError(f"{len(rows)} rows say nothing of others: it needs {FEWEST}")
    return a, b


def _numbers(table: Any) -> Any:
    import numpy as np

    found = np.asarray(table)
    if found.ndim != 2 or not found.size or found.dtype.kind not in "fiu":
        raise ValueError(f"a table of numbers, a row a picture, not {found.dtype} {found.shape}")
    found = found.astype(np.float64)
    if not np.isfinite(found).all():
        raise ValueError("features are finite numbers")
    return found
