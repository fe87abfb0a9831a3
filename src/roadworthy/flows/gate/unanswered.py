"""Questions that got no answer, where an objective is on a score that the answer would have had.

Enters: an objective's metric and the rows that it is judged on. Leaves: how many of them failed,
and the rows as they would be had each failure been the worst answer there is. What never happens
here: a failure left out of a score in silence, or a worst value made up for a score that has none.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from roadworthy.domain import ALIASES, INDICATORS, Observation, score_grades
from roadworthy.monitoring import judges_of

_SCORE = "score:"
_FROM_JUDGES = frozenset({"judge_score", "win_rate"})


class Unanswered(Struct, frozen=True, kw_only=True):
    """The failures among the rows of one objective."""

    failed: int
    asked: int
    """All that were asked for the score, the failed among them."""
    at_worst: Sequence[Observation] | None
    """The rows with the worst score for each failure; None where no score is the worst."""

    @property
    def told(self) -> str:
        """In words."""
        return f"{self.failed} of {self.asked} questions got no answer"


def unanswered(
    metric: str, rows: Sequence[Observation], *, most: float | None = None
) -> Unanswered | None:
    """The failures that the metric leaves out; None where it leaves out none.

    `most`: the largest value that there can be, where an objective says so.
    """
    if all(row.status != "error" for row in rows):
        return None
    scores = _scores_of(ALIASES.get(metric, metric), rows)
    suites = {row.suite for row in rows if not scores.isdisjoint(row.scores)}
    missing = {
        place: due
        for place, row in enumerate(rows)
        if row.status == "error" and (due := _due(row, scores, suites) - row.scores.keys())
    }
    if not missing:
        return None
    worst = _worst(scores, rows, most)
    has = sum(1 for row in rows if not scores.isdisjoint(row.scores))
    return Unanswered(
        failed=len(missing),
        asked=has + sum(1 for place in missing if scores.isdisjoint(rows[place].scores)),
        at_worst=None if worst is None else _at_worst(rows, missing, worst),
    )


def _scores_of(metric: str, rows: Sequence[Observation]) -> frozenset[str]:
    """The scores that the metric is of; empty where it is of none, or counts failures itself."""
    spec = INDICATORS.get(metric)
    if metric in _FROM_JUDGES:
        return frozenset(judges_of(rows))
    if spec is None:
        return frozenset({metric})
    return frozenset(need.removeprefix(_SCORE) for need in spec.needs if need.startswith(_SCORE))


def _due(row: Observation, scores: frozenset[str], suites: set[str]) -> frozenset[str]:
    """Those of the scores that an answer would have had: as its run says, else as its suite's."""
    said = row.attributes.get("due")
    if said is None:
        return scores if row.suite in suites else frozenset()
    return scores & frozenset(said)


def _worst(scores: frozenset[str], rows: Sequence[Observation], most: float | None) -> float | None:
    """The worst of them: 0 of shares and verdicts, `most` of errors, which have no other."""
    grades = {
        score_grades(row).get(score) for row in rows for score in scores if score in row.scores
    }
    if grades == {"down"}:
        return most
    shares = all(0.0 <= row.scores.get(score, 0.0) <= 1.0 for row in rows for score in scores)
    return 0.0 if shares and "down" not in grades else None


def _at_worst(
    rows: Sequence[Observation], missing: dict[int, frozenset[str]], worst: float
) -> Sequence[Observation]:
    return [
        structs.replace(row, scores={**row.scores, **dict.fromkeys(missing[place], worst)})
        if place in missing
        else row
        for place, row in enumerate(rows)
    ]
