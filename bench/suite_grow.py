"""`roadworthy suite grow` as a whole process: some 10,000 cases of the claims desk.

Start, read and check the files, grow, write, sync.
`python bench/suite_grow.py [--runs 3] [--per-case 2] [--json]`.
The digest is the same on every machine for the same version and seed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REACH_S = 10.0
CASES = 10_000
ROOT = Path(__file__).resolve().parent.parent


def run(folder: Path, per_case: int) -> dict[str, Any]:
    command = [
        sys.executable, "-m", "roadworthy", "suite", "grow", str(folder), "--suite", "full",
        "--out", "grown", "--per-case", str(per_case), "--json",
    ]  # fmt: skip
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall = time.perf_counter() - begun
    lines = (folder / "suites" / "grown.jsonl").read_bytes()
    said = json.loads(done.stdout)
    return {
        "wall_s": round(wall, 3),
        "cases": said["cases"],
        "bytes": len(lines),
        "sha256": hashlib.sha256(lines).hexdigest(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--per-case", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "desk"
        shutil.copytree(ROOT / "examples" / "claims-desk", folder)
        runs = [run(folder, asked.per_case) for _ in range(asked.runs)]
    wall = statistics.median(one["wall_s"] for one in runs)
    cases = runs[0]["cases"]
    report = {
        "cases": cases,
        "wall_s": wall,
        "cases_per_s": round(cases / wall),
        "s_for_10000": round(wall * CASES / cases, 2),
        "reach_s": REACH_S,
        "reached": wall * CASES / cases <= REACH_S,
        "same_bytes": len({one["sha256"] for one in runs}) == 1,
        "sha256": runs[0]["sha256"],
        "runs": runs,
    }
    if asked.json:
        print(json.dumps(report, indent=2))
        return
    print(
        f"{cases:,} cases, median of {len(runs)} runs: {wall:.2f} s ({report['cases_per_s']:,}/s)"
    )
    print(f"for {CASES:,}: {report['s_for_10000']} s, to reach: {REACH_S} s")
    print(f"same bytes each time: {report['same_bytes']} ({report['sha256'][:16]}…)")


if __name__ == "__main__":
    main()
