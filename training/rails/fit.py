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

_WORDS = ("w", "b")
"""Kinds of traits that are words or pairs of words, no meanings."""
_NEAR = 1.0
"""Stretches whose logit is so near to the highest of their text are learned from."""


class Way(NamedTuple):
    """How a model is fitted."""

    words: float = 0.25
    """How easily words and pairs of words are learned, beside meanings: what texts are about
    differs from set to set."""
    hard: float = 0.0
    """How much more an innocent text weighs that looks like an attack."""
    share: int = 1
    """How much it counts in the mean of several."""


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
                for tokens, loud in readings(row.text, normaliser)
                for traits in traits_of(tokens, lexicon, None, loud)
            ],
        )
        for row in rows
    ]


def fit(
    seen: Sequence[Seen],
    ways: Sequence[Way] = (Way(),),
    *,
    blind: str = "",
    strength: float = 0.015,
    rounds: int = 3,
    rare: int = 8,
) -> Fitted:
    """Fit in each of the ways, and take the mean: of linear models it is one again.

    `blind`: the first letters of kinds of traits that are not learned.
    """
    names = [name for name in _names(seen, rare) if name[0] not in blind]
    order = {name: index for index, name in enumerate(names)}
    parts = [(index, part) for index, one in enumerate(seen) for part in one.stretches]
    lesson = _Lesson(
        matrix=_matrix([part for _, part in parts], order),
        owner=np.array([index for index, _ in parts]),
        attack=np.array([one.row.attack for one in seen]),
        weight=_weights(seen),
    )
    fitted = [_fitted(lesson, names, way, strength=strength, rounds=rounds) for way in ways]
    shares = [way.share for way in ways]
    weights = np.average([weights for weights, _ in fitted], axis=0, weights=shares)
    return Fitted(
        float(np.average([bias for _, bias in fitted], weights=shares)),
        {name: float(w) for name, w in zip(names, weights, strict=True) if abs(w) > 1e-4},
    )


class _Lesson(NamedTuple):
    """Stretches of texts, whose they are, and what each text is and weighs."""

    matrix: sparse.csr_matrix
    owner: np.ndarray
    attack: np.ndarray
    weight: np.ndarray


def _fitted(
    lesson: _Lesson, names: Sequence[str], way: Way, *, strength: float, rounds: int
) -> tuple[np.ndarray, float]:
    """Weights and bias; of a long text, later rounds keep the stretches most like an attack.

    The most suspicious stretch decides when it is looked at, so it is what is learned from.
    """
    owner, attack = lesson.owner, lesson.attack
    texts = len(attack)
    scale = np.array([way.words if name[0] in _WORDS else 1.0 for name in names])
    matrix = lesson.matrix.multiply(scale).tocsr()
    keep = np.ones(len(owner), dtype=bool)
    weight = lesson.weight
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-3, warm_start=True)
    for turn in range(rounds):
        kept = np.flatnonzero(keep)
        many = np.bincount(owner[kept], minlength=texts)
        each = weight[owner[kept]] / many[owner[kept]]
        each *= len(kept) / each.sum()
        model.fit(matrix[kept], attack[owner[kept]], sample_weight=each)
        if turn + 1 < rounds:
            logits = model.decision_function(matrix)
            best = np.full(texts, -np.inf)
            np.maximum.at(best, owner, logits)
            keep = logits >= best[owner] - _NEAR
            weight = _harder(lesson.weight, attack, best, way.hard)
    return model.coef_[0] * scale, float(model.intercept_[0])


def _harder(weight: np.ndarray, attack: np.ndarray, best: np.ndarray, hard: float) -> np.ndarray:
    """Let innocent texts that look like attacks weigh more, all innocent ones together the same."""
    if not hard:
        return weight
    alike = 1.0 / (1.0 + np.exp(-best.clip(-30.0, 30.0)))
    harder = weight * np.where(attack, 1.0, (0.1 + alike) ** hard)
    harder[~attack] *= weight[~attack].sum() / harder[~attack].sum()
    return harder


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
    """Both labels weigh the same, and within a label every set does (times `weight`)."""
    rows = [one.row for one in seen]
    many = Counter((row.attack, row.set) for row in rows)
    sets = Counter(attack for attack, _ in many)
    return np.array([row.weight / many[row.attack, row.set] / sets[row.attack] for row in rows])


def _matrix(parts: Sequence[frozenset[str]], order: dict[str, int]) -> sparse.csr_matrix:
    indices: list[int] = []
    ends = [0]
    for part in parts:
        indices += sorted(order[trait] for trait in part if trait in order)
        ends.append(len(indices))
    ones = np.ones(len(indices))
    return sparse.csr_matrix((ones, indices, ends), shape=(len(parts), len(order)))
