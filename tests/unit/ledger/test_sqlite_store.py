"""The database refuses to forget, whoever asks; and several may append."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from doubles.ledgers import TickingClock, a_draft, a_ledger, a_trust, drafts
from roadworthy.domain import EvidenceError
from roadworthy.ledger import SqliteEntryStore

ROW = "SELECT seq, time, system, kind, subject, actor, payload, payload_digest, prev, digest"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET payload = '{}' WHERE seq = 2",
        "DELETE FROM entries WHERE seq = 3",
        "DELETE FROM entries",
        f"INSERT OR REPLACE INTO entries {ROW} FROM entries WHERE seq = 2",
        f"REPLACE INTO entries {ROW} FROM entries WHERE seq = 3",
        "INSERT INTO entries SELECT 5, time, system, kind, subject, actor, payload, payload_digest,"
        " prev, digest FROM entries WHERE seq = 2",
        "UPDATE checkpoints SET note = ''",
        "DELETE FROM checkpoints",
        "INSERT OR REPLACE INTO checkpoints VALUES (3, '')",
        "UPDATE nodes SET hash = x'00'",
        "DELETE FROM nodes",
        "INSERT OR REPLACE INTO nodes VALUES (8, 0, x'00')",
    ],
)
def test_the_database_itself_refuses_to_change_anything(tmp_path: Path, statement: str) -> None:
    ledger = a_ledger(tmp_path)
    ledger.record(*drafts(300))
    ledger.record(*drafts(3))
    before = list(ledger.entries())
    stranger = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="the ledger only grows"):
        stranger.execute(statement.replace("= 3", "= 303").replace("(3,", "(303,"))
    stranger.close()
    assert list(ledger.entries()) == before
    assert ledger.verify(trust=a_trust()).ok


def test_a_ledger_that_is_not_there_is_not_made_for_reading(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="there is no ledger"):
        SqliteEntryStore(tmp_path / "ledger.db", TickingClock(), create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"not a database at all, but long enough to be read" * 99)
    with pytest.raises(EvidenceError, match="cannot be opened as a ledger"):
        SqliteEntryStore(tmp_path / "a.db", TickingClock())
    other = sqlite3.connect(tmp_path / "b.db")
    other.execute("CREATE TABLE mine(x)")
    other.close()
    with pytest.raises(EvidenceError, match="not a ledger"):
        SqliteEntryStore(tmp_path / "b.db", TickingClock())


def test_a_newer_ledger_is_refused_with_the_reason(tmp_path: Path) -> None:
    SqliteEntryStore(tmp_path / "ledger.db", TickingClock()).close()
    newer = sqlite3.connect(tmp_path / "ledger.db")
    newer.execute("PRAGMA user_version=99")
    newer.close()
    with pytest.raises(EvidenceError, match="has version 99, this program knows 1"):
        SqliteEntryStore(tmp_path / "ledger.db", TickingClock())


def test_others_cannot_read_the_file(tmp_path: Path) -> None:
    SqliteEntryStore(tmp_path / "ledger.db", TickingClock()).append(drafts(1))
    assert (tmp_path / "ledger.db").stat().st_mode & 0o077 == 0


def test_threads_append_in_turn(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    threads = [
        threading.Thread(target=lambda: [ledger.record(a_draft(n)) for n in range(20)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.size() == 80
    assert ledger.verify(trust=a_trust()).ok


APPENDER = """
import sys
from pathlib import Path
from doubles.ledgers import a_ledger, drafts
ledger = a_ledger(Path(sys.argv[1]))
for batch in range(25):
    ledger.record(*drafts(3))
"""


def test_processes_append_in_turn(tmp_path: Path) -> None:
    tests = str(Path(__file__).parents[2])
    a_ledger(tmp_path)
    running = [
        subprocess.Popen([sys.executable, "-c", APPENDER, str(tmp_path)], env={"PYTHONPATH": tests})
        for _ in range(3)
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    ledger = a_ledger(tmp_path)
    assert ledger.size() == 225
    assert ledger.verify(trust=a_trust()).ok


def test_reading_goes_on_while_another_appends(tmp_path: Path) -> None:
    ledger, other = a_ledger(tmp_path), a_ledger(tmp_path)
    ledger.record(*drafts(1200))
    seen = []
    for entry in ledger.entries():
        if not seen:
            other.record(a_draft(5))
        seen.append(entry.seq)
    assert seen == list(range(1, 1202))
