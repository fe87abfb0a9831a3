"""Cases: what indicators count. The repeats of a case are one case, never several.

Enters: rows of a run or of live traffic. Leaves: the same rows by case, and for a question each
case's value, the mean over its repeats. A live exchange is a case of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from roadworthy.domain import Observation

Rows = Sequence[Observation]


class Cases(Struct, frozen=True):
    """Rows by case."""

    rows: Rows
    groups: Sequence[Rows] = ()
    """The rows of each case; empty when every row is a case of its own."""

    def each(self) -> Iterator[Rows]:
        """The rows of one case after the other."""
        return iter(self.groups) if self.groups else ([row] for row in self.rows)


def cases_of(observations: Iterable[Observation]) -> Cases:
    """Rows by suite and case, in the order in which the cases appear."""
    rows = list(observations)
    groups: dict[object, list[Observation]] = {}
    for index, row in enumerate(rows):
        groups.setdefault((row.suite, row.case) if row.case else index, []).append(row)
    return Cases(rows, () if len(groups) == len(rows) else list(groups.values()))


class PerCase(Struct, frozen=True):
    """A question's answers."""

    values: list[float]
    """One for each case that answers: the mean over its repeats that do."""
    rows: int
    """How many rows answered."""


def per_case(cases: Cases, question: Callable[[Observation], float | None]) -> PerCase:
    """Ask every row; a case without an answer is in no denominator."""
    if not cases.groups:
        flat = [float(said) for row in cases.rows if (said := question(row)) is not None]
        return PerCase(flat, len(flat))
    values: list[float] = []
    rows = 0
    for group in cases.groups:
        answers = [said for row in group if (said := question(row)) is not None]
        if answers:
            values.append(sum(answers) / len(answers))
            rows += len(answers)
    return PerCase(values, rows)
