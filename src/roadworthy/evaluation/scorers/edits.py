"""Scores of how many edits lie between an output and a right text."""

from __future__ import annotations

from typing import Literal

from roadworthy.domain import Case, Observation

from .references import best
from .sequences import distance
from .words import spoken


class Similarity:
    """1 - Levenshtein distance over the longer length; 1.0 when both are empty."""

    def __init__(self, name: str, *, ignore_case: bool) -> None:
        self.name = name
        self._ignore_case = ignore_case

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0 to 1; None when the case expects no text."""
        got = self._shaped(output)

        def against(text: str) -> float:
            wanted = self._shaped(text)
            longer = max(len(got), len(wanted))
            return 1 - distance(got, wanted) / longer if longer else 1.0

        return best(case, against)

    def _shaped(self, text: str) -> str:
        return text.strip().casefold() if self._ignore_case else text.strip()


class ErrorRate:
    """Edits over the length of the right text, of words or of characters; the least of several.

    Against a right text without any, 0.0 for an output without any and 1.0 for every other.
    """

    def __init__(
        self,
        name: str,
        *,
        unit: Literal["words", "characters"],
        ignore_case: bool,
        ignore_punctuation: bool,
    ) -> None:
        self.name = name
        self._unit = unit
        self._ignore = {"ignore_case": ignore_case, "ignore_punctuation": ignore_punctuation}

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0 or more; None when the case expects no text."""
        got = self._parts(output)

        def against(text: str) -> float:
            wanted = self._parts(text)
            return distance(got, wanted) / len(wanted) if wanted else float(bool(got))

        return best(case, against, of=min)

    def _parts(self, text: str) -> list[str] | str:
        shaped = spoken(text, **self._ignore)
        return shaped.split() if self._unit == "words" else shaped
