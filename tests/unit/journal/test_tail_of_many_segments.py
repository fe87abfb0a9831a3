"""A reader of a long journal looks again only at what may have grown."""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Observation
from roadworthy.journal import Record, Tail
from roadworthy.journal.record import MAGIC, encode
from roadworthy.journal.segment import SUFFIX
from roadworthy_verify.carried import SEAL

AT = "2026-11-21T20:00:00.000000Z"


def a_frame(number: int) -> bytes:
    seen = Observation(id=f"o{number}", time=AT, system="s", release="r", stage="live")
    return encode(Record(kind="close", at=AT, observation=seen))


def a_segment(folder: Path, name: str, *numbers: int) -> Path:
    path = folder / f"{name}{SUFFIX}"
    path.write_bytes(MAGIC + b"".join(map(a_frame, numbers)))
    return path


def ids(tail: Tail) -> list[str]:
    return [record.observation.id for record in tail.read() if record.observation is not None]


def looked_at(tail: Tail) -> list[str]:
    return [path.name for path, _ in tail._growing()]


def test_a_sealed_segment_that_was_read_is_not_looked_at_again(tmp_path: Path) -> None:
    for number in range(5):
        path = a_segment(tmp_path, f"2026-{number}", number)
        path.with_name(path.name.removesuffix(SUFFIX) + SEAL).write_text("{}")
    newest = a_segment(tmp_path, "2026-9", 9)
    tail = Tail(tmp_path)
    assert ids(tail) == ["o0", "o1", "o2", "o3", "o4", "o9"]
    assert looked_at(tail) == [newest.name]
    with newest.open("ab") as file:
        file.write(a_frame(10))
    a_segment(tmp_path, "2027-1", 11)
    assert ids(tail) == ["o10", "o11"]


def test_one_that_is_sealed_before_it_was_read_is_read(tmp_path: Path) -> None:
    tail = Tail(tmp_path)
    assert ids(tail) == []
    path = a_segment(tmp_path, "2026-1", 1, 2)
    path.with_name(f"2026-1{SEAL}").write_text("{}")
    assert ids(tail) == ["o1", "o2"]
    assert looked_at(tail) == []


def test_one_whose_reading_broke_off_is_gone_on_with(tmp_path: Path) -> None:
    path = a_segment(tmp_path, "2026-1", 1, 2, 3)
    path.with_name(f"2026-1{SEAL}").write_text("{}")
    tail = Tail(tmp_path)
    first = next(tail.read())
    assert first.observation is not None
    assert first.observation.id == "o1"
    assert looked_at(tail) == [path.name]
    assert ids(tail) == ["o1", "o2", "o3"]  # a mark moves once its record was taken
    assert looked_at(tail) == []


def test_where_there_is_no_journal_yet_there_is_nothing(tmp_path: Path) -> None:
    assert ids(Tail(tmp_path / "none")) == []
