"""Sketches of texts: enough to tell whether two say much the same, none of their words.

Enters: a text and a secret. Leaves: keyed hashes of its groups of three letters (the smallest 128,
so that long texts cost no more than short ones), of its opening and its close, and whether it says
few words over and over or hides a text in an encoding. Two sketches with the same secret have a
likeness: Jaccard's index of those groups, estimated from the smallest where there are more (Broder
1997, https://doi.org/10.1109/SEQUEN.1997.666900; Cohen and Kaplan 2007,
https://doi.org/10.1145/1281100.1281133). Never here: a word kept, or a likeness across secrets.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from hashlib import blake2b

from msgspec import Struct

from .disguise import hides

MOST_MARKS = 128
"""Hashes of a sketch; of more groups the smallest."""

MOST_CHARACTERS = 4000
"""Of a longer text the first and the last half of so many are looked at."""

EDGE_WORDS = 5
"""Words of an opening or a close."""

_WORD = re.compile(r"\w+")
_GROUP = 3
_DRONES = 40
"""Words from which on saying few of them over and over is noticed."""
_FEW = 0.1


class Sketch(Struct, frozen=True, kw_only=True):
    """What is left of a text. Useless without the secret that made it."""

    digest: int
    """Of all its words, however they were written."""
    marks: array[int]
    """Hashes of its groups of letters, rising; at most `MOST_MARKS`, eight bytes each."""
    words: int
    opening: int
    """Of its first `EDGE_WORDS` words; 0 where it has no more words than that."""
    close: int
    drones: bool
    """Whether it says few words over and over."""
    veils: bool
    """Whether it hides a text in an encoding."""


class Sketcher:
    """Makes sketches under one secret."""

    def __init__(self, secret: bytes = b"") -> None:
        """`secret`: at most 64 bytes."""
        self._secret = secret

    def sketch(self, text: str) -> Sketch:
        """The sketch of a text; of one without a word it is like nothing."""
        text = _bounded(text)
        words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
        groups = {
            padded[at : at + _GROUP]
            for padded in {f" {word} " for word in words}
            for at in range(len(padded) - _GROUP + 1)
        }
        hashes = sorted(map(self._hash, groups))
        edged = len(words) > EDGE_WORDS
        return Sketch(
            digest=self._hash(" ".join(words)) if words else 0,
            marks=array("Q", hashes[:MOST_MARKS]),
            words=len(words),
            opening=self._hash(" ".join(words[:EDGE_WORDS])) if edged else 0,
            close=self._hash(" ".join(words[-EDGE_WORDS:])) if edged else 0,
            drones=len(words) >= _DRONES and len(set(words)) <= _FEW * len(words),
            veils=hides(text),
        )

    def _hash(self, text: str) -> int:
        digest = blake2b(text.encode(errors="replace"), digest_size=8, key=self._secret).digest()
        return int.from_bytes(digest) or 1


def likeness(one: Sketch, other: Sketch) -> float:
    """Jaccard's index of the two texts' groups of letters, 0 to 1; 0 where one has none.

    Exact where both texts together have no more than `MOST_MARKS` groups, else estimated from the
    smallest hashes of both together, with a standard error of at most 0.044.
    """
    a, b = set(one.marks), set(other.marks)
    if not a or not b:
        return 0.0
    together = a | b
    if MOST_MARKS in (len(a), len(b)):
        together = set(sorted(together)[:MOST_MARKS])
    return len(a & b & together) / len(together)


def same_frame(one: Sketch, other: Sketch, alike: float) -> bool:
    """Whether two texts are one with something else put in.

    They begin or end with the same words, or are `alike`; the very same words are no frame.
    """
    if one.digest == other.digest:
        return False
    opening = one.opening != 0 and one.opening == other.opening
    close = one.close != 0 and one.close == other.close
    return opening or close or likeness(one, other) >= alike


def _bounded(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    half = MOST_CHARACTERS // 2
    return f"{text[:half]} {text[-half:]}"
