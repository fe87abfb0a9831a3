"""Runs a query of an answer beside the right one, in a database in memory that it can only read.

Enters: the SQL that makes the tables, the right query and the answer's. Leaves: the rows of both.
What never happens here: a write, a file, another database, a second statement, or a verdict.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from .start import begin, report

MOST_ROWS = 20_000
_READING = {
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
}  # fmt: skip
_LOADING = {"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"}


def _only_reads(action: int, first: str | None, second: str | None, *_: Any) -> int:
    loads = action == sqlite3.SQLITE_FUNCTION and second in _LOADING
    return sqlite3.SQLITE_OK if action in _READING and not loads else sqlite3.SQLITE_DENY


def run(job: dict[str, Any]) -> dict[str, Any]:
    """The rows of both queries; `broken` where the tables or the right query cannot be had."""
    database = sqlite3.connect(":memory:")
    database.execute("pragma temp_store = memory")
    try:
        database.executescript(job["setup"])
        database.commit()
        database.execute("pragma query_only = on")
        database.set_authorizer(_only_reads)
        right = _rows(database, job["right"])
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        return {"broken": f"the case's own SQL cannot be run: {error}"}
    try:
        return {"right": right, "rows": _rows(database, job["query"])}
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        return {"right": right, "why": str(error)}


def _rows(database: sqlite3.Connection, query: str) -> list[list[Any]]:
    """The rows of one statement. Raises ValueError when there are too many, or it gives none."""
    cursor = database.execute(query)
    if cursor.description is None:
        raise ValueError("this is no query")
    rows = cursor.fetchmany(MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise ValueError(f"more than {MOST_ROWS:,} rows")
    return [[_plain(value) for value in row] for row in rows]


def _plain(value: Any) -> Any:
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


def main() -> None:
    """Run one job."""
    job, reporting = begin()
    try:
        said = run(job)
    except MemoryError:
        said = {"why": "out of memory"}
    report(reporting, said)
    os._exit(0)
