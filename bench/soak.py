"""The soak of issue size: 30 minutes at 1,000 requests/s with everything on; does anything grow?

`python bench/soak.py [--minutes 30] [--rate 1000] [--workers 1] [--every 5] [--json]`. nginx
answers with a fixed completion, `steady.py` asks at an even rate over 64 connections. On are rails,
journal before the answer, late rules, limits of eight tenants, objectives on the road, the control
process and its door. Read on the way, from /proc: memory of each process, resident (RSS), its part
of what is shared (PSS) and its own (private), open files, threads, processor time; and the disk.
At the end the journal is read: each answer that arrived must be in it exactly once. Everything lies
in a folder that is thrown away (--folder: under which): at 1,000/s some 3 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import gateway as rig

TENANTS = 8
CONNECTIONS = 64
SLOS = """\
slos:
- {name: latency_p99_5m, target: "<= 2 s", at: [gate, runtime]}
- {name: error_rate_5m, target: "<= 0.05", at: [gate, runtime]}
"""
REPLACED = "in May"
"""Of the question; instead each request has words of its own there."""

FIELDS = ("rss", "pss", "private")


def measure(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All of it; what came of it."""
    upstream_port, control_port = rig.free_port(), rig.free_port()
    loop, keys = _system(root, options.rate, upstream_port)
    upstream = rig._start_upstream(root, port=upstream_port)
    gateway, url = _start(root / "system", options.workers, control_port)
    meter = Meter(gateway.pid, loop.workspace.root)
    try:
        _idle(meter, options.before)
        idle = meter.newest()
        asked = _ask(root, url, keys, options, meter)
        busy = meter.newest()
        _idle(meter, options.after)
        after = meter.newest()
        control = _control(control_port)
    finally:
        gateway.send_signal(signal.SIGTERM)
        code = gateway.wait(90)
        upstream.terminate()
        upstream.wait(10)
    journal = counted(loop.workspace.journal, (root / "ids").read_bytes().split())
    return {
        "rate": options.rate,
        "minutes": options.minutes,
        "workers": options.workers,
        "asked": asked,
        "journal": journal,
        "control": control,
        "gateway_exit": code,
        "idle": idle,
        "end_of_load": busy,
        "idle_after": after,
        "growth": meter.growth(),
        "readings": meter.readings,
    }


def _system(root: Path, rate: float, upstream_port: int) -> tuple[Any, list[str]]:
    from doubles.live_system import a_key, write_live_system
    from roadworthy.serving import TenantLimits, limiting

    upstream = f"http://127.0.0.1:{upstream_port}/v1"
    changes = {"rails.yaml": rig.RAILS, "safety-slos.yaml": SLOS}
    loop = write_live_system(root / "system", upstream, changes)
    names = [f"tenant-{at}" for at in range(TENANTS)]
    keys = [a_key(loop, name) for name in names]
    most = max(60, int(rate * 60))  # each: eight times what comes
    with limiting(loop.workspace.tenants, loop.workspace.lock) as limited:
        for slot, name in enumerate(names):
            limited[name] = TenantLimits(slot=slot, requests_per_minute=most)
    return loop, keys


def _start(system: Path, workers: int, control_port: int) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "roadworthy", "serve", str(system), "--port", "0"]
    command += ["--workers", str(workers), "--control-port", str(control_port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+:\d+", line)
    if found is None:
        raise SystemExit(f"the gateway did not start: {line}")
    return process, found.group(0)


def _ask(
    root: Path, url: str, keys: list[str], options: argparse.Namespace, meter: Meter
) -> dict[str, Any]:
    host, _, port = url.removeprefix("http://").rpartition(":")
    spec = {
        "host": host, "port": int(port), "keys": keys, "model": "small",
        "messages": rig.MESSAGES, "replaced": REPLACED, "rate": options.rate,
        "seconds": options.minutes * 60, "connections": CONNECTIONS, "ids": str(root / "ids"),
    }  # fmt: skip
    (root / "spec.json").write_text(json.dumps(spec))
    steady = Path(__file__).with_name("steady.py")
    asking = subprocess.Popen(
        [sys.executable, str(steady), str(root / "spec.json")], stdout=subprocess.PIPE, text=True
    )
    meter.loaded_from = len(meter.readings)
    while True:
        try:
            said, _ = asking.communicate(timeout=options.every)
        except subprocess.TimeoutExpired:
            _say(meter.read())
            continue
        if asking.returncode:
            raise SystemExit("the asking process failed")
        meter.loaded_until = len(meter.readings)
        found: dict[str, Any] = json.loads(said)
        return found


def _idle(meter: Meter, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(min(2.0, seconds))
        meter.read()


class Meter:
    """Readings of a gateway's processes and its workspace."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._pid, self._folder = pid, folder
        self._began = time.monotonic()
        self.readings: list[dict[str, Any]] = []
        self.loaded_from = self.loaded_until = 0

    def newest(self) -> dict[str, Any]:
        """The reading before this."""
        return self.readings[-1]

    def read(self) -> dict[str, Any]:
        """One more."""
        processes = {}
        for pid in [self._pid, *rig._children(self._pid)]:
            try:
                processes[_name(pid)] = {"pid": pid, **read_process(pid)}
            except OSError:
                continue  # it ended meanwhile
        disk = disk_mb(self._folder)
        at = round(time.monotonic() - self._began, 1)
        self.readings.append({"at_s": at, "processes": processes, "disk_mb": disk})
        return self.readings[-1]

    def growth(self) -> list[dict[str, Any]]:
        """MB an hour of each process and kind of memory under load, and of the open files."""
        from roadworthy.flows.load.soaking import growth

        under = self.readings[self.loaded_from : self.loaded_until]
        names = dict.fromkeys(name for each in under for name in each["processes"])
        rows = []
        for name in names:
            seen = [(each["at_s"], each["processes"].get(name)) for each in under]
            known = [(at, each) for at, each in seen if each is not None]
            times = [at for at, _ in known]
            for field in FIELDS:
                found = growth(name, times, [each[f"{field}_mb"] for _, each in known])
                rows.append(
                    {
                        "process": name, "memory": field, "n": found.n,
                        "first_mb": found.first_mb, "last_mb": found.last_mb,
                        "mb_per_hour": found.mb_per_hour, "low": found.low, "high": found.high,
                        "reason": found.reason, "grows": found.grows,
                        "files": [known[0][1]["files"], known[-1][1]["files"]],
                        "restarts": len({each["pid"] for _, each in known}) - 1,
                    }
                )  # fmt: skip
        return rows


def read_process(pid: int) -> dict[str, Any]:
    """What the kernel tells of a process. Raises OSError."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    status = Path(f"/proc/{pid}/status").read_text()
    said = {name: int(kb) for name, kb in re.findall(r"^(\w+):\s+(\d+) kB", rollup, re.MULTILINE)}
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    threads = re.search(r"^Threads:\s+(\d+)", status, re.MULTILINE)
    return {
        "rss_mb": _mb(said["Rss"]),
        "pss_mb": _mb(said["Pss"]),
        "private_mb": _mb(said["Private_Clean"] + said["Private_Dirty"]),
        "files": sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
        "threads": int(threads.group(1)) if threads else 0,
        "cpu_s": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
    }


def _mb(kilobytes: int) -> float:
    return round(kilobytes / 1024, 2)


def _name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    module = next((word for word in words if word.startswith("roadworthy.gateway.")), "")
    if not module:
        return "supervisor"
    plan = next((word for word in words if word.startswith("{")), "{}")
    return str(json.loads(plan).get("worker", module))


def disk_mb(folder: Path) -> dict[str, float]:
    """MB on disk of each folder of a workspace."""
    from roadworthy.wiring.host import size_of

    parts = {each.name: size_of(each) for each in folder.iterdir() if each.is_dir()}
    parts["files"] = sum(each.stat().st_blocks * 512 for each in folder.iterdir() if each.is_file())
    return {name: round(size / 1_048_576, 2) for name, size in sorted(parts.items()) if size}


def _control(port: int) -> dict[str, Any]:
    """What the control process says of itself, once it saw all or half a minute went by."""
    import urllib.request

    said: dict[str, Any] = {}
    until, before = time.monotonic() + 30.0, -1
    while time.monotonic() < until and said.get("records") != before:
        before = said.get("records", -1)
        time.sleep(1.0)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            said = json.load(answer)
    return said


def counted(journal: Path, answered: list[bytes]) -> dict[str, Any]:
    """How often each answer that arrived is in the journal; `answered` by its observation's id."""
    from roadworthy.journal import read_journal

    closed: Counter[bytes] = Counter()
    kinds: Counter[str] = Counter()
    for record in read_journal(journal):
        kinds[record.kind] += 1
        if record.kind == "close" and record.observation is not None:
            closed[record.observation.id.encode()] += 1
    arrived = Counter(answered)
    return {
        "records": dict(kinds),
        "closed": len(closed),
        "answers_missing": sum(each not in closed for each in arrived),
        "answers_twice": sum(closed[each] > 1 for each in arrived),
        "ids_twice": len(answered) - len(arrived),
        "closed_and_not_arrived": sum(each not in arrived for each in closed),
    }


def _say(reading: dict[str, Any]) -> None:
    said = ", ".join(
        f"{name} {each['rss_mb']:.1f}/{each['private_mb']:.1f} ({each['files']} files)"
        for name, each in reading["processes"].items()
    )
    disk = sum(reading["disk_mb"].values())
    print(f"{reading['at_s']:7.0f} s: RSS/private MB: {said}; disk {disk:,.0f} MB", file=sys.stderr)


def show(found: dict[str, Any]) -> None:
    asked, journal, took = found["asked"], found["journal"], found["asked"]["latency_ms"]
    print(f"{asked['asked']:,} requests in {asked['seconds']:,.0f} s: {asked['answered']:,} "
          f"answered, {sum(asked['failed'].values())} failed {asked['failed'] or ''}, "
          f"{asked['lost']} lost, {asked['hung_up']:,} callers hung up")  # fmt: skip
    print("latency from when each was due, ms: "
          + ", ".join(f"{name} {ms:.2f}" for name, ms in took.items())
          + f"; sent at most {asked['sent_late_ms_most']:.0f} ms late")  # fmt: skip
    print(f"journal: {journal}")
    print(f"control process: {found['control']}")
    print(f"\n{'process':11}{'memory':>9}{'idle':>8}{'first':>8}{'last':>8}{'after':>8}   "
          "MB an hour (95 %)")  # fmt: skip
    for each in found["growth"]:
        slope = each["reason"]
        if each["mb_per_hour"] is not None:
            slope = f"{each['mb_per_hour']:+.2f} ({each['low']:+.2f} to {each['high']:+.2f})"
        at = {
            name: found[name]["processes"].get(each["process"], {}).get(f"{each['memory']}_mb")
            for name in ("idle", "idle_after")
        }
        print(f"{each['process']:11}{each['memory']:>9}{_said(at['idle'])}{each['first_mb']:8.1f}"
              f"{each['last_mb']:8.1f}{_said(at['idle_after'])}   {slope}"
              f"{'  GROWS' * each['grows']}")  # fmt: skip
    begin, end = found["readings"][0]["disk_mb"], found["idle_after"]["disk_mb"]
    for name, size in end.items():
        print(f"disk {name:12} {begin.get(name, 0.0):9.1f} MB -> {size:9.1f} MB")


def _said(mb: float | None) -> str:
    return f"{'-':>8}" if mb is None else f"{mb:8.1f}"


def stood(found: dict[str, Any]) -> bool:
    """Whether nothing was lost, nothing is missing and no process's own memory grows."""
    asked, journal = found["asked"], found["journal"]
    none = (
        asked["lost"], sum(asked["failed"].values()),
        journal["answers_missing"], journal["answers_twice"], journal["ids_twice"],
    )  # fmt: skip
    grown = [each for each in found["growth"] if each["memory"] == "private" and each["grows"]]
    again = any(each["restarts"] for each in found["growth"])
    return not any(none) and not grown and not again and not found["gateway_exit"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--before", type=float, default=10.0, help="idle seconds")
    parser.add_argument("--after", type=float, default=30.0, help="idle seconds")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found = measure(Path(folder), options)
    found["stood"] = stood(found)
    print(json.dumps(found, indent=1)) if options.json else show(found)
    return 0 if found["stood"] else 1


if __name__ == "__main__":
    sys.exit(main())
