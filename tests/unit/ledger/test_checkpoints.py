"""Checkpoints: signed notes, and the file that keeps the newest outside the store."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from doubles.ledgers import ORIGIN, START, a_memory_ledger, a_signer, a_trust, drafts, later
from roadworthy.domain import Checkpoint, UsageError, VerificationError
from roadworthy.ledger import (
    CheckpointLog,
    checkpoint_holds,
    decode_checkpoint,
    encode_checkpoint,
    note_body,
    sign_checkpoint,
    to_note,
)


def a_checkpoint(size: int = 7, **changed: str) -> Checkpoint:
    fields = {"origin": ORIGIN, "time": START, **changed}
    return sign_checkpoint(a_signer(), size=size, root=bytes(32), **fields)


def test_the_signed_text_is_a_c2sp_checkpoint() -> None:
    body = note_body("example.org/log", 7, "00" * 32, START)
    zeros = base64.b64encode(bytes(32)).decode()
    assert body == f"example.org/log\n7\n{zeros}\ntime {START}\n".encode()


def test_a_note_names_its_key_as_c2sp_asks() -> None:
    note = to_note(a_checkpoint(), a_trust().keys[0])
    body, _, signature = note.partition("\n\n")
    dash, name, blob = signature.split()
    raw = base64.b64decode(blob)
    named = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + a_signer().public_key).digest()
    assert (dash, name, raw[:4], len(raw)) == ("—", ORIGIN, named[:4], 68)
    assert body.splitlines()[0] == ORIGIN


def test_a_signature_holds_only_for_what_was_signed_and_who_signed() -> None:
    machine, ada, _ = a_trust().keys
    head = a_checkpoint()
    assert checkpoint_holds(head, machine)
    assert not checkpoint_holds(head, ada)
    moved = decode_checkpoint(encode_checkpoint(head).replace(b'"size":7', b'"size":8'))
    assert not checkpoint_holds(moved, machine)
    with pytest.raises(VerificationError):
        to_note(head, ada)


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "line\nbreak"])
def test_an_origin_that_no_note_can_carry_is_refused(origin: str) -> None:
    with pytest.raises(UsageError, match="cannot be a log's origin"):
        a_checkpoint(origin=origin)


def test_the_file_keeps_newer_checkpoints_only(tmp_path: Path) -> None:
    log = CheckpointLog(tmp_path / "checkpoints.jsonl")
    assert log.newest() is None
    for size in (3, 5, 5, 4, 9):
        log.append_newer(a_checkpoint(size))
    assert [head.size for head in log.read()] == [3, 5, 9]
    assert log.newest() == a_checkpoint(9)
    assert (tmp_path / "checkpoints.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("torn", [1, 40, 150])
def test_a_torn_last_line_is_cut_and_the_log_goes_on(tmp_path: Path, torn: int) -> None:
    path = tmp_path / "checkpoints.jsonl"
    log = CheckpointLog(path)
    log.append_newer(a_checkpoint(3))
    whole = path.read_bytes()
    path.write_bytes(whole + encode_checkpoint(a_checkpoint(4))[:torn])
    assert [head.size for head in log.read()] == [3]
    log.append_newer(a_checkpoint(5))
    assert [head.size for head in log.read()] == [3, 5]


def test_a_line_that_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.jsonl"
    path.write_bytes(encode_checkpoint(a_checkpoint(3)) + b"\n{}\n")
    with pytest.raises(VerificationError, match=r"checkpoints\.jsonl:2: not a checkpoint"):
        list(CheckpointLog(path).read())


def test_a_log_keeps_the_origin_of_its_first_checkpoint() -> None:
    ledger = a_memory_ledger()
    ledger.record(*drafts(1))
    ledger._origin = "another"
    ledger.record(*drafts(1))
    assert {head.origin for head in ledger.store.checkpoints()} == {ORIGIN}


def test_times_differ_but_the_head_does_not_move() -> None:
    assert a_checkpoint(time=later(1)).root == a_checkpoint(time=later(2)).root
