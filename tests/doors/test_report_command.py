"""`roadworthy report`: what it says, what it refuses, and that scripts can read it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from doubles.desk import Desk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    return Desk(tmp_path / "desk")


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = run(VERBS, ["report", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_run_becomes_a_file(desk, capsys, tmp_path):
    asyncio.run(desk.inspect())
    out = tmp_path / "run.html"
    code, said, _ = call(capsys, desk.root, "--out", out)
    assert code == 0
    assert "gate: PASS" in said
    assert "80 cases, 80 answers" in said
    assert out.read_bytes().startswith(b"<!doctype html>")


def test_json_keeps_the_contract_for_scripts(desk, capsys, tmp_path):
    done = asyncio.run(desk.evaluate())
    out = tmp_path / "run.html"
    code, said, _ = call(capsys, desk.root, "--out", out, "--without-texts", "--json")
    told = json.loads(said)
    assert code == 0
    assert told == {
        "out": str(out),
        "run": done.summary.run,
        "decision": None,
        "cases": 80,
        "rows": 80,
        "bytes": out.stat().st_size,
        "digest": told["digest"],
        "texts": False,
    }
    assert told["digest"].startswith("sha256:")
    assert b"flat tyre" not in out.read_bytes()


def test_writing_a_report_is_no_verdict(desk, capsys, tmp_path):
    """A refused candidate has a report, too; whoever needs the verdict asks the gate."""
    desk.write("safety-slos.yaml", 'slos:\n- {name: accuracy, target: "<= 0.1"}\n')
    decision = asyncio.run(desk.inspect())
    assert str(decision.decision) == "FAIL"
    code, said, _ = call(capsys, desk.root, "--out", tmp_path / "run.html")
    assert (code, "gate: FAIL" in said) == (0, True)


def test_without_a_run_there_is_no_report(desk, capsys, tmp_path):
    code, _, complained = call(capsys, desk.root, "--out", tmp_path / "run.html")
    assert code == 4
    assert "roadworthy eval" in complained
    assert list(tmp_path.glob("*.html")) == []
    assert not (desk.root / ".roadworthy").exists(), "who only reads begins no workspace"


def test_a_file_of_yours_is_not_written_over(desk, capsys):
    asyncio.run(desk.evaluate())
    charter = desk.root / "charter.yaml"
    before = charter.read_bytes()
    code, _, complained = call(capsys, desk.root, "--out", charter)
    assert (code, charter.read_bytes()) == (1, before)
    assert "is no report" in complained


def test_a_changed_run_file_is_broken_integrity(desk, capsys, tmp_path):
    done = asyncio.run(desk.evaluate())
    done.run_file.write_bytes(done.run_file.read_bytes()[:-40] + b"\n")
    code, _, _ = call(capsys, desk.root, "--out", tmp_path / "run.html")
    assert code == 5
    assert not (tmp_path / "run.html").exists()
