"""The routing table: versions only grow, nothing is lost, a kill -9 leaves the old or the new."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from doubles.set_clock import SetClock
from roadworthy.domain import EvidenceError, KillFlag, Route, RoutingTable
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.manifests import Workspace

CLOCK = SetClock()


def with_route(name: str):
    def change(table: RoutingTable) -> RoutingTable:
        route = Route(system=name, live="sha256:1", path="releases/1")
        return msgspec.structs.replace(table, routes={**table.routes, name: route})

    return change


def with_kill(name: str):
    def change(table: RoutingTable) -> RoutingTable:
        flag = KillFlag(id=name, scope="system", value="s", by="brake", at="t", reason="r")
        return msgspec.structs.replace(table, kills=(*table.kills, flag))

    return change


def test_nothing_published_is_an_empty_table(tmp_path: Path) -> None:
    assert read_table(tmp_path / "routing.json") == RoutingTable()


def test_versions_grow_by_one_and_say_when(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    first = publish(workspace, with_route("a"), CLOCK)
    second = publish(workspace, with_kill("k"), CLOCK)
    assert (first.version, second.version) == (1, 2)
    assert second.published_at == "2026-11-21T20:00:00.000000Z"
    assert read_table(workspace.routing) == second
    assert (list(second.routes), [flag.id for flag in second.kills]) == (["a"], ["k"])


def test_a_change_of_nothing_publishes_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    publish(workspace, with_route("a"), CLOCK)
    inode = workspace.routing.stat().st_ino
    assert publish(workspace, lambda table: table, CLOCK).version == 1
    assert workspace.routing.stat().st_ino == inode


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"version": "x"}', b"\xff"])
def test_a_damaged_table_is_not_an_empty_one(tmp_path: Path, data: bytes) -> None:
    workspace = Workspace(tmp_path)
    workspace.serving.mkdir()
    workspace.routing.write_bytes(data)
    with pytest.raises(EvidenceError):
        read_table(workspace.routing)
    with pytest.raises(EvidenceError):
        publish(workspace, with_kill("k"), CLOCK)
    assert workspace.routing.read_bytes() == data


def test_a_table_that_cannot_be_read_closes(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.routing.mkdir(parents=True)
    with pytest.raises(EvidenceError):
        read_table(workspace.routing)


def test_a_change_that_fails_leaves_the_old_table_and_the_lock(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    publish(workspace, with_route("a"), CLOCK)

    def broken(table: RoutingTable) -> RoutingTable:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        publish(workspace, broken, CLOCK)
    assert publish(workspace, with_route("b"), CLOCK).version == 2


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)

    def write(name: str) -> None:
        for number in range(10):
            publish(workspace, with_kill(f"{name}{number}"), CLOCK)

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    table = read_table(workspace.routing)
    assert (table.version, len({flag.id for flag in table.kills})) == (30, 30)


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from doubles.set_clock import SetClock
from test_routing import with_kill
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.manifests import Workspace
workspace, clock = Workspace(Path(sys.argv[1])), SetClock()
sys.path.insert(0, sys.argv[2])
while True:
    table = publish(workspace, with_kill(str(len(read_table(workspace.routing).kills))), clock)
    print(table.version, flush=True)
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_a_whole_table_and_no_lock(tmp_path: Path) -> None:
    """kill -9 in the middle of publishing: what was reported is there, the next one goes on."""
    workspace = Workspace(tmp_path / "ws")
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests), str(tests / "flows")])
    reported = 0
    for round_number in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(workspace.root), str(tests)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
        )
        assert process.stdout is not None
        for _ in range(3 + 7 * round_number):
            reported = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.stdout.close()
        process.wait()
        reported = max([reported, *map(int, rest)])
        table = read_table(workspace.routing)
        assert table.version >= reported
        assert [flag.id for flag in table.kills] == [str(n) for n in range(table.version)]
    assert publish(workspace, with_route("a"), CLOCK).routes.keys() == {"a"}
