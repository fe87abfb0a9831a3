"""A judge's place among the scorers: a model was asked right after the answer was given.

Its score is in the observation already; nothing is asked or changed here.
"""

from __future__ import annotations

from roadworthy.domain import Case, Observation


class Judged:
    """What a judge said stays as it is (the Scorer port)."""

    def __init__(self, name: str) -> None:
        self.name = name

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """None: the judge wrote its score itself."""
        return None
