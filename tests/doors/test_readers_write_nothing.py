"""Verbs that only look begin no workspace, make no key and enter nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doubles.systems import write_system

READERS = [
    ("incident", "list"),
    ("outcome", "list"),
    ("review", "list"),
    ("people", "list"),
    ("ledger", "log"),
]


def rw(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "roadworthy", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def files(root: Path) -> dict[str, bytes]:
    kept = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in kept}


@pytest.mark.parametrize("verb", READERS)
def test_looking_begins_no_workspace(tmp_path: Path, verb: tuple[str, str]) -> None:
    root = write_system(tmp_path / "system")
    before = files(root)
    rw(*verb, str(root))
    assert files(root) == before
    assert not (root / ".roadworthy").exists()


@pytest.mark.parametrize("verb", [("incident", "list"), ("outcome", "list"), ("review", "list")])
def test_looking_at_a_copy_without_keys_enters_nothing(
    tmp_path: Path, verb: tuple[str, str]
) -> None:
    root = write_system(tmp_path / "system")
    assert rw("people", "add", "ada", str(root), "--role", "engineer").returncode == 0
    shutil.rmtree(root / ".roadworthy" / "keys")
    before = rw("ledger", "log", str(root), "--json").stdout
    looked = rw(*verb, str(root), "--json")
    assert (looked.returncode, json.loads(looked.stdout)) == (0, [])
    assert rw("ledger", "log", str(root), "--json").stdout == before
    assert not (root / ".roadworthy" / "keys").exists()
