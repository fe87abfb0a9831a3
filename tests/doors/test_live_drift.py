"""Drift of live answers from their release's reference: `journal query --indicators`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import CHAT, write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import ReleaseContent, Shift
from roadworthy.flows.workspace.routing import read_table
from roadworthy.release import read_bundle, reference_digest
from roadworthy.wiring.loop import loop_of

Capture = pytest.CaptureFixture[str]

REFERENCE = {
    "roadworthy": 1, "system": "letters", "source": "main", "source_digest": "sha256:" + "0" * 64,
    "date": "2026-11-22T10:00:00Z", "fitted": 200, "held": 100, "labelled": False,
    "false_alarm": 0.05, "threshold": 1.0, "detector": {}, "topics": ["bills", "floods"],
    "counts": {"n": 300, "inputs": {"bills": 280, "floods": 20}},
}  # fmt: skip


def live(root: Path, changes: dict[str, str]) -> Answers:
    loop = write_live_system(root, "http://127.0.0.1:9/v1", {"charter.yaml": CHARTER, **changes})
    return Answers(loop_of(loop.workspace))


def content_of(answers: Answers) -> ReleaseContent:
    workspace = answers.loop.workspace
    return read_bundle(workspace.root / read_table(workspace.routing).routes["letters"].path)[1]


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    candidate = f"{CHAT['candidate.yaml']}ood: reference.json\n"
    return live(tmp_path, {"candidate.yaml": candidate, "reference.json": json.dumps(REFERENCE)})


def told(root: Path, capture: Capture, *words: str) -> dict[str, Any]:
    code = run(VERBS, ["journal", "query", str(root), "--indicators", "--json", *words])
    said = capture.readouterr()
    assert code == 0, said.out + said.err
    found: dict[str, Any] = msgspec.json.decode(said.out)
    return found | {each["name"]: each for each in found["indicators"]}


async def test_inputs_that_moved_are_told_with_what_to_do(
    answers: Answers, tmp_path: Path, capsys: Capture
) -> None:
    digest = reference_digest(content_of(answers))
    for at in range(30):
        seen = await answers.leave()
        topic = "floods" if at % 3 else "bills"
        look = answers.says(seen, reporter="look:reference")
        shift = Shift(reference=digest, topic=topic, flagged=False)
        await answers.learn(structs.replace(look, shift=shift))
    found = told(tmp_path, capsys)
    assert found["unheld"] == ""
    drift = found["input_drift"]
    assert drift["low"] > 0.2
    assert drift["value"] == pytest.approx(0.6, abs=0.05)
    assert drift["n"] == 30
    assert "grow the suite" in drift["reason"]
    assert "grow the suite" in drift["calls_for"]
    assert (found["purpose_drift"]["value"], found["purpose_drift"]["calls_for"]) == (0.0, "")
    assert run(VERBS, ["journal", "query", str(tmp_path), "--indicators"]) == 0
    assert "input_drift: beyond chance; moved most: `bills`" in capsys.readouterr().out


async def test_without_a_reference_it_says_why_no_drift_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    answers = live(tmp_path, {})
    await answers.leave()
    found = told(tmp_path, capsys)
    assert "input_drift" not in found
    assert "roadworthy ood fit" in found["unheld"]
    assert run(VERBS, ["journal", "query", str(tmp_path), "--indicators"]) == 0
    assert "no drift is measured: " in capsys.readouterr().out


async def test_a_release_that_is_gone_is_no_release_without_drift(
    answers: Answers, tmp_path: Path, capsys: Capture
) -> None:
    await answers.leave()
    workspace = answers.loop.workspace
    path = workspace.root / read_table(workspace.routing).routes["letters"].path
    (path / "index.json").unlink()
    assert "cannot be read" in told(tmp_path, capsys)["unheld"]
