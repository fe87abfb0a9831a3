"""`roadworthy suite borrow`: files that check and run, and nothing of a person overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles.desk import Desk
from doubles.outside_results import written_lines
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.manifests import check_system, load_system

ROWS = [{"sentence": f"a joy, number {n}", "label": n % 2} for n in range(6)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    return Desk(tmp_path / "desk")


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = run(VERBS, ["suite", "borrow", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_borrowed_suite_loads_and_says_whose_it_is(desk, capsys, tmp_path):
    path = written_lines(tmp_path / "dev.jsonl", ROWS)
    code, said, error = call(
        capsys, "glue-sst2", path, "--dir", desk.root, "--out", "sst2", "--licence", "unknown",
        "--limit", 4, "--json",
    )  # fmt: skip
    assert code == 0, error
    told = json.loads(said)
    assert (told["cases"], told["drawn_from"], told["licence"]) == (4, 6, "unknown")
    assert [f for f in check_system(desk.root) if f.severity == "error"] == []
    suite = load_system(desk.root).suite("sst2")
    assert suite is not None
    assert len(suite.cases) == 4
    assert suite.cases[0].origin["licence"] == "unknown"
    assert told["digest"] in suite.file.description


def test_without_a_licence_nothing_is_written(desk, capsys, tmp_path):
    path = written_lines(tmp_path / "dev.jsonl", ROWS)
    code, _, error = call(capsys, "glue-sst2", path, "--dir", desk.root)
    assert code == 1
    assert "licence" in error
    assert not (desk.root / "suites" / "glue-sst2.yaml").exists()


def test_a_suite_of_yours_is_not_overwritten(desk, capsys, tmp_path):
    before = (desk.root / "suites" / "main.jsonl").read_bytes()
    path = written_lines(tmp_path / "dev.jsonl", ROWS)
    code, _, error = call(
        capsys, "glue-sst2", path, "--dir", desk.root, "--out", "main", "--licence", "x"
    )
    assert code == 1
    assert "overwritten" in error
    assert (desk.root / "suites" / "main.jsonl").read_bytes() == before


def test_a_borrowed_suite_is_written_again(desk, capsys, tmp_path):
    path = written_lines(tmp_path / "dev.jsonl", ROWS)
    arguments = ("glue-sst2", path, "--dir", desk.root, "--out", "sst2", "--licence", "x")
    assert call(capsys, *arguments)[0] == 0
    first = (desk.root / "suites" / "sst2.jsonl").read_bytes()
    assert call(capsys, *arguments)[0] == 0
    assert (desk.root / "suites" / "sst2.jsonl").read_bytes() == first


def test_a_name_that_leads_elsewhere_is_refused(desk, capsys, tmp_path):
    path = written_lines(tmp_path / "dev.jsonl", ROWS)
    code, _, _ = call(capsys, "glue-sst2", path, "--dir", desk.root, "--out", "../x")
    assert code == 1


def test_without_a_set_it_lists_them(desk, capsys):
    code, said, _ = call(capsys)
    assert code == 0
    assert "humaneval" in said
