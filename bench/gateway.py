"""`roadworthy serve` under load: one worker on one core, rails and journal on.

The method of the field notes: nginx answers with a fixed completion of 559 bytes, wrk asks with
a chat body of 1 KB over 1, 16 and 64 connections; nginx and wrk share core 0, every process of
ours is pinned to core 1. `python bench/gateway.py [--seconds 3] [--runs 3] [--json]`. With
`--ood after` or `--ood inline` the release names a reference: inputs are held against it once the
answer left, or by a rail before. `--peers` measures the gateways of others beside it, as many as
are installed, and says of the rest how they are had (`--only NAME …`: these; `--keep`: the table
that is shown without `--peers` is this one from now on).
Says so and ends with code 0 when wrk is not installed (`apt-get install wrk`).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

LEVELS = (1, 16, 64)
REACH = {16: 6_000, 64: 8_000}
"""Requests a second at so many connections, the control process on the same core."""
UPSTREAM_PORT = 9177

RAILS = """\
rails:
- {id: accounts, detector: pii, on: both, action: flag}
- {id: secrets, detector: secrets, on: output, action: block}
- {id: words, detector: deny, on: input, action: block, options: {words: [xyzzy, plugh]}}
"""

SCOPE = "- {id: scope, detector: ood, on: input, action: flag, budget_ms: 50}\n"

REPLY = {
    "id": "chatcmpl-000000000000000000000000",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "small",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Your letter has arrived. " * 9},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 210, "completion_tokens": 54, "total_tokens": 264},
}

MESSAGES = [
    {"role": "system", "content": "You answer letters of customers, politely and briefly. " * 3},
    {"role": "user", "content": "My parcel left two weeks ago and has not come. " * 6},
    {"role": "assistant", "content": "I am sorry to hear that. Which parcel is it? " * 3},
    {"role": "user", "content": "The one with the blue lamp that I ordered in May. " * 4},
]


def main() -> int:
    options = _options()
    if shutil.which("wrk") is None:
        print("skipped: wrk is not installed (apt-get install wrk)")
        return 0
    if options.keep and (options.only or not options.peers):
        print("--keep wants the whole table: --peers without --only", file=sys.stderr)
        return 1
    if options.peers:
        return _peers(options)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), seconds=options.seconds, runs=options.runs, ood=options.ood)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        _print(result)
    return 0


def _peers(options: argparse.Namespace) -> int:
    import side_by_side

    found = side_by_side.measure_all(
        options.only, seconds=options.seconds, runs=options.runs,
        say=lambda line: print(f"measuring {line}", file=sys.stderr),
    )  # fmt: skip
    if options.keep:
        side_by_side.keep(found)
    print(json.dumps(found, indent=2)) if options.json else side_by_side.show(found)
    return 0


def measure(root: Path, *, seconds: int, runs: int, ood: str = "") -> dict[str, Any]:
    """Start upstream and gateway, load them, stop them."""
    from doubles.live_system import a_key, write_live_system

    upstream_port = free_port()
    upstream_url = f"http://127.0.0.1:{upstream_port}/v1"
    changes = {"rails.yaml": RAILS + (SCOPE if ood == "inline" else "")}
    if ood:
        changes |= _reference(root / "fitted", upstream_url)
    loop = write_live_system(root / "system", upstream_url, changes)
    body = {"model": "small", "messages": MESSAGES}
    said = {"authorization": f"Bearer {a_key(loop)}"}
    script = write_script(root / "post.lua", said, body)
    upstream = _start_upstream(root, port=upstream_port)
    began = time.monotonic()
    gateway, url = _start_gateway(root / "system")
    try:
        started_s = time.monotonic() - began
        idle = _memory_mb(gateway.pid)
        target = f"{url}/v1/chat/completions"
        _wrk(script, target, connections=16, seconds=seconds)
        levels = {
            connections: level(script, target, connections, gateway.pid, seconds=seconds, runs=runs)
            for connections in LEVELS
        }
        return {
            "body_bytes": len(_compact(body)),
            "reply_bytes": len(json.dumps(REPLY)),
            "upstream": "nginx" if shutil.which("nginx") else "own mock",
            "started_s": round(started_s, 2),
            "memory_mb_idle": idle,
            "memory_mb_loaded": _memory_mb(gateway.pid),
            "levels": levels,
            "ood": ood,
            "reach": REACH,
            "reached": all(levels[at]["rps"] >= rate for at, rate in REACH.items()),
        }
    finally:
        gateway.send_signal(signal.SIGTERM)
        gateway.wait(60)
        upstream.terminate()
        upstream.wait(10)


def level(
    script: Path, url: str, connections: int, pid: int, *, seconds: int, runs: int
) -> dict[str, Any]:
    """Several runs at a number of connections: the one in the middle, all rates, and what it costs.

    `pid`: whose processor time, with that of its children.
    """
    before = _cpu_s(pid)
    rounds = [_wrk(script, url, connections, seconds) for _ in range(runs)]
    spent = _cpu_s(pid) - before
    asked = sum(each["requests"] for each in rounds)
    middle = sorted(rounds, key=lambda each: each["rps"])[len(rounds) // 2]
    return middle | {
        "rps_runs": [each["rps"] for each in rounds],
        "requests": asked,
        "errors": sum(each["errors"] for each in rounds),
        "cpu_us": round(spent / max(1, asked) * 1e6, 1),
    }


def write_script(path: Path, headers: Mapping[str, str], body: Mapping[str, object]) -> Path:
    """What tells wrk to ask: a POST with these headers and this body."""
    said = {"content-type": "application/json", **headers}
    lines = [f'wrk.headers["{name}"] = {_lua(value)}' for name, value in said.items()]
    told = ['wrk.method = "POST"', *lines, f"wrk.body = {_lua(_compact(body))}"]
    path.write_text("\n".join(told) + "\n")
    return path


def _lua(text: str) -> str:
    return f"[==[{text}]==]"


def _compact(body: Mapping[str, object]) -> str:
    return json.dumps(body, separators=(",", ":"))


def _reference(root: Path, upstream: str) -> dict[str, str]:
    """The files of a release that names a reference of 600 inputs."""
    from doubles.live_system import CHAT
    from doubles.systems import write_system
    from doubles.topics import texts_of
    from roadworthy.cli import VERBS
    from roadworthy.cli.dispatch import run

    toml = f'[upstreams.lab]\nurl = "{upstream}"\n'
    write_system(root, {**CHAT, "roadworthy.toml": toml})
    past = root / "past.jsonl"
    texts = [text for topic in range(6) for text in texts_of(topic, 100)]
    past.write_text("".join(json.dumps({"input": text, "output": text}) + "\n" for text in texts))
    if run(VERBS, ["ood", "fit", str(root), "--from", str(past)]):
        raise SystemExit("the reference could not be fitted")
    candidate = f"{CHAT['candidate.yaml']}ood: reference.json\n"
    return {"candidate.yaml": candidate, "reference.json": (root / "reference.json").read_text()}


def free_port() -> int:
    """One that nobody listens on: two measurements beside each other share no upstream."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_gateway(system: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "roadworthy", "serve", str(system), "--port", "0"]
    process = subprocess.Popen(_on_core(1, command), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+:\d+", line)
    if found is None:
        raise SystemExit(f"the gateway did not start: {line}")
    return process, found.group(0)


def _start_upstream(root: Path, *, port: int, core: int = 0) -> subprocess.Popen[bytes]:
    root.mkdir(exist_ok=True)
    reply = json.dumps(REPLY)
    if shutil.which("nginx") is None:
        mock = [sys.executable, str(ROOT / "tests/doubles/fake_upstream.py")]
        mock += [
            "--port",
            str(port),
            "--answer",
            REPLY["choices"][0]["message"]["content"],
        ]  # type: ignore[index]
        process = subprocess.Popen(_on_core(core, mock))
    else:
        conf = root / "nginx.conf"
        conf.write_text(
            f"daemon off; worker_processes 1; pid {root}/nginx.pid; error_log /dev/null;\n"
            "events { worker_connections 1024; }\n"
            "http { access_log off; keepalive_requests 100000000; default_type application/json;\n"
            f"server {{ listen 127.0.0.1:{port};\n"
            f"location / {{ return 200 '{reply}'; }} }} }}\n"
        )
        process = subprocess.Popen(
            _on_core(core, ["nginx", "-p", str(root), "-c", str(conf)]), stderr=subprocess.DEVNULL
        )
    time.sleep(0.5)
    return process


def _on_core(core: int, command: list[str]) -> list[str]:
    if shutil.which("taskset") is None or (os.cpu_count() or 1) < 2:
        return command
    return ["taskset", "-c", str(core), *command]


def _wrk(script: Path, url: str, connections: int, seconds: int) -> dict[str, Any]:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    text = subprocess.run(
        _on_core(0, [*command, "-s", str(script), url]), capture_output=True, text=True, check=True
    ).stdout
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    sockets = re.search(r"Socket errors: (.*)", text)
    return {
        "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),  # type: ignore[union-attr]
        "requests": int(re.search(r"(\d+) requests in", text).group(1)),  # type: ignore[union-attr]
        "p50_ms": _ms(text, "50%"),
        "p99_ms": _ms(text, "99%"),
        "errors": int(errors.group(1)) if errors else 0,
        "socket_errors": sockets.group(1) if sockets else "",
    }


def _ms(text: str, which: str) -> float:
    found = re.search(rf"{which}\s+([\d.]+)(us|ms|s)", text)
    assert found is not None, text
    return round(float(found.group(1)) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found.group(2)], 3)


def _memory_mb(pid: int) -> float:
    """Proportional set size of a process and its children, so that shared pages count once."""
    pids = [pid, *_children(pid)]
    total = 0
    for each in pids:
        text = Path(f"/proc/{each}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE).group(1))  # type: ignore[union-attr]
    return round(total / 1024, 1)


def _cpu_s(pid: int) -> float:
    """Processor time of a process and its children so far; steadier than requests a second."""
    ticks = 0
    for each in [pid, *_children(pid)]:
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    found = [int(child) for child in text.split()]
    return found + [below for child in found for below in _children(child)]


def _print(result: dict[str, Any]) -> None:
    print(f"{'':46}{'req/s at':>10}{'':>10}{'':>10}{'p50 ms':>9}{'p99 ms':>9}")
    print(f"{'':46}{'1':>10}{'16':>10}{'64':>10}{'at 1':>9}{'at 64':>9}")
    levels = result["levels"]
    ours = "roadworthy, rails and journal on"
    print(f"{ours:46}" + "".join(f"{levels[n]['rps']:>10,.0f}" for n in LEVELS)
          + f"{levels[1]['p50_ms']:>9.2f}{levels[64]['p99_ms']:>9.1f}")  # fmt: skip
    _print_kept()
    errors = sum(level["errors"] for level in levels.values())
    print(
        f"body {result['body_bytes']} bytes, reply {result['reply_bytes']} bytes by "
        f"{result['upstream']}; started in {result['started_s']} s; all processes "
        f"{result['memory_mb_idle']} MB idle, {result['memory_mb_loaded']} MB loaded (PSS); "
        f"{errors} errors"
    )
    p50s = ", ".join(f"{n}: {levels[n]['p50_ms']:.2f}/{levels[n]['p99_ms']:.1f}" for n in LEVELS)
    print(f"p50/p99 ms at {p50s}")
    cpu = ", ".join(f"{n}: {levels[n]['cpu_us']:.0f}" for n in LEVELS)
    print(f"processor time of all processes, us a request at {cpu}")
    for at, rate in REACH.items():
        verdict = "reached" if levels[at]["rps"] >= rate else "NOT reached"
        print(f"reach: {rate:,} requests/s at {at} connections: {verdict}")


def _print_kept() -> None:
    """Others, as they were measured last with `--peers --keep`."""
    from side_by_side import KEPT

    if not KEPT.exists():
        return
    kept = json.loads(KEPT.read_text())
    for row in kept["rows"]:
        if row["name"] == "roadworthy" or "levels" not in row:
            continue
        levels = row["levels"]
        name = f"{row['shown']} {row.get('version', '')}".strip()
        print(f"{name:46}" + "".join(f"{levels[str(n)]['rps']:>10,.0f}" for n in LEVELS)
              + f"{levels['1']['p50_ms']:>9.2f}{levels['64']['p99_ms']:>9.1f}")  # fmt: skip
    print(f"others: measured {kept['date']} on {kept['machine']}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ood", choices=("", "after", "inline"), default="")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
