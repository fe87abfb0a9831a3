"""METEOR by words and stems: precision and recall, less a penalty for scattered matches.

As NLTK computes it without WordNet: alpha 0.9, beta 3, gamma 0.5; words are matched from the end,
first as they are, then by their stems. Source: Banerjee and Lavie 2005,
https://aclanthology.org/W05-0909.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from roadworthy.domain import Case, Observation

from .corpus_metrics import text_extra
from .references import best
from .words import words

_ALPHA, _BETA, _GAMMA = 0.9, 3, 0.5

_Left = list[tuple[int, str]]


class Meteor:
    """METEOR against each right text, the best of them."""

    def __init__(self, name: str, *, language: str) -> None:
        self.name = name
        self._stem: Callable[[str], str] | None = None
        if language != "none":
            self._stem = text_extra("snowballstemmer").stemmer(language).stemWord

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0 to 1; None when the case expects no text."""
        got = words(output)
        return best(case, lambda text: meteor(got, words(text), self._stem))


def meteor(
    got: Sequence[str], wanted: Sequence[str], stem: Callable[[str], str] | None = None
) -> float:
    """The score of one sentence of small words."""
    pairs, left, right = _matched(list(enumerate(got)), list(enumerate(wanted)))
    if stem is not None:
        stems = [[(at, stem(word)) for at, word in side] for side in (left, right)]
        pairs += _matched(*stems)[0]
    if not pairs:
        return 0.0
    pairs.sort()
    breaks = sum(
        1
        for before, after in pairwise(pairs)
        if (after[0], after[1]) != (before[0] + 1, before[1] + 1)
    )
    matches = len(pairs)
    precision, recall = matches / len(got), matches / len(wanted)
    mean = precision * recall / (_ALPHA * precision + (1 - _ALPHA) * recall)
    return mean * (1 - _GAMMA * ((breaks + 1) / matches) ** _BETA)


def _matched(got: _Left, wanted: _Left) -> tuple[list[tuple[int, int]], _Left, _Left]:
    """Pairs of places of equal words, matched from the end, and what is left of both."""
    places: dict[str, list[int]] = {}
    for at, word in wanted:
        places.setdefault(word, []).append(at)
    pairs: list[tuple[int, int]] = []
    left: _Left = []
    for at, word in reversed(got):
        if places.get(word):
            pairs.append((at, places[word].pop()))
        else:
            left.append((at, word))
    open_places = {at for each in places.values() for at in each}
    return pairs, left[::-1], [(at, word) for at, word in wanted if at in open_places]
