"""The parent of a gateway comes by `exec`: nothing is lost on the way, and nothing gets in."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from roadworthy.gateway.children import program

BECOME = """
import socket, sys
from roadworthy.cli.standing import become
from roadworthy.gateway.children import Standing

program, workspace, systems, workers = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
roots = {f"customer-letters-{n}": f"/srv/systems/customer-letters-{n}" for n in range(systems)}
listener = socket.create_server(("127.0.0.1", 0))
sys.executable = program
become(
    Standing(
        url="http://127.0.0.1:1", listener=listener.detach(), held=(),
        plan={"workspace": workspace, "roots": roots, "worker": "w1", "control_port": 0},
        workers=workers, waiting=workspace + "/none", control=False,
    ),
    shared=False,
)
"""


def becomes(
    path: Path, run: str, *, systems: int = 1, workers: int = 1
) -> subprocess.CompletedProcess[str]:
    """What comes of a parent that a program of our own stands for, or goes before."""
    script = path / "python"
    script.write_text(f"#!/bin/sh\n{run}\n")
    script.chmod(0o755)
    numbers = (str(systems), str(workers))
    return subprocess.run(
        [sys.executable, "-P", "-c", BECOME, str(script), str(path), *numbers],
        cwd=path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_many_systems_and_workers_are_told_in_one_argument(tmp_path: Path) -> None:
    """Linux takes 128 KiB; each worker's plan named every system."""
    done = becomes(tmp_path, "exit 7", systems=250, workers=64)
    assert done.returncode == 7, done.stderr


@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_who_stops_it_before_it_listens_is_heard(tmp_path: Path, name: str) -> None:
    done = becomes(tmp_path, f'kill -{name} $$\nexec "{sys.executable}" "$@"')
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


TAKES = "import pathlib\npathlib.Path(__file__).with_name('taken').touch()\n"


def test_nothing_is_imported_from_the_folder_that_somebody_stands_in(tmp_path: Path) -> None:
    for name in ("asyncio", "json", "roadworthy", "socket"):
        (tmp_path / f"{name}.py").write_text(TAKES)
    done = becomes(tmp_path, f'kill -TERM $$\nexec "{sys.executable}" "$@"')
    assert done.returncode == 0, done.stderr
    for module in ("worker", "control", "batcher"):
        subprocess.run(
            [*program(f"roadworthy.gateway.{module}"), "x", "x"], cwd=tmp_path, capture_output=True
        )
    assert not (tmp_path / "taken").exists()


def test_what_nobody_foresaw_is_one_line_and_a_traceback_where_it_is_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        os.set_inheritable(listener.fileno(), True)
        told = json.dumps({"shared": False, "listener": listener.fileno(), "held": []})
        argv = [*program("roadworthy.cli.standing"), told]
        for asked in (False, True):
            env = {key: value for key, value in os.environ.items() if key != "ROADWORTHY_TRACEBACK"}
            env |= {"ROADWORTHY_TRACEBACK": "1"} if asked else {}
            done = subprocess.run(argv, env=env, capture_output=True, text=True, close_fds=False)
            assert done.returncode == 2
            assert "roadworthy: an error that nobody foresaw: TypeError" in done.stderr
            assert ("Traceback" in done.stderr) == asked
