"""The log of fingerprints: both or neither, once, forgotten when erased."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.domain import EvidenceError
from roadworthy.journal import FingerprintLog, Logged


def answer(number: int, *marks: int, key: str = "k", leaf: str = "") -> Logged:
    return Logged(id=f"o{number}", tenant="t", key=key, leaf=leaf, marks=marks)


def test_the_nearest_answers_come_first_and_an_answer_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "provenance" / "f.db"
    log = FingerprintLog(path, write=True)
    log.add([answer(1, 1, 2, 3), answer(2, 2, 3, 4)], {"s": 10})
    log.add([answer(2, 2, 3, 4, 5)], {"s": 20})  # read again after a crash
    log.close()
    assert path.stat().st_mode & 0o777 == 0o600
    reader = FingerprintLog(path, write=False)
    assert reader.alike([3, 4, 5, -9]) == [("o2", 2), ("o1", 1)]
    assert reader.alike([]) == [] and reader.read_so_far() == {"s": 20}


def test_what_was_erased_is_forgotten(tmp_path: Path) -> None:
    log = FingerprintLog(tmp_path / "f.db", write=True)
    log.add([answer(1, 1, key="day"), answer(2, 1, key="day", leaf="a"), answer(3, 1)], {})
    assert sorted(log.keys()) == [("day", ""), ("day", "a"), ("k", "")]
    assert log.forget([("day", "a"), ("k", "")]) == 2
    assert log.alike([1]) == [("o1", 1)] and log.keys() == [("day", "")]


def test_a_log_that_is_none_is_an_error_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError):
        FingerprintLog(tmp_path / "nothing.db", write=False).alike([1])
    (tmp_path / "f.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(EvidenceError):
        FingerprintLog(tmp_path / "f.db", write=True)


def test_a_log_that_was_damaged_says_so_at_every_use(tmp_path: Path) -> None:
    path = tmp_path / "f.db"
    log = FingerprintLog(path, write=True)
    log.add([answer(number, *range(number, number + 50)) for number in range(200)], {"s": 1})
    log.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(bytes(data))
    log = FingerprintLog(path, write=False)
    for use in (log.read_so_far, log.keys, lambda: log.alike([1])):
        with pytest.raises(EvidenceError, match="cannot be used") as said:
            use()
        assert "made again" in said.value.fix
    with pytest.raises(EvidenceError):
        log.add([answer(1, 1)], {})
    with pytest.raises(EvidenceError):
        log.forget([("k", "")])
