"""A matter of degree, made a verdict: right from a score on, or up to one."""

from __future__ import annotations

from roadworthy.domain import Case, Observation, Scorer


class Threshold:
    """1.0 when another scorer's score is at least, or at most, so much; else 0.0."""

    def __init__(self, scorer: Scorer, least: float | None, most: float | None) -> None:
        self.name = scorer.name
        self._scorer = scorer
        self._least = least
        self._most = most

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None where the other scorer does not apply."""
        value = self._scorer.score(case, output, observation)
        if value is None:
            return None
        enough = self._least is None or value >= self._least
        return float(enough and (self._most is None or value <= self._most))
