"""How far a text lies from a reference, in a fifth of a millisecond (with an encoder: a few).

Enters: a fitted reference, a text. Leaves: a score, the sum of three distances: how unsure the
classifier is of every kind (its largest logit, turned round; Hendrycks et al. 2022,
https://arxiv.org/abs/1911.11132), how unlike the mixture of kinds is to any of the reference's, and
how unlike the meaning is (nearest neighbours; Sun et al. 2022, https://arxiv.org/abs/2204.06507);
where no table of meanings is at hand how many of its words are new in place of that. Each counts as
it is spread over inputs that nothing was fitted on. Never here: a text kept, or a look with another
table of meanings, or another sentence encoder, than the one it was fitted with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from msgspec import UNSET, Struct

from roadworthy.domain import Fault, ManifestError, Packed, Reference

from .projection import Encode, Encoder, Placed, Projection, VectorOf
from .tables import unpack

SKETCH_BITS = 64
PARTS = ("unsure", "unlike", "unmeant")
"""Distances that are summed, and how their settings are named."""

AGAIN = "fit it again with `roadworthy ood fit`"


class Looked(Struct, frozen=True, kw_only=True):
    """One text beside the reference."""

    score: float
    flagged: bool
    topic: str
    """The nearest part; empty where the text has no word."""
    new_words: float | None
    """Share of its words that the reference does not have; None of a text without words."""
    sketch: str
    """Of a flagged text: 64 bits, hexadecimal, alike for texts of like words. Else empty."""


class Distances:
    """The three distances of a text from a reference's tables."""

    def __init__(
        self,
        tables: Mapping[str, Packed],
        vector_of: VectorOf | None = None,
        encode: Encode | None = None,
    ) -> None:
        """Raises KeyError or ValueError where a table is missing or does not fit."""
        self.projection = Projection(tables, vector_of, encode)
        self._kinds = unpack(tables["near_kinds"]).astype("f4")
        self._meanings = None
        if self.projection.size:
            self._meanings = unpack(tables["near_meanings"]).astype("f4")

    def of(self, placed: Placed) -> tuple[float, ...]:
        """Larger is farther."""
        unsure = -float(placed.logits.max())
        unlike = -float((self._kinds @ mixture(placed)).max())
        if self._meanings is None:
            return unsure, unlike, placed.new / (len(placed.words) or 1)
        return unsure, unlike, -float((self._meanings @ placed.meaning).max())


class Detector:
    """A reference, ready to be held against. One thread's."""

    def __init__(
        self,
        reference: Reference,
        vector_of: VectorOf | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        """`vector_of`, `encoder`: what it was fitted with, where it was.

        Raises ManifestError where a table is missing, or none fits the others.
        """
        tables = reference.detector
        if reference.encoder != (UNSET if encoder is None else encoder.pin):
            raise _broken("the reference was fitted with another sentence encoder")
        if ("meant" in tables) is not (encoder is not None or vector_of is not None):
            raise _broken("the reference was fitted with another table of meanings")
        try:
            encode = None if encoder is None else encoder.encode
            self._distances = Distances(tables, vector_of, encode)
            self._topics = unpack(tables["topics"]).astype("f4")
            outputs = tables.get("output_topics")
            self._outputs = None if outputs is None else unpack(outputs).astype("f4")
            self._scales = [
                (reference.settings[f"{name}_mean"], reference.settings[f"{name}_spread"])
                for name in PARTS
            ]
            self._threshold = reference.threshold
            self._names, self._output_names = reference.topics, reference.output_topics
            self._check()
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise _broken(f"the reference's detector is not whole: {error}") from None

    def look(self, text: str) -> Looked:
        """The text beside the reference."""
        placed = self._distances.projection.place(text)
        score = self._scaled(self._distances.of(placed))
        flagged = score > self._threshold
        words = placed.words
        return Looked(
            score=score,
            flagged=flagged,
            topic=self._nearest(self._topics, self._names, placed),
            new_words=placed.new / len(words) if words else None,
            sketch=sketch_of(words) if flagged else "",
        )

    def score(self, text: str) -> float:
        """Only how far it lies."""
        return self._scaled(self._distances.of(self._distances.projection.place(text)))

    def output_topic(self, text: str) -> str:
        """The part of the reference's answers that an answer lies nearest to."""
        if self._outputs is None:
            return ""
        placed = self._distances.projection.place(text)
        return self._nearest(self._outputs, self._output_names, placed)

    def _scaled(self, distances: tuple[float, ...]) -> float:
        return sum(
            (distance - mean) / spread
            for distance, (mean, spread) in zip(distances, self._scales, strict=True)
        )

    def _nearest(self, centres: Any, names: list[str], placed: Placed) -> str:
        if not placed.words:
            return ""
        return names[int((centres @ direction(placed)).argmax())]

    def _check(self) -> None:
        """One look, so that a table of the wrong width is a fault now and not of an answer."""
        if any(not spread > 0 for _, spread in self._scales):
            raise ValueError("a distance without a spread")
        for table, names in ((self._topics, self._names), (self._outputs, self._output_names)):
            if table is not None and len(table) != len(names):
                raise ValueError("not one name a topic")
        self.look("a b")
        self.output_topic("a b")


def _broken(message: str) -> ManifestError:
    return ManifestError([Fault(file="", line=0, message=message, fix=AGAIN)])


def direction(placed: Placed) -> Any:
    """What topics are parts of: meaning, or without one the mixture of kinds."""
    return placed.meaning if len(placed.meaning) else mixture(placed)


def mixture(placed: Placed) -> Any:
    """Which kinds a text is of, of length 1: its logits less their mean."""
    off = placed.logits - placed.logits.mean()
    size = math.sqrt(float(off @ off))
    return off / size if size else off


def sketch_of(words: tuple[str, ...]) -> str:
    """64 bits of which most are the same for texts with mostly the same words.

    Charikar 2002, https://doi.org/10.1145/509907.509965: a random sign a word and bit, summed.
    """
    if not words:
        return ""
    sums = [0] * SKETCH_BITS
    for word in set(words):
        bits = int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest())
        for at in range(SKETCH_BITS):
            sums[at] += 1 if bits >> at & 1 else -1
    found = 0
    for at, total in enumerate(sums):
        found |= (total > 0) << at
    return f"{found:016x}"


def unlikeness(first: str, second: str) -> int:
    """Bits in which two sketches differ, of 64."""
    return (int(first, 16) ^ int(second, 16)).bit_count()
