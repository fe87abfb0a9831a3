"""`roadworthy classify --ask`: roles first, each answer kept at once, and nothing nobody said."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml

from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run


class Terminal(io.StringIO):
    """Somebody who types these lines."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def system(tmp_path: Path) -> Path:
    write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return tmp_path


def types(monkeypatch: pytest.MonkeyPatch, system: Path, *lines: str) -> int:
    monkeypatch.setattr("sys.stdin", Terminal("".join(f"{line}\n" for line in lines)))
    return run(VERBS, ["classify", str(system), "--ask"])


def kept(system: Path) -> dict[str, object]:
    return yaml.safe_load((system / "facts.yaml").read_text())


def test_roles_are_asked_first_and_kept_as_they_were_answered(
    system: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, system, "cook", "Provider, deployer", "y", "q")
    assert kept(system)["roles"] == ["provider", "deployer"]
    said = capsys.readouterr().out
    assert said.index("Which roles do you hold?") < said.index("Is it an AI system")
    assert "'cook' is no role" in said
    types(monkeypatch, system, "q")
    assert "Which roles do you hold?" not in capsys.readouterr().out


def test_no_role_is_kept_that_nobody_named(
    system: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, system, "", "y", "q")
    assert kept(system) == {"roadworthy": 1, "facts": {"ai_system": True}}


def test_no_means_no_to_a_choice_and_a_question_mark_helps(
    system: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, system, "provider", "?", "y", *["n"] * 10, "n", "?", "No", "q")
    facts = kept(system)["facts"]
    assert isinstance(facts, dict)
    assert (facts["annex_i_section"], facts["annex_iii_point"]) == ("none", "")
    said = capsys.readouterr().out
    assert "y (it is so) or n (it is not)" in said
    assert "n or - where none of them is the case" in said
    assert "is no choice" not in said


def test_a_charter_without_roles_says_no_duty_applies_or_not(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    charter = system / "charter.yaml"
    roles = [line for line in charter.read_text().splitlines() if line.startswith("roles:")]
    for line in roles:
        charter.write_text(charter.read_text().replace(line, "roles: []"))
    assert run(VERBS, ["classify", str(system)]) == 4
    said = capsys.readouterr().out
    assert "roles: nobody said" in said
    assert "duties now: 0" in said
