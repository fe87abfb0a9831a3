"""Files of the table: Parquet, whole or not there, each of a schema that this version knows.

Enters: rows. Leaves: a file for any tool that reads Parquet, and rows read back. Never here: a file
that is damaged, or of a newer schema, read as far as it goes.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from roadworthy.domain import EvidenceError, UsageError

from .columns import (
    ALONE,
    AS_LEFT,
    COUNTS,
    FACET,
    FLAGS,
    JSON,
    LEARNED_AT,
    NUMBERS,
    SAID,
    SCHEMA,
    SHIFT_FLAGS,
    SHIFT_TEXTS,
    TEXTS,
    Row,
    facet_names,
)

KEY = b"roadworthy.table"
"""The metadata that holds the version of a file's columns."""

ROW_GROUP = 122_880
"""Rows of a group: as many as a reader takes at once."""

_DIFFERENT = frozenset({"id", "time", LEARNED_AT, *NUMBERS, "input_digest", "output_digest"})
"""Columns that differ in nearly every row: a dictionary of their values is as large as they are."""


def arrow() -> Any:
    """`pyarrow`. Raises UsageError where it is not installed."""
    try:
        import pyarrow
    except ImportError:
        raise UsageError(
            "`pyarrow`, which reads and writes Parquet, is not installed",
            fix="pip install 'roadworthy[observations]'",
        ) from None
    return pyarrow


def schema_of(facets: Iterable[str], metadata: Mapping[str, str] | None = None) -> Any:
    """The columns of rows with these facets, as Arrow has them."""
    pa = arrow()
    text, number, flag = pa.string(), pa.float64(), pa.bool_()
    instant = pa.timestamp("us", tz="UTC")
    fields = [("time", instant), *((name, text) for name in TEXTS)]
    fields += [(name, number) for name in NUMBERS]
    fields += [(name, flag) for name in (*FLAGS, *SHIFT_FLAGS, ALONE)]
    fields += [(name, pa.int64()) for name in COUNTS]
    fields += [(name, text) for name in (*JSON, *SHIFT_TEXTS, "usage_raw", "expect_action")]
    fields += [("facets", pa.map_(text, text)), (LEARNED_AT, instant), (SAID, text)]
    fields += [(AS_LEFT, text), *((f"{FACET}{name}", text) for name in sorted(set(facets)))]
    known = {KEY: str(SCHEMA).encode()}
    known |= {name.encode(): value.encode() for name, value in (metadata or {}).items()}
    return pa.schema(fields, metadata=known)


def table_of(rows: Sequence[Row], metadata: Mapping[str, str] | None = None) -> Any:
    """Rows as an Arrow table; a facet that a row lacks is null in it, and not empty."""
    facets = facet_names({name for row in rows for name in row if name.startswith(FACET)})
    return arrow().Table.from_pylist(list(rows), schema=schema_of(facets, metadata))


def joined(old: Any, new: Any) -> Any:
    """Both tables as one; of two rows of one id the new one counts."""
    pa = arrow()
    import pyarrow.compute as compute

    kept = old.filter(
        compute.invert(compute.is_in(old["id"], value_set=new["id"].combine_chunks()))
    )
    return pa.concat_tables([kept, new], promote_options="default")


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """A file beside its place, which is put there, whole, at the end. Raises EvidenceError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise EvidenceError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


def write_table(path: Path, table: Any) -> None:
    """Put a table in its place, whole. Raises EvidenceError when it cannot be written."""
    arrow()
    import pyarrow.parquet as parquet

    alike = [name for name in table.column_names if name not in _DIFFERENT and name != "facets"]
    with draft_of(path) as draft:
        parquet.write_table(
            table,
            draft,
            compression="zstd",
            row_group_size=ROW_GROUP,
            write_page_checksum=True,
            use_dictionary=[*alike, "facets.key_value.key", "facets.key_value.value"],
        )


class Writing(Protocol):
    """Something that takes bytes, as `flows/workspace/own_files` gives it."""

    def write(self, data: bytes, /) -> int:
        """Take all of them."""
        ...


class _Stream(io.RawIOBase):
    """The same, as a writer of Parquet asks for it."""

    def __init__(self, file: Writing) -> None:
        super().__init__()
        self._file, self._at = file, 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        taken = self._file.write(bytes(data))
        self._at += taken
        return taken


def write_batches(file: Writing, reader: Any) -> int:
    """Write all that a reader of Arrow gives; returns how many rows. Raises OSError."""
    pa = arrow()
    import pyarrow.parquet as parquet

    schema = reader.schema.with_metadata({KEY: str(SCHEMA).encode()})
    written = 0
    with parquet.ParquetWriter(
        _Stream(file), schema, compression="zstd", write_page_checksum=True
    ) as out:
        for batch in reader:
            out.write_table(pa.Table.from_batches([batch], reader.schema).cast(schema))
            written += batch.num_rows
    return written


def read_table(path: Path) -> Any:
    """All rows of a file, as Arrow. Raises EvidenceError as `columns_of`, or when it is damaged."""
    return _opened(path, lambda file: file.read())


def columns_of(path: Path) -> tuple[str, ...]:
    """The columns of a file. Raises EvidenceError when it is damaged, no table, or a newer one."""
    return tuple(_opened(path, lambda file: file.schema_arrow).names)


def _opened(path: Path, read: Any) -> Any:
    pa = arrow()
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            _require_known(path, file.schema_arrow.metadata or {})
            return read(file)
    except FileNotFoundError:
        raise EvidenceError(f"{path} is gone: a part of the table", fix=ANEW) from None
    except (pa.ArrowException, OSError) as error:
        raise EvidenceError(f"{path} is damaged: {error}", fix=ANEW) from error


ANEW = "remove the folder of the table: it is made again from the journal and the runs"


def _require_known(path: Path, metadata: Mapping[bytes, bytes]) -> None:
    said = metadata.get(KEY, b"").decode(errors="replace")
    if not said.isdecimal():
        raise EvidenceError(f"{path} is no table of observations", fix=ANEW)
    if int(said) > SCHEMA:
        raise EvidenceError(
            f"{path} has columns of version {said}, and this version of roadworthy knows {SCHEMA}",
            fix="read it with the version that wrote it, or a newer one",
        )
