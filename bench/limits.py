"""What a limited tenant costs a request: counted in the file of one machine, and in a real Redis.

Callers ask one worker for leave, and say afterwards what the answer took (tokens and money). `CPU`
is the worker's own, of admitting and charging together; the other columns are what one waits
for leave. Redis runs on this machine: over a network its round trip comes on top, once for all who
ask meanwhile. `python bench/limits.py [--requests 4000] [--json]`; needs redis-server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from roadworthy.providers import Secret
from roadworthy.serving import (
    CountKeys,
    Quota,
    RedisLink,
    SharedBooks,
    SharedCounts,
    TenantLimits,
    machine_of,
)

LIMITS = TenantLimits(
    tenant="acme",
    slot=0,
    requests_per_minute=10_000_000,
    tokens_per_minute=10_000_000_000,
    budget="1000000",
    currency="EUR",
)
AT_ONCE = (1, 16, 64)
Admit = Callable[[float], Awaitable[None] | None]
Charge = Callable[[float], object]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def measure(admit: Admit, charge: Charge, *, requests: int, at_once: int) -> dict[str, float]:
    waits: list[float] = []

    async def caller(times: int) -> None:
        for _ in range(times):
            began = time.perf_counter()
            waiting = admit(time.time())
            if waiting is not None:
                await waiting
            waits.append(time.perf_counter() - began)
            charge(time.time())
            await asyncio.sleep(0)

    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller(requests // at_once) for _ in range(at_once)))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    n = len(waits)
    return {
        "at_once": at_once,
        "n": n,
        "cpu_us": cpu / n * 1e6,
        "p50_us": statistics.median(waits) * 1e6,
        "p99_us": sorted(waits)[int(n * 0.99)] * 1e6,
        "a_second": n / took,
    }


def in_file(folder: Path) -> tuple[Admit, Charge]:
    quota = Quota(folder / "quota.bin")
    quota.create()
    return (
        lambda now: quota.admit(LIMITS, now),
        lambda now: quota.charge(LIMITS, now, tokens=500, cost="0.0001"),
    )


async def rows(folder: Path, port: int, requests: int) -> dict[str, list[dict[str, float]]]:
    admit, charge = in_file(folder)
    found = {
        "file": [await measure(admit, charge, requests=requests, at_once=each) for each in AT_ONCE]
    }
    if not port:
        return found
    link = RedisLink(url=f"redis://127.0.0.1:{port}/0", secret=Secret(""), timeout_s=5.0)
    books = SharedBooks(link, "bench", folder)
    books.create()
    books.open()
    counts = SharedCounts(
        link,
        CountKeys("bench", machine_of(folder)),
        writer="w1",
        incarnation="run",
        said=lambda tenant, said: None,
    )
    await counts.admit(LIMITS, time.time())
    found["redis"] = [
        await measure(
            lambda now: counts.admit(LIMITS, now),
            lambda now: counts.charge(LIMITS, now, tokens=500, cost="0.0001"),
            requests=requests,
            at_once=each,
        )
        for each in AT_ONCE
    ]
    await counts.aclose()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    server, port = None, 0
    with tempfile.TemporaryDirectory() as folder:
        if shutil.which("redis-server"):
            port = free_port()
            server = subprocess.Popen(
                ["redis-server", "--port", str(port), "--save", "", "--dir", folder],
                stdout=subprocess.PIPE,
            )
            assert server.stdout is not None
            for line in server.stdout:
                if b"Ready to accept connections" in line:
                    break
        try:
            found = uvloop.run(rows(Path(folder), port, chosen.requests))
        finally:
            if server is not None:
                server.kill()
                server.wait()
    if chosen.json:
        print(json.dumps(found))
        return
    print("| counted in | at once | n | CPU us | leave p50 us | p99 us | a second |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for where, lines in found.items():
        for row in lines:
            figures = [row["cpu_us"], row["p50_us"], row["p99_us"], row["a_second"]]
            shown = " | ".join(f"{each:,.0f}" for each in figures)
            print(f"| {where} | {row['at_once']} | {row['n']} | {shown} |")
    if not port:
        print("redis: skipped, redis-server is missing: apt-get install -y redis-server")


if __name__ == "__main__":
    main()
