"""A trust.yaml that somebody edited stops every command that acts or verifies, but no stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

Door = Callable[..., tuple[int, Any]]
HOME = Path(".roadworthy")


@pytest.fixture
def door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Door:
    """A live system in which dan, an operator, made himself a risk officer by hand."""
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, Any]:
        capsys.readouterr()
        code = run(VERBS, [str(argument) for argument in (*arguments, "--json")])
        return code, msgspec.json.decode(capsys.readouterr().out or b"{}")

    text = (HOME / "trust.yaml").read_text("utf-8")
    dan = text.index("'dan'")
    role = text.index("- ", text.index("roles", dan))
    (HOME / "trust.yaml").write_text(
        text[:role] + "- risk_officer" + text[text.index("\n", role) :], "utf-8"
    )
    return call


BUNDLE = "BUNDLE"
ACTING = [
    ("verify", "."),
    ("verify", BUNDLE),
    ("release", "verify", BUNDLE),
    ("ledger", "verify"),
    ("gate",),
    ("release", "sign", BUNDLE, "--as", "dan"),
    ("release", "activate", BUNDLE, "--as", "cleo"),
    ("release", "build", "--out", "x.tar", "--as", "ann"),
    ("record", "dpia_record", "charter.yaml", "--as", "ann"),
    ("people", "list"),
    ("people", "add", "eve", "--role", "auditor", "--as", "ann"),
    ("people", "revoke", "bob", "--reason", "left", "--as", "ann"),
    ("people", "rotate", "bob"),
    ("keys", "export", "dan"),
    ("ledger", "checkpoint"),
    ("backup", "--out", "../b.tgz"),
]


@pytest.mark.parametrize("words", ACTING)
def test_an_edited_role_is_5_in_whatever_acts_or_verifies(
    door: Door, words: tuple[str, ...]
) -> None:
    (bundle,) = (HOME / "releases").iterdir()
    code, said = door(*(str(bundle) if word is BUNDLE else word for word in words))
    assert code == 5, said
    told = said.get("error") or said["fault"]
    assert "roles is risk_officer, but entry" in told
    assert "says operator" in told


def test_serve_does_not_begin_on_edited_trust(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, ["serve", ".", "--port", "0"]) == 5
    assert "roles is risk_officer" in capsys.readouterr().err


def test_a_resume_with_an_edited_role_lifts_nothing(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, ["kill", "system", "--reason", "odd"]) == 2, "stopped, and not recorded"
    assert "stopped: system" in capsys.readouterr().out
    code, said = door("resume", "system", "--as", "dan", "--as", "cleo", "--reason", "mended")
    assert code == 5
    assert "roles is risk_officer" in said["error"]


def test_restore_writes_it_again_and_everything_goes_on(door: Door) -> None:
    code, said = door("people", "restore")
    assert code == 0
    assert [key["roles"] for key in said["people"] if key["name"] == "dan"] == [["operator"]]
    assert door("verify", ".")[0] == 0
    assert door("people", "list")[0] == 0
