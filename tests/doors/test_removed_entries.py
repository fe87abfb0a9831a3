"""Whoever says something of a system by the ledger ends with 5 where entries were taken out of it.

The entries that stay all fit; only their numbers, and the newest signed head, show what is gone.
"""

from __future__ import annotations

import gc
import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

Out = pytest.CaptureFixture[str]
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with people, an incident in the middle, and papers after it."""
    root = tmp_path_factory.mktemp("removed") / "desk"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    paper = root.parent / "paper.md"
    paper.write_text("Ten people were taught.", "utf-8")
    where = str(root)
    for words in (
        ["people", "add", "rosa", where, "--role", "admin"],
        ["incident", "open", where, "--title", "Twice", "--severity", "high", "--as", "rosa"],
        ["record", "certificate", str(paper), where, "--system", "claims-desk", "--as", "rosa"],
        ["cost", "add", "modelling", where, "--spent", "12 h", "--note", "x", "--as", "rosa"],
    ):
        assert run(VERBS, words) == 0
    gc.collect()  # closes what those commands had open
    with sqlite3.connect(root / ".roadworthy" / "ledger.db", isolation_level=None) as store:
        for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            store.execute(f"DROP TRIGGER {name}")
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return root


@pytest.fixture
def desk(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    return Path(shutil.copytree(whole, tmp_path / "desk"))


def numbers(root: Path, kind: str) -> list[int]:
    with sqlite3.connect(root / ".roadworthy" / "ledger.db") as store:
        found = store.execute("SELECT seq FROM entries WHERE kind LIKE ? ORDER BY seq", (kind,))
        return [seq for (seq,) in found]


def change(root: Path, statement: str) -> None:
    with sqlite3.connect(root / ".roadworthy" / "ledger.db", isolation_level=None) as store:
        assert store.execute(statement).rowcount > 0
    store.close()


def refused(words: list[str], capsys: Out) -> dict[str, str]:
    """What a command says that ends with exit code 5."""
    capsys.readouterr()
    code = run(VERBS, [*words, "--json"])
    out = capsys.readouterr()
    assert code == 5, out
    found: dict[str, str] = msgspec.json.decode(out.out)
    return found


CANDIDATE = ["--candidate", "baseline.yaml"]
READERS = {
    "incident list": ["incident", "list", "DIR"],
    "document dora": ["document", "dora", "DIR", *CANDIDATE, "--complete"],
    "document audit-summary": ["document", "audit-summary", "DIR", *CANDIDATE],
    "document --record": ["document", "dora", "DIR", *CANDIDATE, "--record", "--as", "rosa"],
    "obligations": ["obligations", "DIR"],
    "matrix": ["matrix", "DIR", *CANDIDATE],
    "status": ["status", "DIR"],
    "deliberate --pages": ["deliberate", "DIR", "--pages", "DIR/pages"],
    "cost show": ["cost", "show", "DIR"],
    "scope": ["scope", "DIR"],
    "ledger log": ["ledger", "log", "DIR"],
    "dossier": ["dossier", "DIR", *CANDIDATE, "--out", "DIR/d.zip"],
    "classify": ["classify", "DIR", "--record", "--as", "rosa"],
    "record": ["record", "dpia_record", "DIR/charter.yaml", "DIR", "--as", "rosa"],
}


@pytest.mark.parametrize("reader", READERS)
def test_an_incident_taken_from_the_middle_is_named_by_every_reader(
    desk: Path, reader: str, capsys: Out
) -> None:
    words = [word.replace("DIR", str(desk)) for word in READERS[reader]]
    gone = numbers(desk, "incident%")
    change(desk, "DELETE FROM entries WHERE kind LIKE 'incident%'")
    said = refused(words, capsys)
    run_of = f"{gone[0]}" if len(gone) == 1 else f"{gone[0]} to {gone[-1]}"
    assert f"of {max(numbers(desk, '%'))} entries" in said["error"]
    assert f"gone ({run_of})" in said["error"]
    assert "roadworthy restore BACKUP DIR" in said["fix"]
    assert not (desk / "d.zip").exists()
    assert not (desk / "pages").exists()


CHANGES = {
    "beginning": ("DELETE FROM entries WHERE seq = 1", "1 of {size} entries is gone (1)"),
    "end": ("DELETE FROM entries WHERE seq = {size}", "it has {less} entries, but"),
    "all": ("DELETE FROM entries", "it has 0 entries, but"),
    "moved": ("UPDATE entries SET seq = -1 WHERE seq = 3", "a row has the number -1"),
    "added": (
        "INSERT INTO entries SELECT -1, time, system, kind, subject, actor, payload,"
        " payload_digest, prev, digest FROM entries WHERE seq = 3",
        "a row has the number -1",
    ),
}


@pytest.mark.parametrize("where", CHANGES)
@pytest.mark.parametrize("reader", ["incident list", "obligations", "cost show", "ledger log"])
def test_entries_gone_from_anywhere_are_missed(
    desk: Path, reader: str, where: str, capsys: Out
) -> None:
    size = max(numbers(desk, "%"))
    statement, told = CHANGES[where]
    change(desk, statement.format(size=size))
    words = [word.replace("DIR", str(desk)) for word in READERS[reader]]
    assert told.format(size=size, less=size - 1) in refused(words, capsys)["error"]


def test_a_tail_cut_from_the_store_and_from_the_file_beside_it_is_missed_by_its_own_head(
    desk: Path, capsys: Out
) -> None:
    size = max(numbers(desk, "%"))
    change(desk, f"DELETE FROM entries WHERE seq = {size}")
    beside = desk / ".roadworthy" / "checkpoints.jsonl"
    lines = beside.read_text().splitlines(keepends=True)
    beside.write_text("".join(lines[:-1]))
    said = refused(["incident", "list", str(desk)], capsys)
    assert f"1 of {size} entries is gone ({size})" in said["error"]


@pytest.mark.parametrize("claim", [["--complete"], ["--record", "--as", "rosa"]])
def test_no_document_is_called_complete_or_signed_over_an_entry_that_was_renamed(
    desk: Path, claim: list[str], capsys: Out
) -> None:
    """Its number stays, and nobody who asks for incidents meets it: only reading all of them."""
    words = ["document", "dora", str(desk), *CANDIDATE, "--out", str(desk / "d.md")]
    change(desk, "UPDATE entries SET kind = 'journal.noted' WHERE kind LIKE 'incident%'")
    said = refused([*words, *claim], capsys)
    assert "the ledger does not verify: entry 2 does not fit" in said["error"]
    assert not (desk / "d.md").exists()


def test_a_whole_ledger_is_read_as_ever(desk: Path) -> None:
    for reader in ("incident list", "obligations", "cost show", "scope", "ledger log"):
        words = [word.replace("DIR", str(desk)) for word in READERS[reader]]
        assert run(VERBS, words) in (0, 3, 4)
