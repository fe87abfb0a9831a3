"""`roadworthy eval` as a whole process, against an upstream that answers after exactly 50 ms.

64 questions at a time, exact match, prompt, rails, run file and answer cache on, a fresh folder
for each run, started from nothing: interpreter, imports, files, questions, summary, ledger.
`python bench/evaluate.py [--cases 20000] [--runs 3] [--no-bytecode] [--json]`.
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

CONCURRENCY = 64
DELAY_S = 0.050
REACH = {2_000: {"wall_s": 2.3, "peak_mb": 120}, 20_000: {"wall_s": 17.5, "peak_mb": 200}}

PEERS = {
    2_000: (
        ("bare asyncio loop, raw client, JSON lines", 1.77, 0.21, 24),
        ("DeepEval 4.3.1 (model calls of ours)", 5.95, 5.9, 119),
        ("lm-eval 0.4.13", 9.59, 8.3, 286),
        ("promptfoo 0.121.20", 11.9, 13.0, 355),
        ("Inspect AI 0.3.285", 18.9, 18.9, 209),
        ("MLflow 3.17.2 (500 cases only)", 41.3, 42.4, 348),
    ),
    20_000: (
        ("bare asyncio loop, raw client, JSON lines", 16.41, 0.73, 24),
        ("lm-eval 0.4.13", 41.7, 29.5, 482),
        ("DeepEval 4.3.1 (model calls of ours)", 55.4, 53.9, 256),
        ("promptfoo 0.121.20", 102.9, 94.8, 658),
    ),
}
"""Measured 2026-11-21 on a machine of this kind with the same upstream delay and concurrency."""

FILES = {
    "charter.yaml": """\
system: bench
title: Bench
owners: {product: Bench}
human_goal: Every question gets its answer.
never:
- id: account-number
  statement: An account number leaves.
  rule: {pattern: {patterns: ["[A-Z]{2}[0-9]{20}"]}}
use: {intended_purpose: Answer questions.}
endpoints:
- {id: ask, fallback: Please ask a person.}
""",
    "candidate.yaml": """\
name: bench
task: generation
model: {provider: openai_compatible, name: mock, upstream: mock}
prompt: prompts/ask.md
""",
    "prompts/ask.md": """\
---
id: ask
variables:
  input: {type: string}
---
# system
Answer with a number and nothing else.
# user
{{ input }}
""",
    "safety-slos.yaml": """\
slos:
- {name: exact_match, target: ">= 0.90"}
- {name: never_event_violations, target: "== 0"}
""",
    "suites/all.yaml": "name: all\ncases: [all.jsonl]\nscorers: [{scorer: exact}]\n",
}


def write_system(root: Path, cases: int, port: int) -> Path:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    upstream = f'[upstreams.mock]\nurl = "http://127.0.0.1:{port}/v1"\n'
    (root / "roadworthy.toml").write_text(upstream)
    with (root / "suites" / "all.jsonl").open("w") as file:
        for number in range(cases):
            case = {
                "id": f"case-{number}",
                "input": f"Question {number}: what is six times seven, after all is said?",
                "expect": {"text": "42"},
                "tags": ["golden"],
                "facets": {"tenant": "acme"},
            }
            file.write(json.dumps(case) + "\n")
    return root


def one_run(root: Path, environment: dict[str, str]) -> dict[str, float]:
    """Run the command once; wall, CPU and peak memory of its process."""
    command = [
        sys.executable, "-m", "roadworthy", "eval", str(root),
        "--concurrency", str(CONCURRENCY), "--json",
    ]  # fmt: skip
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode != 0:
        raise SystemExit(f"the evaluation ended with {process.returncode}: {said.decode()}")
    found = {each["name"]: each for each in json.loads(said)["indicators"]}
    if found["exact_match"]["value"] != 1.0:
        raise SystemExit("the evaluation did not find every answer right")
    return {
        "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
        "n": found["exact_match"]["n"],
    }


def measure(cases: int, runs: int, *, bytecode: bool) -> dict[str, Any]:
    environment = dict(os.environ)
    load = os.getloadavg()[0]
    environment.pop("ROADWORTHY_HOME", None)
    upstream = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("delayed_upstream.py")),
         "--delay-ms", str(DELAY_S * 1000)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert upstream.stdout is not None
    try:
        port = int(upstream.stdout.readline())
        with tempfile.TemporaryDirectory(prefix="roadworthy-bench-") as folder:
            if bytecode:
                environment.pop("PYTHONDONTWRITEBYTECODE", None)
                environment["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "bytecode")
                one_run(write_system(Path(folder) / "warm", 64, port), environment)
            found = [
                one_run(write_system(Path(folder) / f"run-{number}", cases, port), environment)
                for number in range(runs)
            ]
    finally:
        upstream.terminate()
        upstream.wait()
    median = {key: statistics.median(each[key] for each in found) for key in found[0]}
    return {
        "cases": cases,
        "concurrency": CONCURRENCY,
        "ideal_s": -(-cases // CONCURRENCY) * DELAY_S,
        "bytecode": bytecode,
        "load_before": load,
        "median": median,
        "runs": found,
        "reach": REACH.get(cases, {}),
    }


def show(result: dict[str, Any]) -> None:
    cases, median, reach = result["cases"], result["median"], result["reach"]
    kept = "compiled" if result["bytecode"] else "not kept"
    print(f"{cases:,} cases, {CONCURRENCY} at a time, upstream 50 ms, bytecode {kept}")
    if result["load_before"] > 0.5:
        print(f"the machine was busy (load {result['load_before']:.1f}): wall times are too long")
    print(f"{'':46}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    print(f"{'ideal':46}{result['ideal_s']:9.2f}")
    rows = [("roadworthy eval, median", median), *(("  run", each) for each in result["runs"])]
    for name, each in rows:
        print(f"{name:46}{each['wall_s']:9.2f}{each['cpu_s']:9.2f}{each['peak_mb']:9.0f}")
    for name, wall, cpu, peak in PEERS.get(cases, ()):
        print(f"{name:46}{wall:9.2f}{cpu:9.2f}{peak:9.0f}")
    for key, bound in reach.items():
        verdict = "reached" if median[key] <= bound else "MISSED"
        print(f"reach {key} {bound}: {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-bytecode", action="store_true", help="start without .pyc files")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options.cases, options.runs, bytecode=not options.no_bytecode)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        show(result)


if __name__ == "__main__":
    main()
