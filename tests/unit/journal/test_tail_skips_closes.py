"""A reader without late rules passes over finished exchanges, and nothing else."""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Observation, Outcome
from roadworthy.journal import Record, Tail
from roadworthy.journal.record import MAGIC, encode

AT = "2026-11-21T20:00:00.000000Z"


def seen(number: int) -> Observation:
    return Observation(id=f"o{number}", time=AT, system="s", release="r", stage="live")


def test_closes_are_passed_over_and_the_mark_moves_past_them(tmp_path: Path) -> None:
    said = Outcome(observation="o1", time=AT, reporter="tenant:a", never_event="e")
    frames = [
        encode(Record(kind="close", at=AT, observation=seen(1))),
        encode(Record(kind="outcome", at=AT, about="o1", outcome=said)),
        encode(Record(kind="close", at=AT, observation=seen(2))),
        encode(Record(kind="end", at=AT, segment="x")),
        encode(Record(kind="close", at=AT, observation=seen(3))),
    ]
    (tmp_path / "1.seg").write_bytes(MAGIC + b"".join(frames))
    (path,) = tmp_path.iterdir()
    renamed = path.rename(tmp_path / f"1{_suffix()}")
    tail = Tail(tmp_path)
    assert [record.kind for record in tail.read(closes=False)] == ["outcome", "end"]
    assert tail.marks == {renamed.name: renamed.stat().st_size}
    assert list(tail.read(closes=False)) == []
    everything = Tail(tmp_path)
    assert [record.kind for record in everything.read()] == [
        "close", "outcome", "close", "end", "close",
    ]  # fmt: skip


def _suffix() -> str:
    from roadworthy.journal.segment import SUFFIX

    return SUFFIX
