"""A workspace that lost its ledger or its trust says so, names the way back, begins no other."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.systems import write_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

Door = Callable[..., tuple[int, Any]]


SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""Python 3.11 has it from 3.11.4 on."""


@pytest.fixture
def door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Door:
    """Run a command with --json on a system with ada (admin); returns its code and its JSON."""
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    monkeypatch.chdir(write_system(tmp_path / "desk"))

    def call(*arguments: object) -> tuple[int, Any]:
        code = run(VERBS, [str(argument) for argument in (*arguments, "--json")])
        return code, msgspec.json.decode(capsys.readouterr().out)

    assert call("people", "add", "ada", "--role", "admin")[0] == 0
    return call


HOME = Path(".roadworthy")


def lose_the_ledger() -> None:
    for path in HOME.glob("ledger.db*"):
        path.unlink()


RECORDING: list[tuple[str, ...]] = [
    ("eval",),
    ("gate",),
    ("people", "add", "eve", "--role", "admin", "--as", "ada"),
    ("record", "dpia_record", "charter.yaml", "--as", "ada"),
    ("ledger", "checkpoint"),
    ("incident", "list"),
    ("ledger", "log"),
]


@pytest.mark.parametrize("command", RECORDING)
def test_a_lost_ledger_is_never_begun_again(door: Door, command: tuple[str, ...]) -> None:
    lose_the_ledger()
    code, said = door(*command)
    assert code == 5
    assert "ledger.db is gone, but" in said["error"]
    assert "checkpoints.jsonl says that there was one" in said["error"]
    assert "roadworthy restore" in said["fix"]
    assert not (HOME / "ledger.db").exists()


@pytest.mark.parametrize("carrier", ["serving/routing.json", "journal/1.seal.json"])
def test_a_lost_ledger_is_missed_where_a_file_carries_its_head(door: Door, carrier: str) -> None:
    head = (HOME / "checkpoints.jsonl").read_text().splitlines()[-1]
    path = HOME / carrier
    path.parent.mkdir()
    path.write_text(f'{{"version": 1, "checkpoint": {head}}}')
    lose_the_ledger()
    (HOME / "checkpoints.jsonl").unlink()
    (HOME / "trust.yaml").unlink()
    code, said = door("people", "add", "eve", "--role", "admin")
    assert code in (4, 5), said
    assert not (HOME / "ledger.db").exists()
    path.write_text('{"version": 1, "checkpoint": null}')
    assert door("people", "add", "eve", "--role", "admin")[0] == 0, "a table that says nothing"


@pytest.mark.parametrize("trace", ["runs/r1.jsonl", "blobs/ab/cd", "releases/ab/index.json"])
def test_a_lost_ledger_is_missed_where_only_its_work_is_left(door: Door, trace: str) -> None:
    lose_the_ledger()
    (HOME / "checkpoints.jsonl").unlink()
    path = HOME / trace
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    code, said = door("eval")
    assert code == 5
    assert f"{path.parts[1]} says that there was one" in said["error"]


def test_a_workspace_that_never_recorded_begins_a_ledger(door: Door, tmp_path: Path) -> None:
    fresh = write_system(tmp_path / "fresh")
    for folder in ("keys", "runs", "blobs", "serving"):
        (fresh / ".roadworthy" / folder).mkdir(mode=0o700, parents=True)
    (fresh / ".roadworthy" / "checkpoints.jsonl").touch()
    assert door("people", "add", "ben", fresh, "--role", "reviewer")[0] == 0
    assert door("ledger", "log", fresh)[1]["size"] == 1


def test_a_younger_ledger_in_the_place_of_a_lost_one_takes_no_entry(
    door: Door, tmp_path: Path
) -> None:
    other = write_system(tmp_path / "other")
    assert door("people", "add", "ben", "--role", "reviewer", "--as", "ada")[0] == 0
    assert door("people", "add", "eve", other, "--role", "admin")[0] == 0
    lose_the_ledger()
    for path in (other / HOME).glob("ledger.db*"):
        shutil.copy(path, HOME / path.name)
    code, said = door("record", "dpia_record", "charter.yaml", "--as", "ada")
    assert code == 5
    assert "it has 1 entries, but a checkpoint kept outside of it covers 2" in said["error"]


def test_a_kill_stops_without_its_ledger_and_says_so(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_the_ledger()
    assert run(VERBS, ["kill", "system", "--reason", "odd"]) == 2
    said = capsys.readouterr()
    assert "stopped: system of letters" in said.out
    assert "it is not in the ledger yet" in said.err
    assert not (HOME / "ledger.db").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("eval",),
        ("people", "list"),
        ("people", "add", "eve", "--role", "admin"),
        ("people", "add", "eve", "--role", "admin", "--as", "ada"),
        ("people", "rotate", "machine"),
        ("keys", "export", "ada"),
        ("record", "dpia_record", "charter.yaml", "--as", "ada"),
        ("resume", "system", "--as", "ada", "--as", "ben", "--reason", "mended"),
    ],
)
def test_lost_trust_is_never_begun_again(door: Door, command: tuple[str, ...]) -> None:
    (HOME / "trust.yaml").unlink()
    code, said = door(*command)
    assert code == 4
    assert "trust.yaml is gone" in said["error"]
    assert "put it back" in said["fix"]
    assert not (HOME / "trust.yaml").exists()


def test_lost_trust_comes_back_out_of_a_backup_as_the_error_says(
    door: Door, tmp_path: Path
) -> None:
    backup = tmp_path / "b.tgz"
    assert door("backup", "--out", backup)[0] == 0
    (HOME / "trust.yaml").unlink()
    assert f"tar -xzf BACKUP -C {HOME.resolve()} trust.yaml" in door("people", "list")[1]["fix"]
    with tarfile.open(backup) as archive:
        archive.extract("trust.yaml", HOME, **SAFELY)
    assert door("people", "add", "ben", "--role", "reviewer", "--as", "ada")[0] == 0
    assert door("verify", ".")[0] == 0


def test_verify_without_trust_names_both_ways_out(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    (HOME / "trust.yaml").unlink()
    assert run(VERBS, ["verify", "."]) == 4
    said = capsys.readouterr().out
    assert "give one with --trust, or put trust.yaml back" in said


@pytest.mark.parametrize("verb", ["show", "prove"])
def test_an_entry_that_does_not_exist_is_the_users_mistake(door: Door, verb: str) -> None:
    code, said = door("ledger", verb, "9999")
    assert code == 1
    assert said == {"error": "there is no entry 9999", "fix": "the last is 1"}
