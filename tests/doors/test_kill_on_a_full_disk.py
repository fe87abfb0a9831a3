"""A stop needs no free space: room for it was reserved when the table before it was published."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadworthy.domain import EvidenceError, KillFlag, RoutingTable
from roadworthy.flows.workspace.routing import brake, publish, read_table
from roadworthy.manifests import Workspace
from roadworthy.wiring.clock import SystemClock

AT = "2026-11-21T20:00:00.000000Z"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KB; only root may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> None:
    with (disk / "full").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 512)


def flag(number: int, reason: str = "full") -> KillFlag:
    return KillFlag(
        id=f"kill-{number}", scope="tenant", value=f"t{number}", system="desk", reason=reason,
        by="operator", at=AT,
    )  # fmt: skip


def published(workspace: Workspace) -> RoutingTable:
    return publish(
        workspace, lambda table: RoutingTable(kills=(*table.kills, flag(0))), SystemClock()
    )


def test_kills_stand_on_a_full_disk(small: Path) -> None:
    workspace = Workspace(small)
    published(workspace)
    fill(small)
    for number in (1, 2, 3):
        table, _ = brake(workspace, [flag(number)], SystemClock())
        assert f"kill-{number}" in {each.id for each in table.kills}
    assert len(read_table(workspace.routing).kills) == 4
    assert not list(workspace.serving.glob("*.writing"))


def test_without_enough_room_the_old_table_stands_and_the_kill_says_so(small: Path) -> None:
    workspace = Workspace(small)
    published(workspace)
    before = workspace.routing.read_bytes()
    fill(small)
    with pytest.raises(EvidenceError, match="No space left"):
        brake(workspace, [flag(1, reason="x" * 60_000)], SystemClock())
    assert workspace.routing.read_bytes() == before
    assert not list(workspace.serving.glob(".*.writing"))
