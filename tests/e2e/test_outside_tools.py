"""The real tools, each in an environment of its own, ask a candidate here. No network is needed.

`make outside` makes these environments for Inspect AI and lm-eval (garak brings 6 GB). Another
place is told by ROADWORTHY_OUTSIDE_PYTHON_INSPECT, _LM_EVAL and _GARAK: an interpreter each.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from doubles.desk import Desk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.evaluation.foreign import TOOLS

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow

INSPECT_TASK = """\
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import includes
from inspect_ai.solver import generate


@task
def desks():
    letters = [
        Sample(id="tyre", input="My car has a flat tyre", target="motor"),
        Sample(id="roof", input="The roof leaks into the kitchen", target="home"),
        Sample(id="wrong", input="My tyre is on the roof of the car", target="home"),
    ]
    return Task(dataset=letters, solver=generate(), scorer=includes())
"""

LM_EVAL_TASK = """\
task: desks
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{letter}}"
doc_to_target: "{{desk}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 16}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""


def interpreter(name: str) -> str:
    """Where the tool is; skips with the command that would install it."""
    word = name.upper().replace("-", "_")
    python = os.environ.get(
        f"ROADWORTHY_OUTSIDE_PYTHON_{word}",
        str(ROOT / "build" / "outside" / name / "bin" / "python"),
    )
    asked = [python, "-c", f"import importlib.metadata as m; m.version({TOOLS[name].package!r})"]
    there = Path(python).exists() and subprocess.run(asked, capture_output=True).returncode == 0
    if not there:
        pytest.skip(
            f"{TOOLS[name].title} is not here: {TOOLS[name].install} (or make outside), and "
            f"ROADWORTHY_OUTSIDE_PYTHON_{word}=ITS/bin/python"
        )
    return python


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    """Runs a tool's task against a small desk; what the command says."""
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    desk = Desk(tmp_path / "desk")

    def ask(tool: str, task: str, *more: str) -> dict:
        arguments = ["suite", "run-outside", tool, task, "--dir", str(desk.root), "--json"]
        arguments += ["--python", interpreter(tool), "--timeout", "300", "--", *more]
        code = run(VERBS, arguments)
        said = capsys.readouterr()
        assert code == 0, said.out + said.err
        return json.loads(said.out)

    return ask


def test_a_task_of_inspect_ai_is_asked_here(asked, tmp_path):
    path = tmp_path / "desks.py"
    path.write_text(INSPECT_TASK)
    told = asked("inspect", str(path), "--epochs", "2")
    (found,) = told["imported"]
    assert (told["questions"], found["cases"], found["rows"]) == (6, 3, 6)
    (score,) = found["scores"]
    assert score["name"] == "includes"
    assert score["value"] == pytest.approx(2 / 3)
    assert score["follows"] is True
    assert found["trust"] == "asked here, scored by Inspect AI"


def test_a_task_of_lm_eval_is_asked_here(asked, tmp_path):
    rows = [
        {"letter": "My car has a flat tyre", "desk": "motor"},
        {"letter": "The roof leaks into the kitchen", "desk": "home"},
        {"letter": "My tyre is on the roof of the car", "desk": "home"},
    ]
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = tmp_path / "desks.yaml"
    path.write_text(LM_EVAL_TASK)
    told = asked("lm-eval", str(path))
    (found,) = told["imported"]
    assert (told["questions"], found["cases"]) == (3, 3)
    assert [each["value"] for each in found["scores"]] == [pytest.approx(2 / 3)]
    assert "sampling" in told["notes"][0]


def test_a_probe_of_garak_is_asked_here(asked):
    told = asked("garak", "test.Test", "--generations", "2")
    (found,) = told["imported"]
    assert (told["questions"], found["cases"], found["rows"]) == (16, 8, 16)
    assert [each["name"] for each in found["scores"]] == ["test.Test/always.Pass"]
