"""Rows counted by what they have alike: what an indicator asks of each need be asked once of many.

Enters: counts by the values of some columns. Leaves: the same by fewer columns, and observations
with how many each stands for. Never here: a row left out; a sum that depends on the order of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from roadworthy.domain import Observation

from .columns import ALONE, glimpse

LEVEL = "level"
"""The column that says where a confidence lies; see `Counted.level`."""
BAND, LEARNED_BAND = "band", "learned_band"
"""Columns that say between which instants a row lies, and when something was learned of it."""
STEPS = 1 << 60
"""A confidence is counted in steps of this part of one: whole numbers add up in any order."""

_ENDS = {-2: -1.0, -1: 0.0, 10: 1.0, 11: 2.0}
"""Levels that are no bin between 0 and 1 -> a confidence that lies there."""

Key = tuple[Any, ...]
Counts = tuple[int, int, int]
"""Rows, what their confidences add up to, and the squares of these; both in `STEPS`."""


class Counted(Struct, frozen=True, kw_only=True):
    """A kind of row, and how many there are."""

    row: Observation
    """What they have alike; all else of it is as if it were not there."""
    n: int
    level: int | None = None
    """Where their confidences lie: in which tenth of [0, 1], counted from 0; -1: at 0, 10: at 1;
    -2 and 11: below and beyond, where none can be. None: they have none, or nobody asked."""
    mass: int = 0
    """What their confidences add up to, in `STEPS`."""
    squares: int = 0
    """The same of their squares."""
    alone: bool = True
    """Whether each is a case by itself, where they were counted by that."""


class Cube(Struct, frozen=True):
    """How many rows have these values in these columns, and what their confidences add up to."""

    columns: tuple[str, ...]
    counts: Mapping[Key, Counts]

    @property
    def n(self) -> int:
        """Rows in all."""
        return sum(each[0] for each in self.counts.values())

    def by(self, columns: Iterable[str]) -> Cube:
        """The same rows by some of the columns."""
        wanted = tuple(dict.fromkeys(columns))
        places = [self.columns.index(name) for name in wanted]
        found: dict[Key, Counts] = {}
        for key, (n, mass, squares) in self.counts.items():
            part = tuple([key[place] for place in places])
            before = found.get(part)
            if before is not None:
                n, mass, squares = n + before[0], mass + before[1], squares + before[2]
            found[part] = (n, mass, squares)
        return Cube(wanted, found)

    def parts(
        self, columns: Iterable[str], part_of: Callable[[Mapping[str, Any]], str | None]
    ) -> dict[str, Cube]:
        """The rows of each part by some of the columns; a kind of no part is in none."""
        wanted = tuple(dict.fromkeys(columns))
        places = [self.columns.index(name) for name in wanted]
        found: dict[str, dict[Key, Counts]] = {}
        for key, (n, mass, squares) in self.counts.items():
            part = part_of(dict(zip(self.columns, key, strict=True)))
            if part is None:
                continue
            of, kind = found.setdefault(part, {}), tuple([key[place] for place in places])
            before = of.get(kind, (0, 0, 0))
            of[kind] = (n + before[0], mass + before[1], squares + before[2])
        return {part: Cube(wanted, counts) for part, counts in found.items()}

    def counted(self) -> Iterator[Counted]:
        """Each kind of row with how many there are, in the order of their values."""
        for key in sorted(self.counts, key=_sortable):
            n, mass, squares = self.counts[key]
            known = dict(zip(self.columns, key, strict=True))
            level = known.pop(LEVEL, None)
            alone = known.pop(ALONE, True)
            if level is not None:
                known["confidence"] = _ENDS.get(level, min(1.0, mass / STEPS / n))
            yield Counted(
                row=glimpse(known),
                n=n,
                level=level,
                mass=mass,
                squares=squares,
                alone=bool(alone),
            )


def _sortable(key: Key) -> tuple[tuple[bool, str, str], ...]:
    return tuple((value is None, type(value).__name__, str(value)) for value in key)
