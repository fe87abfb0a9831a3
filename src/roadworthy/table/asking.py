"""Asks the table: how many rows are alike, what a row says.

Enters: files, rows that are in none of them yet, which rows are wanted. Leaves: cubes, rows.
Never here: an indicator's definition (rows are counted by what they have; what that means is asked
of Python), a caller's word made part of a query, a network, a file that was not named.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct

from roadworthy.domain import (
    EvidenceError,
    Instant,
    Observation,
    UsageError,
    format_instant,
    parse_instant,
)

from .columns import FACET, LEARNED_AT, Row, facet_names, observation_of
from .cube import BAND, LEARNED_BAND, LEVEL, STEPS, Counts, Cube, Key
from .facts import Facts
from .files import ANEW, ROW_GROUP, Writing, columns_of, schema_of, table_of, write_batches
from .selection import Condition, Selection, joined_conditions

MEMORY_MB = 1024
"""Of the query engine; what needs more spills to the disk."""

MOST_KINDS = 400_000
"""Kinds of rows that are told apart in one question."""

_MOST_BRANCHES = 8
"""Files of which different columns are read are asked apart, so many times at most."""

_BIN = "bin "

_LEVEL = (
    "CASE WHEN confidence IS NULL THEN NULL WHEN confidence < 0 THEN -2 WHEN confidence = 0"
    " THEN -1 WHEN confidence < 1 THEN CAST(floor(confidence * 10) AS INTEGER)"
    " WHEN confidence = 1 THEN 10 ELSE 11 END"
)

Only = tuple[str, Sequence[int]]
"""A column, and the values that it must have one of."""


class Branch(Struct, frozen=True):
    """What a question reads of some files."""

    reads: tuple[str | None, ...]
    """SQL for each column that is asked for; None where its value is known."""
    known: tuple[Any, ...]
    where: tuple[Condition, ...]


class _Copy(Struct, frozen=True):
    """The value of another column that is asked for."""

    place: int


class TooManyKindsError(EvidenceError):
    """Rows differ in more ways than can be told apart at once."""


def bin_of(column: str, bits: int) -> str:
    """The column of the bins of another: whole parts of its square root, 2 to the `bits` of one."""
    return f"{_BIN}{bits} {column}"


class Table:
    """The table as it is now. A context manager; one thread's."""

    def __init__(
        self,
        files: Sequence[Path],
        *,
        fresh: Sequence[Row] = (),
        replaced: Collection[str] = (),
        facts: Sequence[Facts | None] = (),
        columns: Collection[tuple[str, ...]] | None = None,
    ) -> None:
        """`fresh`: rows that are in no file; `replaced`: ids whose rows in files count no more.

        `facts`: what is known of each file; `columns`: the different sets of columns that they
        have, where somebody has looked. Raises EvidenceError for a file that is damaged or newer,
        UsageError without `duckdb`.
        """
        self._duckdb = _duckdb()
        _paths(files)
        shapes = {columns_of(path) for path in files} if columns is None else set(columns)
        new = table_of([dict(row) for row in fresh])
        self.columns = frozenset().union(new.column_names, *shapes)
        self._facts = dict(zip(files, facts or [None] * len(files), strict=True))
        self._alike, self._replaced, self._fresh = len(shapes) < 2, bool(replaced), bool(fresh)
        self._base = self._duckdb.connect(":memory:", config=_CONFIG)
        self._base.execute("SET memory_limit = ?", [f"{MEMORY_MB}MB"])
        self._base.execute("SET TimeZone = 'UTC'")
        self._base.execute("SET parquet_metadata_cache = true")
        self._base.register("fresh", new)
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
        for branch, files in self._branches(wanted, selection, bands):
            for key, found in self._counted(branch, files, LEVEL in wanted, only):
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
        if self._facts:
            files = self._source(list(self._facts))
            everything = " ".join(("(FROM fresh UNION ALL BY NAME FROM", files, ")"))
        ask = _ask("*", everything, where, "ORDER BY time, id")
        return self._base.sql(ask, params=values).to_arrow_reader(size)

    def _counted(
        self, branch: Branch, files: Sequence[Path], levels: bool, only: Only | None
    ) -> Iterator[tuple[Key, Counts]]:
        reads = [each for each in branch.reads if each is not None]
        within = "CASE WHEN confidence BETWEEN 0 AND 1 THEN"
        sums = [
            f"sum({within} CAST({what} * {STEPS} AS BIGINT) END)" if levels else "NULL"
            for what in ("confidence", "confidence * confidence")
        ]
        where, values = joined_conditions(branch.where)
        if only is not None:
            where += f" AND {_around(only)} AND {self._expression(only[0], ())} IN"
            where += " (SELECT unnest(?))"
            values.append(list(only[1]))
        after = f"{'GROUP BY ALL' if reads else ''} LIMIT {MOST_KINDS + 1}"
        source = self._source(files) if files else "fresh"
        with self._reading():
            ask = _ask(", ".join([*reads, "count(*)", *sums]), source, where, after)
            rows = self._base.execute(ask, values).fetchall()
        copies = [(at, each) for at, each in enumerate(branch.known) if isinstance(each, _Copy)]
        for *read, n, mass, squares in rows:
            told = iter(read)
            each = zip(branch.reads, branch.known, strict=True)
            key = [value if sql is None else next(told) for sql, value in each]
            for place, value in copies:
                key[place] = key[value.place]
            if n:
                yield tuple(key), (n, int(mass or 0), int(squares or 0))

    def _branches(
        self, wanted: tuple[str, ...], selection: Selection, bands: Sequence[Instant]
    ) -> list[tuple[Branch, list[Path]]]:
        """The files by what must be read of them; the last without a file: what is in none."""
        found: dict[Branch, list[Path]] = {}
        for path, facts in self._facts.items():
            branch = self._branch(wanted, selection, bands, facts)
            if branch is not None:
                found.setdefault(branch, []).append(path)
        plain = self._branch(wanted, selection, bands, None)
        assert plain is not None
        if len(found) > _MOST_BRANCHES:
            found = {plain: [path for paths in found.values() for path in paths]}
        return [*found.items(), *([(plain, [])] if self._fresh or not found else [])]

    def _branch(
        self,
        wanted: tuple[str, ...],
        selection: Selection,
        bands: Sequence[Instant],
        facts: Facts | None,
    ) -> Branch | None:
        """None where no row of such a file is wanted."""
        where = selection.conditions(facts)
        if where is None:
            return None
        reads, known = [], []
        for name in wanted:
            sql, value = self._read(name, wanted, bands, facts)
            reads.append(sql)
            known.append(value)
        return Branch(tuple(reads), tuple(known), where)

    def _read(
        self, name: str, wanted: tuple[str, ...], bands: Sequence[Instant], facts: Facts | None
    ) -> tuple[str | None, Any]:
        """What must be read for a column, or its value where that is known."""
        other = name.removeprefix(FACET)
        if facts is not None and other != name and other in facts.same and other in wanted:
            return None, _Copy(wanted.index(other))
        if facts is not None and name in facts.one:
            return None, facts.one[name]
        if facts is not None and name == BAND and (band := facts.band(bands)) is not None:
            return None, band
        if facts is not None and name == LEARNED_BAND:
            band = facts.learned_band(bands)
            if band == -1:
                return None, band
            if band is not None:
                return f"CASE WHEN {LEARNED_AT} IS NULL THEN -1 ELSE {band} END", None
        return self._expression(name, bands), None

    def _expression(self, name: str, bands: Sequence[Instant]) -> str:
        if name in (BAND, LEARNED_BAND):
            column = "time" if name == BAND else LEARNED_AT
            reached = [f"CAST({column} >= TIMESTAMPTZ '{_iso(at)}' AS INTEGER)" for at in bands]
            return f"CASE WHEN {column} IS NULL THEN -1 ELSE {' + '.join(reached) or '0'} END"
        if name.startswith(_BIN):
            bits, _, column = name.removeprefix(_BIN).partition(" ")
            of = _quoted(column)
            root = f"CAST(floor(sqrt({of}) * {1 << int(bits)}) AS BIGINT)"
            return f"CASE WHEN {of} >= 0 THEN {root} WHEN {of} < 0 THEN -1 END"
        if name == LEVEL:
            return _LEVEL
        if name in self.columns:
            self._require_apart({name.removeprefix(FACET)}.intersection(self.alike))
            return _quoted(name)
        if name.startswith(FACET):
            return f"CAST(NULL AS VARCHAR) AS {_quoted(name)}"
        raise EvidenceError(f"the table has no column {name}")

    def _require_apart(self, asked: Collection[str]) -> None:
        if asked:
            raise EvidenceError(
                f"the facets {', '.join(self.alike)} differ in their case alone, and no column is"
                " one of theirs",
                fix="give them names of their own; --indicator --by reads them row by row",
            )

    def _source(self, files: Sequence[Path]) -> str:
        found = f"read_parquet([{_paths(files)}], union_by_name = {str(not self._alike).lower()})"
        if not self._alike:  # a facet that none of these files has is null in them
            found = " ".join(("(SELECT * FROM", found, "UNION ALL BY NAME FROM nothing)"))
        if self._replaced:
            gone = "WHERE id NOT IN (SELECT id FROM replaced))"
            found = " ".join(("(SELECT * FROM", found, gone))
        return found

    def _reading(self) -> Any:
        return _Reading(self._duckdb, list(self._facts))


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


_CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "false",
}


def _duckdb() -> ModuleType:
    try:
        import duckdb
    except ImportError:
        raise UsageError(
            "`duckdb`, which asks the table of observations, is not installed",
            fix="pip install 'roadworthy[observations]'",
        ) from None
    return duckdb


def _ask(what: str, source: str, where: str, after: str) -> str:
    """All of it is made here: of names that were quoted, and of places for values."""
    return " ".join(("SELECT", what, "FROM", source, "WHERE", where, after))


def _around(only: Only) -> str:
    """What holds of all values in some bins, and can be asked without making a bin of each."""
    bits, _, column = only[0].removeprefix(_BIN).partition(" ")
    if not only[0].startswith(_BIN) or not only[1] or min(only[1]) < 0:
        return "true"
    low, high = (min(only[1]) / 2 ** int(bits)) ** 2, ((max(only[1]) + 1) / 2 ** int(bits)) ** 2
    return f"{_quoted(column)} BETWEEN {low * (1 - 1e-9)!r} AND {high * (1 + 1e-9)!r}"


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


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _iso(at: Instant) -> str:
    return parse_instant(at).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
