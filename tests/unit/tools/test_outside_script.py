"""`make outside` and `make peers` install what is missing, and say what cannot be had here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "tools" / "outside.py"
PEERS = ("peer-litellm", "peer-mlflow", "peer-nemo", "peer-portkey")


def told(target: Path, *words: str, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": path}
    command = [sys.executable, str(SCRIPT), str(target), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def ready(target: Path, *names: str) -> None:
    for name in names:
        (target / name).mkdir()
        (target / name / ".ready").touch()


def test_what_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    ready(tmp_path, *PEERS)
    done = told(tmp_path, "peers")
    assert (done.returncode, done.stdout) == (0, "")
    assert all(os.listdir(tmp_path / name) == [".ready"] for name in PEERS)


def test_a_gateway_of_node_without_npm_is_named_with_how_npm_is_had(tmp_path: Path) -> None:
    ready(tmp_path, *PEERS[:-1])
    done = told(tmp_path, "peers", path=str(tmp_path))
    assert done.returncode == 1
    assert "peer-portkey needs npm (apt-get install npm)" in done.stdout
    assert not (tmp_path / "peer-portkey" / ".ready").exists()
