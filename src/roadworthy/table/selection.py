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

Condition = tuple[str, str | dt.datetime]
"""SQL with one place for a value, and the value."""


class Selection(Struct, frozen=True, kw_only=True):
    """Which rows; what is empty asks nothing."""

    systems: tuple[str, ...] = ()
    release: str = ""
    """How its digest begins."""
    stages: tuple[str, ...] = ()
    tenant: str = ""
    since: Instant = ""
    until: Instant = ""

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
            found.append(
                (f"list_contains(string_split(?, chr(31)), {column})", "\x1f".join(wanted))
            )
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
            found.append((sql, text))
        if self.since and (facts is None or facts.first < self.since):
            if facts is not None and facts.last < self.since:
                return None
            found.append(("time >= ?", parse_instant(self.since)))
        if self.until and (facts is None or facts.last >= self.until):
            if facts is not None and facts.first >= self.until:
                return None
            found.append(("time < ?", parse_instant(self.until)))
        return tuple(found)

    def sql(self) -> tuple[str, list[Any]]:
        """The whole condition, and the values in it."""
        return joined_conditions(self.conditions() or ())


def joined_conditions(conditions: tuple[Condition, ...]) -> tuple[str, list[Any]]:
    """All of them as one, and their values."""
    where = " AND ".join(sql for sql, _ in conditions) or "true"
    return where, [value for _, value in conditions]


def _values(column: str, facts: Facts | None) -> tuple[str, ...]:
    """The values that a column has in a file; empty where that is not known."""
    if facts is None:
        return ()
    if column == "stage":
        return facts.stages
    value = facts.one.get(column)
    return (value,) if isinstance(value, str) else ()
