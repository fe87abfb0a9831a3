"""Ours and the gateways of others, one after the other: same upstream, same load, one pinned core.

Enters: which are to be measured. Leaves: requests/s at each number of connections with their
spread, latency and what of it a gateway adds, memory, versions; what is missing and how it is had.
What never happens here: a row of a gateway whose answer was not looked at, or whose rails let pass
what they shall refuse.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gateway as rig
from peers import NUMBER, Peer, Place, environment_of, peers

KEPT = Path(__file__).with_name("side_by_side.json")
"""What was measured last with --keep, with date, machine and versions."""

PAGE = rig.ROOT / "docs" / "reference" / "speed-and-memory.md"
BEGIN, END = "<!-- gateways: begin -->", "<!-- gateways: end -->"
"""Between them the page has the table of what was measured last."""

WARM_CONNECTIONS = 16


def measure_all(
    names: list[str], *, seconds: int, runs: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Every gateway of `names` (none: all that are there), and ours."""
    upstream_port = rig.free_port()
    upstream = f"http://127.0.0.1:{upstream_port}/v1"
    wanted = [peer for peer in peers(upstream) if not names or peer.name in names]
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if not names or "direct" in names:
            say("direct: wrk to the upstream on the other core")
            rows.append(_direct(root, seconds=seconds, runs=runs))
        if not names or "roadworthy" in names:
            say("roadworthy")
            ours = rig.measure(root / "ours", seconds=seconds, runs=runs)
            rows.append({"name": "roadworthy", "shown": "roadworthy, rails and journal on", **ours})
        for peer in wanted:
            say(peer.name)
            place = Place(folder=root / peer.name, upstream=upstream, port=rig.free_port())
            serving = rig._start_upstream(place.folder, port=upstream_port)
            try:
                rows.append(_row(peer, place, seconds=seconds, runs=runs))
            finally:
                serving.terminate()
                serving.wait(10)
    _add_added(rows)
    return {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"),
        "machine": _machine(),
        "method": f"wrk -t1, {runs} runs of {seconds} s after {seconds} s at "
        f"{WARM_CONNECTIONS} connections; gateway on core 1, wrk and upstream on core 0",
        "load_1m_before": round(os.getloadavg()[0], 2),
        "rows": rows,
    }


def _direct(root: Path, *, seconds: int, runs: int) -> dict[str, Any]:
    """The upstream where the gateways are: what a hop to the other core costs."""
    port = rig.free_port()
    upstream = rig._start_upstream(root, port=port, core=1)
    try:
        script = _script(root / "direct.lua", {}, {"model": "mock"})
        target = f"http://127.0.0.1:{port}/v1/chat/completions"
        levels = _levels(script, target, upstream.pid, seconds=seconds, runs=runs)
        return {"name": "direct", "shown": "no gateway: nginx with the answer", "levels": levels}
    finally:
        upstream.terminate()
        upstream.wait(10)


def _row(peer: Peer, place: Place, *, seconds: int, runs: int) -> dict[str, Any]:
    said = {"name": peer.name, "shown": peer.shown}
    if peer.program() is None:
        return said | {"missing": "not installed", "get": peer.get}
    root, url = place.folder, f"http://127.0.0.1:{place.port}{peer.path}"
    log = (root / "log").open("wb")
    command = rig._on_core(1, peer.command(place))
    began = time.monotonic()
    process = subprocess.Popen(
        command, env=environment_of(peer), cwd=root, stdout=log, stderr=log, process_group=0
    )
    try:
        why = _wait(peer, url, process)
        if why:
            tail = (root / "log").read_bytes().decode(errors="replace")[-600:]
            return said | {"missing": f"{why}: {tail}", "get": peer.get}
        started = time.monotonic() - began
        idle = rig._memory_mb(process.pid)
        script = _script(root / "post.lua", dict(peer.headers), dict(peer.body))
        levels = _levels(script, url, process.pid, seconds=seconds, runs=runs)
        return said | {
            "version": peer.version(),
            "rails": peer.rails,
            "started_s": round(started, 2),
            "memory_mb_idle": idle,
            "memory_mb_loaded": rig._memory_mb(process.pid),
            "levels": levels,
        }
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # the group is its own: whatever it started too
        process.wait(30)
        log.close()


def _levels(
    script: Path, target: str, pid: int, *, seconds: int, runs: int
) -> dict[str, dict[str, Any]]:
    rig._wrk(script, target, WARM_CONNECTIONS, seconds)
    return {
        str(connections): rig.level(script, target, connections, pid, seconds=seconds, runs=runs)
        for connections in rig.LEVELS
    }


def _wait(peer: Peer, url: str, process: subprocess.Popen[bytes]) -> str:
    """Until it answers as it should; why it never did, or nothing."""
    until, why = time.monotonic() + peer.started_s, "it never answered"
    while time.monotonic() < until:
        if process.poll() is not None:
            return f"it ended with code {process.returncode}"
        status, text = _asked(peer, url, rig.MESSAGES)
        if status == 200 and "Your letter has arrived." in text:
            return _unguarded(peer, url)
        why = f"it answered {status} {text[:300]}" if status else why
        time.sleep(0.02)
    return why


def _unguarded(peer: Peer, url: str) -> str:
    """Why its rails are not what they are shown as; nothing where they are, or are off."""
    if not peer.rails:
        return ""
    status, text = _asked(peer, url, [*rig.MESSAGES[:-1], {"role": "user", "content": NUMBER}])
    passed = status == 200 and "Your letter has arrived." in text
    return "its rails let pass what they shall refuse" if passed else ""


def _asked(peer: Peer, url: str, messages: object) -> tuple[int, str]:
    request = urllib.request.Request(
        url,
        data=json.dumps({**peer.body, "messages": messages}).encode(),
        headers={"content-type": "application/json", **peer.headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError:
        return 0, ""


def _script(path: Path, headers: dict[str, str], body: dict[str, object]) -> Path:
    return rig.write_script(path, headers, {**body, "messages": rig.MESSAGES})


def _add_added(rows: list[dict[str, Any]]) -> None:
    """What each adds to a request alone, against the hop to the other core."""
    direct = next((row for row in rows if row["name"] == "direct"), None)
    for row in rows:
        if direct is None or row is direct or "levels" not in row:
            continue
        for part in ("p50_ms", "p99_ms"):
            alone = _level(row, 1)[part] - _level(direct, 1)[part]
            row[f"added_{part}"] = round(alone, 3)


def _level(row: dict[str, Any], connections: int) -> dict[str, Any]:
    levels = row["levels"]
    found: dict[str, Any] = levels.get(connections) or levels[str(connections)]
    return found


def show(found: dict[str, Any]) -> None:
    """The table, for people."""
    print(f"measured {found['date']} on {found['machine']}; {found['method']}\n")
    print(f"{'':49}{'requests/s, median of runs (lowest to highest) at':^90}{'added ms at 1':>16}"
          f"{'p50/p99 ms at 64':>19}{'MB idle/loaded':>17}")  # fmt: skip
    print(f"{'':49}{'1':>30}{'16':>30}{'64':>30}{'p50/p99':>16}")
    for row in found["rows"]:
        name = f"{row['shown']} {row.get('version', '')}".strip()
        if "levels" not in row:
            print(f"{name:49}  {row['missing'].splitlines()[0]}. To get it: {row['get']}")
            continue
        rates = "".join(f"{_spread(_level(row, n)):>30}" for n in rig.LEVELS)
        print(f"{name:49}{rates}{_added(row):>16}{_at_most(row):>19}{_megabytes(row):>17}")
        wrong = sum(_level(row, n)["errors"] for n in rig.LEVELS)
        if wrong:
            print(f"{'':49}  {wrong:,} answers were none with status 2xx or 3xx")


def keep(found: dict[str, Any]) -> None:
    """Let this be what is shown from now on, here and in the documentation."""
    KEPT.write_text(json.dumps(found, indent=1) + "\n")
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}")


def table(found: dict[str, Any]) -> str:
    """The same as Markdown."""
    lines = [
        f"{found['date']}, {found['machine']}; {found['method']}.",
        "",
        "| gateway | requests/s at 1 | at 16 | at 64 | added at 1, p50 / p99 ms "
        "| at 64, p50 / p99 ms | MB idle / loaded |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in found["rows"]:
        name = f"{row['shown']} {row.get('version', '')}".strip()
        if "levels" not in row:
            lines.append(f"| {name} | {row['missing'].splitlines()[0]} | | | | | |")
            continue
        rates = " | ".join(_spread(_level(row, n)) for n in rig.LEVELS)
        lines.append(f"| {name} | {rates} | {_added(row)} | {_at_most(row)} | {_megabytes(row)} |")
    return "\n".join(lines)


def _added(row: dict[str, Any]) -> str:
    if "added_p50_ms" not in row or not _level(row, 1)["rps"]:
        return "-"
    p99 = f"{row['added_p99_ms']:.2f}" if "added_p99_ms" in row else "-"
    return f"{row['added_p50_ms']:.2f} / {p99}"


def _at_most(row: dict[str, Any]) -> str:
    most = _level(row, 64)
    return f"{most['p50_ms']:.1f} / {most['p99_ms']:.1f}" if most["rps"] else "none came"


def _megabytes(row: dict[str, Any]) -> str:
    if "memory_mb_idle" not in row:
        return "-"
    return f"{row['memory_mb_idle']:.0f} / {row['memory_mb_loaded']:.0f}"


def _spread(level: dict[str, Any]) -> str:
    low, high = min(level["rps_runs"]), max(level["rps_runs"])
    return f"{level['rps']:,.0f} ({low:,.0f} to {high:,.0f})"


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    linux, python = platform.release().split("-")[0], platform.python_version()
    return f"{os.cpu_count()} x {model}, Linux {linux}, Python {python}"
