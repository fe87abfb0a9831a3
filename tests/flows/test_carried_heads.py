"""A tail that was cut everywhere: found by the checkpoints that other files carry."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from msgspec import structs

from doubles.ledgers import cut
from doubles.release_desk import ReleaseDesk
from roadworthy.domain import Draft, KillFlag, UsageError, VerificationError, format_instant
from roadworthy.flows.releasing.releasing import activate_release
from roadworthy.flows.workspace.backing_up import back_up_to
from roadworthy.flows.workspace.heads import put_back_heads
from roadworthy.flows.workspace.people import Acting
from roadworthy.flows.workspace.routing import leave_head, publish, read_table
from roadworthy.ledger import encode_proof, live_key, open_ledger, restore, to_note
from roadworthy_verify import CheckpointError, Report, load_heads, verify_path


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
    desk.workspace.routing.unlink()
    with pytest.raises(VerificationError, match="carried by release"):
        opened(desk).record()
    assert not opened(desk).verify(trust=desk.trust).ok


def note(desk: ReleaseDesk, number: int = 1) -> int:
    """Enter something; how many entries there are."""
    draft = Draft(system="s", kind="k", subject=str(number), actor=desk.loop.machine, payload={})
    (entry,) = desk.loop.ledger.record(draft)
    return entry.seq


def released_at(desk: ReleaseDesk) -> int:
    """How far the head reaches that the release carries."""
    (folder,) = desk.workspace.releases.iterdir()
    return load_heads(folder)[0].size


def test_a_tail_cut_after_the_last_release_is_found_by_the_routing_table(
    desk: ReleaseDesk,
) -> None:
    note(desk)
    flag = KillFlag(
        id="k1", scope="system", value="s", reason="r", by="x", at=format_instant(desk.clock.now())
    )
    publish(desk.workspace, lambda table: structs.replace(table, kills=(flag,)), desk.clock)
    assert verified(desk).ok
    cut(desk.workspace.root, released_at(desk))
    report = verified(desk)
    assert (report.state, report.details["first_bad"]) == ("tampered", released_at(desk) + 1)
    assert "carried by serving/routing.json" in report.fault
    with pytest.raises(VerificationError, match=r"carried by serving/routing\.json"):
        opened(desk).record()
    assert not opened(desk).verify(trust=desk.trust).ok


def test_what_is_entered_without_a_publication_is_left_in_the_table_too(desk: ReleaseDesk) -> None:
    before = read_table(desk.workspace.routing)
    size = note(desk)
    leave_head(desk.workspace)
    after = read_table(desk.workspace.routing)
    assert after.checkpoint is not None and after.checkpoint.size == size
    assert structs.replace(after, checkpoint=None) == structs.replace(before, checkpoint=None)
    cut(desk.workspace.root, released_at(desk))
    leave_head(desk.workspace)
    assert read_table(desk.workspace.routing) == after, "an older head never replaces a newer one"
    assert verified(desk).state == "tampered"


def test_a_table_is_published_although_the_checkpoints_cannot_be_read(desk: ReleaseDesk) -> None:
    """A kill never waits for evidence."""
    head = read_table(desk.workspace.routing).checkpoint
    desk.workspace.checkpoints.write_bytes(b"{}\n")
    flag = KillFlag(
        id="k1", scope="system", value="s", reason="r", by="x", at=format_instant(desk.clock.now())
    )
    publish(desk.workspace, lambda table: structs.replace(table, kills=(flag,)), desk.clock)
    table = read_table(desk.workspace.routing)
    assert (table.kills, table.checkpoint) == ((flag,), head)


def test_a_forged_head_in_the_table_is_tampering(desk: ReleaseDesk) -> None:
    table = json.loads(desk.workspace.routing.read_bytes())
    table["checkpoint"]["root"] = "00" * 32
    desk.workspace.routing.write_text(json.dumps(table))
    report = verified(desk)
    assert report.state == "tampered" and "serving/routing.json" in report.fault


def test_a_head_of_another_form_in_the_table_is_tampering(desk: ReleaseDesk) -> None:
    table = json.loads(desk.workspace.routing.read_bytes())
    table["checkpoint"] = {"size": 3}
    desk.workspace.routing.write_text(json.dumps(table))
    assert verified(desk).state == "tampered"
    opened(desk).require_whole()


@pytest.mark.parametrize("keeper", ["routing.json", "proof", "backup", "note"])
def test_whatever_carries_a_head_may_be_kept_elsewhere(
    desk: ReleaseDesk, tmp_path: Path, keeper: str
) -> None:
    kept = tmp_path / "kept"
    size = note(desk)
    if keeper == "routing.json":
        leave_head(desk.workspace)
        shutil.copy(desk.workspace.routing, kept)
    elif keeper == "proof":
        kept.write_bytes(encode_proof(desk.loop.ledger.prove(size)))
    elif keeper == "backup":
        back_up_to(desk.workspace.root, kept, at=format_instant(desk.clock.now()))
    else:
        head = desk.loop.ledger.checkpoint()
        key = desk.trust.find(head.key_id)
        assert key is not None
        kept.write_text(to_note(head, key))
    forget(desk)
    cut(desk.workspace.root, size - 1)
    assert verified(desk).ok, "nothing here says that there was more"
    report = verify_path(desk.workspace.root, trust=desk.workspace.trust, checkpoint=kept)
    assert report.state == "tampered" and "the tail was cut" in report.fault


def forget(desk: ReleaseDesk, *, routes: bool = False) -> None:
    """Take every head away that lies beside the store, but for checkpoints.jsonl.

    `routes`: and the routes, which would show that an activation was cut.
    """
    shutil.rmtree(desk.workspace.releases)
    table = json.loads(desk.workspace.routing.read_bytes())
    del table["checkpoint"]
    table["routes"] = {} if routes else table["routes"]
    desk.workspace.routing.write_text(json.dumps(table))


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
    forget(desk, routes=True)
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


def test_a_backup_is_whole_while_heads_are_left_all_the_time(
    desk: ReleaseDesk, tmp_path: Path
) -> None:
    """A control process leaves a newer head every moment; none of them is in the backup."""
    over = threading.Event()

    def go_on() -> None:
        other = opened(desk)
        while not over.is_set():
            draft = Draft(system="s", kind="k", subject="x", actor=desk.loop.machine, payload={})
            other.record(draft)
            leave_head(desk.workspace)

    busy = threading.Thread(target=go_on)
    busy.start()
    try:
        for number in range(3):
            back_up_to(
                desk.workspace.root,
                tmp_path / f"{number}.tgz",
                at=format_instant(desk.clock.now()),
                with_keys=True,
            )
    finally:
        over.set()
        busy.join()
    for number in range(3):
        home = tmp_path / f"home{number}"
        report = restore(tmp_path / f"{number}.tgz", home)
        assert report.ok
        head = read_table(home / "serving/routing.json").checkpoint
        assert head is not None and head.size <= report.details["entries"]
