"""Many follow one journal in a process: what one has read, the others are given, and no less."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.domain import Observation
from roadworthy.journal import Record, Tail, read_journal
from roadworthy.journal.reading import MOST_RECENT, _recent
from roadworthy.journal.record import MAGIC, encode
from roadworthy.journal.segment import SUFFIX

AT = "2026-11-21T20:00:00.000000Z"


def closing(name: str) -> bytes:
    seen = Observation(id=name, time=AT, system="s", release="r", stage="live")
    return encode(Record(kind="close", at=AT, observation=seen))


def ids(tail: Tail, most: int = 10**9) -> list[str]:
    found = []
    for record in tail.read():
        if len(found) == most:
            break  # a mark moves past a record when the next one is asked for
        found.append(record.observation.id if record.observation else record.kind)
    return found


@pytest.mark.parametrize("most", [1, 3, 10**9])
def test_whoever_follows_reads_every_record_once_whatever_others_read(
    tmp_path: Path, most: int
) -> None:
    path, names = tmp_path / f"1{SUFFIX}", [f"o{number}" for number in range(40)]
    path.write_bytes(MAGIC)
    quick, slow, marked = Tail(tmp_path), Tail(tmp_path), Tail(tmp_path)
    read: tuple[list[str], list[str], list[str]] = ([], [], [])
    for number, name in enumerate(names):
        half = closing(name)
        with path.open("ab") as file:
            file.write(half[:9])  # another reader comes while it is being written
        read[0].extend(ids(quick))
        with path.open("ab") as file:
            file.write(half[9:])
        read[0].extend(ids(quick))
        read[1].extend(ids(slow, most))
        if number % 7 == 0:
            read[2].extend(ids(marked))
            marked = Tail(tmp_path, marked.marks)
    while more := ids(slow, most):
        read[1].extend(more)
    read[2].extend(ids(marked))
    assert list(read) == [names] * 3
    assert quick.marks == slow.marks == marked.marks == {path.name: path.stat().st_size}
    assert [each.observation.id for each in read_journal(tmp_path) if each.observation] == names


def test_another_file_in_its_place_is_read_for_itself(tmp_path: Path) -> None:
    path = tmp_path / f"1{SUFFIX}"
    path.write_bytes(MAGIC + closing("old"))
    assert ids(Tail(tmp_path)) == ["old"]
    (tmp_path / "new").write_bytes(MAGIC + closing("new"))
    (tmp_path / "new").replace(path)
    assert ids(Tail(tmp_path)) == ["new"]


def test_what_is_kept_of_others_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / f"1{SUFFIX}"
    path.write_bytes(MAGIC + b"".join(closing(f"o{number}") for number in range(MOST_RECENT + 50)))
    for _ in range(2):
        assert len(ids(Tail(tmp_path))) == MOST_RECENT + 50
        assert len(_recent._kept) == MOST_RECENT
