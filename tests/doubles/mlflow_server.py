"""A real MLflow server on a database of its own.

`make outside` makes its environment; another is told by ROADWORTHY_OUTSIDE_PYTHON_MLFLOW.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PYTHON = Path(
    os.environ.get("ROADWORTHY_OUTSIDE_PYTHON_MLFLOW", "")
    or Path(__file__).resolve().parents[2] / "build" / "outside" / "mlflow" / "bin" / "python"
)
STARTS_S = 300.0
"""It takes 20 s of a processor to import itself three times, and shares it with other tests."""
needs_mlflow = pytest.mark.skipif(not PYTHON.exists(), reason="needs MLflow: make outside")


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """Its address, once it answers; the database is `folder/mlflow.db`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        str(PYTHON), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination", str(folder / "artifacts"),
    ]  # fmt: skip
    with (folder / "mlflow.log").open("wb") as log:
        server = subprocess.Popen(
            words, stdout=log, stderr=log, cwd=folder, env=surroundings(), start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + STARTS_S
        while not _is_up(url):
            assert not _ended(server, within_s=0.2), (folder / "mlflow.log").read_text()
            assert time.monotonic() < until, (folder / "mlflow.log").read_text()
        yield url
    finally:
        os.killpg(server.pid, 15)
        server.wait(20)


def in_mlflow(code: str, *arguments: str, folder: Path) -> str:
    """What a program says that has MLflow's own client."""
    done = subprocess.run(
        [str(PYTHON), "-c", code, *arguments],
        cwd=folder, env=surroundings(), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def surroundings() -> dict[str, str]:
    """The environment of its processes: its tools first, nothing of ours on its path."""
    own = {**os.environ, "PATH": f"{PYTHON.parent}:{os.environ['PATH']}"}
    own.pop("PYTHONPATH", None)
    return own


def _ended(server: subprocess.Popen[bytes], *, within_s: float) -> bool:
    try:
        server.wait(within_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
