"""A ledger on disk: its SQLite file, the checkpoints and releases beside it, the trust beside it.

In: a path to ledger.db, or a folder that holds one. The file is opened read-only and as data from
a stranger: a view, a virtual table or a generated column in the place of a real table is refused,
because it could show the verifier something else than what is stored.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from .carried import carried_heads, load_heads
from .chain import Row
from .checkpoint import CheckpointError, Head, head_from_json, heads_of_file, lost_inside
from .log import check_log
from .report import Report
from .schema import VERSION, oddities
from .strict_json import read_json
from .tree import STORED_LEVEL
from .trust import Trust, TrustError, load_trust
from .vouched import Elsewhere, UnreadableError, in_a_workspace, with_vouched

CHECKPOINTS = "checkpoints.jsonl"
"""The newest heads, kept beside the store."""

TRUST = "trust.yaml"
"""Whose keys are trusted, as a copy of what the ledger says."""
_MUST_BE_KEPT = 2
"""With so many checkpoints in the store one is certainly outside: a process that is killed between
the two leaves one behind, and no other is signed before that one is outside."""

MAGIC = b"SQLite format 3\x00"
_COLUMNS = (
    "seq", "time", "system", "kind", "subject", "actor",
    "payload", "payload_digest", "prev", "digest",
)  # fmt: skip
_QUERY = (
    "SELECT seq,time,system,kind,subject,actor,CAST(payload AS BLOB),payload_digest,prev,digest"
    " FROM entries ORDER BY seq"
)
_BUSY_S = 30.0
"""How long to wait for somebody who writes, in seconds."""


class NotALedgerError(Exception):
    """What lies there is not a ledger (any more)."""


class NewerVersionError(Exception):
    """A ledger of a version that this verifier does not know."""


class DisguiseError(Exception):
    """Something else stands in the place of one of the ledger's tables."""


def verify_ledger(
    path: Path | str,
    trust: Trust | Path | str | Mapping[str, Any] | None = None,
    checkpoint: Path | str | Sequence[Head] | None = None,
    *,
    journal: Path | None = None,
    blobs: Path | None = None,
    only_log: bool = False,
) -> Report:
    """Verify a ledger file. `trust` defaults to trust.yaml beside it, which the sender also had.

    In a workspace what the ledger vouches for is held against it too: each sealed segment of the
    journal (in `journal`, where that is not beside it), the kills that nobody lifted, the releases
    that were activated last, and the evidence that entries name (in `blobs`, likewise). Not when
    `only_log` is asked for.

    `checkpoint` is a file with checkpoints or that carries one (see `load_heads`), or the heads
    themselves. Raises TrustError or CheckpointError when a file given by the caller cannot be read.
    """
    database = Path(path)
    # 1. What the auditor brought: trust, and a checkpoint kept elsewhere.
    beside = database.parent / TRUST
    if trust is None and beside.exists():
        keys = load_trust(beside, origin="beside")
    else:
        keys = load_trust(trust)
    if isinstance(checkpoint, Path | str):
        checkpoint = load_heads(Path(checkpoint))
    outside = list(checkpoint or [])
    try:
        elsewhere = Elsewhere(journal, blobs)
        report = _checked(database, keys, outside, elsewhere, only_log=only_log)
    except (CheckpointError, DisguiseError) as error:
        return _tampered(str(error))
    except (UnreadableError, NewerVersionError) as error:
        state = "unreadable" if isinstance(error, UnreadableError) else "not_evidence"
        return Report(state, str(error), {"kind": "ledger"}, (str(error),))
    except NotALedgerError as error:
        return _no_ledger(error, database, outside)
    except sqlite3.OperationalError as error:
        return _damaged(error, database)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # its schema may be no text
        return _tampered(f"{database} is damaged: {error}")
    # 6. Say where trust came from: beside the ledger it shows consistency, not authorship.
    return _with_trust_named(report, keys, beside)


def _checked(
    database: Path, keys: Trust, outside: list[Head], elsewhere: Elsewhere, *, only_log: bool
) -> Report:
    """Steps 2 to 5. `outside` gets the heads that lie beside the store too."""
    # 2. What lies beside the ledger: checkpoints outside the store, and those that others carry.
    file = database.parent / CHECKPOINTS
    newest = heads_of_file(file) if file.exists() else []
    outside[:0] = newest
    carried = carried_heads(database.parent)
    # 3. The store itself, read-only; 4. meanwhile its pages and its index.
    with closing(open_readonly(database)) as connection, ThreadPoolExecutor(1) as beside_it:
        connection.execute("BEGIN")  # one state, however much somebody appends meanwhile
        refuse_disguise(connection)
        damage = beside_it.submit(_damage, database)
        stored = list(_stored_heads(connection))
        _refuse_lost_heads(file, stored)
        report = check_log(
            _rows(connection),
            stored=stored,
            outside=outside + own_heads(carried, [*stored, *outside]),
            trust=keys,
            kept=_kept_trust(database.parent / TRUST, keys),
            node=partial(_node, connection),
        )
        report = _with_warnings(report, oddities(connection))
        if report.state != "tampered":
            fault = damage.result() or _beside_the_entries(connection, stored, newest)
            report = _tampered(f"the entries fit, but {fault}") if fault else report
        # 5. What it vouches for: sealed segments of the journal, kills that stand, live releases,
        # the evidence that its entries name.
        if only_log:
            return report
        again = partial(open_readonly, database)
        return with_vouched(report, connection, again, database.parent, elsewhere)


def own_heads(carried: list[Head], known: list[Head]) -> list[Head]:
    """Those of this log: a workspace may have activated a release of another one.

    A log that has lost every head of its own is held against all of them.
    """
    origins = {head.origin for head in known}
    return [head for head in carried if not origins or head.origin in origins]


def _no_ledger(error: NotALedgerError, database: Path, outside: list[Head]) -> Report:
    """Where there was one it was lost; elsewhere it is no evidence."""
    if outside or in_a_workspace(database.parent):
        last = f", but {outside[-1]} says that one was there" if outside else ""
        return _tampered(f"{error}{last}")
    return Report("not_evidence", str(error), {"kind": "ledger"}, (str(error),))


def _refuse_lost_heads(file: Path, stored: list[Head]) -> None:
    """The heads outside the store are what a cut tail is found by; a workspace must have them."""
    if len(stored) < _MUST_BE_KEPT or not in_a_workspace(file.parent) or _has_heads(file):
        return
    raise CheckpointError(
        f"{file} is gone, although the ledger has {len(stored)} checkpoints: without those kept"
        " outside the store nobody would see a tail that was cut. Put it back from a backup, or, if"
        " there is none, `roadworthy ledger checkpoint --put-back --as NAME`"
    )


def _has_heads(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _kept_trust(beside: Path, keys: Trust) -> Trust | None:
    """The list of keys that lies with the ledger; the given one, when it is that very file."""
    if not beside.exists():
        return None
    if keys.source and Path(keys.source).resolve() == beside.resolve():
        return keys
    try:
        return load_trust(beside)
    except TrustError as error:
        raise CheckpointError(f"what lies beside the ledger cannot be relied on: {error}") from None


def open_readonly(path: Path) -> sqlite3.Connection:
    """Open a database without ever writing to it or beside it, where that can be helped."""
    if not path.is_file():
        raise NotALedgerError(f"{path} is not a file")
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise NotALedgerError(f"{path} is not a SQLite database")
    # Where a write-ahead log lies beside it, somebody may be writing: read with SQLite's locks.
    in_use = path.with_name(path.name + "-wal").exists()
    mode = "mode=ro" if in_use else "mode=ro&immutable=1"
    uri = f"{path.resolve().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S)
    connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    return connection


def refuse_disguise(connection: sqlite3.Connection) -> None:
    """Refuse anything but ordinary tables with the ledger's columns.

    Raises NotALedgerError, NewerVersionError or DisguiseError.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise NewerVersionError(f"the ledger has version {version}, this verifier knows {VERSION}")
    for name, columns in (
        ("entries", _COLUMNS),
        ("nodes", ("level", "idx", "hash")),
        ("checkpoints", ("size", "note")),
    ):
        row = connection.execute(
            "SELECT type, sql FROM sqlite_master WHERE name = ?", (name,)
        ).fetchone()
        if row is None:
            raise NotALedgerError(f"the database has no table {name}: not a ledger")
        if row[0] != "table" or not str(row[1]).startswith("CREATE TABLE"):
            raise DisguiseError(f"{name} is a {row[0]}, not an ordinary table")
        info = connection.execute(f"PRAGMA table_xinfo({name})").fetchall()
        if tuple(column[1] for column in info) != columns or any(column[6] for column in info):
            raise DisguiseError(f"table {name} does not have the columns of a ledger")


def _rows(connection: sqlite3.Connection) -> Iterator[Row]:
    cursor = connection.execute(_QUERY)
    cursor.arraysize = 100
    while page := cursor.fetchmany():
        yield from page


def _stored_heads(connection: sqlite3.Connection) -> Iterator[Head]:
    for size, note in connection.execute("SELECT size, note FROM checkpoints ORDER BY size"):
        where = f"checkpoint {size} in the ledger"
        try:
            head = head_from_json(read_json(note), "in the ledger")
        except (ValueError, TypeError) as error:
            raise CheckpointError(f"{where} cannot be read: {error}") from None
        if head.size != size:
            raise CheckpointError(f"{where} says that it is checkpoint {head.size}")
        yield head


def _damage(database: Path) -> str:
    """What SQLite's own check finds: a bad index would hide entries from whoever asks for them.

    And a value of another type: as bytes a payload has the same digest, but no reader reads it.
    """
    with closing(open_readonly(database)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            return f"the file is damaged: {found}"
        for table, key, column in (("entries", "seq", "payload"), ("checkpoints", "size", "note")):
            row = connection.execute(
                f"SELECT {key} FROM {table} WHERE typeof({column}) <> 'text' LIMIT 1"  # noqa: S608
            ).fetchone()
            if row is not None:
                return f"the {column} of {table} {row[0]} is not stored as text"
    return ""


def _node(connection: sqlite3.Connection, level: int, index: int) -> bytes | None:
    row = connection.execute(
        "SELECT hash FROM nodes WHERE level = ? AND idx = ?", (level, index)
    ).fetchone()
    return row[0] if row else None


def _beside_the_entries(
    connection: sqlite3.Connection, stored: list[Head], newest: list[Head]
) -> str:
    """What else the file holds: one node for each filled subtree, every head that left the file."""
    (size,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()
    expected = sum(size >> level for level in range(STORED_LEVEL, size.bit_length()))
    (nodes,) = connection.execute("SELECT count(*) FROM nodes").fetchone()
    if nodes != expected:
        return f"its tree has {nodes} stored nodes, not {expected}"
    return lost_inside(stored, newest)


def _with_warnings(report: Report, found: list[str]) -> Report:
    """What does not bear on the verdict, but was done by somebody with the file in hand."""
    details = {**report.details, "warnings": found}
    lines = [*report.lines, *(f"warning: {one}" for one in found)]
    return Report(report.state, report.fault, details, tuple(lines))


def _with_trust_named(report: Report, trust: Trust, beside: Path) -> Report:
    if not trust.keys:
        line = (
            "no trust file: nobody's signature could be recognised; give one with --trust, or put"
            f" {beside.name} back beside the ledger (version control or a backup has it)"
        )
    elif trust.source and Path(trust.source).resolve() == beside.resolve():
        line = (
            f"trusted are the keys in {trust.source}, which came with the ledger: they show that"
            " it is whole, not who made it; give your own with --trust"
        )
    elif trust.source:
        line = f"trusted are the keys in {trust.source}"
    else:
        return report
    return Report(report.state, report.fault, report.details, (*report.lines, line))


def _tampered(fault: str) -> Report:
    return Report("tampered", fault, {"kind": "ledger"}, (fault,))


def _damaged(error: sqlite3.OperationalError, database: Path) -> Report:
    """Text that is not UTF-8 and a bad schema are damage; a locked or closed file is not."""
    text = str(error)
    if "decode" in text or "malformed" in text:
        return _tampered(f"{database} is damaged: {text}")
    fault = f"{database} cannot be read: {text}"
    return Report("unreadable", fault, {"kind": "ledger"}, (fault,))
