"""`eval` against an upstream that limits or refuses: it waits or stops, and blames nobody."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run


class Upstream:
    """Answers every question with `status` from the second `since` until the second `until`."""

    def __init__(self) -> None:
        self.status, self.headers, self.until, self.every = 200, {}, 0.0, 1
        self.asked = 0
        outer, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                with lock:
                    outer.asked += 1
                    bad = time.monotonic() < outer.until and outer.asked % outer.every == 0
                said = {
                    "id": "x", "object": "chat.completion", "model": "m",
                    "choices": [{"index": 0, "finish_reason": "stop",
                                 "message": {"role": "assistant", "content": "ok"}}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
                }  # fmt: skip
                body = json.dumps({"error": {"message": "no"}} if bad else said).encode()
                self.send_response(outer.status if bad else 200)
                for name, value in outer.headers.items() if bad else ():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bad(self, status: int, *, wish: str = "", seconds: float = 1e6, every: int = 1) -> None:
        self.status, self.headers, self.every = status, {"Retry-After": wish} if wish else {}, every
        self.until = time.monotonic() + seconds


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def desk(tmp_path: Path, upstream: Upstream) -> Path:
    port = upstream.server.server_address[1]
    cases = [{"id": f"c{i}", "input": f"say {i}", "expect": {"text": "ok"}} for i in range(70)]
    files = {
        "charter.yaml": "system: desk\ntitle: Desk\nowners: {product: Ada}\nhuman_goal: Say ok.\n"
        "never: []\nuse: {intended_purpose: Say ok.}\n"
        "endpoints: [{id: say, fallback: A person will read it.}]\n",
        "candidate.yaml": "task: chat\n"
        "model: {provider: openai_compatible, name: m, upstream: lab, version: '1'}\n",
        "roadworthy.toml": f'[upstreams.lab]\nurl = "http://127.0.0.1:{port}/v1"\nretries = 0\n',
        "safety-slos.yaml": 'slos:\n- {name: error_rate, target: "<= 0.05"}\n',
        "suites/main.yaml": "name: main\ncases: [main.jsonl]\n",
        "suites/main.jsonl": "".join(json.dumps(case) + "\n" for case in cases),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_limit_is_waited_for_and_said(desk, upstream, capsys):
    upstream.bad(429, wish="1", seconds=2.5)
    assert run(VERBS, ["eval", str(desk), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["errors"] == 0
    assert "waiting 1 s: upstream 'lab'" in said.err


def test_a_limit_beyond_patience_stops_before_every_case_is_sent(desk, upstream, capsys):
    upstream.bad(429, wish="120")
    assert run(VERBS, ["eval", str(desk), "--patience", "5"]) == 2
    told = capsys.readouterr().err
    assert "upstream 'lab'" in told
    assert "120 s" in told
    assert upstream.asked <= 16
    assert run(VERBS, ["gate", str(desk)]) in (2, 4)
    upstream.bad(200, seconds=0)
    assert run(VERBS, ["eval", str(desk)]) == 0  # the same command goes on


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_stops_at_once_and_names_the_upstream(desk, upstream, capsys, status):
    upstream.bad(status)
    assert run(VERBS, ["eval", str(desk)]) == 2
    told = capsys.readouterr().err
    assert "upstream 'lab'" in told
    assert "refused the credential" in told
    assert upstream.asked <= 16
    assert run(VERBS, ["gate", str(desk)]) in (2, 4)


@pytest.mark.parametrize(("status", "code"), [(500, 4), (422, 3)])
def test_the_providers_errors_are_no_fail_and_a_wrong_request_is(
    desk, upstream, capsys, status, code
):
    """Of 500 the system can do nothing; 422 says that what it sent is wrong."""
    upstream.bad(status, every=3)
    assert run(VERBS, ["eval", str(desk)]) == 2
    capsys.readouterr()
    assert run(VERBS, ["gate", str(desk)]) == code
    said = capsys.readouterr().out
    assert ("because the provider failed" in " ".join(said.split())) is (status == 500)
