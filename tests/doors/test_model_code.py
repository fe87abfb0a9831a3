"""Model code beside the candidate: what it prints, raises and returns stays its own affair."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import sha256
from roadworthy.evaluation import read_run

CHARTER = """\
system: desk
title: Desk
owners: {product: Ada}
human_goal: Every letter reaches its desk.
use: {intended_purpose: Sort letters.}
endpoints: [{id: sort, fallback: A person will read it.}]
"""
CANDIDATE = """\
task: decision
model: {{provider: python, name: label, file: model.py, digest: "{digest}",
  options: {{trusted: true}}}}
decision: {{labels: [a, b]}}
"""
SLOS = 'slos:\n- {name: accuracy, target: ">= 0.1"}\n- {name: decision_ece, target: "<= 0.9"}\n'


def write(root: Path, body: str, cases: int = 4) -> Path:
    """A system whose model is this Python function of the prompt's text."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    source = f"import os, sys\nprint('loading')\ndef label(request):\n{lines}"
    (root / "suites").mkdir()
    (root / "model.py").write_text(source)
    (root / "charter.yaml").write_text(CHARTER)
    (root / "candidate.yaml").write_text(CANDIDATE.format(digest=sha256(source.encode())))
    (root / "safety-slos.yaml").write_text(SLOS)
    (root / "suites/s.yaml").write_text("name: s\ncases: [s.jsonl]\nrepeats: 1\n")
    asked = [{"id": f"c{i}", "input": f"q{i}", "expect": {"label": "a"}} for i in range(cases)]
    (root / "suites/s.jsonl").write_text("".join(json.dumps(case) + "\n" for case in asked))
    return root


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)


def evaluated(
    root: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, dict[str, Any], str]:
    code = run(VERBS, ["eval", str(root), "--json", *options])
    said = capsys.readouterr()
    return code, json.loads(said.out), said.err


def test_what_a_model_prints_is_not_in_the_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = "print('thinking')\nsys.stdout.write('hard')\nreturn 'a'"
    code, said, aside = evaluated(write(tmp_path, body), capsys)
    assert (code, said["n"]) == (0, 4)
    assert "loading" in aside
    assert aside.count("thinking") == 4


def test_what_a_model_writes_to_the_descriptor_is_not_in_the_json_either(tmp_path: Path) -> None:
    root = write(tmp_path, "os.write(1, b'raw')\nos.system('echo child')\nreturn 'a'")
    done = subprocess.run(
        [sys.executable, "-m", "roadworthy", "eval", str(root), "--json"],
        capture_output=True, env={**os.environ, "ROADWORTHY_HOME": ""}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n"] == 4
    assert done.stderr.count(b"raw") == done.stderr.count(b"child") == 4


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(3)",
        "raise SystemExit",
        "raise KeyboardInterrupt",
        "raise GeneratorExit",
        "return {'text': 'a', 'label_logprobs': {'a': float('inf'), 'b': -1.0}}",
        "return {'text': 'a', 'label_logprobs': {'a': float('nan'), 'b': -1.0}}",
        "return {'text': 'a', 'label_logprobs': {'a': -0.1, 'b': -float('inf')}}",
        "return 'a\\ud800'",
        "raise ValueError('\\ud800')",
    ],
)
def test_a_model_that_fails_fails_its_rows_and_no_later_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str
) -> None:
    root = write(tmp_path, body)
    for _ in range(2):
        code, said, _ = evaluated(root, capsys)
        assert (code, said["status"], said["errors"]) == (2, "partial", 4)
        assert "model.py:label" in next(iter(said["faults"]))
    assert all(row.status == "error" for row in read_run(Path(said["run_file"])))


def test_one_case_that_fails_is_one_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = (
        "bad = request['messages'][-1]['content'] == 'q2'\n"
        "return {'text': 'a', 'label_logprobs': {'a': float('nan') if bad else -0.1, 'b': -3.0}}"
    )
    code, said, _ = evaluated(write(tmp_path, body), capsys)
    assert (code, said["errors"]) == (2, 1)
    rows = {row.case: row for row in read_run(Path(said["run_file"]))}
    assert "gave nan as a log-probability" in rows["c2"].error
    assert rows["c1"].decision == "a"


def test_source_that_leaves_is_the_users_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(tmp_path, "return 'a'")
    source = "raise SystemExit(0)\n"
    (root / "model.py").write_text(source)
    (root / "candidate.yaml").write_text(CANDIDATE.format(digest=sha256(source.encode())))
    code = run(VERBS, ["eval", str(root), "--json"])
    assert code == 1
    assert "SystemExit" in json.loads(capsys.readouterr().out)["error"]


def test_repeats_and_cases_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, "return 'a'")
    said = evaluated(root, capsys, "--repeats", "3")[1]
    assert (said["repeats"], said["cases"], said["n"]) == (3, 4, 12)
    assert evaluated(root, capsys)[1]["repeats"] is None
    assert run(VERBS, ["eval", str(root), "--repeats", "3"]) == 0
    assert "of 4 cases, each asked 3 times" in capsys.readouterr().out


def test_answers_of_another_workspace_are_counted_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(tmp_path, "return 'a'")
    assert evaluated(root, capsys)[1]["cache_distrusted"] == 0
    home = root / ".roadworthy"
    (root / "cache").mkdir()
    (home / "cache" / "answers.db").rename(root / "cache" / "answers.db")
    home.rename(root / "elsewhere")
    (home / "cache").mkdir(parents=True)
    (root / "cache" / "answers.db").rename(home / "cache" / "answers.db")
    assert run(VERBS, ["eval", str(root)]) == 0
    said = capsys.readouterr()
    assert "4 answers in the cache were not written by this workspace" in said.err
