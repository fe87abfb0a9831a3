"""Asks the table: how many rows are alike, what a row says.

Enters: files, rows that are in none of them yet, which rows are wanted. Leaves: cubes, rows.
Never here: an indicator's definition (rows are counted by what they have; what that means is asked
of Python), a caller's word made part of a query, a network, a file that was not named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct

from roadworthy.domain import EvidenceError, Instant, Observation, UsageError, parse_instant

from .columns import FACET, LEARNED_AT, Row, facet_names, observation_of
from .cube import BAND, LEARNED_BAND, LEVEL, STEPS, Cube
from .files import ANEW, ROW_GROUP, Writing, columns_of, table_of, write_batches

MEMORY_MB = 1024
"""Of the query engine; what needs more spills to the disk."""

MOST_KINDS = 400_000
"""Kinds of rows that are told apart in one question."""

_BIN = "bin "


def bin_of(column: str, bits: int) -> str:
    """The column of the bins of another: whole parts of its square root, 2 to the `bits` of one."""
    return f"{_BIN}{bits} {column}"


_DERIVED = {
    LEVEL: (
        "CASE WHEN confidence IS NULL THEN NULL WHEN confidence < 0 THEN -2 WHEN confidence = 0"
        " THEN -1 WHEN confidence < 1 THEN CAST(floor(confidence * 10) AS INTEGER)"
        " WHEN confidence = 1 THEN 10 ELSE 11 END"
    ),
}


class Selection(Struct, frozen=True, kw_only=True):
    """Which rows; what is empty asks nothing."""

    systems: tuple[str, ...] = ()
    release: str = ""
    stages: tuple[str, ...] = ()
    tenant: str = ""
    since: Instant = ""
    until: Instant = ""

    def sql(self) -> tuple[str, list[Any]]:
        """The condition, and the values in it."""
        asked: list[tuple[str, Any]] = []
        if self.systems:
            asked.append(("system IN (SELECT unnest(?))", list(self.systems)))
        if self.stages:
            asked.append(("stage IN (SELECT unnest(?))", list(self.stages)))
        if self.release:
            asked.append(("starts_with(release, ?)", self.release))
        if self.tenant:
            asked.append(("tenant = ?", self.tenant))
        if self.since:
            asked.append(("time >= ?", parse_instant(self.since)))
        if self.until:
            asked.append(("time < ?", parse_instant(self.until)))
        where = " AND ".join(condition for condition, _ in asked) or "true"
        return where, [value for _, value in asked]


class TooManyKindsError(EvidenceError):
    """Rows differ in more ways than can be told apart at once."""


class Table:
    """The table as it is now. A context manager; one thread's."""

    def __init__(
        self,
        files: Sequence[Path],
        *,
        fresh: Sequence[Any] = (),
        replaced: Collection[str] = (),
        memory_mb: int = MEMORY_MB,
    ) -> None:
        """`fresh`: rows that are in no file; `replaced`: ids whose rows in files count no more.

        Raises EvidenceError for a file that is damaged or newer, UsageError without `duckdb`.
        """
        self._files = list(files)
        known = [set(columns_of(path)) for path in self._files]
        new = table_of([dict(row) for row in fresh])
        self.columns = frozenset().union(new.column_names, *known)
        self._duckdb = _duckdb()
        self._base = self._duckdb.connect(":memory:", config=_CONFIG)
        self._base.execute("SET memory_limit = ?", [f"{memory_mb}MB"])
        self._base.execute("SET TimeZone = 'UTC'")
        self._base.register("fresh", new)
        gone = _ids(sorted(replaced))
        self._base.register("replaced", gone)
        parts = ["SELECT * FROM fresh"]
        if self._files:
            source = f"read_parquet([{_paths(self._files)}], union_by_name = true)"
            kept = "WHERE id NOT IN (SELECT id FROM replaced)" if replaced else ""
            parts.append(" ".join(("SELECT * FROM", source, kept)))
        self._from = f"({' UNION ALL BY NAME '.join(parts)})"

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    @property
    def facets(self) -> list[str]:
        """The facets that any row carries."""
        return facet_names(self.columns)

    def cube(
        self,
        columns: Sequence[str],
        selection: Selection,
        *,
        bands: Sequence[Instant] = (),
        only: tuple[str, Sequence[int]] | None = None,
    ) -> Cube:
        """How many rows there are by these columns. A facet that no row carries is null.

        `bands`: instants, in order; `band` is how many of them a row's time has reached,
        `learned_band` the same of when something was learned of it (-1: nothing ever was).
        `only`: a column, and the values that it must have one of.
        Raises TooManyKindsError, EvidenceError when a file cannot be read.
        """
        wanted = tuple(dict.fromkeys(columns))
        said = [self._expression(name, bands) for name in wanted]
        sums = "NULL, NULL"
        if LEVEL in wanted:
            within = "CASE WHEN confidence BETWEEN 0 AND 1 THEN"
            sums = ", ".join(
                f"sum({within} CAST({what} * {STEPS} AS BIGINT) END)"
                for what in ("confidence", "confidence * confidence")
            )
        where, values = selection.sql()
        if only is not None:
            where += f" AND {self._expression(only[0], bands)} IN (SELECT unnest(?))"
            values.append(list(only[1]))
        keys = "".join(f"{each}, " for each in said)
        group = " GROUP BY ALL" if said else ""
        rows = self._rows(
            self._ask(f"{keys}count(*), {sums}", where, f"{group} LIMIT {MOST_KINDS + 1}"), values
        )
        if len(rows) > MOST_KINDS:
            raise TooManyKindsError(
                f"the rows differ in more than {MOST_KINDS:,} ways by {', '.join(wanted)}"
            )
        counts = {row[:-3]: (row[-3], int(row[-2] or 0), int(row[-1] or 0)) for row in rows}
        return Cube(wanted, {} if not said and not rows[0][0] else counts)

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
        where, values = selection.sql()
        ask = self._ask("*", where, "ORDER BY time, id")
        with self._reading():
            for batch in self._base.sql(ask, params=values).to_arrow_reader(8192):
                for row in batch.to_pylist():
                    learned = row.get(LEARNED_AT)
                    yield observation_of(row), _instant(learned)

    def whole_rows(self, ids: Sequence[str]) -> Iterator[Row]:
        """The rows of some ids, with every column."""
        ask = self._ask("*", "id IN (SELECT unnest(?))", "ORDER BY time, id")
        with self._reading():
            for batch in self._base.sql(ask, params=[list(ids)]).to_arrow_reader(8192):
                yield from batch.to_pylist()

    def _ask(self, what: str, where: str, after: str) -> str:
        """All three are made here: of names that were quoted, and of places for values."""
        return " ".join(("SELECT", what, "FROM", self._from, "WHERE", where, after))

    def write(self, file: Writing, selection: Selection) -> int:
        """Write the rows as one Parquet file in the order of their time; returns how many.

        Raises EvidenceError when they cannot be read, OSError when they cannot be written.
        """
        where, values = selection.sql()
        ask = self._ask("*", where, "ORDER BY time, id")
        with self._reading():
            reader = self._base.sql(ask, params=values).to_arrow_reader(ROW_GROUP)
            return write_batches(file, reader)

    def _expression(self, name: str, bands: Sequence[Instant]) -> str:
        if name in (BAND, LEARNED_BAND):
            column = "time" if name == BAND else LEARNED_AT
            reached = [f"CAST({column} >= TIMESTAMPTZ '{_iso(at)}' AS INTEGER)" for at in bands]
            found = " + ".join(reached) or "0"
            return f"CASE WHEN {column} IS NULL THEN -1 ELSE {found} END"
        if name.startswith(_BIN):
            bits, _, column = name.removeprefix(_BIN).partition(" ")
            root = f"sqrt({_quoted(column)}) * {1 << int(bits)}"
            return (
                f"CASE WHEN {_quoted(column)} >= 0 THEN CAST(floor({root}) AS BIGINT)"
                f" WHEN {_quoted(column)} < 0 THEN -1 END"
            )
        if name in _DERIVED:
            return _DERIVED[name]
        if name.startswith(FACET) and name not in self.columns:
            return f"CAST(NULL AS VARCHAR) AS {_quoted(name)}"
        if name not in self.columns:
            raise EvidenceError(f"the table has no column {name}")
        return _quoted(name)

    def _rows(self, ask: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._reading():
            found: list[tuple[Any, ...]] = self._base.execute(ask, list(values)).fetchall()
        return found

    def _reading(self) -> Any:
        return _Reading(self._duckdb, self._files)


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


def _instant(at: dt.datetime | None) -> Instant:
    from roadworthy.domain import format_instant

    return format_instant(at) if at is not None else ""
