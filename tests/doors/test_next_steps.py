"""What is not there is said with the command that makes it: whole, with the folder, to be typed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    monkeypatch.chdir(folder)
    return folder


def test_every_missing_evidence_names_the_command_that_makes_or_enters_it(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(VERBS, ["obligations", ".", "--json"])
    duties: list[dict[str, Any]] = msgspec.json.decode(capsys.readouterr().out)
    lacks = {lack["kind"]: lack for duty in duties for lack in duty["missing"]}
    assert len(lacks) >= 3
    for lack in lacks.values():
        assert lack["command"].startswith("roadworthy "), lack
        assert "DIR" not in lack["command"]
    assert lacks["training_record"]["person"], "it is still a person's"
    assert lacks["training_record"]["command"] == (
        "roadworthy record training_record FILE . --as NAME"
    )


def test_the_table_cuts_no_command_and_a_next_step_follows(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(VERBS, ["obligations", "."])
    said = capsys.readouterr().out
    assert code in (3, 4)
    assert "training_record FILE" in said
    assert " DIR" not in said
    (step,) = [line for line in said.splitlines() if line.startswith("Next: ")]
    assert step.startswith("Next: roadworthy ")
    assert "DIR" not in step


def test_probes_without_a_gateway_speak_of_probes(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, ["people", "add", "rosa", "--role", "admin", "."]) == 0
    capsys.readouterr()
    assert run(VERBS, ["probe", "."]) == 4
    said = capsys.readouterr().err
    assert "nothing can be probed" in said
    assert "drill" not in said
