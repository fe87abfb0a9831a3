"""The ledger's tables, and the triggers by which the database refuses to forget.

In: nothing. Out: the statements that make a ledger, and what a verifier finds different in one.
The product makes its ledgers from these statements, so there is one definition.

`INSERT OR REPLACE` would delete without a DELETE trigger, so an insert must also be of the next
number. There is one index, by kind: kinds are few, so it grows at its ends; one by subject would be
written all over, for questions that are asked together with a kind.
"""

from __future__ import annotations

import sqlite3

VERSION = 1
"""`PRAGMA user_version` of this schema."""

_REFUSAL = "RAISE(ABORT, 'the ledger only grows: nothing in it is changed or removed')"


def _frozen(table: str) -> tuple[str, str]:
    return tuple(  # type: ignore[return-value]
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT {_REFUSAL}; END"
        for verb in ("UPDATE", "DELETE")
    )


SCHEMA: tuple[str, ...] = (
    """CREATE TABLE entries(
    seq INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    system TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    actor TEXT NOT NULL,
    payload TEXT NOT NULL,
    payload_digest TEXT NOT NULL,
    prev TEXT NOT NULL,
    digest TEXT NOT NULL)""",
    "CREATE INDEX entries_by_kind ON entries(kind, seq)",
    """CREATE TABLE nodes(
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, idx)) WITHOUT ROWID""",
    "CREATE TABLE checkpoints(size INTEGER PRIMARY KEY, note TEXT NOT NULL)",
    """CREATE TRIGGER entries_next BEFORE INSERT ON entries
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: not the next entry'); END""",
    """CREATE TRIGGER checkpoints_next BEFORE INSERT ON checkpoints
    WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoints)
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: not a newer checkpoint'); END""",
    """CREATE TRIGGER nodes_once BEFORE INSERT ON nodes
    WHEN EXISTS (SELECT 1 FROM nodes WHERE level = NEW.level AND idx = NEW.idx)
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: this node is there'); END""",
    *_frozen("entries"),
    *_frozen("nodes"),
    *_frozen("checkpoints"),
)


def oddities(connection: sqlite3.Connection) -> list[str]:
    """What differs from a ledger's own schema, a sentence each; empty when nothing does.

    None of it changes what the entries say: they are proved by their chain and by signed heads.
    But a trigger that is gone was removed by somebody, and no longer refuses UPDATE and DELETE.
    """
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    found = {
        (kind, name): sql if _is_on(table, name, sql) else None
        for kind, name, table, sql in rows
        if not str(name).startswith("sqlite_")
    }
    expected = {_named(statement): statement for statement in SCHEMA}
    lost = [f"{kind} {name} is gone{_meaning(kind)}" for kind, name in expected.keys() - found]
    changed = [
        f"{kind} {name} was changed{_meaning(kind)}"
        for kind, name in expected.keys() & found.keys()
        if found[kind, name] != expected[kind, name]
    ]
    foreign = [f"{kind} {name} is no part of a ledger" for kind, name in found.keys() - expected]
    return sorted(lost) + sorted(changed) + sorted(foreign)


def _is_on(table: object, name: object, sql: object) -> bool:
    """Whether the schema names the table that the statement does; SQLite ignores its letters."""
    return table == name or f" ON {table}" in str(sql)


def _named(statement: str) -> tuple[str, str]:
    _, kind, name = statement.split(None, 3)[:3]
    return kind.lower(), name.partition("(")[0]


def _meaning(kind: str) -> str:
    return ": the database no longer refuses every change" if kind == "trigger" else ""
