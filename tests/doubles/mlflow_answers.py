"""A server that gives the answers of a real MLflow 3.17.2 again, and nothing else."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REAL = Path(__file__).resolve().parents[1] / "golden" / "outside" / "mlflow-3.17.2"
FILES = REAL / "filestore"
IN_FILES = {
    "first": "037f042e1f704d1e9cf1729281567ebe", "second": "b53adc7b21474967b0c57514be6de090",
    "broken": "d59c7a081d6149d393c6c4967dc68dba", "other": "54979b70e839421382c9320bae9d0f3b",
}  # fmt: skip
IN_DATABASE = {
    "first": "90e336540c4640b8beb10d01f9c4faef", "second": "a540a5ab43ff4ee7b18f27fdee22120f",
    "broken": "526606764b624567b9d137c105b746de", "other": "2fac32ee976d4a2d83ab2cf9747fca42",
}  # fmt: skip


def database(path: Path) -> Path:
    """The tables of a real store as a file."""
    with sqlite3.connect(path) as made:
        made.executescript((REAL / "store.sql").read_text())
    made.close()
    return path


def told() -> dict[str, str]:
    """Path and question -> what the real server answered."""
    answers: dict[str, str] = json.loads((REAL / "server.json").read_text())
    return answers


@contextmanager
def serving(answers: dict[str, str], seen: list[str] | None = None) -> Iterator[str]:
    """Its address while it answers; `seen` gets each authorization header."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if seen is not None:
                seen.append(self.headers.get("authorization", ""))
            body = answers.get(self.path)
            self.send_response(404 if body is None else 200)
            data = (body or "{}").encode()
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
