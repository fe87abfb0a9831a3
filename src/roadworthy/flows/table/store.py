"""The table of observations on disk: a file for each system and hour, one for each run.

    observations/kept.json     what the files were made of, and which of them count
    observations/answers/system=desk/hour=2026-11-21T20-DIGEST.parquet
    observations/runs/RUN-DIGEST.parquet

All of it is made from the journal, the runs and the ledger, and can be removed: it is made again.
Enters: observations, and what was learned of some. Leaves: files, each whole. Never here: an
outcome joined to what an earlier one made of a row (the row as it left is kept beside it), a file
that is not as it was written read as if it were, two writers at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct, field, structs

from roadworthy.domain import EvidenceError, Observation, Outcome, digest_of, parse_instant
from roadworthy.monitoring import with_outcomes
from roadworthy.table import (
    AS_LEFT,
    LEARNED_AT,
    SAID,
    SCHEMA,
    Facts,
    Row,
    facts_of,
    joined,
    observation_of,
    read_table,
    row_of,
    table_of,
    write_table,
)
from roadworthy_verify.plain_file import read_plain

from ..workspace.routing import put_in_place

ANSWERS = "answers/"
"""How the names of the parts with live answers begin; all others are runs."""

ANEW = "remove {}: it is made again from the journal and the runs"

_TYPES = {each.name: each.type for each in structs.fields(Observation)}
_said = msgspec.json.Decoder(list[Outcome])

Learned = Mapping[str, Sequence[Outcome]]
"""Observation -> what was said of it."""


class KeptFile(Struct, frozen=True, kw_only=True):
    """A file as it was written."""

    path: str
    """In the folder. Each content has a path of its own: one that counts is never written over."""
    rows: int
    digest: str
    columns: str
    """The digest of the names of its columns: which set of `Kept.columns` it has."""
    facts: Facts | None = None
    size: int = -1
    """Bytes; not known of a file of an earlier version."""


class CountedPart(Struct, frozen=True, kw_only=True):
    """A part whose rows were counted."""

    digest: str
    """Of its file of rows as they were then."""
    number: int
    families: tuple[str, ...] = ()
    """What has fewest kinds first; none where rows differ too much."""


class KeptCounts(Struct, frozen=True, kw_only=True):
    """What the rows of a day's parts have alike, in one file."""

    path: str
    """In the folder; empty where none of the parts has a family."""
    digest: str
    parts: dict[str, CountedPart]
    by: str = ""
    """What they were counted by, as `counted_by` tells it; an earlier version did not say."""


class Kept(Struct, kw_only=True):
    """What the table holds."""

    schema: int = SCHEMA
    segments: dict[str, str] = field(default_factory=dict)
    """Sealed segment -> its root."""
    runs: dict[str, str] = field(default_factory=dict)
    """Run -> the digest of its file."""
    entered: dict[str, str] = field(default_factory=dict)
    """Observation -> the digest of what people said of it."""
    columns: dict[str, list[str]] = field(default_factory=dict)
    """The different sets of columns that files have: they differ by facets."""
    unplaced: dict[str, list[Outcome]] = field(default_factory=dict)
    """What was learned of answers that no file holds yet."""
    files: dict[str, KeptFile] = field(default_factory=dict)
    """Part of the table (`answers/…` an hour of a system, `runs/…` a run) -> its file."""
    counts: dict[str, KeptCounts] = field(default_factory=dict)
    """Day of a system -> what was counted of its parts."""
    families: dict[str, list[str]] = field(default_factory=dict)
    """Family -> the columns that rows were counted by."""


class Stored(Struct, frozen=True, kw_only=True):
    """An answer, and what tenants and lookers said of it."""

    seen: Observation
    """As it left."""
    said: tuple[Outcome, ...] = ()


def read_kept(folder: Path) -> Kept:
    """What was kept last; nothing where nothing was. Raises EvidenceError."""
    path = folder / "kept.json"
    try:
        kept = msgspec.json.decode(read_plain(path), type=Kept)
    except FileNotFoundError:
        return Kept()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceError(f"{path} is damaged: {error}", fix=ANEW.format(folder)) from error
    if kept.schema > SCHEMA:
        raise EvidenceError(
            f"{path} is of version {kept.schema}, and this version of roadworthy knows {SCHEMA}",
            fix="read it with the version that wrote it, or a newer one",
        )
    return kept


def write_kept(folder: Path, kept: Kept) -> None:
    """Let these be the table; files that counted before are gone with the next one that is begun.

    Raises EvidenceError.
    """
    put_in_place(folder / "kept.json", msgspec.json.encode(kept))


def sweep(folder: Path, kept: Kept) -> None:
    """Remove files that do not count: older ones, and those of a writer that was killed."""
    count = {folder / each.path for each in kept.files.values()}
    count |= {folder / each.path for each in kept.counts.values()}
    for path in sorted(folder.rglob("*.parquet*")):
        if path not in count:
            path.unlink(missing_ok=True)


_AT_ONCE = 4
"""Files that are read at once."""


NOT_AS_WRITTEN = "{} is damaged: it is not as it was written"


def require_whole(folder: Path, digests: Mapping[Path, str], paths: Sequence[Path]) -> None:
    """Hold files against their digests. Raises EvidenceError naming one that is not as it was."""

    def require(path: Path) -> None:
        try:
            same = digest_of_file(path) == digests[path]
        except FileNotFoundError:
            raise EvidenceError(
                f"{path} is gone: a part of the table", fix=ANEW.format(folder)
            ) from None
        except OSError as error:
            raise EvidenceError(f"{path} cannot be read: {error.strerror}") from error
        if not same:
            raise EvidenceError(NOT_AS_WRITTEN.format(path), fix=ANEW.format(folder))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(require, paths))


def row_with(stored: Stored, entered: Sequence[Outcome] = ()) -> Row:
    """The row of an answer with all that was learned of it, and beside it what that changed."""
    said = [*stored.said, *entered]
    if not said:
        return row_of(stored.seen)
    known = with_outcomes(stored.seen, said)
    changed = {
        name: getattr(stored.seen, name)
        for name in stored.seen.__struct_fields__
        if getattr(stored.seen, name) != getattr(known, name)
    }
    bare = [structs.replace(each, note="") for each in stored.said]
    return row_of(known) | {
        LEARNED_AT: parse_instant(max(each.time for each in said)),
        SAID: msgspec.json.encode(bare).decode(),
        AS_LEFT: msgspec.json.encode(changed).decode(),
    }


def stored_in(row: Mapping[str, Any]) -> Stored:
    """The answer of a row, as it left."""
    known = observation_of(row)
    before = msgspec.json.decode(row.get(AS_LEFT) or "{}")
    left = {name: msgspec.convert(value, _TYPES[name]) for name, value in before.items()}
    said = tuple(_said.decode(row[SAID])) if row.get(SAID) else ()
    return Stored(seen=structs.replace(known, **left), said=said)


def place_of(seen: Observation) -> str:
    """The file of an answer; no part of a system's name leads elsewhere."""
    system = quote(seen.system, safe="")
    return f"{ANSWERS}system={system}/hour={quote(seen.time[:13], safe='')}"


def put_rows(folder: Path, kept: Kept, name: str, rows: Sequence[Row]) -> None:
    """Add rows to a file of the table; one of the same id takes the place of the one before.

    Raises EvidenceError, also where that file is not as it was written.
    """
    new = table_of(rows)
    if name in kept.files:
        path = folder / kept.files[name].path
        require_whole(folder, {path: kept.files[name].digest}, [path])
        new = joined(read_table(path), new)
    ordered = new.sort_by([("time", "ascending"), ("id", "ascending")])
    keep_file(folder, kept, name, ordered)


def keep_file(folder: Path, kept: Kept, name: str, table: Any) -> None:
    """Write a part of the table, and note how it was written. Raises EvidenceError."""
    draft = folder / f"{name}.parquet"
    write_table(draft, table)
    digest, columns = digest_of_file(draft), list(table.column_names)
    path = f"{name}-{digest[:16]}.parquet"
    draft.replace(folder / path)
    shape = digest_of(columns)
    kept.columns[shape] = columns
    kept.files[name] = KeptFile(
        path=path,
        rows=table.num_rows,
        digest=digest,
        columns=shape,
        facts=facts_of(table),
        size=(folder / path).stat().st_size,
    )


def digest_of_file(path: Path) -> str:
    """Of its bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
