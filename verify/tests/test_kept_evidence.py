"""What entries name by digest lies in blobs/, as it was."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roadworthy_verify.kept import check_kept

Entry = tuple[int, str, str, dict[str, Any]]


def put(folder: Path, data: bytes) -> str:
    name = hashlib.sha256(data).hexdigest()
    path = folder / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return f"sha256:{name}"


@pytest.fixture
def entries(tmp_path: Path) -> list[Entry]:
    one = [put(tmp_path, f"{number}".encode()) for number in range(8)]
    put(tmp_path, b"named by a blob, and by no entry")
    return [
        (1, "bar.fixed", "", {"bar": one[0], "never": one[1]}),
        (2, "run.completed", "", {"summary": one[2]}),
        (3, "release.signed", "", {"attestations": [{"envelope": one[3]}, {"envelope": one[3]}]}),
        (4, "deliberation.recorded", one[4], {"preread": one[5]}),
        (5, "rating.task_fixed", one[6], {}),
        (6, "evidence.received", "", {"content": one[7], "original": ""}),
        (7, "deliberation.recorded", "sha256:" + "0" * 64, {"date": "before texts were kept"}),
        (8, "evidence.recorded", "sha256:" + "1" * 64, {"file": "stays where it is"}),
    ]


def test_what_is_named_is_there(tmp_path: Path, entries: list[Entry]) -> None:
    found = check_kept(tmp_path, entries)
    assert found.details() == {"named": 7, "gone": [], "changed": []}
    assert found.faults() == []


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "flipped": lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1])),
    "emptied": lambda path: path.write_bytes(b""),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b" "),
    "a pipe": a_pipe,
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_piece_that_was_changed_is_named_with_its_entry(
    tmp_path: Path, entries: list[Entry], change: str
) -> None:
    for path in sorted(tmp_path.glob("??/*")):
        before = path.read_bytes()
        CHANGES[change](path)
        found = check_kept(tmp_path, entries)
        path.unlink()
        path.write_bytes(before)
        assert [path.name in each for each in found.changed] == [True]
        assert found.gone == []
        assert "was changed" in found.faults()[0]


def test_every_piece_that_is_gone_is_named_with_its_entry(
    tmp_path: Path, entries: list[Entry]
) -> None:
    gone = []
    for path in sorted(tmp_path.glob("??/*")):
        path.rename(tmp_path / "aside")
        gone += check_kept(tmp_path, entries).gone
        (tmp_path / "aside").rename(path)
    assert len(gone) == 7
    assert any("(entry 4, deliberation.recorded)" in each for each in gone)


def test_a_folder_that_is_gone_has_lost_all_of_it(tmp_path: Path, entries: list[Entry]) -> None:
    found = check_kept(tmp_path / "nowhere", entries)
    assert len(found.gone) == 7
    assert "and 2 more is gone: an entry names it" in found.faults()[0]
