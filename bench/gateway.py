"""`roadworthy serve` under load: one worker on one core, rails and journal on.

The method of the field notes: nginx answers with a fixed completion of 559 bytes, wrk asks with
a chat body of 1 KB over 1, 16 and 64 connections; nginx and wrk share core 0, every process of
ours is pinned to core 1. `python bench/gateway.py [--seconds 3] [--runs 3] [--json]`. With
`--ood after` or `--ood inline` the release names a reference: inputs are held against it once the
answer left, or by a rail before.
Says so and ends with code 0 when wrk is not installed (`apt-get install wrk`).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

LEVELS = (1, 16, 64)
REACH = {"rps_64": 3_000}
UPSTREAM_PORT = 9177

PEERS = (
    ("MLflow gateway, its rails and log off", 1_318, 1_446, 1_064, 0.74, 192.0),
    ("Portkey, its rails and log off", 723, 1_069, 997, 1.01, 715.0),
    ("LiteLLM tuned, its rails and log off", 135, 135, 112, 7.50, 1_539.0),
)
"""Measured 2026-11-21 on a machine of this kind: requests/s at 1, 16, 64; p50 at 1, p99 at 64."""

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
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), seconds=options.seconds, runs=options.runs, ood=options.ood)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        _print(result)
    return 0


def measure(root: Path, *, seconds: int, runs: int, ood: str = "") -> dict[str, Any]:
    """Start upstream and gateway, load them, stop them."""
    from doubles.live_system import a_key, write_live_system

    upstream_url = f"http://127.0.0.1:{UPSTREAM_PORT}/v1"
    changes = {"rails.yaml": RAILS + (SCOPE if ood == "inline" else "")}
    if ood:
        changes |= _reference(root / "fitted", upstream_url)
    loop = write_live_system(root / "system", upstream_url, changes)
    script = root / "post.lua"
    body = json.dumps({"model": "small", "messages": MESSAGES}, separators=(",", ":"))
    script.write_text(
        'wrk.method = "POST"\n'
        'wrk.headers["content-type"] = "application/json"\n'
        f'wrk.headers["authorization"] = "Bearer {a_key(loop)}"\n'
        f"wrk.body = [==[{body}]==]\n"
    )
    upstream = _start_upstream(root)
    began = time.monotonic()
    gateway, url = _start_gateway(root / "system")
    try:
        started_s = time.monotonic() - began
        idle = _memory_mb(gateway.pid)
        target = f"{url}/v1/chat/completions"
        _wrk(script, target, connections=16, seconds=seconds)
        levels = {}
        for connections in LEVELS:
            before = _cpu_s(gateway.pid)
            rounds = [_wrk(script, target, connections, seconds) for _ in range(runs)]
            spent = _cpu_s(gateway.pid) - before
            levels[connections] = sorted(rounds, key=lambda r: r["rps"])[len(rounds) // 2]
            asked = sum(each["requests"] for each in rounds)
            levels[connections]["cpu_us"] = round(spent / asked * 1e6, 1)
        return {
            "body_bytes": len(body),
            "reply_bytes": len(json.dumps(REPLY)),
            "upstream": "nginx" if shutil.which("nginx") else "own mock",
            "started_s": round(started_s, 2),
            "memory_mb_idle": idle,
            "memory_mb_loaded": _memory_mb(gateway.pid),
            "levels": levels,
            "ood": ood,
            "reach": REACH,
            "reached": levels[64]["rps"] >= REACH["rps_64"],
        }
    finally:
        gateway.send_signal(signal.SIGTERM)
        gateway.wait(60)
        upstream.terminate()
        upstream.wait(10)


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


def _start_gateway(system: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "roadworthy", "serve", str(system), "--port", "0"]
    process = subprocess.Popen(_on_core(1, command), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+:\d+", line)
    if found is None:
        raise SystemExit(f"the gateway did not start: {line}")
    return process, found.group(0)


def _start_upstream(root: Path) -> subprocess.Popen[bytes]:
    reply = json.dumps(REPLY)
    if shutil.which("nginx") is None:
        mock = [sys.executable, str(ROOT / "tests/doubles/fake_upstream.py")]
        mock += [
            "--port",
            str(UPSTREAM_PORT),
            "--answer",
            REPLY["choices"][0]["message"]["content"],
        ]  # type: ignore[index]
        process = subprocess.Popen(_on_core(0, mock))
    else:
        conf = root / "nginx.conf"
        conf.write_text(
            f"daemon off; worker_processes 1; pid {root}/nginx.pid; error_log /dev/null;\n"
            "events { worker_connections 1024; }\n"
            "http { access_log off; keepalive_requests 100000000; default_type application/json;\n"
            f"server {{ listen 127.0.0.1:{UPSTREAM_PORT};\n"
            f"location / {{ return 200 '{reply}'; }} }} }}\n"
        )
        process = subprocess.Popen(
            _on_core(0, ["nginx", "-p", str(root), "-c", str(conf)]), stderr=subprocess.DEVNULL
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
    for name, one, sixteen, many, p50, p99 in PEERS:
        print(f"{name:46}{one:>10,}{sixteen:>10,}{many:>10,}{p50:>9.2f}{p99:>9.1f}")
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
    verdict = "reached" if result["reached"] else "NOT reached"
    print(f"reach: {REACH['rps_64']:,} requests/s at 64 connections: {verdict}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ood", choices=("", "after", "inline"), default="")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
