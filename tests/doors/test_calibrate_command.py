"""`roadworthy calibrate`: the file it writes, what it says, and what it refuses."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from doubles.desk import Desk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.manifests import load_system

CALIBRATED = """\
task: decision
model: {provider: rule, name: words, file: rules.yaml}
decision: {labels: [motor, home], calibration: calibration.json, accept: auto}
"""


def letters(count: int) -> str:
    """Sure and right, or unsure and wrong every other time."""
    lines = []
    for number in range(count):
        label = ("motor", "home")[number // 2 % 2]
        sure = {"motor": "car tyre", "home": "roof kitchen"}[label]
        weak = ("drive", "door")[(number // 4) % 2]
        lines.append({"id": f"k{number}", "input": f"{sure if number % 2 else weak}, {number}",
                      "expect": {"label": label}})  # fmt: skip
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    desk = Desk(tmp_path / "desk")
    desk.write("rules.yaml", "labels:\n  motor: {words: {car: 3, tyre: 3, drive: 0.4}}\n"
                             "  home: {words: {roof: 3, kitchen: 3, door: 0.4}}\n")  # fmt: skip
    desk.write("suites/calib.yaml", "name: calib\npurpose: calibration\ncases: [calib.jsonl]\n")
    desk.write("suites/calib.jsonl", letters(400))
    return desk


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = run(VERBS, list(map(str, arguments)))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_calibration_is_written_said_and_used(desk, capsys, tmp_path):
    code, said, _ = call(capsys, "calibrate", desk.root, "--suite", "calib", "--limit", "0.1",
                         "--map", "platt")  # fmt: skip
    assert code == 0
    for words in ("adaptive ECE", "cross-fitted", "with 95 % certainty", "accept: auto"):
        assert words in said
    file = json.loads((desk.root / "calibration.json").read_text())
    assert (file["n"], file["suite"]) == (400, "calib")
    assert file["suite_digest"].startswith("sha256:")
    assert file["threshold"]["guarantee"] == "answered"
    desk.write("candidate.yaml", CALIBRATED)
    assert load_system(desk.root).candidate.decision.calibration == "calibration.json"
    out = tmp_path / "run.html"
    asyncio.run(desk.evaluate())
    assert call(capsys, "report", desk.root, "--out", out)[0] == 0
    page = out.read_text()
    assert "What the calibration changed" in page
    assert "Reliability before the map" in page


def test_json_holds_the_promise(desk, capsys):
    code, said, _ = call(capsys, "calibrate", desk.root, "--suite", "calib", "--limit", "0.05",
                         "--of", "all", "--json")  # fmt: skip
    told = json.loads(said)
    assert code == 0
    assert "conformal risk control" in told["promise"]
    assert told["calibration"]["threshold"]["certainty"] is None


def test_nothing_proven_is_not_decided(desk, capsys):
    code, said, _ = call(capsys, "calibrate", desk.root, "--suite", "calib", "--limit", "0.001")
    assert code == 4
    assert "everything goes to a person" in said


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--suite", "main", "--limit", "0.1"], 3, "the gate judges by"),
        (["--suite", "calib"], 1, "nothing is to be fitted"),
        (["--suite", "calib", "--limit", "1.5"], 1, "strictly between 0 and 1"),
        (["--suite", "calib", "--limit", "nan"], 1, "strictly between 0 and 1"),
        (["--suite", "calib", "--limit", "0.1", "--out", "../x.json"], 1, "no JSON file in"),
        (["--suite", "calib", "--limit", "0.1", "--out", "candidate.yaml"], 1, "no JSON file in"),
        (["--suite", "nope", "--limit", "0.1"], 1, "there is no suite"),
    ],
)
def test_what_is_refused(desk, capsys, options, code, says):
    found, said, told = call(capsys, "calibrate", desk.root, *options)
    assert found == code
    assert says in said + told
    assert not (desk.root / "calibration.json").exists()
