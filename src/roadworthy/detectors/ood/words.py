"""The words of a text and their parts, as whole numbers: a reference keeps no text.

Enters: a text. Leaves: words, and hashes of 32 bits (CRC-32) of words, of neighbours, and of groups
of two to five letters. Never here: a pattern of a user, or more than `MOST_WORDS` of a text.
"""

from __future__ import annotations

import re
import unicodedata
from zlib import crc32

MOST_WORDS = 512
"""Of a longer text its first half and its last half so many are looked at."""

MOST_LETTERS = 40
"""Of a word."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")
_LETTERS = 0x9E3779B9
"""Where the hashes of groups of letters begin, so that none is a word's."""


def words_of(text: str) -> list[str]:
    """Its words, however they were written: NFKC, case folded, cut to `MOST_LETTERS`."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    found = _WORD.findall(text.casefold())
    if len(found) > MOST_WORDS:
        found = [*found[: MOST_WORDS // 2], *found[-MOST_WORDS // 2 :]]
    return [word if len(word) <= MOST_LETTERS else word[:MOST_LETTERS] for word in found]


def of_word(word: str) -> int:
    """The hash of a word."""
    return crc32(word.encode("utf-8", "replace"))


def of_pair(first: int, second: str) -> int:
    """The hash of two words in a row, of which the first is hashed already."""
    return crc32(b" " + second.encode("utf-8", "replace"), first)


def letters_of(word: str) -> list[int]:
    """The hashes of a word's groups of letters, its edges among them; each as often as it is."""
    padded = f" {word} "
    return [
        crc32(padded[at : at + size].encode("utf-8", "replace"), _LETTERS)
        for size in range(2, 6)
        for at in range(len(padded) - size + 1)
    ]
