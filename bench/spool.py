"""What the journal takes to keep one record, and what the disk alone takes for it.

So many callers at once close one exchange after the other (texts of a chat of 1 KB, sealed) and
wait until each is on disk, in one process, as a worker does; then the same bytes are written and
forced out by nobody but this program. `python bench/spool.py [--folder /dev/shm] [--records 8000]
[--json]`. In memory (`/dev/shm`) it is what our own code and the handover between threads take.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from roadworthy.domain import JournalSettings, Observation, Witness, format_instant
from roadworthy.journal import Spool, Vault, open_master_key
from roadworthy.wiring.clock import SystemClock, new_id

CALLERS = (1, 4, 16, 64)
RECORD_BYTES = 3_200
TEXTS = Witness(input="My parcel left two weeks ago. " * 30, output="It has arrived. " * 15)


async def kept(root: Path, callers: int, records: int) -> dict[str, float]:
    """Microseconds a record: of the processor, and by the clock of who waits for it."""
    clock, under_way, waited = SystemClock(), set[str](), list[float]()
    spool = Spool(
        root / "journal",
        worker="w1",
        vault=Vault(root / "journal" / "keys", open_master_key(root / "keys")),
        clock=clock,
        settings=JournalSettings(),
        in_flight=under_way.__len__,
    )
    spool.start()

    async def one() -> None:
        while len(waited) + len(under_way) < records:
            seen = Observation(
                id=new_id(), time=format_instant(clock.now()), system="desk",
                release="sha256:00", stage="live", tenant="acme",
            )  # fmt: skip
            under_way.add(seen.id)
            began = time.perf_counter()
            await spool.close(seen, TEXTS)
            waited.append(time.perf_counter() - began)
            under_way.discard(seen.id)

    busy = time.process_time()
    await asyncio.gather(*(one() for _ in range(callers)))
    busy = time.process_time() - busy
    await spool.aclose()
    return {"cpu_us": round(busy / len(waited) * 1e6, 1), **_spread(waited)}


def disk_alone(root: Path, times: int) -> dict[str, float]:
    """Microseconds to write one record's bytes at the end of a file and force them out."""
    handle, data = os.open(root / "alone", os.O_WRONLY | os.O_CREAT, 0o600), bytes(RECORD_BYTES)
    waited: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        os.write(handle, data)
        os.fdatasync(handle)
        waited.append(time.perf_counter() - began)
    os.close(handle)
    return _spread(waited)


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {f"p{at}_us": round(ordered[len(ordered) * at // 100] * 1e6, 1) for at in (50, 90, 99)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default="/dev/shm")
    parser.add_argument("--records", type=int, default=8_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sys.setswitchinterval(0.001)  # as a worker has it
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    found: dict[str, dict[str, float]] = {}
    for callers in CALLERS:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            found[str(callers)] = uvloop.run(kept(Path(folder), callers, options.records))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found["disk alone"] = disk_alone(Path(folder), min(options.records, 1_000))
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    for name, values in found.items():
        shown = ", ".join(f"{key} {value:,.0f}" for key, value in values.items())
        print(f"{name if name == 'disk alone' else f'{name} at once':>12}: {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
