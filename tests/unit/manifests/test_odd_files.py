"""A pipe, a device or an endless file in the place of a contract's file: a fault, and no wait."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doubles.systems import FILES, write_system
from roadworthy.domain import Fault
from roadworthy.manifests import check_system

NAMED = sorted(name for name in FILES if (name.endswith((".yaml", ".md", ".toml", ".jsonl"))))
ENDLESS = 1 << 40


def errors(root: Path) -> list[Fault]:
    with _no_longer_than(20):
        return [one for one in check_system(root) if one.severity == "error"]


@pytest.mark.parametrize("file", NAMED)
def test_a_pipe_is_told_and_never_read(file: str, tmp_path: Path) -> None:
    root = write_system(tmp_path, {})
    (root / file).unlink()
    os.mkfifo(root / file)
    assert errors(root)


@pytest.mark.parametrize("file", NAMED)
def test_an_endless_file_is_told_by_its_size(file: str, tmp_path: Path) -> None:
    root = write_system(tmp_path, {})
    os.truncate(root / file, ENDLESS)
    found = [one.message for one in errors(root) if one.file == file]
    assert len(found) == 1
    assert f"has {ENDLESS:,} bytes" in found[0]


def test_an_endless_side_file_is_not_hashed(tmp_path: Path) -> None:
    rails = "rails:\n- id: words\n  detector: deny\n  options: {words: words.txt}\n"
    root = write_system(tmp_path, {"rails.yaml": rails, "words.txt": "damn\n"})
    os.truncate(root / "words.txt", ENDLESS)
    assert any(f"has {ENDLESS:,} bytes" in one.message for one in errors(root))


def test_a_pipe_beside_is_no_candidate(tmp_path: Path) -> None:
    # whoever named a candidate that is not there is told those that are: each is looked at
    root = write_system(tmp_path, {})
    os.mkfifo(root / "aaa.yaml")
    os.truncate(root / "safety-slos.yaml", ENDLESS)
    with _no_longer_than(20):
        (found,) = [one for one in check_system(root, candidate="no.yaml") if one.file == "no.yaml"]
    assert "`candidate.yaml`" in found.fix
    assert "aaa.yaml" not in found.fix


@contextmanager
def _no_longer_than(seconds: int) -> Iterator[None]:
    """What waits for ever fails here."""

    def late(*_: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
