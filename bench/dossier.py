"""The dossier of a long history, and its verification; the coverage of many systems.

A ledger of N entries (default 100,000; `--entries 1000000` is the size that is promised) with a
hundredth as many releases, a tenth of the entries another system's. Each part runs in a process of
its own, so that its peak memory is its own. `python bench/dossier.py [--entries N] [--json]`.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from roadworthy.domain import Draft, Trust, format_instant
from roadworthy.ledger import BlobStore, Keyring, open_ledger, trust_machine
from roadworthy.manifests import open_workspace, save_trust
from roadworthy.wiring.clock import SystemClock

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "claims-desk"
BATCH = 500
SYSTEMS = 50
REACH = {"dossier_s": 60.0, "peak_mb": 1000.0, "verify_per_s": 100_000, "coverage_50_s": 2.0}


def fill(folder: Path, entries: int) -> None:
    """A history: runs and releases of the example, as many entries of another system."""
    workspace = open_workspace(folder)
    clock = SystemClock()
    machine = Keyring(workspace.keys).machine()
    save_trust(
        workspace.trust, trust_machine(Trust(), machine.public_key, at=format_instant(clock.now()))
    )
    ledger = open_ledger(
        database=workspace.ledger, checkpoints=workspace.checkpoints, clock=clock,
        keys=workspace.keys,
    )  # fmt: skip
    blobs = BlobStore(workspace.blobs)
    actor = f"machine:{machine.key_id}"
    releases = entries // 100
    for first in range(0, entries, BATCH):
        drafts = []
        for number in range(first, min(first + BATCH, entries)):
            system = "claims-desk" if number % 10 else "another"
            candidate = f"sha256:{number // 100:064x}"
            kind, payload = "journal.noted", {"n": number, "note": "something that happened"}
            if number % 100 == 1 and number // 100 < releases:
                digest = blobs.put_json({"release": number // 100, "signed": True})
                kind = "release.signed"
                payload = {"attestations": [{"envelope": digest, "type": "gate"}]}
            drafts.append(
                Draft(system=system, kind=kind, subject=candidate, actor=actor, payload=payload)
            )
        ledger.append(*drafts)
    ledger.checkpoint()


def in_its_own_process(code: str, *arguments: str) -> dict[str, float]:
    """Run a measurement elsewhere; its JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


_HEAD = """
import json, resource, sys, time
def done(started, **more):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - started, "peak_mb": peak,
                      "cpu": time.process_time(), **more}))
"""
_DOSSIER = (
    _HEAD
    + """
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
started = time.perf_counter()
code = run(VERBS, ["dossier", sys.argv[1], "--out", sys.argv[2], "--json"])
done(started, code=code)
"""
)
_VERIFY = (
    _HEAD
    + """
from roadworthy_verify import verify_path
started = time.perf_counter()
report = verify_path(sys.argv[1], trust=sys.argv[2])
done(started, ok=report.ok, covered=report.details["checkpoint"]["size"])
"""
)
_COVERAGE = (
    _HEAD
    + """
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
started = time.perf_counter()
code = run(VERBS, ["obligations", *sys.argv[1:], "--json"])
done(started, code=code)
"""
)


def measure(entries: int, folder: Path) -> dict[str, float]:
    """All of it, once."""
    desk = folder / "desk"
    shutil.copytree(EXAMPLE, desk, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    fill(desk, entries)
    out = folder / "dossier.zip"
    made = in_its_own_process(_DOSSIER, str(desk), str(out))
    if made["code"]:
        raise SystemExit(f"the dossier ended with exit code {made['code']:.0f}")
    seen = in_its_own_process(_VERIFY, str(out), str(desk / ".roadworthy" / "trust.yaml"))
    covered = in_its_own_process(_COVERAGE, *([str(desk)] * SYSTEMS))
    return {
        "entries": entries,
        "dossier_s": made["seconds"],
        "dossier_cpu_s": made["cpu"],
        "peak_mb": made["peak_mb"],
        "size_mb": out.stat().st_size / 1e6,
        "verified": seen["ok"],
        "verify_per_s": seen["covered"] / seen["seconds"],
        "verify_cpu_s": seen["cpu"],
        "verify_peak_mb": seen["peak_mb"],
        "coverage_50_s": covered["seconds"],
        "coverage_50_cpu_s": covered["cpu"],
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.entries, Path(folder))
    if options.json:
        print(json.dumps({**found, "reach": REACH}, indent=2))
        return 0
    for name, value in found.items():
        reach = f"   (reach {REACH[name]:,.0f})" if name in REACH else ""
        print(f"{name:20} {value:>14,.2f}{reach}")
    print(f"whole benchmark {time.perf_counter() - started:.0f} s,"
          f" {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
