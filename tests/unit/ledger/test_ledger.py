"""The ledger: record, ask, prove, verify."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from doubles.ledgers import (
    TickingClock,
    a_draft,
    a_ledger,
    a_memory_ledger,
    a_signer,
    a_trust,
    drafts,
)
from roadworthy.domain import EvidenceError, VerificationError
from roadworthy.ledger import (
    CheckpointLog,
    Keyring,
    Ledger,
    MemoryEntryStore,
    checkpoint_holds,
    leaf_of,
    open_ledger,
)
from roadworthy_verify.tree import consistency_holds, inclusion_holds


def test_recording_signs_the_new_head_inside_and_outside(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    entries = ledger.record(*drafts(3))
    head = ledger.newest_checkpoint()
    assert head is not None
    assert head.size == 3 == entries[-1].seq
    assert checkpoint_holds(head, a_trust().keys[0])
    assert CheckpointLog(tmp_path / "checkpoints.jsonl").newest() == head


def test_a_checkpoint_that_a_crash_kept_from_the_file_is_written_with_the_next(
    tmp_path: Path,
) -> None:
    ledger = a_ledger(tmp_path)
    ledger.record(a_draft(1))
    (tmp_path / "checkpoints.jsonl").unlink()
    assert ledger.checkpoint().size == 1
    assert CheckpointLog(tmp_path / "checkpoints.jsonl").newest() == ledger.checkpoint()


def test_questions_are_answered_in_order() -> None:
    ledger = a_memory_ledger()
    ledger.record(*drafts(6))
    assert [entry.seq for entry in ledger.entries(kind="run.completed")] == [2, 4, 6]
    assert ledger.newest(kind="run.completed").seq == 6
    assert ledger.newest(kind="nothing.such") is None
    assert ledger.entry(4).payload["n"] == 4
    for seq in (0, 7, -1):
        with pytest.raises(EvidenceError, match=f"there is no entry {seq}"):
            ledger.entry(seq)


def test_every_entry_is_proved_to_be_in_the_log() -> None:
    ledger = a_memory_ledger()
    ledger.record(*drafts(300))
    for seq in (1, 2, 128, 256, 257, 299, 300):
        proof = ledger.prove(seq)
        holds = {
            "index": seq - 1,
            "size": proof.checkpoint.size,
            "proof": [bytes.fromhex(node) for node in proof.hashes],
            "root": bytes.fromhex(proof.checkpoint.root),
        }
        assert inclusion_holds(leaf=leaf_of(proof.entry), **holds)
        assert not inclusion_holds(leaf=leaf_of(ledger.entry(seq % 300 + 1)), **holds)


def test_a_proof_signs_the_head_when_the_newest_is_older() -> None:
    ledger = a_memory_ledger()
    ledger.append(*drafts(5))
    assert ledger.prove(5).checkpoint.size == 5
    ledger.append(*drafts(1))
    assert ledger.prove(3).checkpoint.size == 5
    assert ledger.prove(6).checkpoint.size == 6


def test_a_newer_log_is_proved_to_append_to_an_older_one() -> None:
    ledger = a_memory_ledger()
    heads = {}
    for size in (3, 256, 300, 512, 700):
        ledger.append(*drafts(size - ledger.size()))
        heads[size] = bytes.fromhex(ledger.checkpoint().root)
    for old, new in ((3, 3), (3, 256), (3, 700), (256, 300), (300, 512), (512, 700)):
        path = [bytes.fromhex(node) for node in ledger.prove_consistency(old, new)]
        proven = {"old_size": old, "new_size": new, "old_root": heads[old], "proof": path}
        assert consistency_holds(new_root=heads[new], **proven)
    for old, new in ((0, 3), (4, 3), (3, 701)):
        with pytest.raises(EvidenceError):
            ledger.prove_consistency(old, new)


def test_without_a_key_nothing_is_signed_and_nothing_is_verified() -> None:
    ledger = Ledger(MemoryEntryStore(TickingClock()))
    ledger.record(*drafts(2))
    assert ledger.newest_checkpoint() is None
    with pytest.raises(EvidenceError, match="opened without a key"):
        ledger.checkpoint()
    assert ledger.size() == 2
    report = ledger.verify(trust=a_trust())
    assert (report.ok, report.state, report.exit_code) == (False, "unsigned", 4)


def test_an_empty_ledger_has_no_checkpoint() -> None:
    ledger = a_memory_ledger()
    with pytest.raises(EvidenceError, match="an empty ledger"):
        ledger.checkpoint()
    assert ledger.verify(trust=a_trust()).state == "unsigned"


def test_verification_says_how_far_it_is_complete_and_who_signed() -> None:
    ledger = a_memory_ledger()
    ledger.record(*drafts(4))
    ledger.append(*drafts(2))
    report = ledger.verify(trust=a_trust())
    assert report.ok
    head = ledger.newest_checkpoint()
    assert f"complete up to checkpoint 4 of {head.time}" in report.lines
    assert report.details["complete_up_to"]["name"] == "machine"
    assert report.details["after_checkpoint"] == 2


def test_without_trust_nobody_is_known() -> None:
    ledger = a_memory_ledger()
    ledger.record(*drafts(2))
    report = ledger.verify()
    assert (report.state, report.exit_code) == ("unknown_key", 4)
    assert a_signer().key_id in report.fault


def test_a_checkpoint_kept_elsewhere_shows_a_shorter_log() -> None:
    long, short = a_memory_ledger(), a_memory_ledger()
    long.record(*drafts(9))
    short.append(*drafts(5))
    short.checkpoint()
    report = short.verify(trust=a_trust(), checkpoint=long.newest_checkpoint())
    assert (report.state, report.details["first_bad"]) == ("tampered", 6)
    assert "the tail was cut" in report.fault


def test_a_workspace_makes_its_key_with_its_ledger(tmp_path: Path) -> None:
    places = {
        "database": tmp_path / "w" / "ledger.db",
        "checkpoints": tmp_path / "w" / "checkpoints.jsonl",
        "keys": tmp_path / "w" / "keys",
    }
    open_ledger(**places, clock=TickingClock()).record(a_draft(1))
    again = open_ledger(**places, clock=TickingClock())
    again.record(a_draft(2))
    heads = list(again.store.checkpoints())
    assert len({head.key_id for head in heads}) == 1
    assert heads[0].origin == f"roadworthy.local/{heads[0].key_id}"


def test_a_running_process_signs_with_the_rotated_key(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    ledger = Ledger(MemoryEntryStore(TickingClock()), keyring=keyring)
    ledger.record(a_draft(1))
    fresh = (keyring.prepare("machine"), keyring.promote("machine"))[0]
    ledger.record(a_draft(2))
    assert [head.key_id for head in ledger.store.checkpoints()][1] == fresh.key_id


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE nodes SET hash = zeroblob(32) WHERE level = 8 AND idx = 1",
        "UPDATE entries SET digest = prev WHERE seq = 600",
    ],
)
def test_no_head_is_signed_over_a_log_that_changed(tmp_path: Path, statement: str) -> None:
    ledger = a_ledger(tmp_path)
    ledger.record(*drafts(600))
    stranger = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    stranger.execute("DROP TRIGGER entries_no_update")
    stranger.execute("DROP TRIGGER nodes_no_update")
    stranger.execute("UPDATE nodes SET hash = zeroblob(32) WHERE level = 9")
    stranger.execute(statement)
    stranger.close()
    with pytest.raises(VerificationError, match="no head is signed over it"):
        ledger.record(a_draft(1))
    assert ledger.size() == 600
    with pytest.raises(VerificationError, match="cannot be proved"):
        ledger.prove(550)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM nodes WHERE level = 9", "of its tree is gone"),
        ("DELETE FROM entries WHERE seq = 590", "are not all there"),
    ],
)
def test_over_a_log_that_lost_something_no_head_is_signed_and_the_way_out_is_said(
    tmp_path: Path, statement: str, words: str
) -> None:
    ledger = a_ledger(tmp_path)
    ledger.record(*drafts(600))
    stranger = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    stranger.execute("DROP TRIGGER entries_no_delete")
    stranger.execute("DROP TRIGGER nodes_no_delete")
    assert stranger.execute(statement).rowcount == 1
    stranger.close()
    with pytest.raises(VerificationError, match=words) as raised:
        ledger.record(a_draft(1))
    assert "roadworthy restore" in raised.value.fix
    assert ledger.size() == 600
    assert not ledger.verify(trust=a_trust()).ok
