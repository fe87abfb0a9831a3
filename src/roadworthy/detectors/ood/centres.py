"""Parts of a cloud of points: k-means on directions, seeded, the same on every run.

Enters: rows of length 1. Leaves: centres of length 1, and which row belongs to which. Never here:
an empty part. Needs numpy, imported where it is used.
"""

from __future__ import annotations

from typing import Any

ROUNDS = 12
SEED = 20_261_122


def parts(rows: Any, count: int, *, rounds: int = ROUNDS) -> tuple[Any, Any]:
    """At most `count` centres of rows, and the part of each row (spherical k-means).

    Begins with rows by lot (Dhillon and Modha 2001, https://doi.org/10.1023/A:1007612920971); an
    empty part takes the row that lies farthest from its centre.
    """
    import numpy as np

    source = np.random.Generator(np.random.PCG64(SEED))
    begin = np.sort(source.permutation(len(rows))[: min(count, len(rows))])
    centres = rows[begin].astype("f4")
    own = np.zeros(len(rows), dtype="i8")
    for _ in range(rounds):
        likeness, new = nearest(rows, centres)
        counts = np.bincount(new, minlength=len(centres))
        far = iter(np.argsort(likeness, kind="stable"))
        for empty in np.flatnonzero(counts == 0):
            taken = next((row for row in far if counts[new[row]] > 1), None)
            if taken is not None:
                counts[new[taken]] -= 1
                new[taken], counts[empty] = empty, 1
        centres = unit(_sums(rows, new, len(centres)))
        if (new == own).all():
            break
        own = new
    return centres, nearest(rows, centres)[1]


def nearest(rows: Any, centres: Any) -> tuple[Any, Any]:
    """The likeness to the nearest centre, and which that is."""
    import numpy as np

    likeness = np.empty(len(rows), dtype="f4")
    own = np.empty(len(rows), dtype="i8")
    for first in range(0, len(rows), 1024):
        found = rows[first : first + 1024] @ centres.T
        own[first : first + 1024] = found.argmax(axis=1)
        likeness[first : first + 1024] = found.max(axis=1)
    return likeness, own


def unit(rows: Any) -> Any:
    """Rows of length 1; a row of zeros stays one."""
    import numpy as np

    size = np.sqrt((rows * rows).sum(axis=-1, keepdims=True, dtype="f4"))
    return rows / np.where(size > 0, size, 1.0)


def _sums(rows: Any, own: Any, count: int) -> Any:
    import numpy as np

    order = np.argsort(own, kind="stable")
    counts = np.bincount(own, minlength=count)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    out = np.zeros((count, rows.shape[1]), dtype="f4")
    filled = np.flatnonzero(counts)
    out[filled] = np.add.reduceat(rows[order], starts[filled], axis=0)
    return out
