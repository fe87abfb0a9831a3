"""A damaged ledger.db has one exit code: 5, whatever command meets it."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.systems import write_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4096])


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _other_database(path: Path) -> None:
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs(x)")
    other.commit()
    other.close()


def _page_overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    path.write_bytes(data)


COMMANDS = {
    "verify": ("verify", "DIR"),
    "ledger verify": ("ledger", "verify", "DIR"),
    "ledger log": ("ledger", "log", "DIR"),
    "gate": ("gate", "DIR"),
    "eval": ("eval", "DIR"),
    "record": ("record", "dpia_record", "DIR/charter.yaml", "DIR", "--as", "ada"),
    "people list": ("people", "list", "DIR"),
    "people add": ("people", "add", "eve", "DIR", "--role", "auditor", "--as", "ada"),
    "release build": ("release", "build", "DIR", "--out", "DIR/x.tar", "--as", "ada"),
    "release list": ("release", "list", "DIR"),
    "review list": ("review", "list", "DIR"),
    "backup": ("backup", "DIR", "--out", "DIR/b.tgz"),
}


@pytest.mark.parametrize(
    "damage", [_cut_short, _garbage, _emptied, _other_database, _page_overwritten]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_ledger_is_5_in_every_command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    damage: Callable[[Path], None],
) -> None:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    root = write_system(tmp_path / "desk")
    for name in ("ada", "ben"):
        more = ["--as", "ada"] if name == "ben" else []
        assert run(VERBS, ["people", "add", name, str(root), "--role", "admin", *more]) == 0
    gc.collect()  # closes what those commands had open
    store = sqlite3.connect(root / ".roadworthy" / "ledger.db")
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    for extra in (root / ".roadworthy").glob("ledger.db-*"):
        extra.unlink()
    damage(root / ".roadworthy" / "ledger.db")
    words = [word.replace("DIR", str(root)) for word in COMMANDS[command]]
    capsys.readouterr()
    assert run(VERBS, words) == 5, capsys.readouterr()
