"""Recovery touches what lost its worker, and reads nothing but the end of what was ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.set_clock import SetClock
from roadworthy.domain import Observation, Witness
from roadworthy.journal import Record, Vault, open_master_key, read_segment, recover, segments
from roadworthy.journal.record import encode
from roadworthy.journal.segment import Segment

AT = "2026-11-21T20:00:00.000000Z"
OPEN = Observation(
    id="0199a4c1-0000-7000-8000-000000000001", time=AT, system="desk", release="sha256:aa",
    stage="live", tenant="acme",
)  # fmt: skip


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "keys", open_master_key(tmp_path))


def a_segment(folder: Path, vault: Vault) -> Segment:
    """One that a worker is writing, with an exchange that is open."""
    made = Segment(folder, worker="w1", number=1, clock=SetClock())
    sealed = vault.seal(Witness(input="tell me", output=""), tenant="acme", at=AT, about=OPEN.id)
    made.append(encode(Record(kind="open", at=AT, observation=OPEN, sealed=sealed)))
    return made


def kinds(path: Path) -> list[str]:
    return [placed.record.kind for placed in read_segment(path)]


@pytest.mark.parametrize("ended", ["by its worker", "by recovery"])
def test_what_was_ended_is_left_as_it_is_whatever_became_of_it(
    tmp_path: Path, vault: Vault, ended: str
) -> None:
    """A changed byte was taken for a torn end: all that came after it was cut off."""
    segment = a_segment(tmp_path / "journal", vault)
    if ended == "by its worker":
        segment.end()
    else:
        segment.abandon()
        (found,) = recover(tmp_path / "journal", vault=vault, clock=SetClock())
        assert found.interrupted == (OPEN.id,)
    data = bytearray(segment.path.read_bytes())
    data[len(data) // 2] ^= 1
    segment.path.write_bytes(data)
    assert recover(tmp_path / "journal", vault=vault, clock=SetClock()) == []
    assert segment.path.read_bytes() == data
    assert segments(tmp_path / "journal") == [segment.path]


def test_an_end_that_is_torn_is_none(tmp_path: Path, vault: Vault) -> None:
    segment = a_segment(tmp_path / "journal", vault)
    segment.end()
    whole = segment.path.read_bytes()
    for cut in (1, 9, 30):
        segment.path.write_bytes(whole[:-cut])
        (found,) = recover(tmp_path / "journal", vault=vault, clock=SetClock())
        assert found.interrupted == (OPEN.id,)
        assert kinds(segment.path) == ["begin", "open", "close", "end"]


@pytest.mark.parametrize("name", ["another", ""])
def test_another_segments_end_ends_nothing(tmp_path: Path, vault: Vault, name: str) -> None:
    segment = a_segment(tmp_path / "journal", vault)
    segment.append(b"\xff\x00\x00\x00torn" + encode(Record(kind="end", at=AT, segment=name)))
    segment.abandon()
    (found,) = recover(tmp_path / "journal", vault=vault, clock=SetClock())
    assert found.interrupted == (OPEN.id,)
    assert kinds(segment.path) == ["begin", "open", "close", "end"]


def test_a_file_that_is_too_short_for_an_end_is_no_segment(tmp_path: Path, vault: Vault) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    (folder / "short.rwj").write_bytes(b"RWJ")
    (found,) = recover(folder, vault=vault, clock=SetClock())
    assert "not a journal segment" in found.fault
