"""Which kind a text is of: logistic regression with several classes, by limited-memory BFGS.

Enters: blocks of features, a class a row. Leaves: weights a block. Never here: randomness; the same
rows give the same weights. Needs numpy, imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Protocol

REMEMBERED = 6
MOST_STEPS = 80
_ENOUGH = 1e-5
"""Less change of the loss a step, relative to it, and the weights stand."""


class Block(Protocol):
    """Features of all rows."""

    @property
    def width(self) -> int:
        """Columns."""

    def scores(self, weights: Any) -> Any:
        """Rows times weights."""

    def pulled(self, errors: Any) -> Any:
        """Columns times errors: the gradient."""


def fit(
    blocks: Sequence[Block], kinds: Any, classes: int, *, strength: float = 10.0
) -> tuple[list[Any], Any]:
    """Weights of each block and the bias, of least log loss with an L2 penalty of 1/`strength`.

    The penalty is of the sum over rows, as scikit-learn's `LogisticRegression(C=strength)`.
    """
    import numpy as np

    rows = len(kinds)
    truth = (np.arange(rows), kinds)
    widths = [block.width for block in blocks]
    edges = np.cumsum([0, *widths])

    def split(flat: Any) -> tuple[list[Any], Any]:
        table = flat.reshape(-1, classes)
        return [table[a:b] for a, b in pairwise(edges)], table[-1]

    def loss(flat: Any) -> tuple[float, Any]:
        weights, bias = split(flat)
        logits = np.tile(bias, (rows, 1))
        for block, own in zip(blocks, weights, strict=True):
            logits += block.scores(own)
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        total = shares.sum(axis=1, keepdims=True)
        value = float((np.log(total[:, 0]) - logits[truth]).sum(dtype="f8")) / rows
        shares /= total
        shares[truth] -= 1.0
        shares /= rows
        penalty = 1.0 / (strength * rows)
        parts = [block.pulled(shares) for block in blocks]
        slope = np.concatenate([*parts, shares.sum(axis=0, keepdims=True)]).ravel()
        slope[:-classes] += penalty * flat[:-classes]
        return value + 0.5 * penalty * float(flat[:-classes] @ flat[:-classes]), slope

    return split(_least(loss, np.zeros((edges[-1] + 1) * classes, dtype="f4")))


def _least(loss: Callable[[Any], tuple[float, Any]], at: Any) -> Any:
    """Where a smooth convex function is least (Liu and Nocedal 1989, BF01589116)."""
    value, slope = loss(at)
    moves: list[tuple[Any, Any, float]] = []
    for _ in range(MOST_STEPS):
        way = _direction(slope, moves)
        steep = float(slope @ way)
        if steep >= 0.0:
            moves, way = [], -slope
            steep = float(slope @ way)
        step = 1.0 if moves else min(1.0, 1.0 / (float(abs(slope).sum()) or 1.0))
        for _ in range(20):
            new_value, new_slope = loss(at + step * way)
            if new_value <= value + 1e-4 * step * steep:
                break
            step *= 0.5
        else:
            return at
        moved, bent = step * way, new_slope - slope
        curve = float(moved @ bent)
        if curve > 1e-12:
            moves = [*moves[-REMEMBERED + 1 :], (moved, bent, 1.0 / curve)]
        gained = value - new_value
        at, value, slope = at + moved, new_value, new_slope
        if gained <= _ENOUGH * max(1.0, abs(value)) and moves and gained >= 0:
            return at
    return at


def _direction(slope: Any, moves: Sequence[tuple[Any, Any, float]]) -> Any:
    way = slope.copy()
    shares = []
    for moved, bent, scale in reversed(moves):
        share = scale * float(moved @ way)
        shares.append(share)
        way -= share * bent
    if moves:
        moved, bent, scale = moves[-1]
        way *= 1.0 / (scale * float(bent @ bent))
    for (moved, bent, scale), share in zip(moves, reversed(shares), strict=True):
        way += moved * (share - scale * float(bent @ way))
    return -way
