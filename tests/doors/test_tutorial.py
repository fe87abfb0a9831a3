"""The tutorial's steps, from an empty folder to a closed incident, with `--json` as documented."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

DOCS = Path(__file__).resolve().parents[2] / "docs"
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")
PROMISED = {
    name: set(re.findall(r"`(\w+)`", keys))
    for names, keys in re.findall(
        r"^\| (.+?) \| (`.+) \|$", (DOCS / "reference" / "json.md").read_text("utf-8"), re.MULTILINE
    )
    for name in re.findall(r"`([^`]+)`", names)
}
ANSWERS = """\
system: my-desk
title: My desk
human_goal: Everybody who writes to us reaches the right person.
intended_purpose: Proposes which desk handles a letter first.
owner: Claims operations
labels: {motor: cars and bicycles, home: houses and flats}
"""
LETTER = re.findall(r'"content": "(.+)"', TUTORIAL)[0]
MODEL, EVENT, MENDED = re.findall(r"```yaml\n(.+?)```", TUTORIAL, re.DOTALL)


class Walk:
    """Types the tutorial's commands in a folder of its own; the system is `my-desk`."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.desk = folder / "my-desk"
        self._capture = capture

    def types(self, name: str, *words: object, ends: int = 0) -> Any:
        """What `roadworthy NAME ... --json` prints; it has every key that is promised."""
        code = run(VERBS, [*name.split(), *map(str, words), "--json"])
        said = self._capture.readouterr()
        assert code == ends, said.out + said.err
        found = msgspec.json.decode(said.out)
        for one in found if isinstance(found, list) else [found]:
            assert PROMISED.get(name, set()) - set(one) == set(), name
        for part in ("errors", "warnings", "indicators", "slos"):
            rows = found.get(part) if isinstance(found, dict) else None
            for row in rows if isinstance(rows, list) else []:
                assert PROMISED[part] - set(row) == set(), (name, part)
        return found

    def edit(self, file: str, pattern: str, text: str) -> None:
        path = self.desk / file
        changed = re.sub(pattern, lambda _: text, path.read_text(), count=1, flags=re.DOTALL)
        assert changed != path.read_text()
        path.write_text(changed)

    def ship(self, bundle: Path) -> None:
        """Steps 3 and 4."""
        self.types("eval", self.desk)
        assert self.types("gate", self.desk, ends=4)["reasons"][0].startswith("deliberation-note")
        self.types("deliberate", self.desk)
        note = self.desk / "deliberation-note.md"
        head, start, below = note.read_text().partition("## What changes and why")
        head = head.replace('name: ""', 'name: "Anna"').replace("decision: hold", "decision: ship")
        filled = re.sub(r"(?m)^(## .+)$", r"\1\nWe looked at it together.", start + below)
        note.write_text(head + filled)
        self.types("deliberate --record", self.desk, "--as", "anna")
        assert self.types("gate", self.desk)["decision"] == "PASS"
        self.types("release build", self.desk, "--out", bundle, "--as", "anna")
        assert self.types("release sign", bundle, self.desk, "--as", "ben")["released"]
        self.types("release activate", bundle, self.desk, "--as", "carla")


def test_the_tutorial_can_be_walked_and_json_is_as_documented(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    walk = Walk(tmp_path, capsys)
    desk = walk.desk
    (tmp_path / "answers.yaml").write_text(ANSWERS)
    walk.types("init", desk, "--answers", tmp_path / "answers.yaml")
    walk.edit("candidate.yaml", r"model:\n.*?(?=prompt:)", MODEL)
    walk.edit("charter.yaml", r"never:\n", f"never:\n{EVENT}")
    shutil.copy(DOCS / "tutorial" / "main.jsonl", desk / "suites" / "cases" / "main.jsonl")
    shutil.copy(DOCS / "tutorial" / "words.yaml", desk / "words.yaml")
    assert walk.types("check", desk)["warnings"] == []
    for name, role in re.findall(r"people add (\w+) my-desk --role (\w+)", TUTORIAL):
        walk.types("people add", name, desk, "--role", role)
    walk.ship(tmp_path / "my-desk.tar")
    key = walk.types("keys tenant add", "acme", desk)["key"]
    seen = _asked(desk, key)
    told = walk.types(
        "outcome add", seen, desk, "--violation", "injury-without-a-person", "--as", "dora"
    )
    (listed,) = walk.types("incident list", desk)
    assert listed["id"] == told["incident"]
    walk.types("incident show", told["incident"], desk)
    walk.types("incident promote", told["incident"], desk, "--as", "dora")
    walk.types("eval", desk)
    assert walk.types("gate", desk, ends=3)["decision"] == "FAIL"
    walk.edit("charter.yaml", r"      cel: .*?\n", MENDED)
    walk.ship(tmp_path / "my-desk-2.tar")
    people = ("--reason", "release 2 holds it", "--as", "ben", "--as", "carla")
    assert walk.types("resume", told["kill"], desk, *people)["standing"] == []
    walk.types("incident close", told["incident"], desk, "--as", "dora")
    trust = ("--trust", desk / ".roadworthy" / "trust.yaml")
    assert walk.types("verify", tmp_path / "my-desk-2.tar", *trust)["ok"]
    walk.types("kill", "tenant:acme", desk, "--reason", "a drill", "--as", "carla")


def _asked(desk: Path, key: str) -> str:
    """The observation of the tutorial's letter, answered by a gateway of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gateway = subprocess.Popen(
        [sys.executable, "-m", "roadworthy", "serve", desk, "--port", str(port)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert gateway.stdout is not None and gateway.stdout.readline().startswith("ready:")
        body = {"model": "my-desk", "messages": [{"role": "user", "content": LETTER}]}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/chat/completions", msgspec.json.encode(body),
            {"authorization": f"Bearer {key}", "content-type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            said = msgspec.json.decode(answer.read())
        assert said["choices"][0]["message"]["content"] == "motor"
        return str(said["roadworthy"]["observation"])
    finally:
        gateway.terminate()
        gateway.communicate(timeout=30)
