"""Code by execution: HumanEval's own solutions, wrong ones and forgers, through the sandbox.

`python bench/code_execution.py [--problems HumanEval.jsonl.gz] [--at-once 4] [--json]`. Without
the file (https://github.com/openai/human-eval, MIT) one small problem is asked 164 times.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from roadworthy.domain import DetectorError
from roadworthy.evaluation.sandbox import Limits, run_tests

WRONG = "    return None\n"
FORGERS = {
    "os._exit(0)": "    import os\n    os._exit(0)\n",
    "equals everything": (
        "    class Yes:\n        __eq__ = lambda *a: True\n        __hash__ = None\n"
        "    return Yes()\n"
    ),
    "patches": (
        "    import builtins\n    builtins.AssertionError = type('E', (BaseException,), {})\n"
        "    builtins.isinstance = lambda *a: True\n    return None\n"
    ),
}
ONE = {
    "prompt": "def add(a, b):\n",
    "canonical_solution": "    return a + b\n",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
    "entry_point": "add",
}


def problems(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        return [ONE] * 164
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def judged(asked: list[dict[str, Any]], at_once: int, answer: str | None) -> dict[str, float]:
    """How many pass, how many cannot be judged, and how long one takes."""

    def one(problem: dict[str, Any]) -> str:
        code = problem["prompt"] + (answer or problem["canonical_solution"])
        tests = f"{problem['test']}\ncheck({problem['entry_point']})"
        try:
            return "passed" if run_tests(code, tests, Limits()).right else "failed"
        except DetectorError as error:
            return error.message

    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        found = list(pool.map(one, asked))
    took = time.perf_counter() - started
    return {
        "passed": found.count("passed"),
        "failed": found.count("failed"),
        "not_judged": len(found) - found.count("passed") - found.count("failed"),
        "ms_a_case": round(took / len(found) * 1000, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", type=Path)
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    asked = problems(given.problems)
    result = {
        "right": judged(asked, given.at_once, None),
        "wrong": judged(asked, given.at_once, WRONG),
    }
    for name, answer in FORGERS.items():
        result[name] = judged(asked, given.at_once, answer)
    if given.json:
        print(json.dumps({"n": len(asked), "load": os.getloadavg()[0], "answers": result}))
        return
    print(f"{len(asked)} problems, {given.at_once} at once, load {os.getloadavg()[0]:.1f}")
    print(f"{'answers':22}{'passed':>8}{'failed':>8}{'not judged':>12}{'ms a case':>11}")
    for name, row in result.items():
        figures = [row["passed"], row["failed"], row["not_judged"], row["ms_a_case"]]
        print(f"{name:22}{figures[0]:8}{figures[1]:8}{figures[2]:12}{figures[3]:11}")


if __name__ == "__main__":
    main()
