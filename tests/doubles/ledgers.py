"""Ledgers for tests: seeded keys, a clock that ticks, drafts with a little of everything."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from roadworthy.domain import Draft, Trust, format_instant
from roadworthy.ledger import (
    CheckpointLog,
    Ed25519Signer,
    Ledger,
    MemoryEntryStore,
    SqliteEntryStore,
    add_key,
    sign_draft,
    trust_machine,
)

START = "2026-11-21T20:00:00.000000Z"
ORIGIN = "roadworthy.test/golden"


class TickingClock:
    """The Clock port: every look at it is a millisecond later."""

    def __init__(self) -> None:
        self.now_is = dt.datetime(2026, 11, 21, 20, 0, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        self.now_is += dt.timedelta(milliseconds=1)
        return self.now_is

    def monotonic(self) -> float:
        return self.now_is.timestamp()


def a_signer(number: int = 1) -> Ed25519Signer:
    return Ed25519Signer.from_seed(bytes([number]) * 32)


def a_draft(number: int = 1, **changed: Any) -> Draft:
    fields: dict[str, Any] = {
        "system": "claims-desk",
        "kind": ("run.completed", "gate.decided")[number % 2],
        "subject": f"sha256:{number:064x}",
        "actor": f"machine:{a_signer().key_id}",
        "payload": {
            "n": number,
            "text": 'ä "\\\n\x01\x7f€😀',
            "list": [None, True, {"b": 1, "a": -2}],
        },
    }
    return Draft(**{**fields, **changed})


def drafts(count: int, first: int = 1) -> list[Draft]:
    return [a_draft(number) for number in range(first, first + count)]


def a_trust() -> Trust:
    """The machine (key 1), ada the engineer and admin (2), ben the reviewer (3)."""
    trust = trust_machine(Trust(), a_signer(1).public_key, at=START)
    trust = add_key(
        trust, name="ada", public_key=a_signer(2).public_key, roles=["engineer", "admin"], at=START
    )
    return add_key(
        trust, name="ben", public_key=a_signer(3).public_key, roles=["reviewer"], at=START
    )


def people_drafts() -> list[Draft]:
    """The two entries by which the ledger says what `a_trust` says."""
    machine, ada, ben = a_signer(1), a_signer(2), a_signer(3)
    rows = (
        ("ada", ada, ["engineer", "admin"], f"machine:{machine.key_id}", machine),
        ("ben", ben, ["reviewer"], f"person:{ada.key_id}", ada),
    )
    return [
        sign_draft(
            Draft(
                system="",
                kind="person.added",
                subject=name,
                actor=actor,
                payload={
                    "key_id": key.key_id,
                    "public_key": key.public_key_base64,
                    "roles": roles,
                    "valid_from": START,
                },
            ),
            signer,
        )
        for name, key, roles, actor, signer in rows
    ]


def a_memory_ledger(*, signer: Ed25519Signer | None = None) -> Ledger:
    return Ledger(MemoryEntryStore(TickingClock()), signer=signer or a_signer(), origin=ORIGIN)


def a_ledger(folder: Path, *, clock: TickingClock | None = None) -> Ledger:
    return Ledger(
        SqliteEntryStore(folder / "ledger.db", clock or TickingClock()),
        signer=a_signer(),
        outside=CheckpointLog(folder / "checkpoints.jsonl"),
        origin=ORIGIN,
    )


def cut(home: Path, size: int) -> None:
    """Leave `size` entries, with nodes and checkpoints, in the store and in the file beside it."""
    store = sqlite3.connect(home / "ledger.db", isolation_level=None)
    for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type='trigger'").fetchall():
        store.execute(f"DROP TRIGGER {name}")
    store.execute("DELETE FROM entries WHERE seq > ?", (size,))
    store.execute("DELETE FROM checkpoints WHERE size > ?", (size,))
    store.execute("DELETE FROM nodes WHERE (idx + 1) << level > ?", (size,))
    store.close()
    lines = (home / "checkpoints.jsonl").read_text().splitlines(keepends=True)
    kept = [line for line in lines if int(line.partition('"size":')[2].partition(",")[0]) <= size]
    (home / "checkpoints.jsonl").write_text("".join(kept))


@contextmanager
def damaged(database: Path) -> Iterator[None]:
    """Its first page is overwritten, and put back in the end; nobody else has anything to do.

    Another process does it: one that opens and closes the file would give up SQLite's locks.
    """
    sqlite3.connect(database).execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    page = subprocess.check_output(["head", "-c", "4096", str(database)])
    overwrite = ["dd", f"of={database}", "conv=notrunc", "bs=4096", "count=1", "status=none"]
    subprocess.run(overwrite, input=b"X" * 4096, check=True)
    try:
        yield
    finally:
        subprocess.run(overwrite, input=page, check=True)


def later(seconds: float) -> str:
    start = dt.datetime(2026, 11, 21, 20, 0, tzinfo=dt.UTC)
    return format_instant(start + dt.timedelta(seconds=seconds))
