"""Commands typed where no system is: an error, never a success about nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from doubles.systems import write_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

ABOUT_SOMETHING = [
    ["kill", "system", "{}", "--reason", "it must stop"],
    ["resume", "system", "{}", "--reason", "mended", "--as", "ann", "--as", "dan"],
    ["incident", "list", "{}"],
    ["outcome", "add", "01a2", "{}", "--label", "home"],
    ["ledger", "log", "{}"],
    ["release", "list", "{}"],
    ["backup", "{}", "--out", "{}/copy.tar"],
    ["release", "sign", "bundle", "{}", "--as", "ann"],
    ["release", "sign", "bundle", "--dir", "{}", "--as", "ann"],
    ["release", "approve", "bundle", "{}", "--as", "ann"],
    ["release", "activate", "bundle", "{}", "--as", "ann"],
    ["release", "activate", "bundle", "--dir", "{}", "--as", "ann"],
    ["incident", "promote", "inc-1", "{}", "--as", "ann"],
    ["incident", "close", "inc-1", "{}", "--as", "ann"],
    ["incident", "dismiss", "inc-1", "{}", "--as", "a", "--as", "b", "--reason", "no"],
    ["outcome", "accept", "rep-1", "{}", "--as", "ann"],
    ["outcome", "reject", "rep-1", "{}", "--as", "ann", "--reason", "no"],
    ["people", "revoke", "ann", "{}", "--as", "ann", "--reason", "left"],
    ["people", "rotate", "ann", "{}"],
    ["keys", "tenant", "add", "acme", "{}"],
    ["keys", "tenant", "revoke", "acme", "{}"],
    ["record", "training_record", __file__, "{}", "--as", "ann"],
]

ACTING = [
    words for words in ABOUT_SOMETHING
    if words[:2] not in (["keys", "tenant"], ["kill", "system"])
]  # fmt: skip
"""Those that need something that was recorded."""


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)


@pytest.mark.parametrize("command", ABOUT_SOMETHING, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_a_command_where_no_system_is_fails_and_makes_nothing(
    tmp_path: Path, command: list[str], folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    where = str(tmp_path / folder)
    assert run(VERBS, [*(word.format(where) for word in command), "--json"]) == 1
    assert msgspec.json.decode(capsys.readouterr().out)["error"]
    assert [each.name for each in tmp_path.rglob("*")] == ["empty"]


@pytest.mark.parametrize("command", ACTING, ids=lambda words: " ".join(words[:2]))
def test_what_fails_in_a_system_that_never_began_begins_nothing(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_system(tmp_path / "desk")
    before = sorted(root.rglob("*"))
    code = run(VERBS, [*(word.format(root) for word in command), "--json"])
    reads = command[:2] in (["incident", "list"], ["ledger", "log"], ["release", "list"])
    assert reads or code in (1, 2), capsys.readouterr()
    assert sorted(root.rglob("*")) == before


def test_a_kill_where_nothing_is_live_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".roadworthy").mkdir()
    assert run(VERBS, ["kill", "system", str(tmp_path), "--reason", "odd"]) == 0
    assert "nothing ran there" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["check", "eval", "gate"])
def test_the_json_of_a_missing_folder_has_the_form_of_every_fault(
    tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, [verb, str(tmp_path / "nowhere"), "--json"]) == 1
    (fault,) = msgspec.json.decode(capsys.readouterr().out)["errors"]
    assert set(fault) == {"file", "line", "message", "fix"}


@pytest.mark.parametrize(
    "name", ["rollout.yaml", "deliberation-note.md", "roadworthy.toml", "suites", "playbooks"]
)
def test_a_link_to_nowhere_is_a_fault_not_an_absent_file(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).symlink_to(tmp_path / "gone")
    assert run(VERBS, ["check", str(tmp_path), "--json"]) == 1
    faults = msgspec.json.decode(capsys.readouterr().out)["errors"]
    assert name in {fault["file"] for fault in faults}


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_cannot_be_is_an_input_error(tmp_path: Path, port: str) -> None:
    (tmp_path / "roadworthy.toml").write_text("roadworthy = 1\n")
    assert run(VERBS, ["serve", str(tmp_path), "--port", port]) == 1


def test_serving_where_no_system_is_fails(tmp_path: Path) -> None:
    assert run(VERBS, ["serve", str(tmp_path), "--port", "0"]) == 1
    assert not (tmp_path / ".roadworthy").exists()


def test_a_backup_into_a_folder_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / ".roadworthy").mkdir()
    assert run(VERBS, ["backup", str(tmp_path), "--out", str(tmp_path)]) == 1


def test_an_unknown_verb_answers_in_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(VERBS, ["chek", ".", "--json"]) == 1
    assert "check" in msgspec.json.decode(capsys.readouterr().out)["fix"]


ROOT = os.geteuid() == 0
AS_OWNER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if ROOT else []
"""Root reads every file, unless it gives the right up for the command that it starts."""


@pytest.mark.skipif(
    ROOT and shutil.which("setpriv") is None, reason="root reads every file: apt install util-linux"
)
@pytest.mark.parametrize("name", ["charter.yaml", "candidate.yaml", "rails.yaml"])
def test_an_unreadable_file_is_a_fault_with_its_name(tmp_path: Path, name: str) -> None:
    write_system(tmp_path)
    (tmp_path / name).chmod(0)
    command = [*AS_OWNER, sys.executable, "-m", "roadworthy", "check", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    faults = msgspec.json.decode(done.stdout)["errors"]
    assert "cannot be read" in next(each["message"] for each in faults if each["file"] == name)


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "{here}", "--trust", "{here}"],
        ["restore", "{here}", "{here}/new"],
        ["record", "training_record", "{here}", "{here}", "--as", "ann"],
    ],
)
def test_a_command_says_folder_of_a_folder(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_system(tmp_path)
    assert run(VERBS, [word.format(here=tmp_path) for word in words]) == 1
    said = capsys.readouterr().err
    assert "is a folder" in said and "does not exist" not in said
