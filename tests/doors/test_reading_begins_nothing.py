"""Commands that only read leave nothing behind; what is written goes where it was said, or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.systems import write_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

Door = Callable[..., tuple[int, Any]]
READING = [
    ("people", "list"),
    ("keys", "list"),
    ("keys", "export", "ada"),
    ("keys", "tenant", "list"),
    ("release", "list"),
    ("ledger", "log"),
    ("ledger", "show", "1"),
    ("ledger", "verify"),
    ("verify",),
]


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Door:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)

    def call(*arguments: object) -> tuple[int, Any]:
        code = run(VERBS, [str(argument) for argument in (*arguments, "--json")])
        return code, msgspec.json.decode(capsys.readouterr().out)

    return call


@pytest.mark.parametrize("words", READING)
def test_a_folder_that_is_no_system_is_named_and_left_empty(
    door: Door, tmp_path: Path, words: tuple[str, ...]
) -> None:
    code, said = door(*words, tmp_path)
    assert code == 1
    assert said.get("error") or said.get("fault")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", READING)
def test_a_system_without_a_workspace_is_read_and_none_is_begun(
    door: Door, tmp_path: Path, words: tuple[str, ...]
) -> None:
    root = write_system(tmp_path / "desk")
    before = sorted(root.rglob("*"))
    code, _ = door(*words, root)
    assert code in (0, 1, 2)
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("out", ["nope/x.tar", "nope/deeper/bundle", "charter.yaml/x.tar"])
def test_a_bundle_makes_no_folder_far_away(door: Door, tmp_path: Path, out: str) -> None:
    """None at all but its own: `--out /hmoe/anna/x.tar` is a typing error, not a wish."""
    root = write_system(tmp_path / "desk")
    code, said = door("release", "build", root, "--out", root / out)
    assert code == 1
    assert str((root / out).parent) in said["error"]
    assert "make that folder first" in said["fix"]
    assert not (root / "nope").exists()


def test_a_bundles_own_folder_is_made(door: Door, tmp_path: Path) -> None:
    root = write_system(tmp_path / "desk")
    assert door("release", "build", root, "--out", tmp_path / "bundle")[0] == 0
    assert (tmp_path / "bundle" / "index.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("ledger", "show", "99999999999999999999"),
        ("ledger", "prove", "99999999999999999999"),
        ("ledger", "show", "0"),
        ("ledger", "log", "--limit", "99999999999999999999"),
        ("keys", "tenant", "add", "acme", "--days", "99999999999999999999"),
    ],
)
def test_a_number_beyond_everything_is_the_users_mistake(
    door: Door, tmp_path: Path, words: tuple[str, ...]
) -> None:
    root = write_system(tmp_path / "desk")
    assert door("people", "add", "ada", root, "--role", "admin")[0] == 0
    split = len(words) - 2 if "--" in words[-2] else len(words)
    code, said = door(*words[:split], root, *words[split:])
    assert code == 1, said
    assert "nobody foresaw" not in said["error"]


@pytest.mark.parametrize("at", ["2050-01-01T00:00:00Z", "2050-01-01T00:00:00.5Z"])
def test_an_instant_may_leave_its_fraction_out(door: Door, tmp_path: Path, at: str) -> None:
    root = write_system(tmp_path / "desk")
    assert door("people", "add", "ada", root, "--role", "admin")[0] == 0
    code, said = door("verify", root, "--at", at)
    assert (code, said["state"]) == (0, "verified")


@pytest.mark.parametrize("at", ["garbage", "2026-1-1T1:1:1.1Z", "2026-02-30T00:00:00Z", ""])
def test_a_bad_instant_is_refused_for_a_workspace_too(door: Door, tmp_path: Path, at: str) -> None:
    root = write_system(tmp_path / "desk")
    assert door("people", "add", "ada", root, "--role", "admin")[0] == 0
    assert door("verify", root)[0] == 0
    code, said = door("verify", root, "--at", at)
    assert code == 1
    assert "is no instant" in said["fault"]
