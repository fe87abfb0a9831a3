"""The soak of issue size: 30 minutes at 1,000 requests/s, rails and journal on; does memory grow?

`python bench/soak.py [--minutes 30] [--rate 1000] [--workers 1] [--json]`. nginx answers with a
fixed completion; `roadworthy load --rate` asks with even arrivals and latency from when each was
due, so a pause shows as all the requests that came in it. Journal and gateway lie in a folder that
is thrown away: at 1,000/s some 3 GB. Without nginx the tests' own upstream answers, more slowly.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import gateway as rig

SLOS = """\
slos:
- {name: latency_p99, target: "<= 250 ms"}
- {name: error_rate, target: "<= 0.001"}
"""


def measure(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    from doubles.live_system import write_live_system

    url = f"http://127.0.0.1:{rig.UPSTREAM_PORT}/v1"
    case = json.dumps({"id": "c1", "input": rig.MESSAGES[-1]["content"]}) + "\n"
    changes = {"rails.yaml": rig.RAILS, "safety-slos.yaml": SLOS, "suites/cases/main.jsonl": case}
    write_live_system(root / "system", url, changes)
    upstream = rig._start_upstream(root)
    try:
        done = subprocess.run(
            [
                sys.executable, "-m", "roadworthy", "load", str(root / "system"), "--json",
                "--rate", str(options.rate), "--minutes", str(options.minutes),
                "--workers", str(options.workers), "--arrivals", "constant",
            ],
            stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    finally:
        upstream.terminate()
        upstream.wait(10)
    return {"code": done.returncode, **json.loads(done.stdout)}


def show(found: dict[str, Any]) -> None:
    if "error" in found:
        print(found["error"])
        return
    step = found["step"]
    print(f"{found['asked']:,} requests, {step['failed']} failed, {found['lost']} lost; p50 "
          f"{step['p50_ms']:.2f} ms, p99 {step['p99_ms']:.2f}, p99.9 {found['p999_ms']:.2f}, "
          f"slowest {found['most_ms']:.0f}; late by {step['late_ms']:.1f} ms (p99)")  # fmt: skip
    print(f"\n{'process':12} {'MB at first':>12} {'at last':>9}   MB an hour (95 %)")
    for each in found["growth"]:
        slope = each["reason"]
        if each["mb_per_hour"] is not None:
            slope = f"{each['mb_per_hour']:+.2f} ({each['low']:+.2f} to {each['high']:+.2f})"
        mark = "  GROWS" if each["grows"] else ""
        print(
            f"{each['process']:12} {each['first_mb']:12.1f} {each['last_mb']:9.1f}   {slope}{mark}"
        )
    print(f"\nexit code {found['code']}: {step['why'] or 'objectives hold'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), options)
    print(json.dumps(found, indent=2)) if options.json else show(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
