"""Which rows of the table are asked for, and how much of that a file's facts answer already.

Enters: a selection, what is known of a file. Leaves: the conditions that its rows must still be
asked, as SQL with places for the values.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec import Struct

from roadworthy.domain import Instant, parse_instant

from .facts import Facts


class Condition(Struct, frozen=True):
    """What a row must be."""

    column: str
    sql: str
    """With one place for a value."""
    value: str | dt.datetime


class Selection(Struct, frozen=True, kw_only=True):
    """Which rows; what is empty asks nothing."""

    systems: tuple[str, ...] = ()
    release: str = ""
    """How its digest begins."""
    stages: tuple[str, ...] = ()
    tenant: str = ""
    since: Instant = ""
    until: Instant = ""
    reaching: Instant = ""
    """Files whose rows are all older may be passed over; of others no row is."""
    learned_reaching: Instant = ""
    """The same of files of which nothing was learned since."""

    def conditions(self, facts: Facts | None = None) -> tuple[Condition, ...] | None:
        """What is left to ask the rows of a file; None where none of them is wanted."""
        found: list[Condition] = []
        for column, wanted in (("system", self.systems), ("stage", self.stages)):
            there = _values(column, facts)
            if not wanted or (there and set(there) <= set(wanted)):
                continue
            if there and set(there).isdisjoint(wanted):
                return None
            # a text of its own, split again: a list as a value makes a join of it
            sql = f"list_contains(string_split(?, chr(31)), {column})"
            found.append(Condition(column, sql, "\x1f".join(wanted)))
        for sql, column, text in (
            ("starts_with(release, ?)", "release", self.release),
            ("tenant = ?", "tenant", self.tenant),
        ):
            there = _values(column, facts)
            if not text:
                continue
            if len(there) == 1:
                same = there[0].startswith(text) if column == "release" else there[0] == text
                if not same:
                    return None
                continue
            found.append(Condition(column, sql, text))
        times = self._times(facts)
        return None if times is None else (*found, *times)

    def _times(self, facts: Facts | None) -> tuple[Condition, ...] | None:
        if facts is not None and self._passes_over(facts):
            return None
        found: list[Condition] = []
        if self.since and (facts is None or facts.first < self.since):
            found.append(Condition("time", "time >= ?", parse_instant(self.since)))
        if self.until and (facts is None or facts.last >= self.until):
            found.append(Condition("time", "time < ?", parse_instant(self.until)))
        return tuple(found)

    def _passes_over(self, facts: Facts) -> bool:
        old, learned = facts.last < self.reaching, facts.learned_last < self.learned_reaching
        late = bool(self.until) and facts.first >= self.until
        return old or learned or late or facts.last < self.since

    def sql(self) -> tuple[str, list[Any]]:
        """The whole condition, and the values in it."""
        return joined_conditions(self.conditions() or ())


def joined_conditions(conditions: tuple[Condition, ...]) -> tuple[str, list[Any]]:
    """All of them as one, and their values."""
    where = " AND ".join(each.sql for each in conditions) or "true"
    return where, [each.value for each in conditions]


def _values(column: str, facts: Facts | None) -> tuple[str, ...]:
    """The values that a column has in a file; empty where that is not known."""
    if facts is None:
        return ()
    if column == "stage":
        return facts.stages
    value = facts.one.get(column)
    return (value,) if isinstance(value, str) else ()
