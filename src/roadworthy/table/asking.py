"""Asks the table: how many rows are alike, what a row says.

Enters: files, rows that are in none of them yet, which rows are wanted. Leaves: cubes, rows.
Never here: an indicator's definition (rows are counted by what they have; what that means is asked
of Python), a caller's word made part of a query, a network, a file that was not named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from roadworthy.domain import (
    EvidenceError,
    Instant,
    Observation,
    UsageError,
    format_instant,
)

from .columns import FACET, LEARNED_AT, Row, facet_names, observation_of
from .cube import LEVEL, Counts, Cube, Key
from .engine import CONFIG, MEMORY_MB, duckdb
from .files import ANEW, ROW_GROUP, Writing, columns_of, schema_of, table_of, write_batches
from .parts import Branch, Copy, Part, Question
from .selection import Selection, joined_conditions
from .sql import STEPS_OF, Only, around

MOST_KINDS = 400_000
"""Kinds of rows that are told apart in one question."""

Holding = Callable[[Sequence[Path]], object]
"""Holds files against what was written, each at least once; raises EvidenceError."""


class TooManyKindsError(EvidenceError):
    """Rows differ in more ways than can be told apart at once."""


class Table:
    """The table as it is now. A context manager; one thread's."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        fresh: Sequence[Row] = (),
        replaced: Collection[str] = (),
        columns: Collection[tuple[str, ...]] | None = None,
        hold: Holding | None = None,
    ) -> None:
        """`fresh`: rows that are in no file; `replaced`: ids whose rows in files count no more.

        `columns`: the different sets of columns that the files have, where somebody has looked;
        `hold`: asked of files each time before they are read. Raises EvidenceError for a file that
        is damaged or newer, UsageError without `duckdb`.
        """
        self._duckdb = duckdb()
        _paths([part.path for part in parts])
        shapes = {columns_of(part.path) for part in parts} if columns is None else set(columns)
        new = table_of([dict(row) for row in fresh])
        self.columns = frozenset().union(new.column_names, *shapes)
        self._parts, self._hold = list(parts), hold
        self._alike, self._replaced, self._fresh = len(shapes) < 2, bool(replaced), bool(fresh)
        self._base = self._duckdb.connect(":memory:", config=CONFIG)
        self._base.execute("SET memory_limit = ?", [f"{MEMORY_MB}MB"])
        self._base.execute("SET TimeZone = 'UTC'")
        self._base.execute("SET parquet_metadata_cache = true")
        self._base.register("fresh", new)
        lacks = not set(self.facets) <= set(facet_names(new.column_names))
        self._unfiled = "(FROM fresh UNION ALL BY NAME FROM nothing)" if lacks else "fresh"
        self._base.register("nothing", schema_of(self.facets).empty_table())
        self._base.register("replaced", _ids(sorted(replaced)))

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    @property
    def facets(self) -> list[str]:
        """The facets that any row carries."""
        return facet_names(self.columns)

    @property
    def alike(self) -> list[str]:
        """Facets that differ in their case alone: the engine takes their columns for one."""
        many = Counter(name.casefold() for name in self.facets)
        return [name for name in self.facets if many[name.casefold()] > 1]

    def cube(
        self,
        columns: Sequence[str],
        selection: Selection,
        *,
        bands: Sequence[Instant] = (),
        only: Only | None = None,
    ) -> Cube:
        """How many rows there are by these columns. A facet that no row carries is null.

        `bands`: instants, in order; `band` is how many of them a row's time has reached,
        `learned_band` the same of when something was learned of it (-1: nothing ever was).
        Raises TooManyKindsError, EvidenceError when a file cannot be read.
        """
        wanted = tuple(dict.fromkeys(columns))
        counts: dict[Key, Counts] = {}
        question = Question(
            wanted=wanted, selection=selection, bands=bands, columns=self.columns,
            replaced=self._replaced,
        )  # fmt: skip
        for branch, files in self._branches(question, only):
            for key, found in self._counted(branch, files, question, only):
                before = counts.get(key, (0, 0, 0))
                counts[key] = (
                    found[0] + before[0], found[1] + before[1], found[2] + before[2]
                )  # fmt: skip
            if len(counts) > MOST_KINDS:
                told = f"the rows differ in more than {MOST_KINDS:,} ways by {', '.join(wanted)}"
                raise TooManyKindsError(told)
        return Cube(wanted, counts)

    def rows(self, selection: Selection, *, most: int) -> Iterator[tuple[Observation, Instant]]:
        """The rows themselves in the order of their time, each with when it was learned of last.

        Raises UsageError where there are more than `most`, EvidenceError when one cannot be read.
        """
        n = self.cube((), selection).n
        if n > most:
            raise UsageError(
                f"{n:,} rows are more than the {most:,} that are read one by one",
                fix="choose fewer: --since, --until, --system, --tenant",
            )
        for row in self._whole(*selection.sql()):
            at = row.get(LEARNED_AT)
            yield observation_of(row), format_instant(at) if at is not None else ""

    def whole_rows(self, ids: Sequence[str]) -> Iterator[Row]:
        """The rows of some ids, with every column."""
        return self._whole("id IN (SELECT unnest(?))", [list(ids)])

    def write(self, file: Writing, selection: Selection) -> int:
        """Write the rows as one Parquet file in the order of their time; returns how many.

        Raises EvidenceError when they cannot be read, or facets cannot be told apart in columns;
        OSError when they cannot be written.
        """
        self._require_apart(self.alike)
        with self._reading():
            return write_batches(file, self._reader(*selection.sql(), ROW_GROUP))

    def _whole(self, where: str, values: list[Any]) -> Iterator[Row]:
        with self._reading():
            for batch in self._reader(where, values, 8192):
                yield from batch.to_pylist()

    def _reader(self, where: str, values: list[Any], size: int) -> Any:
        everything = "fresh"
        if self._parts:
            files = self._source([part.path for part in self._parts], stale=self._replaced)
            everything = " ".join(("(FROM fresh UNION ALL BY NAME FROM", files, ")"))
        ask = _ask("*", everything, where, "ORDER BY time, id")
        return self._base.sql(ask, params=values).to_arrow_reader(size)

    def _branches(self, question: Question, only: Only | None) -> list[tuple[Branch, list[Path]]]:
        """The files by what must be read of them; the last without a file: what is in none."""
        plain = question.of_all()
        named = {each.removeprefix(FACET) for each in question.wanted if each.startswith(FACET)}
        self._require_apart(named.intersection(self.alike))
        found = question.branches(self._parts, counts=only is None and not self.alike)
        return [*found, *([(plain, [])] if self._fresh or not found else [])]

    def _counted(
        self, branch: Branch, files: Sequence[Path], question: Question, only: Only | None
    ) -> Iterator[tuple[Key, Counts]]:
        reads = [each for each in branch.reads if each is not None]
        where, values = joined_conditions(branch.where)
        sums = STEPS_OF if LEVEL in question.wanted else ("NULL", "NULL")
        tally = ["count(*)", *(f"sum({each})" for each in sums)]
        if branch.family:
            where += " AND family = ? AND part IN (SELECT unnest(?))"
            values += [branch.family, list(branch.parts)]
            tally = [f"sum({name})" for name in ("n", "mass", "squares")]
        if only is not None:
            where += f" AND {around(only)} AND {question.expression(only[0])} IN"
            where += " (SELECT unnest(?))"
            values.append(list(only[1]))
        after = f"{'GROUP BY ALL' if reads else ''} LIMIT {MOST_KINDS + 1}"
        source = self._unfiled
        if files:
            source = self._source(files, stale=branch.stale, counts=bool(branch.family))
        with self._reading():
            rows = self._base.execute(
                _ask(", ".join([*reads, *tally]), source, where, after), values
            ).fetchall()
        copies = [(at, each) for at, each in enumerate(branch.known) if isinstance(each, Copy)]
        for *read, n, mass, squares in rows:
            told = iter(read)
            each = zip(branch.reads, branch.known, strict=True)
            key = [value if sql is None else next(told) for sql, value in each]
            for place, value in copies:
                key[place] = key[value.place]
            if n:
                yield tuple(key), (int(n), int(mass or 0), int(squares or 0))

    def _require_apart(self, asked: Collection[str]) -> None:
        if asked:
            raise EvidenceError(
                f"the facets {', '.join(self.alike)} differ in their case alone, and no column is"
                " one of theirs",
                fix="give them names of their own; --indicator --by reads them row by row",
            )

    def _source(self, files: Sequence[Path], *, stale: bool = False, counts: bool = False) -> str:
        if self._hold is not None:
            self._hold(files)
        union = str(counts or not self._alike).lower()
        found = f"read_parquet([{_paths(files)}], union_by_name = {union})"
        if not self._alike and not counts:  # a facet that none of these files has is null in them
            found = " ".join(("(SELECT * FROM", found, "UNION ALL BY NAME FROM nothing)"))
        if stale:
            gone = "WHERE id NOT IN (SELECT id FROM replaced))"
            found = " ".join(("(SELECT * FROM", found, gone))
        return found

    def _reading(self) -> Any:
        return _Reading(self._duckdb, [part.path for part in self._parts])


class _Reading:
    """Says which file it was that could not be read."""

    def __init__(self, duckdb: ModuleType, files: Sequence[Path]) -> None:
        self._duckdb = duckdb
        self._files = files

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, self._duckdb.Error):
            named = next((str(path) for path in self._files if str(path) in str(error)), "")
            told = str(error).splitlines()[0]
            raise EvidenceError(
                f"{named or 'the table'} cannot be read: {told}", fix=ANEW
            ) from error


def _ask(what: str, source: str, where: str, after: str) -> str:
    """All of it is made here: of names that were quoted, and of places for values."""
    return " ".join(("SELECT", what, "FROM", source, "WHERE", where, after))


def _ids(ids: Sequence[str]) -> Any:
    import pyarrow

    return pyarrow.table({"id": pyarrow.array(ids, pyarrow.string())})


def _paths(files: Sequence[Path]) -> str:
    strange = next((path for path in files if set("*?[]{}") & set(str(path))), None)
    if strange is not None:
        raise UsageError(
            f"{strange} cannot be read: its name holds a sign that stands for several files",
            fix="move the workspace to a folder without * ? [ ] { } in its name",
        )
    return ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
