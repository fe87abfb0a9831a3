"""A file of what the rows of many parts have alike.

Enters: the kinds of rows of parts that are new or were written again, an older such file. Leaves:
one file in its place: a row group for each family of columns, so that a question reads its own.
Never here: a part whose rows changed since they were counted; who reads it knows the parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from roadworthy.domain import EvidenceError

from .files import ANEW, ROW_GROUP, arrow, draft_of
from .kinds import Kinds


def write_counts(
    path: Path,
    parts: Mapping[int, Sequence[Kinds]],
    *,
    old: Path | None = None,
    keep: Sequence[int] = (),
) -> None:
    """Put a file of what parts have alike in its place; a part is known by its number.

    `keep`: parts that an `old` file holds and this one too. Raises EvidenceError when it cannot be
    read or written.
    """
    pa = arrow()
    new: dict[str, list[Any]] = {}
    for number, kinds in parts.items():
        for each in kinds:
            new.setdefault(each.family, []).append(_numbered(each, number))
    with ExitStack() as opened:
        before = opened.enter_context(_Before(old, keep)) if old is not None else None
        schemas = [each[0].schema for each in new.values()]
        schema = pa.unify_schemas([*schemas, *([before.schema] if before is not None else [])])
        draft = opened.enter_context(draft_of(path))
        out = opened.enter_context(_writer(draft, schema))
        for family in sorted({*new, *(before.families if before is not None else ())}):
            kept = before.kinds(family) if before is not None else []
            whole = pa.concat_tables(
                [_in_columns(each, schema) for each in (*kept, *new.get(family, []))]
            )
            if whole.num_rows:
                out.write_table(whole, row_group_size=ROW_GROUP)


def _writer(draft: Path, schema: Any) -> Any:
    import pyarrow.parquet as parquet

    return parquet.ParquetWriter(draft, schema, compression="zstd", write_page_checksum=True)


def _numbered(kinds: Kinds, number: int) -> Any:
    pa = arrow()
    n = kinds.rows.num_rows
    whole = kinds.rows.add_column(0, "part", pa.array([number] * n, pa.int64()))
    return whole.add_column(0, "family", pa.array([kinds.family] * n, pa.string()))


def _in_columns(table: Any, schema: Any) -> Any:
    """The same with columns of nulls where it has none: they take no room."""
    pa = arrow()
    told = {*table.column_names}
    columns = [
        table[each.name] if each.name in told else pa.nulls(table.num_rows, each.type)
        for each in schema
    ]
    return pa.table(columns, schema=schema)


class _Before:
    """What an older file holds of parts that count still, family by family."""

    def __init__(self, path: Path, keep: Sequence[int]) -> None:
        self._path, self._keep = path, keep

    def __enter__(self) -> _Before:
        import pyarrow.parquet as parquet

        try:
            self._file = parquet.ParquetFile(self._path, page_checksum_verification=True)
        except (arrow().ArrowException, OSError) as error:
            raise EvidenceError(f"{self._path} is damaged: {error}", fix=ANEW) from error
        self.schema = self._file.schema_arrow.remove_metadata()
        self._groups: dict[str, list[int]] = {}
        for place in range(self._file.num_row_groups):
            names = self._file.read_row_group(place, columns=["family"])["family"]
            self._groups.setdefault(names[0].as_py(), []).append(place)
        self.families = {*self._groups}
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def kinds(self, family: str) -> list[Any]:
        """Those of these parts."""
        import pyarrow.compute as compute

        places = self._groups.get(family, [])
        if not places:
            return []
        found = self._file.read_row_groups(places)
        numbers = arrow().array(self._keep, "int64")
        return [found.filter(compute.is_in(found["part"], value_set=numbers))]
