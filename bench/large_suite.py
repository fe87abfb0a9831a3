"""A suite of many cases: what `check` and `eval` take of time and memory, as whole processes.

The cases are made up, of five labels, 120 bytes each; a rule answers them, so that what is measured
is this program and no model. `python bench/large_suite.py [--cases 1000000] [--runs 1] [--eval]
[--json]`; `--eval` of a million cases takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REACH = {"check": 500.0}
"""MB of a million cases."""

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


def write_system(root: Path, cases: int) -> Path:
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


def once(verb: str, root: Path, home: str) -> dict[str, float]:
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "roadworthy", verb, str(root)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "ROADWORTHY_HOME": home},
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{verb} ended with {process.returncode}")
    return {
        "wall_s": round(time.perf_counter() - begun, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss / 1024, 1),
    }


def measure(cases: int, runs: int, verbs: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"cases": cases, "load_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="roadworthy-bench-") as folder:
        # Peaks are of children: this process must stay small, and it does.
        root = write_system(Path(folder) / "system", cases)
        for verb in verbs:
            rows = [once(verb, root, f"{folder}/home-{verb}-{number}") for number in range(runs)]
            median = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
            found[verb] = {**median, "runs": rows}
            if cases == 1_000_000 and verb in REACH:
                found[verb]["reached"] = median["peak_mb"] <= REACH[verb]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--eval", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.cases, asked.runs, ("check", "eval") if asked.eval else ("check",))
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for verb in ("check", "eval"):
        for row in found.get(verb, {}).get("runs", ()):
            print(f"{verb} of {asked.cases:,} cases: wall {row['wall_s']} s, CPU {row['cpu_s']} s,"
                  f" peak {row['peak_mb']} MB")  # fmt: skip


if __name__ == "__main__":
    main()
