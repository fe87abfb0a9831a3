"""A suite with a million cases: checked and evaluated in memory that was named beforehand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LABELS = ("motor", "home", "travel", "health", "liability")
FILES = {
    "charter.yaml": """\
system: letters
title: Letters
owners: {product: Desk}
human_goal: Every letter reaches the desk that can help.
use: {intended_purpose: Sort letters.}
endpoints: [{id: sort, fallback: Please ask a person.}]
""",
    "candidate.yaml": """\
task: decision
model: {provider: rule, name: words, file: rules.yaml}
decision: {labels: [motor, home, travel, health, liability]}
""",
    "rules.yaml": json.dumps({"labels": {name: {"words": {name: 2}} for name in LABELS}}),
    "safety-slos.yaml": 'slos: [{name: accuracy, target: ">= 0.60"}]\n',
    "suites/all.yaml": "name: all\ncases: [all.jsonl]\n",
}

MEASURED = """\
import contextlib, io, resource, sys
from roadworthy.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
"""The command in a process of its own; the last line it prints is its peak, in MB."""

CHECK_BYTES = 600
"""Of one more case of 120 bytes: 430 were measured; cases held apart took 1,370."""
EVAL_BYTES = 3_300
"""Of one more case of five labels, asked once: 2,600 were measured; rows held apart took 4,100."""


def a_folder(root: Path, cases: int) -> Path:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with (root / "suites" / "all.jsonl").open("w") as file:
        for number in range(cases):
            label = LABELS[number % len(LABELS)]
            case = {
                "id": f"case-{number:07d}", "input": f"letter {number} about a {label} claim",
                "expect": {"label": label}, "tags": ["golden"],
            }  # fmt: skip
            file.write(json.dumps(case) + "\n")
    return root


def peak_mb(verb: str, root: Path) -> float:
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, verb, str(root)], capture_output=True, text=True
    )
    assert "Traceback" not in run.stderr, run.stderr
    return float(run.stdout.splitlines()[-1])


def grown_by(verb: str, folder: Path, cases: int) -> float:
    """Bytes of memory that each of so many cases adds."""
    bare = peak_mb(verb, a_folder(folder / "few", 10))
    return (peak_mb(verb, a_folder(folder / "many", cases)) - bare) * 1024 * 1024 / cases


@pytest.mark.slow
def test_a_suite_with_a_million_cases_is_checked_in_bounded_memory(tmp_path):
    assert grown_by("check", tmp_path, 100_000) < CHECK_BYTES


@pytest.mark.slow
def test_a_suite_with_a_million_cases_is_evaluated_in_bounded_memory(tmp_path):
    assert grown_by("eval", tmp_path, 40_000) < EVAL_BYTES


@pytest.mark.extended
def test_a_suite_with_a_million_cases_is_checked_under_500_mb(tmp_path):
    assert peak_mb("check", a_folder(tmp_path, 1_000_000)) < 500
