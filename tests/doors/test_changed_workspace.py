"""What the ledger vouches for in a workspace: sealed segments, kills that nobody lifted."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import JournalSettings, Observation, Witness
from roadworthy.flows.workspace.intact import lost_segments
from roadworthy.journal import Spool, Vault, open_master_key
from roadworthy.manifests import Workspace
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.control import Control
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan
from roadworthy_verify import verify_path

AT = "2026-11-21T20:00:00.000000Z"


async def _journal(workspace: Workspace) -> None:
    vault = Vault(workspace.journal / "keys", open_master_key(workspace.keys))
    spool = Spool(
        workspace.journal,
        worker="w1",
        vault=vault,
        clock=SystemClock(),
        settings=JournalSettings(),
        min_free_bytes=0,
    )
    spool.start()
    seen = Observation(
        id=new_id(), time=AT, system="letters", release="sha256:0", stage="live", tenant="acme"
    )
    await spool.close(seen, Witness(input="dear desk", output="a person will call you"))
    await spool.aclose()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A live system with a kill that stands and one segment that was sealed."""
    root = tmp_path_factory.mktemp("made") / "desk"
    root.mkdir()
    workspace = write_live_system(root, "http://127.0.0.1:9/v1").workspace
    asyncio.run(_journal(workspace))
    assert run(VERBS, ["kill", "tenant:acme", str(root), "--reason", "odd", "--as", "dan"]) == 0
    Control(Plan(workspace=str(workspace.root), roots={"": str(root)})).round()
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "desk")
    return tmp_path / "desk"


def segment(root: Path) -> Path:
    (found,) = (root / ".roadworthy" / "journal").glob("*.rwj")
    return found


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


CHANGES: list[Callable[[Path], object]] = [
    Path.unlink,
    flip,
    lambda path: path.write_bytes(b""),
]


def test_a_whole_workspace_verifies_and_says_what_it_looked_at(root: Path) -> None:
    report = verify_path(root)
    assert report.ok
    assert report.details["journal"]["sealed"] == 1
    assert report.details["kills"] == {"standing": 1, "missing": []}
    assert any("1 of 1 sealed segments of the journal fit" in line for line in report.lines)


@pytest.mark.parametrize("change", CHANGES, ids=["removed", "flipped", "emptied"])
def test_a_sealed_segment_that_is_gone_or_changed_is_tampering_and_named(
    root: Path, change: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    path = segment(root)
    change(path)
    report = verify_path(root)
    assert (report.state, report.exit_code) == ("tampered", 5)
    assert path.stem in report.fault
    capsys.readouterr()
    assert run(VERBS, ["ledger", "verify", str(root)]) == 5
    assert path.stem in "".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[2]], ids=["removed", "emptied"])
def test_a_sealed_segment_that_is_gone_is_seen_at_a_glance(
    root: Path, change: Callable[[Path], object]
) -> None:
    loop = loop_of(Workspace(root / ".roadworthy"))
    assert lost_segments(loop) == []
    name = segment(root).stem
    change(segment(root))
    assert lost_segments(loop) == [name]


@pytest.mark.parametrize("change", CHANGES, ids=["removed", "flipped", "emptied"])
def test_evidence_that_an_entry_names_and_that_is_gone_or_changed_is_tampering_and_named(
    root: Path, change: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    (decided,) = loop_of(Workspace(root / ".roadworthy")).ledger.entries(kind="gate.decided")
    name = decided.payload["digest"].removeprefix("sha256:")
    path = root / ".roadworthy" / "blobs" / name[:2] / name
    assert verify_path(root).details["evidence"]["named"] > 0
    change(path)
    report = verify_path(root)
    assert (report.state, report.exit_code) == ("tampered", 5)
    assert path.name in report.fault
    capsys.readouterr()
    assert run(VERBS, ["verify", str(root)]) == 5
    assert path.name in "".join(capsys.readouterr().out.split())


def test_a_ledger_alone_says_that_its_evidence_was_not_there(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alone").mkdir()
    for path in (root / ".roadworthy").glob("*.*"):
        if path.is_file():  # the ledger with its write-ahead log, its heads, the keys
            shutil.copy(path, tmp_path / "alone" / path.name)
    report = verify_path(tmp_path / "alone")
    assert report.ok
    assert report.details["evidence"]["not_here"]
    assert any("were not checked" in line for line in report.lines)


def test_a_journal_that_is_gone_whole_is_tampering(root: Path) -> None:
    shutil.rmtree(root / ".roadworthy" / "journal")
    assert verify_path(root).exit_code == 5


@pytest.mark.parametrize("change", CHANGES, ids=["removed", "flipped", "emptied"])
def test_a_workspace_without_its_sealed_segments_is_not_backed_up(
    root: Path, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    change(segment(root))
    out = tmp_path / "backup.tgz"
    assert run(VERBS, ["backup", str(root), "--out", str(out)]) == 5
    assert not out.exists()


def test_a_backup_with_another_segment_is_not_restored(root: Path, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "backup.tgz", tmp_path / "other"
    elsewhere.mkdir()
    assert run(VERBS, ["backup", str(root), "--out", str(out)]) == 0
    assert run(VERBS, ["restore", str(out), str(elsewhere)]) == 0
    assert verify_path(elsewhere).ok


def test_erased_keys_leave_the_journal_verifiable(root: Path) -> None:
    for key in (root / ".roadworthy" / "journal" / "keys").iterdir():
        if key.is_file():
            key.unlink()
    assert verify_path(root).ok


def test_a_ledger_that_was_handed_over_alone_says_what_was_not_there(
    root: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("ledger.db*", "checkpoints.jsonl", "trust.yaml"):
        for path in (root / ".roadworthy").glob(name):
            shutil.copy(path, alone)
    report = verify_path(alone)
    assert report.ok
    assert any("are not here and were not checked" in line for line in report.lines)
    assert any("no routing table is here" in line for line in report.lines)


def routing(root: Path) -> Path:
    return root / ".roadworthy" / "serving" / "routing.json"


def edit(root: Path, kills: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    table = msgspec.json.decode(routing(root).read_bytes())
    table |= {"kills": kills(table["kills"]), "version": table["version"] + 1}
    routing(root).write_bytes(msgspec.json.encode(table))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: edit(root, lambda kills: []),
        lambda root: edit(root, lambda kills: [kills[0] | {"value": "nobody"}]),
        lambda root: edit(root, lambda kills: [kills[0] | {"system": "other"}]),
        lambda root: routing(root).unlink(),
        lambda root: routing(root).write_bytes(b"{"),
        lambda root: routing(root).write_bytes(b'{"kills": 1}'),
    ],
    ids=["taken out", "aimed elsewhere", "other system", "no table", "damaged", "foreign"],
)
def test_a_kill_that_nobody_lifted_must_be_in_the_table(
    root: Path, change: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    change(root)
    report = verify_path(root)
    assert (report.state, report.exit_code) == ("tampered", 5)
    assert "routing" in report.fault
    assert run(VERBS, ["ledger", "verify", str(root)]) == 5


def test_a_kill_that_two_people_lifted_is_missed_by_nobody(root: Path) -> None:
    people = ["--as", "dan", "--as", "cleo"]
    assert run(VERBS, ["resume", "tenant:acme", str(root), "--reason", "mended", *people]) == 0
    assert verify_path(root).ok


def edit_routes(root: Path, **changed: dict[str, str]) -> None:
    table = msgspec.json.decode(routing(root).read_bytes())
    routes = {name: table["routes"].get("letters", {}) | each for name, each in changed.items()}
    table |= {"routes": routes, "version": table["version"] + 1}
    routing(root).write_bytes(msgspec.json.encode(table))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: edit_routes(root, letters={"live": "sha256:" + "0" * 64}),
        lambda root: edit_routes(root, letters={"path": "releases/other"}),
        lambda root: edit_routes(root, letters={}, other={"system": "other"}),
        lambda root: edit_routes(root),
        lambda root: routing(root).unlink(),
    ],
    ids=["another release", "another bundle", "added", "taken out", "no table"],
)
def test_a_route_that_nobody_activated_last_is_tampering(
    root: Path, change: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    people = ["--as", "dan", "--as", "cleo"]
    assert run(VERBS, ["resume", "tenant:acme", str(root), "--reason", "mended", *people]) == 0
    assert verify_path(root).details["routes"] == {"live": 1, "strayed": []}
    change(root)
    report = verify_path(root)
    assert (report.state, report.exit_code) == ("tampered", 5)
    assert "routing table has another route" in report.fault
    assert len(report.details["routes"]["strayed"]) == 1
    assert run(VERBS, ["ledger", "verify", str(root)]) == 5
    capsys.readouterr()
    assert run(VERBS, ["incident", "list", str(root)]) == 0
    assert "than was activated last" in " ".join(capsys.readouterr().err.split())
    assert run(VERBS, ["kill", "tenant:b", str(root), "--reason", "odd", "--as", "dan"]) == 0
    assert "The route is put back" in " ".join(capsys.readouterr().err.split())
    assert verify_path(root).ok
