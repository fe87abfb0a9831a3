"""Where a text lies in the terms of a reference: a few sums over the rows of its words.

Enters: a reference's tables, a text. Leaves: its logits among the kinds of inputs, its direction of
meaning, which of its words are new. Never here: a text kept; a word that was not seen before is
remembered as numbers, and not more than `OVERFLOW` of them. Needs numpy, imported where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from roadworthy.domain import Packed

from .tables import unpack, unpack_rows
from .words import MOST_WORDS, letters_of, of_pair, of_word, words_of

VectorOf = Callable[[str], Any]
"""A word -> its vector in a table of static embeddings; zeros where it has none."""

Encode = Callable[[str], Any]
"""A text -> its vector by a sentence encoder, of length 1."""


class Encoder(Protocol):
    """A sentence encoder: says what a text means, where a table of words says it of each."""

    @property
    def pin(self) -> str:
        """Which numbers a text gets, with the digest of its weights."""

    def encode(self, text: str) -> Any:
        """A text's vector, of length 1. Raises DetectorError."""


OVERFLOW = 4096
"""Words that the reference does not have and that are remembered."""


class Placed(Struct, frozen=True):
    """A text in the terms of a reference."""

    logits: Any
    meaning: Any
    """Of length 1, or zeros; no numbers without a table of static embeddings."""
    words: tuple[str, ...]
    new: int
    """How many of its words are new."""


class Projection:
    """Tables, ready for texts. One thread's."""

    def __init__(
        self,
        tables: Mapping[str, Packed],
        vector_of: VectorOf | None = None,
        encode: Encode | None = None,
    ) -> None:
        """`encode` says what a text means in place of `vector_of`, which says it of words.

        Raises KeyError or ValueError where a table is missing or does not fit.
        """
        import numpy as np

        self._np = np
        self._vector_of = vector_of
        self._encode = encode
        self._bias = unpack(tables["bias"]).astype("f4")
        self._kinds = len(self._bias)
        self._meant = _dense(tables, "meant")[0]
        self._turn = _dense(tables, "turn")
        self.size = len(self._meant)
        self._summed = 0 if encode is not None else self.size
        self._softened = unpack(tables["softened"]).astype("f4")
        keys = unpack(tables["words"]).tolist()
        self.known = len(keys)
        self._row_of = {key: row for row, key in enumerate(keys)}
        self._table = self._words_table(tables)
        self._remembered: dict[str, int] = {}
        pairs = unpack(tables["pairs"]).tolist() if "pairs" in tables else []
        self._pair_of = {key: row for row, key in enumerate(pairs)}
        self._pairs = self._with_mass(tables, "pair", len(pairs)) if pairs else None
        letters = unpack(tables["letters"]).tolist()
        self._letter_of = {key: row for row, key in enumerate(letters)}
        self._letters = self._with_mass(tables, "letter", len(letters))

    def _with_mass(self, tables: Mapping[str, Packed], name: str, rows: int) -> Any:
        """Weights of features, and the square of their rarity in a last column."""
        np = self._np
        table = unpack_rows(f"{name}_weights", tables)
        if table.shape != (rows, self._kinds):
            raise ValueError(f"`{name}_weights` has not a row of weights a feature")
        mass = unpack(tables[f"{name}_rarity"]).astype("f4") ** 2
        return np.concatenate([table, mass[:, None]], axis=1)

    def _words_table(self, tables: Mapping[str, Packed]) -> Any:
        """A row a word: weights as a word, as letters; its vector; then mass of each, its share."""
        np, kinds = self._np, self._kinds
        table = np.zeros((self.known + OVERFLOW, 2 * kinds + self._summed + 3), dtype="f4")
        own = table[: self.known]
        if len(self._softened) != self.known + 1:
            raise ValueError("`softened` has not a number a word")
        own[:, :kinds] = unpack_rows("word_weights", tables)
        own[:, kinds : 2 * kinds] = unpack_rows("spelled_weights", tables)
        if self._summed:
            own[:, 2 * kinds : -3] = unpack(tables["vectors"])
            own[:, 2 * kinds : -3] *= self._softened[: self.known, None]
        own[:, -3] = unpack(tables["word_rarity"]).astype("f4") ** 2
        own[:, -2] = unpack(tables["spelled_mass"])
        own[:, -1] = self._softened[: self.known]
        return table

    def place(self, text: str) -> Placed:
        """The text in the terms of the reference."""
        np, kinds = self._np, self._kinds
        words = words_of(text)
        rows, pairs = self._rows(words)
        known = self.known
        logits = self._bias.copy()
        meaning = np.zeros(self.size, dtype="f4")
        if rows:
            sums = self._table.take(rows, axis=0).sum(axis=0)
            mass = float(sums[-3])
            own = sums[:kinds]
            if pairs and self._pairs is not None:
                near = self._pairs.take(pairs, axis=0).sum(axis=0)
                own = own + near[:-1]
                mass += float(near[-1])
            logits += own * (1.0 / math.sqrt(mass or 1.0))
            logits += sums[kinds : 2 * kinds] * (1.0 / math.sqrt(float(sums[-2]) or 1.0))
            if self.size:
                summed = sums[2 * kinds : -3] if self._encode is None else self._encode(text)
                meaning = self._direction(summed)
                logits += meaning @ self._turn
        return Placed(logits, meaning, tuple(words), sum(row >= known for row in rows))

    def _direction(self, summed: Any) -> Any:
        """Length 1, less the mean of the reference, of length 1 again."""
        size = math.sqrt(float(summed @ summed))
        if not size:
            return summed
        off = summed * (1.0 / size) - self._meant
        size = math.sqrt(float(off @ off))
        return off * (1.0 / size) if size else off

    def _rows(self, words: list[str]) -> tuple[list[int], list[int]]:
        remembered, pair_of = self._remembered, self._pair_of
        if len(remembered) > OVERFLOW - MOST_WORDS:
            remembered.clear()  # not within a text, whose rows it would write over
        rows, pairs, before = [], [], -1
        for word in words:
            hashed = of_word(word)
            row = self._row_of.get(hashed)
            if row is None:
                row = remembered.get(word)
                if row is None:
                    row = self._remember(word)
            if before >= 0:
                pair = pair_of.get(of_pair(before, word))
                if pair is not None:
                    pairs.append(pair)
            rows.append(row)
            before = hashed
        return rows, pairs

    def _remember(self, word: str) -> int:
        """A row for a word that the reference does not have; made of its letters."""
        row = self.known + len(self._remembered)
        self._remembered[word] = row
        kinds = self._kinds
        own = self._table[row]
        own[:] = 0.0
        groups = [at for key in letters_of(word) if (at := self._letter_of.get(key)) is not None]
        if groups:
            sums = self._letters.take(groups, axis=0).sum(axis=0)
            own[kinds : 2 * kinds] = sums[:-1]
            own[-2] = sums[-1]
        if self._summed and self._vector_of is not None:
            own[2 * kinds : -3] = self._vector_of(word)
            own[2 * kinds : -3] *= self._softened[-1]
        own[-1] = self._softened[-1]
        return row


def _dense(tables: Mapping[str, Packed], name: str) -> Any:
    """A table that is there only with static embeddings."""
    import numpy as np

    return unpack(tables[name]).astype("f4") if name in tables else np.zeros((1, 0), dtype="f4")
