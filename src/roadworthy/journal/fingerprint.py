"""What a text is known by again: keyed marks of its runs of words, by winnowing.

Enters: a text. Leaves: a few whole numbers. Any ten words that two texts have in common, one after
the other, give both a mark in common, whatever stands around them; case, punctuation and blanks do
not count (Schleimer, Wilkerson, Aiken 2003, "Winnowing: local algorithms for document
fingerprinting"). What never happens here: a mark that says something of the text to whoever lacks
the key.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Sequence

RUN = 6
"""Words of which one mark is made."""
WINDOW = 5
"""Of so many runs in a row one leaves its mark."""
SURELY = RUN + WINDOW - 1
"""So many words in common are always noticed."""

MOST_CHARS = 200_000
"""Of a longer text the rest is left out."""

_WORD = re.compile(r"[^\W_]+")
_BASE = 1_000_003
_MASK = (1 << 61) - 1
_DROP = pow(_BASE, RUN, _MASK)

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af"
"""Kana, Han, Hangul: written without blanks, so that each character is a word."""
_WITHOUT_BLANKS = re.compile(f"[{_IDEOGRAPHS}]")
_PIECES = re.compile(f"[{_IDEOGRAPHS}]|[^{_IDEOGRAPHS}]+")


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared."""
    plain = text[:MOST_CHARS]
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
    words = _WORD.findall(plain.casefold())
    if plain.isascii() or not _WITHOUT_BLANKS.search(plain):
        return words
    return [piece for word in words for piece in _PIECES.findall(word)]


def fingerprints(words: Sequence[str], key: bytes) -> list[int]:
    """The marks of a text, each once, as signed 64-bit numbers; none of fewer than `RUN` words."""
    runs = _runs(words)
    kept = _winnowed(runs)
    return sorted({_mark(words[at : at + RUN], key) for at in kept})


def shares(text: Sequence[str], answer: Sequence[str]) -> tuple[float, float]:
    """Which share of the text's words lies in runs that the answer has, and the other way round."""
    return _share(text, answer), _share(answer, text)


def _share(one: Sequence[str], other: Sequence[str]) -> float:
    if len(one) < RUN:
        return 0.0
    known = {tuple(other[at : at + RUN]) for at in range(len(other) - RUN + 1)}
    covered, until = 0, 0
    for at in range(len(one) - RUN + 1):
        if tuple(one[at : at + RUN]) in known:
            covered += at + RUN - max(at, until)
            until = at + RUN
    return covered / len(one)


def _runs(words: Sequence[str]) -> list[int]:
    """A rolling hash of each run (Karp and Rabin 1987)."""
    hashes = [zlib.crc32(word.encode()) + 1 for word in words]
    if len(hashes) < RUN:
        return []
    value = 0
    for each in hashes[:RUN]:
        value = (value * _BASE + each) % _MASK
    found = [value]
    for old, new in zip(hashes, hashes[RUN:], strict=False):
        value = (value * _BASE + new - old * _DROP) % _MASK
        found.append(value)
    return found


def _winnowed(runs: Sequence[int]) -> set[int]:
    """The places of the smallest run of every window; of equals the last."""
    if len(runs) <= WINDOW:
        return {min(range(len(runs)), key=lambda at: (runs[at], -at))} if runs else set()
    kept: set[int] = set()
    least = -1
    for end in range(WINDOW - 1, len(runs)):
        begin = end - WINDOW + 1
        if least < begin:
            least = min(range(begin, end + 1), key=lambda at: (runs[at], -at))
        elif runs[end] <= runs[least]:
            least = end
        kept.add(least)
    return kept


def _mark(run: Sequence[str], key: bytes) -> int:
    data = "\x00".join(run).encode()
    digest = hashlib.blake2b(data, digest_size=8, key=key).digest()
    return int.from_bytes(digest, "big", signed=True)
