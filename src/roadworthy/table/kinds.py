"""What the rows of a part have alike, counted when the part is written.

Enters: the rows of a part, families of columns that questions read together. Leaves: kinds and how
many rows there are of each, by the columns of a family and by as many facets as leave few kinds.
Never here: a family that has nearly as many kinds as there are rows, a sum that depends on the
order of rows, a second definition of a column that is worked out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from roadworthy.domain import digest_of

from .columns import FACET, LEARNED, LEARNED_AT
from .cube import LEVEL
from .engine import CONFIG, MEMORY_MB, duckdb
from .files import arrow
from .sql import LEVEL_OF, STEPS_OF, bin_parts, binned, quoted

ROWS_A_KIND = 4
"""Rows are counted by a family where at least so many are alike on average."""

_SUMS = ("mass", "squares")
"""The columns of what `STEPS_OF` add up to."""

_SLICES = ("tenant", "model", "endpoint")
"""Texts that people slice by, or filter by, as they do by facets."""

_MOST_VALUES = 1000
"""A facet with more values is in no family."""

_MOST_FACETS = 24
"""As many are tried."""


class Kinds(Struct, frozen=True):
    """The rows of a part by the columns of a family."""

    columns: tuple[str, ...]
    rows: Any
    """Each kind and how many there are of it, as Arrow."""

    @property
    def family(self) -> str:
        """What tells it from others in a file."""
        return digest_of(list(self.columns)).removeprefix("sha256:")[:12]


def kinds_of(
    table: Any, families: Sequence[Sequence[str]], *, rows_a_kind: int = ROWS_A_KIND
) -> list[Kinds]:
    """What an Arrow table of rows has alike, by each family of columns that leaves few kinds.

    What has fewest kinds comes first.
    """
    names = [name.casefold() for name in table.column_names]
    if len(set(names)) < len(names):
        return []  # the engine takes two facets for one
    worked_out = _worked_out(table, families)
    if worked_out is None:
        return []
    counting = _Counting(table, worked_out)
    every = [counting.family(own, table.num_rows // rows_a_kind) for own in families]
    found = [each for each in every if each is not None]
    return sorted(found, key=lambda each: (each.rows.num_rows, each.columns))


def counted_by(families: Sequence[Sequence[str]]) -> str:
    """Digest of the families, and of how each of their columns that is worked out is.

    What was counted by others means something else, or tells less: its rows are to be counted anew.
    """
    return digest_of([[list(own) for own in families], _expressions(families)])


def _expressions(families: Sequence[Sequence[str]]) -> dict[str, str]:
    """Column that is worked out of others -> the expression that rows are asked with."""
    wanted = {name for own in families for name in own}
    made = {name: binned(*parts) for name in wanted if (parts := bin_parts(name)) is not None}
    made |= {LEVEL: LEVEL_OF} if LEVEL in wanted else {}
    made |= {LEARNED: f"{LEARNED_AT} IS NOT NULL"} if LEARNED in wanted else {}
    return made | dict(zip(_SUMS, STEPS_OF, strict=True))


def _worked_out(table: Any, families: Sequence[Sequence[str]]) -> Any:
    """Columns that are worked out of others.

    None where the engine cannot: whoever asks the rows is told what is wrong with them.
    """
    made = _expressions(families)
    asked = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in made.items())
    engine = duckdb()
    base = engine.connect(":memory:", config=CONFIG | {"preserve_insertion_order": "true"})
    try:
        base.execute("SET memory_limit = ?", [f"{MEMORY_MB}MB"])
        base.register("rows", table)
        return base.sql(" ".join(("SELECT", asked, "FROM rows"))).to_arrow_table()
    except engine.DataError:
        return None
    finally:
        base.close()


class _Counting:
    """The rows of one file. Kinds are told apart by numbers, column after column."""

    def __init__(self, table: Any, worked_out: Any) -> None:
        self._table, self._worked_out = table, worked_out
        self._codes: dict[str, tuple[Any, int]] = {}
        self._places = arrow().array(range(table.num_rows), "int64")
        facets = [name for name in table.column_names if name.startswith(FACET)]
        values = {name: self._code(name)[1] for name in (*_SLICES, *facets)}
        narrow = [name for name, n in values.items() if n <= _MOST_VALUES]
        self._slices = sorted(narrow, key=lambda name: (values[name], name))[:_MOST_FACETS]

    def family(self, own: Sequence[str], most: int) -> Kinds | None:
        """Rows by the columns of a family, and by as many more as leave few kinds."""
        kinds, n = self._code(own[0])
        columns = list(own)
        for column in own[1:]:
            kinds, n = self._parted(kinds, n, column)
        if n > most:
            return None
        for column in (each for each in self._slices if each not in own):
            finer, parts = self._parted(kinds, n, column)
            if parts > most:
                break
            kinds, n = finer, parts
            columns.append(column)
        return Kinds(tuple(columns), self._tally(columns, kinds))

    def _parted(self, kinds: Any, n: int, column: str) -> tuple[Any, int]:
        """The kinds, told apart by one column more."""
        import pyarrow.compute as compute

        codes, values = self._code(column)
        if values < 2 or n < 2:
            return (kinds, n) if values < 2 else (codes, values)
        both = compute.add(compute.multiply(kinds, values), codes)
        return _encoded(both)

    def _code(self, column: str) -> tuple[Any, int]:
        """A number for the value of each row, and how many values there are."""
        if column not in self._codes:
            self._codes[column] = _encoded(self._held(column))
        return self._codes[column]

    def _held(self, column: str) -> Any:
        of = self._table if column in self._table.column_names else self._worked_out
        return of[column]

    def _tally(self, columns: Sequence[str], kinds: Any) -> Any:
        pa = arrow()
        rows = pa.table({"kind": kinds, "row": self._places})
        asked: list[Any] = [("row", "min"), ([], "count_all")]
        summed = _SUMS if LEVEL in columns else ()
        for name in summed:
            rows = rows.append_column(name, self._worked_out[name].cast(pa.decimal128(38)))
            asked.append((name, "sum"))
        found = rows.group_by("kind", use_threads=False).aggregate(asked)
        told = {name: self._held(name).take(found["row_min"]) for name in columns}
        told["n"] = found["count_all"]
        for name in _SUMS:
            missing = pa.nulls(found.num_rows, pa.decimal128(38))
            told[name] = found[f"{name}_sum"] if name in summed else missing
        by_columns = [(name, "ascending") for name in columns]
        return pa.table(told).sort_by(by_columns)


def _encoded(values: Any) -> tuple[Any, int]:
    import pyarrow.compute as compute

    codes = compute.dictionary_encode(values, null_encoding="encode")
    if isinstance(codes, arrow().ChunkedArray):
        codes = codes.unify_dictionaries().combine_chunks()
    return codes.indices.cast("int64"), max(1, len(codes.dictionary))
