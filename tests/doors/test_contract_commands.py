"""`check`, `init`, `config` and `schema` as scripts and people see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.systems import FILES, write_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

ANSWERS = """\
system: letter-desk
title: Letter desk
human_goal: Every letter reaches the person who can answer it.
intended_purpose: Sort incoming letters.
owner: Ada
labels: {bills: money, praise: thanks}
"""

Door = Callable[..., tuple[int, str, str]]


@pytest.fixture
def door(capsys: pytest.CaptureFixture[str]) -> Door:
    def call(*arguments: object) -> tuple[int, str, str]:
        code = run(VERBS, [str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_check_of_a_sound_system_is_0_and_names_the_next_step(door: Door, tmp_path: Path) -> None:
    code, said, _ = door("check", write_system(tmp_path))
    assert code == 0
    assert "four clauses" in said
    for clause in ("robustness", "monitoring", "alignment", "system safety"):
        assert clause in said
    assert said.rstrip().endswith(f"Next: roadworthy eval {tmp_path}")


def test_check_json_keeps_its_form(door: Door, tmp_path: Path) -> None:
    code, said, _ = door("check", write_system(tmp_path, {"rails.yaml": "rail: []"}), "--json")
    assert code == 1
    found = json.loads(said)
    assert set(found) == {"errors", "warnings", "rails"}
    assert found["rails"] is None
    assert found["errors"] == [
        {
            "file": "rails.yaml",
            "line": 1,
            "message": "`rail` is no key",
            "fix": "did you mean `rails`?",
        }
    ]
    assert all(set(one) == {"file", "line", "message", "fix"} for one in found["warnings"])


def test_check_shows_faults_by_file_before_warnings(door: Door, tmp_path: Path) -> None:
    write_system(tmp_path, {"rails.yaml": "rail: []", "charter.yaml": "system: X\n"})
    code, said, _ = door("check", tmp_path)
    assert code == 1
    assert said.index("charter.yaml") < said.index("rails.yaml") < said.index("warning")
    assert "Next: correct" in said


def test_check_of_another_candidate(door: Door, tmp_path: Path) -> None:
    write_system(tmp_path, {"weak.yaml": FILES["candidate.yaml"].replace("rails.yaml", "no.yaml")})
    assert door("check", tmp_path)[0] == 0
    code, said, _ = door("check", tmp_path, "--candidate", "weak.yaml", "--json")
    assert code == 1
    assert json.loads(said)["errors"][0]["file"] == "weak.yaml"


def test_check_of_no_folder_is_1_in_words(door: Door, tmp_path: Path) -> None:
    code, _, complained = door("check", tmp_path / "nowhere")
    assert code == 1
    assert "is no folder" in complained
    assert door("check", tmp_path / "nowhere", "--json")[0] == 1


def test_an_empty_clause_is_a_finding(door: Door, tmp_path: Path) -> None:
    cases = FILES["suites/cases/main.jsonl"].replace(', "tail"', "")
    slos = FILES["safety-slos.yaml"].replace(
        '  objective: "Detect', '  clause: monitoring\n  objective: "Detect'
    )
    write_system(tmp_path, {"suites/cases/main.jsonl": cases, "safety-slos.yaml": slos})
    code, said, _ = door("check", tmp_path)
    assert code == 0
    assert "nothing stands for the clause robustness" in said


def test_init_then_check(door: Door, tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text(ANSWERS)
    code, said, _ = door("init", tmp_path / "new", "--answers", tmp_path / "answers.yaml")
    assert code == 0
    assert said.rstrip().endswith(f"Next: roadworthy check {tmp_path / 'new'}")
    assert door("check", tmp_path / "new")[0] == 0


def test_init_never_overwrites(door: Door, tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text(ANSWERS)
    root = write_system(tmp_path / "old")
    before = (root / "charter.yaml").read_text()
    code, _, complained = door("init", root, "--answers", tmp_path / "answers.yaml")
    assert code == 1
    assert "nothing was written" in complained
    assert (root / "charter.yaml").read_text() == before


def test_init_says_which_answers_are_missing(door: Door, tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text("system: desk\n")
    code, said, _ = door("init", tmp_path / "new", "--answers", tmp_path / "answers.yaml", "--json")
    assert code == 1
    messages = [one["message"] for one in json.loads(said)["errors"]]
    assert "`owner` is missing" in messages
    assert not (tmp_path / "new").exists()


def test_init_without_a_terminal_says_what_it_needs(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, _, complained = door("init", tmp_path / "new")
    assert code == 1
    assert "human_goal" in complained
    assert "--answers" in complained


def test_the_questions_are_an_answers_file(door: Door, tmp_path: Path) -> None:
    code, said, _ = door("init", "--questions")
    assert code == 0
    (tmp_path / "answers.yaml").write_text(said)
    assert door("init", tmp_path / "new", "--answers", tmp_path / "answers.yaml")[0] == 0


def test_config_masks_secrets_and_says_where_values_come_from(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_KEY", "sk-very-secret")
    monkeypatch.setenv("ROADWORTHY_LISTEN_PORT", "9001")
    code, said, _ = door("config", write_system(tmp_path), "--json")
    assert code == 0
    found = json.loads(said)
    assert found["listen.port"] == {
        "value": 9001,
        "from": "environment ROADWORTHY_LISTEN_PORT",
    }
    assert found["upstreams.lab.credential"]["value"] == "env:LAB_KEY"
    assert "sk-very-secret" not in said
    assert door("config", tmp_path)[0] == 0


def test_schema_prints_lists_and_refuses(door: Door) -> None:
    code, said, _ = door("schema", "charter")
    assert code == 0
    assert json.loads(said)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "safety-slos" in door("schema", "--list")[1]
    assert {"name": "charter", "file": "charter.yaml"} in json.loads(
        door("schema", "--list", "--json")[1]
    )
    assert "never_event_violations" in door("schema", "--indicators", "--json")[1]
    code, _, complained = door("schema", "chater")
    assert code == 1
    assert "did you mean `charter`?" in complained
    assert door("schema")[0] == 1


def test_a_large_system_is_checked(door: Door, tmp_path: Path) -> None:
    rows = [{"id": f"c{n}", "input": "x" * 200, "facets": {"t": "a"}} for n in range(5000)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    assert door("check", write_system(tmp_path, {"suites/cases/main.jsonl": text}))[0] == 0
