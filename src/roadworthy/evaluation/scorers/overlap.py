"""Scores of what an output and a right text have in common: token F1, ROUGE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from roadworthy.domain import Case, Observation

from .references import best
from .sequences import common
from .words import squad_words, words


def f1(found: float, got: int, wanted: int) -> float:
    """Harmonic mean of the shares of `got` and of `wanted` that were found."""
    return 2 * found / (got + wanted) if found else 0.0


def shared(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """How many items both hold, each as often as in both."""
    return (Counter(one) & Counter(other)).total()


class TokenF1:
    """F1 over words as SQuAD compares them; the best of several right texts.

    Where one of the two has no words left, 1.0 when neither has.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0 to 1; None when the case expects no text."""
        got = squad_words(output)

        def against(text: str) -> float:
            wanted = squad_words(text)
            if not got or not wanted:
                return float(got == wanted)
            return f1(shared(got, wanted), len(got), len(wanted))

        return best(case, against)


class Rouge:
    """F1 of n-grams (`n` 1 or 2), or with `n` 0 of the longest common subsequence of words."""

    def __init__(self, name: str, *, n: int) -> None:
        self.name = name
        self._n = n

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0 to 1; None when the case expects no text."""
        got = self._units(words(output))

        def against(text: str) -> float:
            wanted = self._units(words(text))
            found = shared(got, wanted) if self._n else common(got, wanted)
            return f1(found, len(got), len(wanted))

        return best(case, against)

    def _units(self, parts: list[str]) -> Sequence[Hashable]:
        return grams(parts, self._n) if self._n > 1 else parts


def grams(parts: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """Every run of n parts."""
    return [tuple(parts[at : at + n]) for at in range(len(parts) - n + 1)]


class Distinct:
    """Share of an answer's n-grams of words that are different from each other."""

    def __init__(self, name: str, *, n: int) -> None:
        self.name = name
        self._n = n

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0 to 1; None when the answer has fewer words than an n-gram."""
        found = grams(words(output), self._n)
        return len(set(found)) / len(found) if found else None
