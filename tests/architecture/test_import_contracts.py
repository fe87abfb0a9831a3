"""The import contracts hold, and each was seen to fail on a planted fault."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PLANTED = {
    "floors: a stage imports a stage": (
        "policy/planted.py",
        "import roadworthy.evaluation\n",
        "Floors",
    ),
    "floors: the ground reaches up": ("domain/planted.py", "import roadworthy.ledger\n", "Floors"),
    "floors: a door knows the other door": (
        "console/planted.py",
        "import roadworthy.gateway\n",
        "Floors",
    ),
    "floors: a stage knows pages": (
        "evaluation/planted.py",
        "import roadworthy.console\n",
        "Floors",
    ),
    "floors: a package that nobody placed": ("misplaced/__init__.py", "", "Floors"),
    "rooms: the request line reaches the brakes": (
        "flows/request/planted.py",
        "import roadworthy.flows.brakes.stopping\n",
        "Rooms",
    ),
    "rooms: a room that nobody placed": ("flows/misplaced/__init__.py", "", "Rooms"),
    "acyclic: two modules of one package": (
        "statistics/planted.py",
        "from . import planted_two\n",
        "cycle",
    ),
    "planes: the worker reaches the release loop": (
        "serving/planted.py",
        "import roadworthy.policy\n",
        "control plane",
    ),
    "pure: a deciding stage does I/O": ("policy/planted.py", "import sqlite3\n", "no I/O"),
    "wire: a mechanic knows the terminal": ("ledger/planted.py", "import typer\n", "HTTP servers"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import linter over the tree in `folder`."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copied_house(tmp_path: Path) -> Path:
    """A copy of the source tree and its contracts."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src" / "roadworthy", tmp_path / "src" / "roadworthy", ignore=ignore)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_every_contract_is_kept(copied_house: Path) -> None:
    done = lint(copied_house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_breaks_its_contract(copied_house: Path, name: str) -> None:
    path, text, contract = PLANTED[name]
    planted = copied_house / "src" / "roadworthy" / path
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(text)
    if "cycle" in contract:
        (planted.parent / "planted_two.py").write_text("from . import planted\n")
    done = lint(copied_house)
    assert done.returncode != 0
    broken = [line for line in done.stdout.splitlines() if line.rstrip().endswith("BROKEN")]
    assert any(contract in line for line in broken) or contract in done.stdout + done.stderr
