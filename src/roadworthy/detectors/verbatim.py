"""`verbatim`: protected texts said word for word.

Enters: texts that nobody may reproduce, in place or as a side file. Leaves: a detector that finds
every stretch of `words` or more words that stands in one of them in the same order. Never happens
here: a stretch across two protected texts, a text too short to be found passed over in silence.

Words are compared after NFKC and case folding, so capitals, punctuation, line breaks and unseen
characters hide nothing; each character of Chinese, Japanese and Korean counts as a word. All
stretches of `words` words of the protected texts are kept as numbers (Karp and Rabin 1987,
https://doi.org/10.1147/rd.312.0249), so a text is looked through in a time that grows with its
length alone. Fifty words are the usual line (Carlini et al. 2023, https://arxiv.org/abs/2202.07646).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from roadworthy.domain import Finding, Needs, TextContext

from .options import Options, refuse

KIND = "VERBATIM"

FEWEST, USUAL, MOST = 5, 50, 1000
"""Words of a stretch: below the fewest every sentence is somebody's."""

_NO_BLANKS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Letters of scripts that write no blank between words, or long words between blanks."""
_UNSEEN = "\u00ad\u200b-\u200d\u2060\ufeff"
"""What nobody sees inside a word: it parts no words and is none of their letters."""
_WORD = re.compile(
    rf"[{_NO_BLANKS}]|[^\W{_NO_BLANKS}](?:[^\W{_NO_BLANKS}]|[\u0300-\u036f{_UNSEEN}])*"
)
_HIDDEN = re.compile(f"[{_UNSEEN}]")

_PRIME = (1 << 61) - 1
_BASE = 1_000_003


class VerbatimDetector:
    """Finds stretches of protected texts."""

    name = "verbatim"
    needs: Needs = "whole"

    def __init__(self, texts: Sequence[str], *, words: int, kind: str) -> None:
        self._words = words
        self._kind = kind
        self._known: dict[str, int] = {}
        self._protected: set[int] = set()
        for text in texts:
            words_of = words_in(text)
            numbers = [self._known.setdefault(word, len(self._known) + 1) for word in words_of]
            self._protected.update(value for _, value in _stretches(numbers, words))

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """One finding for each longest stretch, from its first to its last word."""
        places = list(_WORD.finditer(text))
        numbers = [self._known.get(_plain(place[0]), 0) for place in places]
        found: list[Finding] = []
        first = last = -1
        for at, value in _stretches(numbers, self._words):
            if value not in self._protected:
                continue
            if at > last:
                found += self._finding(places, first, last)
                first = at
            last = at + self._words - 1
        return [*found, *self._finding(places, first, last)]

    def _finding(self, places: Sequence[re.Match[str]], first: int, last: int) -> list[Finding]:
        if first < 0:
            return []
        return [Finding(kind=self._kind, start=places[first].start(), end=places[last].end())]


def words_in(text: str) -> Iterator[str]:
    """The words of a text, folded."""
    return (_plain(place[0]) for place in _WORD.finditer(text))


def _plain(word: str) -> str:
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFKC", _HIDDEN.sub("", word)).casefold()


def _stretches(numbers: Sequence[int], size: int) -> Iterator[tuple[int, int]]:
    """Where each stretch of `size` known words begins, and its number; 0 is no known word."""
    lead = pow(_BASE, size - 1, _PRIME)
    value = length = 0
    for at, number in enumerate(numbers):
        if not number:
            value = length = 0
            continue
        if length == size:
            value = (value - numbers[at - size] * lead) % _PRIME
            length -= 1
        value = (value * _BASE + number) % _PRIME
        length += 1
        if length == size:
            yield at - size + 1, value


def make(options: Mapping[str, Any], assets: Mapping[str, Any]) -> VerbatimDetector:
    """Build the detector.

    Options: `texts` (a list, or the path of a side file: `.txt` is one text, `.json`, `.jsonl` and
    `.yaml` hold a list of texts), `words` (5 to 1000, default 50), `kind`.
    """
    read = Options("verbatim", options, ("texts", "words", "kind"))
    texts = read.asset("texts", assets)
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise refuse("detector `verbatim` has no texts", "give a list of texts under `texts`")
    words = read.any("words") if read.has("words") else USUAL
    if not isinstance(words, int) or isinstance(words, bool) or not FEWEST <= words <= MOST:
        raise refuse(f"option `words` of `verbatim` is not a whole number from {FEWEST} to {MOST}")
    for number, text in enumerate(texts, start=1):
        has = sum(1 for _ in words_in(text))
        if has < words:
            raise refuse(
                f"text {number} of `verbatim` has {has} words: no stretch of {words} is in it",
                "leave it out, or give a smaller `words`",
            )
    return VerbatimDetector(texts, words=words, kind=read.text("kind", KIND))
