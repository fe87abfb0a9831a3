"""How long a command takes to start: `roadworthy --help` and `roadworthy check` of the example.

Whole processes, wall time, median of `--rounds` after one that is not counted; beside a bare
`python -c pass`. Modules are compiled in the round that is not counted, as an installation has
them: without, what is measured is the compiler. `python bench/startup.py [--rounds N] [--json]`.
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

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = str(Path(sys.executable).parent / "roadworthy")
WORK = {
    "python -c pass": ([sys.executable, "-c", "pass"], None),
    "roadworthy --help": ([PROGRAM, "--help"], 120),
    "roadworthy check examples/claims-desk": ([PROGRAM, "check", "examples/claims-desk"], 400),
}


def measure(command: list[str], rounds: int) -> list[float]:
    """Milliseconds of each counted round."""
    taken = []
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as compiled:
        environment["PYTHONPYCACHEPREFIX"] = compiled
        for _ in range(rounds + 1):
            started = time.perf_counter()
            subprocess.run(
                command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True
            )
            taken.append((time.perf_counter() - started) * 1000)
    return taken[1:]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for name, (command, reach) in WORK.items():
        taken = measure(command, options.rounds)
        rows.append(
            {
                "work": name,
                "median_ms": round(statistics.median(taken), 1),
                "min_ms": round(min(taken), 1),
                "max_ms": round(max(taken), 1),
                "n": len(taken),
                "reach_ms": reach,
            }
        )
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'work':<40}{'median ms':>10}{'min':>8}{'max':>8}{'reach':>8}")
    for row in rows:
        print(
            f"{row['work']:<40}{row['median_ms']:>10}{row['min_ms']:>8}{row['max_ms']:>8}"
            f"{row['reach_ms'] or '-':>8}"
        )


if __name__ == "__main__":
    main()
