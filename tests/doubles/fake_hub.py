"""A hub of data sets on this machine: what it says, what it gives, and who asked with which key."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "ada/letters"


class FakeHub:
    """One set of one commit. Change its fields before it is asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.card: dict[str, Any] | None = {"license": "cc-by-4.0"}
        self.sha = COMMIT
        self.status = 200
        self.given: dict[str, bytes] = {}
        """Path -> other bytes than those that it tells of."""
        self.cut = 0
        """So many bytes less than the length that is said."""
        self.silent = threading.Event()
        """Set: it begins to say something, and goes on no more."""
        self.sizes: dict[str, int] = {}
        self.redirect = ""
        """Where a file is sent for."""
        self.asked: list[tuple[str, str]] = []
        """(path, authorization)."""
        self.url = ""

    def about(self) -> bytes:
        """What the API says."""
        siblings = [
            {
                "rfilename": name,
                "size": self.sizes.get(name, len(data)),
                "lfs": {"sha256": hashlib.sha256(data).hexdigest(),
                        "size": self.sizes.get(name, len(data))},
            }
            for name, data in self.files.items()
        ]  # fmt: skip
        said = {"id": REPO, "sha": self.sha, "siblings": siblings, "cardData": self.card}
        return json.dumps(said).encode()

    def reply(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body."""
        if self.status != 200:
            return self.status, {}, b"no"
        if path.startswith(f"/api/datasets/{REPO}/revision/"):
            return 200, {}, self.about()
        name = path.rpartition(f"/resolve/{self.sha}/")[2]
        if path.startswith("/datasets/") and self.redirect:
            return 302, {"location": self.redirect}, b""
        if name not in self.files:
            return 404, {}, b"no"
        return 200, {"x-repo-commit": self.sha}, self.given.get(name, self.files[name])


@contextmanager
def running(hub: FakeHub) -> Iterator[FakeHub]:
    """The hub answers inside the block, at `hub.url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            hub.asked.append((path, self.headers.get("authorization", "")))
            status, headers, body = hub.reply(path)
            self.send_response(status)
            for header in headers.items():
                self.send_header(*header)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if hub.silent.is_set():
                while hub.silent.is_set():
                    time.sleep(0.01)
                return
            self.wfile.write(body[: len(body) - hub.cut] if "resolve" in path else body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
