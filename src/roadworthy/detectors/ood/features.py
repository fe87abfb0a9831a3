"""What texts are made of, learned from references: which words, pairs and groups of letters occur.

Enters: texts as words. Leaves: vocabularies with their weights, and blocks for a fit. Never here: a
feature of a text that the vocabulary was not learned from. Needs numpy, imported where it is used.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from .centres import SEED, unit
from .projection import VectorOf
from .softmax import Block
from .tables import Sparse, sparse
from .words import letters_of, of_pair, of_word

SOFTENED = 0.25
"""Power of a word's rarity with which it weighs in a text's vector."""


FOLDED = 256
"""Numbers of a text whose words are folded together."""


class Vocabulary:
    """Hashes of features in rising order, and how rare each is: ln((1 + n) / (1 + df)) + 1."""

    def __init__(self, texts: Sequence[Iterable[int]], *, least: int) -> None:
        """Features of fewer than `least` texts are left out."""
        found = Counter(key for text in texts for key in set(text))
        self.keys = sorted(key for key, count in found.items() if count >= least)
        self.rarity = [math.log((1 + len(texts)) / (1 + found[key])) + 1.0 for key in self.keys]
        self.row = {key: row for row, key in enumerate(self.keys)}
        self.unknown = math.log(1 + len(texts)) + 1.0
        """Of a feature that no text has."""


def pairs_of(words: Sequence[str]) -> list[int]:
    """The hashes of neighbours."""
    return [of_pair(of_word(a), b) for a, b in pairwise(words)]


class Texts:
    """Texts in the terms of vocabularies that were learned from them, ready for a fit."""

    def __init__(
        self,
        texts: Sequence[Sequence[str]],
        vector_of: VectorOf | None = None,
        encoded: Any = None,
    ) -> None:
        """`encoded`: a row of length 1 a text, of a sentence encoder, in place of `vector_of`."""
        import numpy as np

        hashed = [[of_word(word) for word in words] for words in texts]
        least = 2 if len(texts) >= 200 else 1
        self.words = Vocabulary(hashed, least=1)
        self.pairs = Vocabulary([pairs_of(words) for words in texts], least=least)
        self.spelled = self._spelled(texts)
        groups = {key: letters_of(word) for key, word in self.spelled.items()}
        self.letters = Vocabulary([[g for key in set(row) for g in groups[key]] for row in hashed],
                                  least=least)  # fmt: skip
        self.of_words = self._letters_of_words(groups)
        self.letter_mass = _squares(self.of_words)
        self.vectors = self._vectors(vector_of)
        counts = [Counter(self.words.row[key] for key in row) for row in hashed]
        neighbours = [
            Counter(row for key in pairs_of(words) if (row := self.pairs.row.get(key)) is not None)
            for words in texts
        ]
        rarity = np.array(self.words.rarity, dtype="f4")
        pair_rarity = np.array(self.pairs.rarity, dtype="f4")
        mass = np.array(
            [
                sum(n * float(rarity[row]) ** 2 for row, n in own.items())
                + sum(n * float(pair_rarity[row]) ** 2 for row, n in near.items())
                for own, near in zip(counts, neighbours, strict=True)
            ]
        )
        spelling = np.array(
            [sum(n * float(self.letter_mass[row]) for row, n in own.items()) for own in counts]
        )
        self.blocks: list[Block] = [
            Plain(_weighted(counts, rarity, mass)),
            Plain(_weighted(neighbours, pair_rarity, mass), width=len(self.pairs.keys)),
            Spelled(_weighted(counts, np.ones_like(rarity), spelling), self.of_words,
                    len(self.letters.keys)),
        ]  # fmt: skip
        self._unit = unit(self._sums(counts)) if encoded is None else encoded
        self.meant = self._unit.mean(axis=0, dtype="f8").astype("f4")
        """Mean of the texts' vectors."""
        self.meanings = Dense(unit(self._unit - self.meant)) if self._unit.shape[1] else None
        if self.meanings is not None:
            self.blocks.append(self.meanings)

    def folded(self) -> Any:
        """The texts' words in `FOLDED` numbers each, of length 1: signs by lot, with a seed.

        Achlioptas 2003, https://doi.org/10.1016/S0022-0000(03)00025-4.
        """
        import numpy as np

        source = np.random.Generator(np.random.PCG64(SEED))
        signs = source.integers(0, 2, size=(len(self.words.keys), FOLDED)).astype("f4") * 2 - 1
        return unit(self.blocks[0].scores(signs))

    def _spelled(self, texts: Sequence[Sequence[str]]) -> dict[int, str]:
        """Hash -> the word that it is of; of two with one hash the first in the alphabet."""
        return {of_word(word): word for word in sorted({w for t in texts for w in t}, reverse=True)}

    def _letters_of_words(self, groups: dict[int, list[int]]) -> Sparse:
        rows = []
        for key in self.words.keys:
            row: dict[int, float] = {}
            for group in groups[key]:
                at = self.letters.row.get(group)
                if at is not None:
                    row[at] = row.get(at, 0.0) + self.letters.rarity[at]
            rows.append(row)
        return sparse(rows)

    def _vectors(self, vector_of: VectorOf | None) -> Any:
        import numpy as np

        if vector_of is None:
            return np.zeros((len(self.words.keys), 0), dtype="f4")
        return np.array([vector_of(self.spelled[key]) for key in self.words.keys], dtype="f4")

    def _sums(self, counts: Sequence[Counter[int]]) -> Any:
        softened = [rarity**SOFTENED for rarity in self.words.rarity]
        rows = [{row: n * softened[row] for row, n in own.items()} for own in counts]
        return sparse(rows).times(self.vectors)


class Plain:
    """Features as they are."""

    def __init__(self, rows: Sparse, *, width: int | None = None) -> None:
        self.rows = rows
        self.width = width if width is not None else _width(rows)
        self._turned = rows.turned(self.width)

    def scores(self, weights: Any) -> Any:
        """Rows times weights."""
        return self.rows.times(weights)

    def pulled(self, errors: Any) -> Any:
        """Columns times errors."""
        return self._turned.times(errors)


class Spelled:
    """Words, each in place of its groups of letters: far fewer numbers than the groups."""

    def __init__(self, words: Sparse, letters: Sparse, width: int) -> None:
        self.width = width
        self._letters = letters
        self._back = letters.turned(width)
        self._words = words
        self._words_back = words.turned(len(letters.starts) - 1)

    def scores(self, weights: Any) -> Any:
        """Rows times weights."""
        return self._words.times(self._letters.times(weights))

    def pulled(self, errors: Any) -> Any:
        """Columns times errors."""
        return self._back.times(self._words_back.times(errors))


class Dense:
    """A table that is full."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows
        self.width = rows.shape[1]

    def scores(self, weights: Any) -> Any:
        """Rows times weights."""
        return self.rows @ weights

    def pulled(self, errors: Any) -> Any:
        """Columns times errors."""
        return self.rows.T @ errors


def _weighted(counts: Sequence[Counter[int]], rarity: Any, mass: Any) -> Sparse:
    """Counts times rarity, each row over the root of its mass."""
    rows = []
    for own, whole in zip(counts, mass, strict=True):
        size = math.sqrt(whole) or 1.0
        rows.append({row: n * float(rarity[row]) / size for row, n in own.items()})
    return sparse(rows)


def _squares(table: Sparse) -> Any:
    """The sum of squares of each row."""
    import numpy as np

    rows = np.repeat(np.arange(len(table.starts) - 1), np.diff(table.starts))
    return np.bincount(
        rows, weights=table.values.astype("f8") ** 2, minlength=len(table.starts) - 1
    )


def _width(rows: Sparse) -> int:
    return int(rows.columns.max()) + 1 if len(rows.columns) else 1
