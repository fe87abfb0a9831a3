"""The ledger's two promises: appending in batches of 100, and verifying all of it.

Appends with `synchronous=FULL`, without a checkpoint a batch; then signs one checkpoint and
verifies the file with `roadworthy_verify`, as an auditor would, in a process of its own so that
its peak memory is its own. CPU time is given beside wall time: on a machine that others use it says
what the ledger itself costs. `python bench/ledger.py [--entries N] [--json]`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from roadworthy.domain import Draft, Trust, format_instant
from roadworthy.ledger import Keyring, open_ledger, trust_machine
from roadworthy.wiring.clock import SystemClock

BATCH = 100
REACH = {"append_per_s": 50_000, "verify_s_per_million": 6.0}

_VERIFY = """
import json, resource, sys, time
from roadworthy_verify import verify_ledger
started = time.perf_counter()
report = verify_ledger(sys.argv[1], json.loads(sys.argv[2]))
seconds = time.perf_counter() - started
cpu = time.process_time()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"ok": report.ok, "entries": report.details["entries"],
                  "seconds": seconds, "cpu": cpu, "peak_mb": peak}))
"""


def a_draft(number: int, actor: str) -> Draft:
    return Draft(
        system="claims-desk",
        kind="run.completed",
        subject=f"sha256:{number:064x}",
        actor=actor,
        payload={
            "run": f"run-{number:08d}",
            "n": number,
            "verdict": "PASS",
            "estimate": "0.9731",
            "suites": ["quick", "golden"],
        },
    )


def measure(entries: int, folder: Path) -> dict[str, float | int | bool]:
    clock = SystemClock()
    machine = Keyring(folder / "keys").machine()
    trust = trust_machine(Trust(), machine.public_key, at=format_instant(clock.now()))
    ledger = open_ledger(
        database=folder / "ledger.db",
        checkpoints=folder / "checkpoints.jsonl",
        clock=clock,
        keys=folder / "keys",
    )
    actor = f"machine:{machine.key_id}"
    batches = entries // BATCH
    appending = cpu = 0.0
    for batch in range(batches):
        drafts = [a_draft(batch * BATCH + number, actor) for number in range(BATCH)]
        started, busy = time.perf_counter(), time.process_time()
        ledger.append(*drafts)
        appending += time.perf_counter() - started
        cpu += time.process_time() - busy
    started = time.perf_counter()
    ledger.checkpoint()
    checkpoint_ms = (time.perf_counter() - started) * 1000
    started = time.perf_counter()
    ledger.prove(max(1, entries // 3))
    proof_ms = (time.perf_counter() - started) * 1000
    keys = {"keys": [{"key_id": machine.key_id, "name": "machine", "kind": "machine",
                      "public_key": machine.public_key_base64,
                      "valid_from": trust.keys[0].valid_from}]}  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", _VERIFY, str(folder / "ledger.db"), json.dumps(keys)],
        check=True,
        capture_output=True,
    )
    verified = json.loads(ran.stdout)
    return {
        "entries": batches * BATCH,
        "batch": BATCH,
        "append_s": round(appending, 3),
        "append_cpu_us": round(cpu / (batches * BATCH) * 1e6, 2),
        "append_per_s": round(batches * BATCH / appending),
        "append_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "checkpoint_ms": round(checkpoint_ms, 3),
        "proof_ms": round(proof_ms, 3),
        "verified": verified["ok"] and verified["entries"] == batches * BATCH,
        "verify_s": round(verified["seconds"], 3),
        "verify_cpu_s": round(verified["cpu"], 3),
        "verify_s_per_million": round(verified["seconds"] / (batches * BATCH) * 1e6, 3),
        "verify_peak_mb": round(verified["peak_mb"], 1),
        "file_mb": round((folder / "ledger.db").stat().st_size / 1e6, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folder", type=Path, default=None, help="where to make the ledger")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found = measure(max(BATCH, options.entries), Path(folder))
    if options.json:
        print(json.dumps({**found, "reach": REACH}))
    else:
        print(f"{'':24}{'measured':>14}{'reach':>12}")
        for name, value in found.items():
            print(f"{name:24}{value!s:>14}{REACH.get(name, ''):>12}")
    return 0 if found["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
