"""Sums over another tool's rows, case by case, so that n counts cases and not answers.

A million rows are never held: of each case and score one sum and one count.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping

from roadworthy.domain import ImportedScore, UsageError
from roadworthy.origins import Source
from roadworthy.statistics import mean_interval, share_interval

_SLACK = 1e-3
"""Tools round what they report."""
_NO_ROWS = "the file holds no row of it: only the tool's own figure"


class _Score:
    """Sums and counts of one score, by the number of the case."""

    def __init__(self) -> None:
        self.sums = array("d")
        self.counts = array("l")
        self._far: dict[int, int] = {}
        """Case -> place, of cases that came after one without this score."""

    def add(self, case: int, value: float) -> None:
        place = case if case < len(self.sums) and not self._far else self._far.get(case, -1)
        if place < 0:
            place = len(self.sums)
            self.sums.append(0.0)
            self.counts.append(0)
            if place != case or self._far:
                self._far = self._far or {each: each for each in range(place)}
                self._far[case] = place
        self.sums[place] += value
        self.counts[place] += 1

    def means(self) -> list[float]:
        pairs = zip(self.sums, self.counts, strict=True)
        return [total / count for total, count in pairs]


class Tally:
    """Takes rows; leaves scores."""

    def __init__(self, source: Source) -> None:
        self.rows = 0
        self.failed = 0
        self._place = source.path
        self.limits = source.limits
        self._cases: dict[str, int] = {}
        self._scores: dict[str, _Score] = {}

    @property
    def cases(self) -> int:
        """How many different ones were seen."""
        return len(self._cases)

    @property
    def names(self) -> frozenset[str]:
        """The scores that a row had."""
        return frozenset(self._scores)

    def row(self, case: str, scores: Mapping[str, float], *, failed: bool = False) -> None:
        """One answer to a case. A failed one is counted and its scores are not.

        Raises UsageError on a score that is no finite number, or on too much of anything.
        """
        self.rows += 1
        if self.rows > self.limits.rows:
            raise UsageError(f"{self._place}: more than {self.limits.rows:,} rows", fix="split it")
        number = self._cases.setdefault(case, len(self._cases))
        if failed:
            self.failed += 1
            return
        for name, value in scores.items():
            if not math.isfinite(value):
                raise UsageError(
                    f"{self._place}: the score {name!r} of case {case[:80]!r} is {value}",
                    fix="a score that is none is left out, not NaN",
                )
            self._of(name).add(number, float(value))

    def scores(self, reported: Mapping[str, float] | None = None) -> tuple[ImportedScore, ...]:
        """Every score, those that only the tool's summary names among them, in order of name."""
        said = dict(reported or {})
        for name, value in said.items():
            if not math.isfinite(value):
                raise UsageError(f"{self._place}: the tool reports {value} as {name!r}")
        names = sorted({*self._scores, *said})
        if len(names) > self.limits.scores:
            raise UsageError(f"{self._place}: more than {self.limits.scores:,} scores")
        return tuple(self._told(name, said.get(name)) for name in names)

    def _of(self, name: str) -> _Score:
        found = self._scores.get(name)
        if found is None:
            if len(self._scores) >= self.limits.scores:
                raise UsageError(f"{self._place}: more than {self.limits.scores:,} scores")
            found = self._scores[name] = _Score()
        return found

    def _told(self, name: str, said: float | None) -> ImportedScore:
        score = self._scores.get(name)
        if score is None:
            return ImportedScore(name=name, value=None, reported=said, reason=_NO_ROWS)
        means = score.means()
        rows = sum(score.counts)
        value = math.fsum(means) / len(means)
        low, high, reason = _bounds(means)
        pooled = math.fsum(score.sums) / rows
        return ImportedScore(
            name=name,
            value=value,
            low=low,
            high=high,
            n=len(means),
            rows=rows,
            reported=said,
            follows=None if said is None else _near(said, value) or _near(said, pooled),
            reason=reason,
        )


def _bounds(means: list[float]) -> tuple[float | None, float | None, str]:
    if all(0.0 <= value <= 1.0 for value in means):
        found = share_interval(math.fsum(means), len(means))
        return found.low, found.high, ""
    if len(means) < 2 or min(means) == max(means):
        return None, None, "values that are one, or all alike, bound no mean of others"
    bounds = mean_interval(means)
    return bounds.low, bounds.high, ""


def _near(said: float, found: float) -> bool:
    return abs(said - found) <= _SLACK * max(1.0, abs(found))
