"""Spans reach a collector once each, also one that was down; answers wait for none."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from doubles.dialects import APIS, a_door
from roadworthy.domain import Telemetry, UsageError
from roadworthy.manifests import Workspace
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.control import Control
from roadworthy.wiring.plan import Plan
from roadworthy.wiring.telemetry import PATIENCE_S, Spans

pytest.importorskip("opentelemetry.proto", reason="needs opentelemetry: make setup")
CHAT_API = APIS[0]


class Collector:
    """Takes OTLP over HTTP."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.headers: list[dict[str, str]] = []
        self.spans: list[Any] = []

    def take(self, data: bytes) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        request = ExportTraceServiceRequest()
        request.ParseFromString(data)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                data = gzip.decompress(data)
            collector.headers.append({name.lower(): value for name, value in self.headers.items()})
            if collector.status == 200:
                collector.take(data)
            self.send_response(collector.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def spans(root: Path, telemetry: Telemetry) -> Spans:
    return Spans(Workspace(root), telemetry, SystemClock(), root=str(root))


async def test_each_exchange_is_told_once_and_no_text_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLECTOR_KEY", "s3cret")
    with collecting() as collector:
        async with a_door(tmp_path) as door:
            for text in ("Where is my bill?", "xyzzy"):
                await door.ask(CHAT_API.path, {"model": "letters", **CHAT_API.body(text)})
            told = Telemetry(otlp=collector.url, credential="env:COLLECTOR_KEY", headers={"x": "1"})
            workspace = door.loop.workspace.root
            first = spans(workspace, told)
            first.round()
            first.round()
            first.close()
            spans(workspace, told).round()  # started anew
    assert [dict(_plain(span))["roadworthy.action"] for span in collector.spans] == [
        "answered", "blocked",
    ]  # fmt: skip
    assert collector.headers[0]["authorization"] == "Bearer s3cret"
    assert collector.headers[0]["x"] == "1"
    said = "".join(str(span) for span in collector.spans)
    assert "bill" not in said and "xyzzy" not in said and "on its way" not in said


async def test_a_collector_that_was_down_gets_what_it_missed(tmp_path: Path) -> None:
    with collecting() as collector:
        async with a_door(tmp_path) as door:
            await door.ask(CHAT_API.path, {"model": "letters", **CHAT_API.body("Where?")})
            follower = spans(door.loop.workspace.root, Telemetry(otlp=collector.url))
            collector.status = 400
            assert follower.round() == PATIENCE_S and not collector.spans
            collector.status = 200
            assert follower.round() < PATIENCE_S and len(collector.spans) == 1


def test_a_credential_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    told = Telemetry(otlp="http://127.0.0.1:1", credential="env:NOT_SET_ANYWHERE")
    with pytest.raises(UsageError, match="NOT_SET_ANYWHERE"):
        spans(tmp_path, told)


def _plain(span: Any) -> list[tuple[str, Any]]:
    return [(one.key, one.value.string_value) for one in span.attributes]


async def test_without_a_collectors_key_all_is_looked_at_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_door(tmp_path) as door:
        toml = tmp_path / "roadworthy.toml"
        toml.write_text(
            f'{toml.read_text()}\n[telemetry]\notlp = "http://127.0.0.1:1"\n'
            'credential = "env:NOT_SET_ANYWHERE"\n'
        )
        plan = Plan(workspace=str(door.loop.workspace.root), roots={"": str(tmp_path)})
        control = Control(plan)
        await door.ask(CHAT_API.path, {"model": "letters", **CHAT_API.body("Where?")})
        assert control.spans is None and control.round() > 0
    assert "no spans are sent" in caplog.text and "NOT_SET_ANYWHERE" in caplog.text
