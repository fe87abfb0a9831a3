"""Cases: what indicators count. Repeats of a case are one, and so are cases that ask the same.

Enters: rows of a run or of live traffic. Leaves: the same rows by case, and for a question each
case's value: the mean over its repeats, or what the suite's reducer makes of a score's. A live
exchange is a case of its own. What never happens here: a copy of a case that counts for more than
the case, a repeat that failed left out of a reducer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct, field

from roadworthy.domain import Observation, parse_reducer, score_grades
from roadworthy.statistics import reduced

from .against import Against

Rows = Sequence[Observation]
Asking = Callable[[Observation], float | None]
Said = Sequence[float | None]
Found = TypeVar("Found")


class Cases(Struct, frozen=True):
    """Rows by case, and what was found in them so far: several indicators ask the same."""

    rows: Rows
    groups: Sequence[Rows] = ()
    """The rows of each case, its copies' among them; empty when every row is a case of its own."""
    reduces: bool = False
    """Whether any row names a reducer of one of its scores."""
    whole: Cases | None = None
    """Of a slice: the cases that it is a part of."""
    places: Sequence[int] = ()
    """Of a slice: where its rows stand among those."""
    known: dict[object, object] = field(default_factory=dict)
    against: Against | None = None
    """The reference that they are held against; None: none is given."""

    def once(self, make: Callable[[Cases], Found]) -> Found:
        """What `make` finds in these cases, found once. It is known by its name: no lambda."""
        if make not in self.known:
            self.known[make] = make(self)
        return self.known[make]  # type: ignore[return-value]

    def answers(self, question: Asking) -> Said:
        """What each row says, in their order; the rows of all slices are asked once."""
        if self.whole is not None:
            said = self.whole.answers(question)
            return [said[place] for place in self.places]
        if question not in self.known:
            self.known[question] = [question(row) for row in self.rows]
        return self.known[question]  # type: ignore[return-value]

    def each(self) -> Iterator[Rows]:
        """The rows of one case after the other."""
        return iter(self.groups) if self.groups else ([row] for row in self.rows)


def cases_of(observations: Iterable[Observation], against: Against | None = None) -> Cases:
    """Rows by suite and case, copies with what they copy, in the order in which they appear."""
    return _by_case(list(observations), against=against)


def part_of(whole: Cases, places: Sequence[int]) -> Cases:
    """The cases of some of the rows."""
    rows = [whole.rows[place] for place in places]
    if not whole.groups:
        return Cases(rows, whole=whole, places=places, against=whole.against)
    return _by_case(rows, whole, places, whole.against)


def _by_case(
    rows: Rows,
    whole: Cases | None = None,
    places: Sequence[int] = (),
    against: Against | None = None,
) -> Cases:
    reduces = any("reduce" in row.attributes for row in rows)
    if not (reduces or any(row.case for row in rows)):
        return Cases(rows, (), reduces, whole, places, against=against)  # all are live
    groups: dict[object, list[Observation]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(row.unit if row.case else index, []).append(row)
    single = len(groups) == len(rows) and not reduces
    found = () if single else list(groups.values())
    return Cases(rows, found, reduces, whole, places, against=against)


class PerCase(Struct, frozen=True):
    """A question's answers."""

    values: list[float]
    """One for each case that answers: the mean over its repeats that do."""
    rows: int
    """How many rows answered."""
    fault: str = ""
    """Why a case has no value although it was asked; then nothing is measured."""

    @property
    def n(self) -> int:
        """Cases that answer."""
        return len(self.values)


class Sized(Protocol):
    """What says how many answers there are, and of how many rows."""

    @property
    def n(self) -> int:
        """Cases that answer."""
        ...

    @property
    def rows(self) -> int:
        """Rows that answer."""
        ...


class Size(Struct, frozen=True):
    """So many, and nothing more."""

    n: int
    rows: int


def per_case(cases: Cases, question: Asking, *, score: str = "") -> PerCase:
    """Ask every row; a case without an answer is in no denominator.

    `score` is the score that the question is about: its reducer then says what the case's value is.
    """
    if cases.reduces and score:
        return _by_reducer(cases, question, score)
    if not cases.groups:
        flat = [float(said) for said in cases.answers(question) if said is not None]
        return PerCase(flat, len(flat))
    values: list[float] = []
    rows = 0
    for group in cases.groups:
        answers = [said for row in group if (said := question(row)) is not None]
        if answers:
            values.append(sum(answers) / len(answers))
            rows += len(answers)
    return PerCase(values, rows)


def _by_reducer(cases: Cases, question: Asking, score: str) -> PerCase:
    """Each case's value as its suite reduces it; a repeat that failed is one that was not right."""
    values: list[float] = []
    rows = 0
    for unit in cases.each():
        each: list[float] = []
        for group in by_name(unit):
            answers = [said for row in group if (said := question(row)) is not None]
            if not answers:
                continue
            rows += len(answers)
            named = str(group[0].attributes.get("reduce", {}).get(score, "mean"))
            failed = len(group) - len(answers)
            if failed and score_grades(group[0]).get(score) == "down":
                return PerCase([], 0, f"{failed} repeats of case {group[0].case} have no {score}")
            if named != "mean":
                answers += [0.0] * failed
            try:
                each.append(float(reduced(answers, parse_reducer(named))))
            except ValueError:
                few = f"{named} needs more repeats than the {len(answers)} of case {group[0].case}"
                return PerCase([], 0, few)
        if each:
            values.append(sum(each) / len(each))
    return PerCase(values, rows)


def by_name(unit: Rows) -> Iterable[Rows]:
    """The rows of each case of one unit: copies are no repeats of each other to a reducer."""
    groups: dict[tuple[str, str], list[Observation]] = {}
    for row in unit:
        groups.setdefault((row.suite, row.case), []).append(row)
    return groups.values()


def copies_in(rows: Iterable[Observation]) -> tuple[int, int]:
    """How many distinct cases there are, and how many more that ask the same as one of them."""
    named = {(row.suite, row.case): row.unit for row in rows if row.case}
    distinct = len(set(named.values()))
    return distinct, len(named) - distinct
