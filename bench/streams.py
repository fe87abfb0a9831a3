"""Streams through `roadworthy serve`: one worker on one core, rails and journal on.

nginx answers with 65 chunks of server-sent events, each flushed by itself, at once or one every
5 ms (`libnginx-mod-http-echo`); wrk reads to the end over 1 and 16 connections, after one stream
was read here and looked at. wrk and nginx share core 0, every process of ours is pinned to core 1.
What is counted are the upstream's chunks: rails hold some back, so that a caller gets fewer and
larger ones. `python bench/streams.py [--seconds 3] [--runs 5] [--json]`.
Says so and ends with code 0 when wrk, nginx or its module is not installed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gateway as rig

LEVELS = (1, 16)
CHUNKS = 65
PACE_S = 0.005
REACH_CHUNKS = 40_000
MODULES = Path("/usr/lib/nginx/modules")
ECHO = MODULES / "ngx_http_echo_module.so"

SAID = (
    "Your letter of last week has arrived . We looked at the blue lamp and found that its parcel "
    "left on Monday ; it should be with you soon . If it is not , please write again , and another "
    "one goes out at once , at our own cost of course . Thank you for your patience with us . "
)
WORDS = SAID.split()

BODY = {"model": "small", "messages": rig.MESSAGES, "stream": True}
FIRST_WORDS = 20


def main() -> int:
    options = _options()
    if not (shutil.which("wrk") and shutil.which("nginx") and ECHO.exists()):
        print("skipped: apt-get install wrk nginx libnginx-mod-http-echo")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), seconds=options.seconds, runs=options.runs)
    print(json.dumps(found, indent=2)) if options.json else _print(found)
    return 0


def measure(root: Path, *, seconds: int, runs: int) -> dict[str, Any]:
    """Start upstream and gateway, read streams, stop them."""
    from doubles.live_system import a_key, write_live_system

    port = rig.free_port()
    upstream = _start_upstream(root / "nginx", port)
    loops = {
        name: write_live_system(
            root / name, f"http://127.0.0.1:{port}/{name}/v1", {"rails.yaml": rig.RAILS}
        )
        for name in ("fast", "paced")
    }
    found: dict[str, Any] = {"chunks_a_stream": CHUNKS, "reach": REACH_CHUNKS}
    direct = f"http://127.0.0.1:{port}/paced/v1/chat/completions"
    try:
        for name, loop in loops.items():
            gateway, url = rig._start_gateway(root / name)
            key, target = a_key(loop), f"{url}/v1/chat/completions"
            try:
                found[f"first_ms_{name}"] = _first_ms(target, key)
                if name == "fast":
                    found["levels"] = _levels(root, target, key, gateway.pid, seconds, runs)
            finally:
                gateway.terminate()
                gateway.wait(60)
        found["first_ms_direct"] = _first_ms(direct, "")
    finally:
        upstream.terminate()
        upstream.wait(10)
    return found


def _levels(
    root: Path, target: str, key: str, pid: int, seconds: int, runs: int
) -> dict[int, dict[str, Any]]:
    script = rig.write_script(root / "post.lua", {"authorization": f"Bearer {key}"}, BODY)
    rig._wrk(script, target, connections=LEVELS[-1], seconds=1)
    found = {}
    for connections in LEVELS:
        level = rig.level(script, target, connections, pid, seconds=seconds, runs=runs)
        rates = sorted(round(each * CHUNKS) for each in level["rps_runs"])
        found[connections] = {
            "chunks_per_s": rates[len(rates) // 2],
            "chunks_per_s_runs": rates,
            "cpu_us_a_chunk": round(level["cpu_us"] / CHUNKS, 2),
            "streams": level["requests"],
            "errors": level["errors"],
        }
    return found


def _first_ms(url: str, key: str) -> float:
    """Until the first word of a stream, the median of some. Raises SystemExit without an answer."""
    parts = urlsplit(url)
    took = []
    for _ in range(FIRST_WORDS):
        line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        begun = time.perf_counter()
        line.request("POST", parts.path, json.dumps(BODY), headers)
        answer = line.getresponse()
        first, text = 0.0, b""
        while said := answer.readline():
            text += said
            if not first and b'"content"' in said and b'"content":""' not in said:
                first = time.perf_counter() - begun
        line.close()
        if answer.status != 200 or not first or b"data: [DONE]" not in text:
            raise SystemExit(f"no whole stream came from {url}: {answer.status} {text[-300:]!r}")
        took.append(first)
    return round(statistics.median(took) * 1000, 3)


def _start_upstream(root: Path, port: int) -> subprocess.Popen[bytes]:
    root.mkdir()
    places = "\n".join(
        f"location /{name}/ {{ default_type text/event-stream;\n{_events(pace)}\n}}"
        for name, pace in (("fast", 0.0), ("paced", PACE_S))
    )
    conf = root / "nginx.conf"
    conf.write_text(
        f"load_module {ECHO};\n"
        f"daemon off; worker_processes 1; pid {root}/nginx.pid; error_log /dev/null;\n"
        "events { worker_connections 1024; }\n"
        "http { access_log off; keepalive_requests 100000000; tcp_nodelay on;\n"
        f"server {{ listen 127.0.0.1:{port};\n{places}\n}} }}\n"
    )
    command = ["nginx", "-p", str(root), "-c", str(conf)]
    process = subprocess.Popen(rig._on_core(0, command), stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    return process


def _events(pace_s: float) -> str:
    """The upstream's answer in the words of nginx' module."""
    said = []
    for number in range(CHUNKS):
        last = number == CHUNKS - 1
        delta = {} if last else {"content": WORDS[number % len(WORDS)] + " "}
        choice = {"index": 0, "delta": delta, "finish_reason": "stop" if last else None}
        event = {
            "id": "chatcmpl-000000000000000000000000", "object": "chat.completion.chunk",
            "created": 1_700_000_000, "model": "small", "choices": [choice],
        }  # fmt: skip
        text = f"data: {json.dumps(event)}"
        said.append(f"echo '{text}'; echo; echo_flush;" if not last else
                    f"echo '{text}'; echo; echo 'data: [DONE]'; echo; echo_flush;")  # fmt: skip
        if pace_s and not last:
            said.append(f"echo_sleep {pace_s};")
    return "\n".join(said)


def _print(found: dict[str, Any]) -> None:
    for connections, level in found["levels"].items():
        runs = level["chunks_per_s_runs"]
        print(f"{connections:>3} at once: {level['chunks_per_s']:>7,} chunks/s "
              f"({runs[0]:,} to {runs[-1]:,}), {level['cpu_us_a_chunk']:.1f} us of the processor a "
              f"chunk, all processes; {level['streams']:,} streams, {level['errors']} errors"
              )  # fmt: skip
    print(f"first word alone: {found['first_ms_fast']:.2f} ms where all comes at once; "
          f"{found['first_ms_paced']:.1f} ms at one chunk every {PACE_S * 1000:g} ms, without a "
          f"gateway {found['first_ms_direct']:.1f} ms (medians of {FIRST_WORDS})")  # fmt: skip
    reached = found["levels"][LEVELS[-1]]["chunks_per_s"] >= REACH_CHUNKS
    print(f"reach: {REACH_CHUNKS:,} chunks/s at {LEVELS[-1]}: "
          f"{'reached' if reached else 'NOT reached'}")  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
