"""One line to each worker, and no worker left out unseen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from roadworthy.domain import UndecidedError
from roadworthy.journal import Gauges, Tally, publish_state
from roadworthy.manifests import Workspace
from roadworthy.wiring.worker_lines import lines_to_all, running_gateway

AT = "2026-11-21T20:00:00.000000Z"


@contextmanager
def a_server(*workers: str) -> Iterator[str]:
    """Each connection is another worker's, in turn."""
    drawn = iter(range(10_000))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.worker = workers[next(drawn) % len(workers)]

        def do_GET(self) -> None:
            body = b'{"worker": "%s", "table": {"version": 7}}' % self.worker.encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def known(root: Path, *workers: str) -> Workspace:
    workspace = Workspace(root)
    for worker in workers:
        state = Tally().state(worker=worker, at=AT, gauges=Gauges())
        publish_state(workspace.workers, state)
    return workspace


def test_each_worker_has_one_line_and_keeps_it(tmp_path: Path) -> None:
    workspace = known(tmp_path, "w1", "w2", "batch", "load-77")
    with a_server("w2", "w2", "w1") as url, lines_to_all(workspace, url) as lines:
        assert [line.worker for line in lines] == ["w1", "w2"]
        assert [line.greet() for line in lines] == ["w1", "w2"]
        assert [line.version() for line in lines] == [7, 7]


def test_a_worker_that_nobody_reached_is_named(tmp_path: Path) -> None:
    workspace = known(tmp_path, "w1", "w2")
    with (
        a_server("w1") as url,
        pytest.raises(UndecidedError, match="could be asked: w2"),
        lines_to_all(workspace, url),
    ):
        pass


def test_where_no_worker_is_known_nothing_is_proven(tmp_path: Path) -> None:
    with (
        a_server("w1") as url,
        pytest.raises(UndecidedError, match="none is known"),
        lines_to_all(known(tmp_path), url),
    ):
        pass


def test_an_old_lock_is_no_gateway(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.serving.mkdir(parents=True)
    (workspace.serving / "gateway.lock").write_text("http://127.0.0.1:8080, process 1\n")
    with pytest.raises(UndecidedError, match="no gateway serves"):
        running_gateway(workspace)
