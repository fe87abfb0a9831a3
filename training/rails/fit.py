"""Fits a linear model on traits, set by set in balance.

Enters: rows. Leaves: a bias and a weight for each trait that several sets have. Never happens
here: a set that outweighs the others because it is long, or a trait that one set alone knows.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from roadworthy.detectors.meanings import Lexicon
from roadworthy.detectors.normalise import Normaliser
from roadworthy.detectors.trained import most_suspicious, readings
from roadworthy.detectors.traits import traits_of

from .sets import Row

_EASE = {"w": 0.25, "b": 0.25}
"""Words and pairs of words are less easily learned than meanings: what texts are about differs
from set to set."""


class Seen(NamedTuple):
    """A row and the traits of each of its stretches."""

    row: Row
    stretches: list[frozenset[str]]


class Fitted(NamedTuple):
    """A linear model."""

    bias: float
    weights: dict[str, float]

    def logit(self, seen: Seen) -> float:
        """As the detector has it: the most suspicious stretch."""
        get = self.weights.get
        return most_suspicious(
            [
                self.bias + math.fsum(get(trait, 0.0) for trait in traits)
                for traits in seen.stretches
            ]
        )


def look(rows: Sequence[Row], lexicon: Lexicon) -> list[Seen]:
    """The traits of every row."""
    normaliser = Normaliser()
    return [
        Seen(
            row,
            [
                frozenset(traits)
                for tokens in readings(row.text, normaliser)
                for traits in traits_of(tokens, lexicon)
            ],
        )
        for row in rows
    ]


def fit(
    seen: Sequence[Seen],
    *,
    strength: float = 0.015,
    rounds: int = 3,
    rare: int = 8,
    near: float = 1.0,
) -> Fitted:
    """Fit; of a long text, later rounds keep the stretches that look most like an attack.

    The most suspicious stretch decides when it is looked at, so it is what is learned from.
    """
    names = _names(seen, rare)
    order = {name: index for index, name in enumerate(names)}
    scale = np.array([_EASE.get(name[0], 1.0) for name in names])
    parts = [(index, part) for index, one in enumerate(seen) for part in one.stretches]
    matrix = _matrix([part for _, part in parts], order).multiply(scale).tocsr()
    owner = np.array([index for index, _ in parts])
    attack = np.array([one.row.attack for one in seen])
    weight = _weights(seen)
    keep = np.ones(len(parts), dtype=bool)
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-3, warm_start=True)
    for turn in range(rounds):
        kept = np.flatnonzero(keep)
        many = np.bincount(owner[kept], minlength=len(seen))
        each = weight[owner[kept]] / many[owner[kept]]
        each *= len(kept) / each.sum()
        model.fit(matrix[kept], attack[owner[kept]], sample_weight=each)
        if turn + 1 < rounds:
            logits = model.decision_function(matrix)
            best = np.full(len(seen), -np.inf)
            np.maximum.at(best, owner, logits)
            keep = logits >= best[owner] - near
    weights = model.coef_[0] * scale
    return Fitted(
        float(model.intercept_[0]),
        {name: float(w) for name, w in zip(names, weights, strict=True) if abs(w) > 1e-4},
    )


def _names(seen: Sequence[Seen], rare: int) -> list[str]:
    """Traits that enough texts have, of more than one set."""
    count: Counter[str] = Counter()
    sets: defaultdict[str, set[str]] = defaultdict(set)
    for one in seen:
        for trait in set().union(*one.stretches):
            count[trait] += 1
            if len(sets[trait]) < 2:
                sets[trait].add(one.row.set)
    return sorted(t for t, n in count.items() if n >= rare and len(sets[t]) > 1)


def _weights(seen: Sequence[Seen]) -> np.ndarray:
    """Both labels weigh the same, and within a label every set does."""
    many = Counter((one.row.attack, one.row.set) for one in seen)
    sets = Counter(attack for attack, _ in many)
    return np.array(
        [1.0 / many[one.row.attack, one.row.set] / sets[one.row.attack] for one in seen]
    )


def _matrix(parts: Sequence[frozenset[str]], order: dict[str, int]) -> sparse.csr_matrix:
    indices: list[int] = []
    ends = [0]
    for part in parts:
        indices += sorted(order[trait] for trait in part if trait in order)
        ends.append(len(indices))
    ones = np.ones(len(indices))
    return sparse.csr_matrix((ones, indices, ends), shape=(len(parts), len(order)))
