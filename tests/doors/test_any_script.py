"""Letters of every script in tags, facets, ids and names work, from check to verify."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.said import SAID
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

FILES = {
    "charter.yaml": """\
system: desk
title: Poststelle für 日本
owners: {product: Zoë}
human_goal: Jeder Brief erreicht die richtige Stelle.
never:
- id: hurt-alone
  statement: Ein Brief über eine Verletzung wird nie ohne Menschen sortiert.
  action: hold
  rule: {pattern: {on: input, patterns: ["verletzt", "怪我"]}}
use: {intended_purpose: Briefe sortieren.}
endpoints: [{id: sort, fallback: Ein Mensch liest es.}]
""",
    "candidate.yaml": """\
name: wörter
task: decision
model: {provider: rule, name: wörter, file: rules.yaml}
decision: {labels: [straße, дом]}
""",
    "rules.yaml": "labels:\n  straße: {words: {auto: 3}}\n  дом: {words: {крыша: 3}}\n",
    "safety-slos.yaml": """\
slos:
- {name: accuracy, target: ">= 0.8"}
- {name: never_event_violations, target: "== 0", action_on_breach: kill_switch}
""",
    "suites/süß.yaml": "name: süß\ncases: [größe.jsonl]\n",
    "deliberation-note.md": """\
---
candidate: "sha256:000000000000"
date: "2026-11-21"
participants: [{name: Zoë, voice: product}]
decision: ship
---
"""
    + SAID,
}

Door = Callable[..., tuple[int, Any]]


@pytest.fixture
def door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Door:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    with Path("suites/größe.jsonl").open("wb") as file:
        for number in range(80):
            label, text = (("straße", "Auto"), ("дом", "крыша"))[number % 2]
            case = {
                "id": f"größe-😀-ﬁ-{number}",
                "input": f"{text} {number}",
                "expect": {"label": label},
                "tags": ["golden", "größe", "😀"],
                "facets": {"tenant": ("Müller", "北京", "😀", "ﬁ")[number % 4]},
            }
            file.write(msgspec.json.encode(case) + b"\n")

    def call(*arguments: object) -> tuple[int, Any]:
        code = run(VERBS, [str(argument) for argument in (*arguments, "--json")])
        return code, msgspec.json.decode(capsys.readouterr().out)

    return call


def test_the_whole_line_in_every_script(door: Door) -> None:
    for name, role in (("anna", "engineer"), ("ben", "risk_officer"), ("carla", "operator")):
        assert door("people", "add", name, "--role", role)[0] == 0
    assert door("check") == (0, {"errors": [], "warnings": []}) or door("check")[0] == 0
    code, done = door("eval")
    assert code == 0, done
    assert done["suites"] == {"süß": 80}
    note = Path("deliberation-note.md")
    note.write_text(
        note.read_text("utf-8").replace("sha256:000000000000", done["candidate"]), "utf-8"
    )
    code, decided = door("gate")
    assert (code, decided["decision"]) == (0, "PASS"), decided
    assert door("release", "build", "--out", "größe.tar", "--as", "anna")[0] == 0
    assert door("release", "sign", "größe.tar", "--as", "ben")[0] == 0
    assert door("release", "activate", "größe.tar", "--as", "carla")[0] == 0
    assert door("ledger", "log")[0] == 0
    code, verified = door("verify", "größe.tar")
    assert code == 0, verified
    code, verified = door("verify", ".")
    assert code == 0, verified


def test_the_worst_slices_are_shown_to_people(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, ["eval"]) == 0
    said = capsys.readouterr().out
    assert "tenant=Müller" in said
    assert "süß 80" in said


@pytest.mark.parametrize(
    "case",
    [
        r'{"id": "a\ud800", "input": "x"}',
        r'{"id": "a", "input": "x \udfff y"}',
        r'{"id": "a", "input": "x", "tags": ["\ud83d"]}',
        r'{"id": "a", "input": "x", "facets": {"tenant": "\uDE00\uD83D"}}',
        r'{"id": "a", "input": {"text": "\ud800"}}',
        r'{"id": "a", "input": "x", "expect": {"text": "\ud800"}}',
    ],
)
def test_half_a_character_in_a_case_is_named_by_check(door: Door, case: str) -> None:
    path = Path("suites/größe.jsonl")
    path.write_text(path.read_text("utf-8") + case + "\n", "utf-8")
    code, said = door("check")
    assert code == 1
    (fault,) = said["errors"]
    assert (fault["file"], fault["line"]) == ("suites/größe.jsonl", 81)
    assert "half of a surrogate pair" in fault["message"]


@pytest.mark.parametrize(
    "text", ['name: "s\\ud800"\ncases: [größe.jsonl]\n', 'name: s\ncases: ["\\ud800.jsonl"]\n']
)
def test_half_a_character_in_a_suite_is_named_by_check(door: Door, text: str) -> None:
    Path("suites/süß.yaml").write_text(text, "utf-8")
    code, said = door("check")
    assert code == 1
    assert said["errors"][0]["file"] == "suites/süß.yaml"
