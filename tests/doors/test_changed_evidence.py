"""Nothing opens over evidence that somebody changed: gate, sign, activate ask the ledger first."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run


def _without_triggers(ledger: Path, statement: str) -> None:
    with sqlite3.connect(ledger) as store:
        for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            store.execute(f"DROP TRIGGER {name}")
        store.execute(statement)
    store.close()


def _edit_an_entry(ledger: Path) -> None:
    _without_triggers(ledger, "UPDATE entries SET actor = 'person:else' WHERE seq = 1")


def _cut_the_tail(ledger: Path) -> None:
    _without_triggers(ledger, "DELETE FROM entries WHERE seq > 1")


def _take_it_away(ledger: Path) -> None:
    for path in ledger.parent.glob("ledger.db*"):
        path.unlink()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    assert run(VERBS, ["people", "add", "rosa", str(tmp_path), "--role", "reviewer"]) == 0
    assert run(VERBS, ["people", "add", "olga", str(tmp_path), "--role", "operator"]) == 0
    bundle = tmp_path / "bundle.tar"
    build = ["release", "build", str(tmp_path), "--out", str(bundle), "--as", "olga"]
    assert run(VERBS, build) == 0
    return tmp_path


@pytest.mark.parametrize("change", [_edit_an_entry, _cut_the_tail, _take_it_away])
@pytest.mark.parametrize("step", ["gate", "sign", "activate"])
def test_no_step_opens_over_a_changed_ledger(
    root: Path, step: str, change: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    change(root / ".roadworthy" / "ledger.db")
    bundle = str(root / "bundle.tar")
    said = {
        "gate": ["gate", str(root)],
        "sign": ["release", "sign", bundle, "--dir", str(root), "--as", "rosa"],
        "activate": ["release", "activate", bundle, "--dir", str(root), "--as", "olga"],
    }
    capsys.readouterr()
    assert run(VERBS, [*said[step], "--json"]) == 5
    assert "the ledger does not verify" in msgspec.json.decode(capsys.readouterr().out)["error"]


def test_a_ledger_that_is_gone_is_missed_where_its_checkpoints_lie(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _take_it_away(root / ".roadworthy" / "ledger.db")
    capsys.readouterr()
    assert run(VERBS, ["verify", str(root), "--json"]) == 5
    assert msgspec.json.decode(capsys.readouterr().out)["state"] == "tampered"


def test_nothing_is_appended_after_a_cut_tail(root: Path) -> None:
    ledger = root / ".roadworthy" / "ledger.db"
    _cut_the_tail(ledger)
    assert run(VERBS, ["people", "add", "eve", str(root), "--role", "admin"]) == 5
    with sqlite3.connect(ledger) as store:
        assert store.execute("SELECT count(*) FROM entries").fetchone() == (1,)
    store.close()
