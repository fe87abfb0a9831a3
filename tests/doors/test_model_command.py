"""`roadworthy model` by its output and exit codes, from a proposal to a deprecation."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.registered import HOSTED, RegisteredDesk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

Out = pytest.CaptureFixture[str]


@pytest.fixture
def desk(tmp_path: Path) -> RegisteredDesk:
    made = RegisteredDesk(tmp_path / "desk")
    made.describe()
    return made


def model(desk: RegisteredDesk, capsys: Out, *words: str) -> tuple[int, Any]:
    """The verb with --json; what it printed."""
    code = run(VERBS, ["model", *words, str(desk.root), "--json"])
    out = capsys.readouterr()
    return code, msgspec.json.decode(out.out or out.err)


def test_from_a_proposal_to_a_deprecation(desk: RegisteredDesk, capsys: Out) -> None:
    file = str(desk.root / "models" / "words.yaml")
    code, said = model(desk, capsys, "check")
    assert (code, said["models"][0]["state"]) == (4, "unknown")
    code, said = model(desk, capsys, "register", file, "--as", "ana")
    assert (code, said["model"], said["by"]) == (0, "words@1", "ana")
    code, said = model(desk, capsys, "check")
    assert (code, said["models"][0]["state"]) == (4, "proposed")
    ask = ("approve", "words", "--reason", "tried on 80 letters")
    assert model(desk, capsys, *ask, "--as", "ana")[0] == 3
    assert model(desk, capsys, *ask, "--as", "rosa", "--task", "poetry")[0] == 1
    assert model(desk, capsys, *ask, "--as", "rosa", "--until", "soon")[0] == 1
    code, said = model(desk, capsys, *ask, "--as", "rosa", "--only-here", "--until", "2099-01-31")
    assert (code, said["system"], said["until"]) == (0, "desk", "2099-01-31")
    code, said = model(desk, capsys, "check")
    assert (code, said["verdict"]) == (0, "PASS")
    code, said = model(desk, capsys, "list")
    (row,) = said["models"]
    assert (row["state"], row["approved_by"], row["for"]) == ("approved", ["rosa"], ["desk"])
    code, said = model(desk, capsys, "show", "words@1")
    assert said["facts"]["licence"] == "Apache-2.0"
    assert "rosa approved it for desk, until 2099-01-31" in said["said"][0]["words"]
    code, said = model(desk, capsys, "deprecate", "words", "--reason", "old", "--as", "ben")
    assert code == 0
    code, said = model(desk, capsys, "check")
    assert (code, said["models"][0]["state"]) == (3, "deprecated")


def test_a_deprecated_version_is_approved_again_by_name_alone(
    desk: RegisteredDesk, capsys: Out
) -> None:
    file = str(desk.root / "models" / "words.yaml")
    model(desk, capsys, "register", file, "--as", "ana")
    ask = ("approve", "words", "--reason", "tried", "--as", "rosa")
    assert model(desk, capsys, *ask)[0] == 0
    model(desk, capsys, "deprecate", "words", "--reason", "old", "--as", "ben")
    code, said = model(desk, capsys, *ask)
    assert (code, "--again" in str(said)) == (3, True), said
    assert model(desk, capsys, "check")[1]["models"][0]["state"] == "deprecated"
    assert run(VERBS, ["model", *ask, "--again", str(desk.root)]) == 0
    assert "the deprecation of entry" in capsys.readouterr().out
    assert model(desk, capsys, "check")[0] == 0


def test_a_fresh_copy_has_unknown_models_and_says_what_comes_first(
    desk: RegisteredDesk, capsys: Out, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(desk.root, copy, ignore=shutil.ignore_patterns(".roadworthy"))
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    code = run(VERBS, ["model", "check", str(copy)])
    said = capsys.readouterr().out
    assert code == 4
    assert "unknown" in said
    assert "roadworthy people add NAME" in said
    assert "roadworthy model register models/NAME.yaml" in said


def test_what_the_gate_does_not_ask_for_is_told_and_is_no_pass(
    desk: RegisteredDesk, capsys: Out
) -> None:
    desk.charter("models: any\n")
    code, said = model(desk, capsys, "check")
    assert (code, said["gate_asks"], said["verdict"]) == (4, False, "INCONCLUSIVE")
    assert "`models: any`" in said["why"]
    desk.charter("facts: {risk_class: high}\n")
    assert model(desk, capsys, "check")[1]["gate_asks"]


def test_a_changed_purpose_asks_again(desk: RegisteredDesk, capsys: Out) -> None:
    file = str(desk.root / "models" / "words.yaml")
    model(desk, capsys, "register", file, "--as", "ana")
    model(desk, capsys, "approve", "words", "--reason", "r", "--only-here", "--as", "rosa")
    assert model(desk, capsys, "check")[0] == 0
    path = desk.root / "charter.yaml"
    path.write_text(path.read_text("utf-8").replace("Sort letters.", "Judge people."), "utf-8")
    code, said = model(desk, capsys, "check")
    assert (code, "another intended purpose" in said["models"][0]["reason"]) == (3, True)


def test_versions_and_files_are_held_side_by_side(desk: RegisteredDesk, capsys: Out) -> None:
    file = str(desk.root / "models" / "words.yaml")
    model(desk, capsys, "register", file, "--as", "ana")
    code, said = model(desk, capsys, "diff", "words", file)
    assert (code, said["differences"]) == (0, [])
    desk.describe(more="limits: [only English]\n")
    code, said = model(desk, capsys, "diff", "words@1", file)
    assert said["differences"] == [["limits[0]", "-", "only English"]]


def test_a_faulty_file_is_said_with_its_lines(desk: RegisteredDesk, capsys: Out) -> None:
    path = desk.describe(HOSTED.replace(", region: EU", ""), name="big", more="size: 3\n")
    assert run(VERBS, ["model", "register", str(path), str(desk.root), "--as", "ana"]) == 1
    said = capsys.readouterr()
    assert "big.yaml:3" in said.out + said.err
    assert "big.yaml:7" in said.out + said.err


def test_people_read_tables(desk: RegisteredDesk, capsys: Out) -> None:
    where, file = str(desk.root), str(desk.root / "models" / "words.yaml")
    assert run(VERBS, ["model", "register", file, where, "--as", "ana"]) == 0
    assert "Next: roadworthy model approve words@1" in capsys.readouterr().out
    for words in (["list"], ["show", "words"], ["diff", "words", "words"]):
        assert run(VERBS, ["model", *words, where]) == 0
    said = capsys.readouterr().out
    assert "proposed" in said
    assert "intended_use: Sort letters by their words." in said
    assert "They say the same." in said
    assert run(VERBS, ["model", "show", "none", where]) == 1
    assert "one of words" in capsys.readouterr().err
