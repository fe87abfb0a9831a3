"""Spans of exchanges, received and found again by a real MLflow server.

`make outside` makes its environment; another is told by ROADWORTHY_OUTSIDE_PYTHON_MLFLOW.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doubles.dialects import APIS, a_door
from roadworthy.domain import Telemetry
from roadworthy.manifests import Workspace
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.telemetry import PATIENCE_S, Spans

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(
    os.environ.get("ROADWORTHY_OUTSIDE_PYTHON_MLFLOW", "")
    or ROOT / "build" / "outside" / "mlflow" / "bin" / "python"
)
STARTS_S = 90.0

FIND = """\
import json, sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
found = mlflow.search_traces(locations=[sys.argv[2]], return_type="list")
spans = [span for trace in found for span in trace.data.spans]
print(json.dumps([{"name": s.name, "attributes": dict(s.attributes)} for s in spans], default=str))
"""


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        str(PYTHON), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination", str(folder / "artifacts"),
    ]  # fmt: skip
    with (folder / "mlflow.log").open("wb") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + STARTS_S
        while not _is_up(url):
            assert server.poll() is None, (folder / "mlflow.log").read_text()
            assert time.monotonic() < until, (folder / "mlflow.log").read_text()
            time.sleep(0.2)
        yield url
    finally:
        os.killpg(server.pid, 15)
        server.wait(20)


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.skipif(not PYTHON.exists(), reason="needs MLflow: make outside")
async def test_mlflow_finds_what_the_gateway_answered(tmp_path: Path) -> None:
    chat = APIS[0]
    with mlflow_server(tmp_path) as url:
        async with a_door(tmp_path / "system") as door:
            for text in ("Where is my bill?", "xyzzy"):
                await door.ask(chat.path, {"model": "letters", **chat.body(text)})
            told = Telemetry(otlp=url, headers={"x-mlflow-experiment-id": "0"})
            workspace = Workspace(door.loop.workspace.root)
            spans = Spans(workspace, told, SystemClock(), root=str(tmp_path))
            until = time.monotonic() + STARTS_S
            while spans.round() >= PATIENCE_S:  # its first trace makes it import half of itself
                assert time.monotonic() < until, "MLflow took no spans"
            spans.close()
        found = subprocess.run(
            [str(PYTHON), "-c", FIND, url, "0"],
            capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
    seen = json.loads(found.stdout.splitlines()[-1])
    assert sorted(one["attributes"]["roadworthy.action"] for one in seen) == ["answered", "blocked"]
    assert {one["name"] for one in seen} == {"chat small"}
    assert all(one["attributes"]["gen_ai.operation.name"] == "chat" for one in seen)
