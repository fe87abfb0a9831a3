"""Parts of the table, and what must be read of each for a question.

Enters: parts, the columns that rows are counted by, which rows. Leaves: the parts by what must be
read of them, from its rows or from what was counted when it was written. Never here: a part whose
counts say less than its rows would, asked for them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import starmap
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from roadworthy.domain import EvidenceError, Instant

from .columns import FACET, LEARNED, LEARNED_AT
from .cube import BAND, LEARNED_BAND, LEVEL
from .facts import Facts
from .selection import Condition, Selection
from .sql import LEVEL_OF, bin_of, bin_parts, binned, coarser, instants_reached, quoted

_MOST_BRANCHES = 8
"""Files of which different columns are read are asked apart, so many times at most."""


class Counts(Struct, frozen=True, kw_only=True):
    """What the rows of a part have alike, in a file of many parts."""

    path: Path
    number: int
    """The part's, in that file and in all others."""
    families: Mapping[str, Collection[str]]
    """Family -> the columns that rows were counted by; what has fewest kinds first."""
    facets: Collection[str]
    """Columns of all facets that the rows have."""


class Part(Struct, frozen=True, kw_only=True):
    """A file of rows, and what is known of it."""

    path: Path
    facts: Facts | None = None
    counts: Counts | None = None
    stale: bool = True
    """Whether some of its rows may be among those that were replaced."""


class Branch(Struct, frozen=True):
    """What a question reads of some files."""

    reads: tuple[str | None, ...]
    """SQL for each column that is asked for; None where its value is known."""
    known: tuple[Any, ...]
    where: tuple[Condition, ...]
    family: str = ""
    """Of counts; empty: rows are read."""
    parts: tuple[int, ...] = ()
    """Of counts: the numbers of the parts that are asked for."""
    stale: bool = False


class Copy(Struct, frozen=True):
    """The value of another column that is asked for."""

    place: int


class Question(Struct, frozen=True, kw_only=True):
    """Rows by which columns, of which rows."""

    wanted: tuple[str, ...]
    selection: Selection
    bands: Sequence[Instant]
    columns: Collection[str]
    """Those that rows of the table have."""
    replaced: bool
    """Whether some rows count no more."""

    def branches(self, parts: Sequence[Part], *, counts: bool) -> list[tuple[Branch, list[Path]]]:
        """The files by what must be read of them; with `counts` from those where they tell it.

        Raises EvidenceError for a column that the table has not.
        """
        counted = self._counted(parts) if counts else {}
        held = {part.path for each in counted.values() for part in each}
        rows: dict[Branch, list[Path]] = {}
        for part in parts:
            if part.path in held:
                continue
            branch = self.of_rows(part)
            if branch is not None:
                rows.setdefault(branch, []).append(part.path)
        if len(rows) > _MOST_BRANCHES:
            stale = any(branch.stale for branch in rows)
            plain = structs.replace(self.of_all(), stale=stale)
            rows = {plain: [path for paths in rows.values() for path in paths]}
        return [*starmap(_in_files, counted.items()), *rows.items()]

    def of_all(self) -> Branch:
        """What is read of rows of which nothing is known."""
        branch = self.of_rows(Part(path=Path(), stale=False))
        assert branch is not None
        return branch

    def of_rows(self, part: Part) -> Branch | None:
        """What is read of the rows of a part; None where none of them is wanted."""
        where = self.selection.conditions(part.facts)
        if where is None:
            return None
        told = [self._of_row(name, part.facts) for name in self.wanted]
        return Branch(*_apart(told), where, stale=self.replaced and part.stale)

    def _counted(self, parts: Sequence[Part]) -> dict[Branch, list[Part]]:
        """The parts whose counts tell it, by what must be read of them."""
        known = [part for part in parts if part.counts is not None and part.facts is not None]
        if self.replaced:
            known = [part for part in known if not part.stale]
        found: dict[Branch, list[Part]] = {}
        for bare in (False, True):  # a part's own constants make branches: without them fewer
            found = {}
            for part in known:
                branch = self._of_counts(part, bare=bare)
                if branch is not None:
                    found.setdefault(branch, []).append(part)
            if len(found) <= 2 * _MOST_BRANCHES:
                break
        most = sorted(found.items(), key=lambda each: -len(each[1]))
        return dict(most[: 2 * _MOST_BRANCHES])

    def _of_counts(self, part: Part, *, bare: bool) -> Branch | None:
        """What is read of the counts of a part; None where they do not tell it."""
        facts, counts = part.facts, part.counts
        assert facts is not None and counts is not None
        where = self.selection.conditions(facts)
        if where is None:
            return None
        asked = {condition.column for condition in where}
        told_by = structs.replace(facts, one={}, same=()) if bare else facts
        for family, columns in counts.families.items():
            told = [self._of_kind(name, told_by, counts, columns) for name in self.wanted]
            if asked <= {*columns} and all(each is not None for each in told):
                return Branch(*_apart([each for each in told if each is not None]), where, family)
        return None

    def _of_row(self, name: str, facts: Facts | None) -> tuple[str | None, Any]:
        """What must be read for a column, or its value where that is known."""
        if facts is not None and (known := self._known(name, facts)) is not None:
            return known
        if facts is not None and name == LEARNED_BAND:
            band = facts.learned_band(self.bands)
            if band is not None:
                return f"CASE WHEN {LEARNED_AT} IS NULL THEN -1 ELSE {band} END", None
        return self.expression(name), None

    def _of_kind(
        self, name: str, facts: Facts, counts: Counts, columns: Collection[str]
    ) -> tuple[str | None, Any] | None:
        """The same of what was counted by some columns; None where they do not tell it."""
        if (known := self._known(name, facts)) is not None:
            return known
        if name == LEARNED_BAND and LEARNED in columns:
            band = facts.learned_band(self.bands)
            return None if band is None else (f"CASE WHEN {LEARNED} THEN {band} ELSE -1 END", None)
        if (parts := bin_parts(name)) is not None:
            column, bits = parts
            for finer in range(bits, bits + 8):
                if bin_of(column, finer) in columns:
                    return coarser(bin_of(column, finer), finer - bits), None
            return None
        if name in columns:
            return quoted(name), None
        return (None, None) if name.startswith(FACET) and name not in counts.facets else None

    def _known(self, name: str, facts: Facts) -> tuple[None, Any] | None:
        other = name.removeprefix(FACET)
        if other != name and other in facts.same and other in self.wanted:
            return None, Copy(self.wanted.index(other))
        if name in facts.one:
            return None, facts.one[name]
        if name == BAND and (band := facts.band(self.bands)) is not None:
            return None, band
        if name == LEARNED_BAND and facts.learned_band(self.bands) == -1:
            return None, -1
        return None

    def expression(self, name: str) -> str:
        """A column of rows. Raises EvidenceError for one that the table has not."""
        if name in (BAND, LEARNED_BAND):
            return instants_reached("time" if name == BAND else LEARNED_AT, self.bands)
        if (parts := bin_parts(name)) is not None:
            return binned(*parts)
        if name == LEVEL:
            return LEVEL_OF
        if name in self.columns:
            return quoted(name)
        if name.startswith(FACET):
            return f"CAST(NULL AS VARCHAR) AS {quoted(name)}"
        raise EvidenceError(f"the table has no column {name}")


def _in_files(branch: Branch, parts: Sequence[Part]) -> tuple[Branch, list[Path]]:
    counts = [part.counts for part in parts if part.counts is not None]
    numbers = tuple(sorted(each.number for each in counts))
    return structs.replace(branch, parts=numbers), sorted({each.path for each in counts})


def _apart(
    told: Sequence[tuple[str | None, Any]],
) -> tuple[tuple[str | None, ...], tuple[Any, ...]]:
    return tuple([sql for sql, _ in told]), tuple([value for _, value in told])
