"""`roadworthy mitigation steps|step`: where a playbook stands, and walking it by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

PLAYBOOK = """\
---
trigger: slow answers
degrade_steps:
- cache_off
- {do: route_to_human_review, slice: supplier=S-9}
- kill_switch
---
Call Ada.
"""
BY = ("--reason", "it is slow", "--as", "cleo")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    write_live_system(tmp_path, "http://127.0.0.1:9/v1", {"playbooks/slow.md": PLAYBOOK})
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert run(VERBS, ["mitigation", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def taken(home: Path, capsys: pytest.CaptureFixture[str]) -> list[int]:
    return [len(one["taken"]) for one in said(capsys, "steps", str(home))]


def test_a_playbook_is_walked_down_and_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert taken(home, capsys) == [0, 0, 0]
    first = said(capsys, "step", "slow", str(home), *BY)
    assert "step 1 of 3 of slow: it is slow" in first["reason"]
    said(capsys, "step", "slow", str(home), *BY)
    said(capsys, "step", "slow", str(home), *BY)
    assert taken(home, capsys) == [1, 1, 1]
    listed = said(capsys, "list", str(home))
    assert [(one["kind"], one["step"], one["playbook"]) for one in listed] == [
        ("cache_off", 1, "slow"), ("route_to_human_review", 2, "slow"),
    ]  # fmt: skip
    assert run(VERBS, ["mitigation", "steps", str(home)]) == 0
    assert "2 of 3" in capsys.readouterr().out
    assert run(VERBS, ["mitigation", "step", "slow", str(home), *BY]) == 1
    assert "all 3 steps of slow stand" in capsys.readouterr().err
    assert run(VERBS, ["mitigation", "step", "slow", str(home), "--back", *BY]) == 1
    assert "is the kill" in capsys.readouterr().err
    kill = next(
        one["taken"][0]["id"] for one in said(capsys, "steps", str(home)) if one["step"] == 3
    )
    why = ("--reason", "mended", "--as", "bob", "--as", "cleo")
    assert run(VERBS, ["resume", kill, str(home), *why]) == 0
    assert taken(home, capsys) == [1, 1, 0]
    back = said(capsys, "step", "slow", str(home), "--back", *BY)
    assert "step 2 of 3" in back["reason"]
    assert taken(home, capsys) == [1, 0, 0]


def test_what_is_no_playbook_or_nobody_s_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, ["mitigation", "step", "fast", str(home), *BY]) == 1
    assert "no playbook 'fast' has `degrade_steps`" in capsys.readouterr().err
    asked = ["mitigation", "step", "slow", str(home), "--reason", "x", "--as", "bob"]
    assert run(VERBS, asked) == 3
    assert taken(home, capsys) == [0, 0, 0]
