"""How fast sealed segments of the journal are held against the ledger's roots, as an auditor does.

Writes one segment of records of a plain answer's size, works out its seal as the control process
does, then checks it with `roadworthy_verify`. `python bench/journal.py [--mb N] [--json]`.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from roadworthy.domain import Observation, format_instant
from roadworthy.journal import Record, Sealed, seal_segment
from roadworthy.journal.record import encode
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy_verify.journal import MAGIC, Sealing, check_journal

REACH = {"mb_per_s": 100}


def a_frame(text_bytes: int, at: str) -> bytes:
    observation = Observation(
        id=new_id(), time=at, system="claims-desk", release="sha256:0", stage="live", tenant="acme"
    )
    sealed = Sealed(key="k", nonce=1, data=bytes(text_bytes))
    return encode(Record(kind="close", at=at, observation=observation, sealed=sealed))


def measure(megabytes: int, text_bytes: int, folder: Path) -> dict[str, float | int | bool]:
    at = format_instant(SystemClock().now())
    frame = a_frame(text_bytes, at)
    path = folder / "s1.rwj"
    with path.open("wb") as file:
        file.write(MAGIC)
        for _ in range(megabytes * 1_000_000 // len(frame)):
            file.write(frame)
        file.write(encode(Record(kind="end", at=at, segment="s1")))
    seal = seal_segment(path)
    assert seal is not None, "it has ended"
    sealing = Sealing(1, "s1", msgspec.to_builtins(seal))
    started, busy = time.perf_counter(), time.process_time()
    found = check_journal(folder, [sealing])
    seconds, cpu = time.perf_counter() - started, time.process_time() - busy
    return {
        "record_bytes": len(frame),
        "records": found.records,
        "verified": not found.faults,
        "mb_per_s": round(found.size_bytes / 1e6 / seconds, 1),
        "cpu_us_per_record": round(cpu / found.records * 1e6, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=200)
    parser.add_argument("--text-bytes", type=int, default=1000, help="of a sealed text")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.mb, options.text_bytes, Path(folder))
    print(json.dumps({**found, "reach": REACH}) if options.json else found)
    return 0 if found["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
