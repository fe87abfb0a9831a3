"""Runs every benchmark and prints its table: `python -m bench [NAME …] [--json]`.

Machines are noisy: nothing here passes or fails. Each file stands alone and says what it measures.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NAMES = (
    "startup",
    "evaluate",
    "report",
    "suite_grow",
    "ledger",
    "journal",
    "spool",
    "rails",
    "rail_models",
    "similar",
    "ood",
    "misuse",
    "pii",
    "gateway",
    "streams",
    "limits",
    "rollout",
    "guarantees",
    "gate_errors",
    "drift",
    "dossier",
    "observations",
)


def main() -> int:
    """Run the named benchmarks, or all."""
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")] or list(NAMES)
    options = [name for name in sys.argv[1:] if name.startswith("-")]
    worst = 0
    for name in wanted:
        path = FOLDER / f"{name}.py"
        if not path.exists():
            print(f"there is no benchmark {name}; there are: {', '.join(NAMES)}", file=sys.stderr)
            return 1
        if not options:
            print(f"\n== {name}")
        sys.stdout.flush()
        worst = max(worst, subprocess.run([sys.executable, path, *options], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
