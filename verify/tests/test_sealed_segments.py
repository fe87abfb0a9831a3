"""A sealed segment is held against the root that the ledger has of it, frame by frame."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from roadworthy_verify.journal import MAGIC, Sealing, check_journal

PAYLOADS = [b"begin", b"x" * 3000, b"", b"y" * (1 << 21), b"end"]


def frame(payload: bytes) -> bytes:
    return struct.pack("<I8s", len(payload), hashlib.sha256(payload).digest()[:8]) + payload


def root_of(payloads: list[bytes]) -> bytes:
    """By the definition (RFC 9162, 2.1.1), not as the verifier works it out."""
    if len(payloads) == 1:
        return hashlib.sha256(b"\x00" + payloads[0]).digest()
    half = 1
    while half * 2 < len(payloads):
        half *= 2
    sides = root_of(payloads[:half]) + root_of(payloads[half:])
    return hashlib.sha256(b"\x01" + sides).digest()


def sealing(data: bytes, name: str = "s1", **changed: object) -> Sealing:
    said = {
        "segment": name,
        "records": len(PAYLOADS),
        "size_bytes": len(data),
        "root": root_of(PAYLOADS).hex(),
    }
    return Sealing(7, name, said | changed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s1.rwj").write_bytes(MAGIC + b"".join(map(frame, PAYLOADS)))
    return tmp_path


def faults(folder: Path, one: Sealing) -> list[str]:
    return check_journal(folder, [one]).faults


def test_a_segment_as_it_was_sealed_fits_and_others_are_counted(folder: Path) -> None:
    data = (folder / "s1.rwj").read_bytes()
    (folder / "s2.rwj").write_bytes(MAGIC)
    found = check_journal(folder, [sealing(data)])
    assert (found.sealed, found.records, found.size_bytes) == (1, 5, len(data))
    assert (found.unsealed, found.fault) == (1, "")
    assert "1 not sealed yet, not checked" in found.line()


def every_byte_of_the_frames(data: bytes) -> list[int]:
    """All of the small frames and of the large one's header, and some of its payload."""
    large = len(MAGIC) + sum(len(frame(payload)) for payload in PAYLOADS[:3])
    return [*range(large + 20), large + (1 << 20), *range(len(data) - 30, len(data))]


def test_no_byte_can_be_changed(folder: Path) -> None:
    path = folder / "s1.rwj"
    good = path.read_bytes()
    said = sealing(good)
    for place in every_byte_of_the_frames(good)[::7]:
        changed = bytearray(good)
        changed[place] ^= 1
        path.write_bytes(changed)
        assert faults(folder, said), place


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.unlink(), "is gone"),
        (lambda path: path.write_bytes(b""), "has 0 bytes, not"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes, not"),
        (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "bytes, not"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "no plain file"),
        (lambda path: (path.unlink(), path.mkdir()), "no plain file"),
    ],
    ids=["removed", "emptied", "cut", "longer", "a pipe", "a folder"],
)
def test_a_segment_that_is_gone_or_another_is_named(
    folder: Path, change: Callable[[Path], object], words: str
) -> None:
    said = sealing((folder / "s1.rwj").read_bytes())
    change(folder / "s1.rwj")
    (fault,) = faults(folder, said)
    assert fault.startswith("sealed segment s1 of the journal (entry 7) ")
    assert words in fault


def test_whole_records_in_another_order_or_number_are_not_what_was_sealed(folder: Path) -> None:
    path = folder / "s1.rwj"
    said = sealing(path.read_bytes())
    swapped = [PAYLOADS[2], PAYLOADS[1], PAYLOADS[0], *PAYLOADS[3:]]
    path.write_bytes(MAGIC + b"".join(map(frame, swapped)))
    assert "do not have the root" in faults(folder, said)[0]


@pytest.mark.parametrize(
    "changed",
    [{"root": "0" * 64}, {"root": None}, {"records": 4}, {"size_bytes": "1"}, {"segment": "s2"}],
)
def test_an_entry_that_says_something_else_is_a_fault(
    folder: Path, changed: dict[str, object]
) -> None:
    assert faults(folder, sealing((folder / "s1.rwj").read_bytes(), **changed))


@pytest.mark.parametrize("name", ["../s1", "/etc/passwd", "", ".s1", "s1\0", "a/b"])
def test_a_name_leads_nowhere_else(folder: Path, name: str) -> None:
    assert "not named as a segment is" in faults(folder, sealing(b"", name))[0]


def test_every_fault_is_listed_and_the_first_one_counts_the_rest(folder: Path) -> None:
    found = check_journal(folder, [sealing(b"", "a"), sealing(b"", "b"), sealing(b"", "c")])
    assert len(found.faults) == 3
    assert found.fault.endswith("(and 2 more)")
