"""A tail that was cut everywhere: found by the checkpoints that the workspace's releases carry."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from doubles.release_desk import ReleaseDesk
from roadworthy.domain import Draft, UsageError, VerificationError
from roadworthy.flows.heads import put_back_heads
from roadworthy.flows.people import Acting
from roadworthy.flows.releasing import activate_release
from roadworthy.ledger import live_key, open_ledger
from roadworthy_verify import CheckpointError, Report, verify_path


def cut(home: Path, size: int) -> None:
    """Leave `size` entries, with nodes and checkpoints, in the store and in the file beside it."""
    store = sqlite3.connect(home / "ledger.db", isolation_level=None)
    for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type='trigger'").fetchall():
        store.execute(f"DROP TRIGGER {name}")
    store.execute("DELETE FROM entries WHERE seq > ?", (size,))
    store.execute("DELETE FROM checkpoints WHERE size > ?", (size,))
    store.execute("DELETE FROM nodes WHERE (idx + 1) << level > ?", (size,))
    store.close()
    lines = (home / "checkpoints.jsonl").read_text().splitlines(keepends=True)
    kept = [line for line in lines if int(line.partition('"size":')[2].partition(",")[0]) <= size]
    (home / "checkpoints.jsonl").write_text("".join(kept))


@pytest.fixture
def desk(tmp_path: Path) -> ReleaseDesk:
    """A workspace whose live release carries a checkpoint."""
    desk = ReleaseDesk(tmp_path / "home")
    desk.released(tmp_path / "r.tar")
    activate_release(tmp_path / "r.tar", desk.loop, root=desk.root, signer=desk.key("otto"))
    return desk


def verified(desk: ReleaseDesk) -> Report:
    return verify_path(desk.workspace.root, trust=desk.workspace.trust)


def opened(desk: ReleaseDesk):
    return open_ledger(
        database=desk.workspace.ledger,
        checkpoints=desk.workspace.checkpoints,
        clock=desk.clock,
        keys=desk.workspace.keys,
    )


def test_a_tail_that_was_cut_everywhere_is_found_by_the_release_beside_it(
    desk: ReleaseDesk,
) -> None:
    assert verified(desk).ok
    cut(desk.workspace.root, 6)
    report = verified(desk)
    assert (report.state, report.details["first_bad"]) == ("tampered", 7)
    assert "carried by release" in report.fault
    with pytest.raises(VerificationError, match="carried by one of its releases"):
        opened(desk).record()
    assert not opened(desk).verify(trust=desk.trust).ok


def test_a_log_that_lost_every_head_is_held_against_its_releases(desk: ReleaseDesk) -> None:
    cut(desk.workspace.root, 0)
    assert verified(desk).state == "tampered"
    with pytest.raises(VerificationError):
        opened(desk).require_whole()


@pytest.mark.parametrize("form", ["tar", "folder"])
def test_a_release_is_a_checkpoint_that_was_kept_elsewhere(
    desk: ReleaseDesk, tmp_path: Path, form: str
) -> None:
    kept = tmp_path / "r.tar"
    if form == "folder":
        (kept,) = desk.workspace.releases.iterdir()
        kept = Path(shutil.move(kept, tmp_path / "kept"))
    shutil.rmtree(desk.workspace.releases)
    cut(desk.workspace.root, 6)
    assert verified(desk).ok, "nothing here says that there was more"
    report = verify_path(desk.workspace.root, trust=desk.workspace.trust, checkpoint=kept)
    assert report.state == "tampered"
    assert kept.name in report.fault


def test_a_bundle_that_is_no_release_is_no_checkpoint(desk: ReleaseDesk, tmp_path: Path) -> None:
    desk.built(tmp_path / "unsigned.tar")
    with pytest.raises(CheckpointError, match="it was not signed as a release"):
        verify_path(desk.workspace.root, checkpoint=tmp_path / "unsigned.tar")


def test_a_release_of_another_workspace_says_nothing_about_this_ledger(
    desk: ReleaseDesk, tmp_path: Path
) -> None:
    other = ReleaseDesk(tmp_path / "other")
    for number in range(9):
        other.clock.advance(1)
        machine = other.loop.machine
        note = Draft(system="s", kind="k", subject=str(number), actor=machine, payload={})
        other.loop.ledger.record(note)
    other.released(tmp_path / "o.tar")
    shutil.copytree(_unpacked(other, tmp_path / "o.tar"), desk.workspace.releases / "foreign")
    assert verified(desk).ok
    opened(desk).require_whole()


def _unpacked(desk: ReleaseDesk, tar: Path) -> Path:
    activate_release(tar, desk.loop, root=desk.root, signer=desk.key("otto"))
    (folder,) = desk.workspace.releases.iterdir()
    return folder


def test_a_damaged_release_is_named_and_stops_no_entry(desk: ReleaseDesk) -> None:
    """Whoever spoils an old release must not keep an incident from being recorded."""
    (folder,) = desk.workspace.releases.iterdir()
    (folder / "index.json").write_bytes(b"{")
    report = verified(desk)
    assert report.state == "tampered"
    assert folder.name in report.fault
    opened(desk).require_whole()


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_workspace_whose_checkpoints_outside_are_lost_says_so(
    desk: ReleaseDesk, how: str
) -> None:
    if how == "gone":
        desk.workspace.checkpoints.unlink()
    else:
        desk.workspace.checkpoints.write_bytes(b"")
    report = verified(desk)
    assert (report.state, report.exit_code) == ("tampered", 5)
    assert "checkpoints.jsonl is gone" in report.fault
    assert "--put-back" in report.fault
    with pytest.raises(VerificationError, match="is gone, by which a cut tail") as caught:
        opened(desk).record()
    assert "--put-back" in caught.value.fix


def test_a_bare_ledger_that_was_handed_over_needs_no_file_beside_it(
    desk: ReleaseDesk, tmp_path: Path
) -> None:
    alone = tmp_path / "handed"
    alone.mkdir()
    desk.loop.ledger.store.copy_to(alone / "ledger.db")
    assert verify_path(alone, trust=desk.workspace.trust).ok


def test_lost_heads_are_put_back_by_a_person_and_it_is_entered(desk: ReleaseDesk) -> None:
    key = live_key(desk.trust, "otto", "2999-01-01T00:00:00.000000Z")
    assert key is not None
    otto = Acting(name="otto", signer=desk.key("otto"), key=key)
    with pytest.raises(UsageError, match="are there"):
        put_back_heads(desk.loop, by=otto)
    desk.workspace.checkpoints.unlink()
    head = put_back_heads(desk.loop, by=otto)
    (entry,) = desk.loop.ledger.entries(kind="checkpoints.put_back")
    assert (entry.seq, entry.actor) == (head.size, f"person:{otto.key.key_id}")
    assert verified(desk).ok


def test_heads_are_not_put_back_over_a_ledger_that_was_cut(desk: ReleaseDesk) -> None:
    key = live_key(desk.trust, "otto", "2999-01-01T00:00:00.000000Z")
    assert key is not None
    cut(desk.workspace.root, 6)
    desk.workspace.checkpoints.unlink()
    with pytest.raises(VerificationError, match="does not verify"):
        put_back_heads(desk.loop, by=Acting(name="otto", signer=desk.key("otto"), key=key))
    assert not desk.workspace.checkpoints.exists()


def test_missing_triggers_and_foreign_tables_are_named_and_prove_nothing_less(
    desk: ReleaseDesk,
) -> None:
    assert verified(desk).details["warnings"] == []
    store = sqlite3.connect(desk.workspace.ledger, isolation_level=None)
    store.execute("DROP TRIGGER entries_no_delete")
    store.execute("DROP TRIGGER entries_no_update")
    store.execute("CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries BEGIN SELECT 1; END")
    store.execute("CREATE TABLE notes(x)")
    store.close()
    report = verified(desk)
    assert report.ok
    assert report.details["warnings"] == [
        "trigger entries_no_delete is gone: the database no longer refuses every change",
        "trigger entries_no_update was changed: the database no longer refuses every change",
        "table notes is no part of a ledger",
    ]
    assert any(line.startswith("warning: table notes") for line in report.lines)
