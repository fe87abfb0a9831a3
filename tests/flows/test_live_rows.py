"""The newest answers in memory: what most have alike is there once."""

from __future__ import annotations

import msgspec

from roadworthy.domain import Observation, RailVerdict
from roadworthy.flows.objectives.live_rows import MOST_ALIKE, MOST_WINDOWS, LiveRows
from roadworthy.journal import Record

AT = "2026-11-22T12:00:00.000000Z"


def a_record(number: int, *, rails: tuple[RailVerdict, ...] = ()) -> Record:
    """As it is read: nothing of it is another record's."""
    seen = Observation(
        id=f"o{number}",
        time=AT,
        system="letters",
        release="sha256:" + "1" * 64,
        stage="live",
        tenant="acme",
        model="small",
        rails=rails,
    )
    record = Record(kind="close", at=AT, observation=seen)
    return msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=Record)


def passed(name: str) -> RailVerdict:
    return RailVerdict(rail=name, side="input", outcome="passed")


def test_what_answers_have_alike_is_in_memory_once() -> None:
    rows = LiveRows()
    for number in range(3):
        rows.take(a_record(number, rails=(passed("words"), passed("accounts"))))
    rows.take(a_record(3, rails=(passed("words"),)))
    kept = list(rows.window("letters", release="", since=AT, late=False))
    assert [each.id for each in kept] == ["o0", "o1", "o2", "o3"]
    assert kept[0].rails is kept[1].rails is kept[2].rails
    assert kept[0].release is kept[3].release
    assert kept[3].rails == (passed("words"),)
    read = a_record(1, rails=(passed("words"), passed("accounts"))).observation
    assert kept[1] == read


def test_what_is_shared_is_bounded_where_answers_have_nothing_alike() -> None:
    rows = LiveRows(most=10)
    for number in range(2 * MOST_ALIKE):
        rows.take(a_record(number, rails=(passed(f"rail-{number}"),)))
    assert len(rows) == 10
    assert len(rows._alike) <= MOST_ALIKE + 6
    last = list(rows.window("letters", release="", since=AT, late=False))[-1]
    assert last.rails == (passed(f"rail-{2 * MOST_ALIKE - 1}"),)


def test_windows_that_move_on_while_nobody_calls_are_not_kept_for_ever() -> None:
    """Each has up to 20,000 answers; they begin elsewhere with each look at the clock."""
    rows = LiveRows()
    rows.take(a_record(1))
    for second in range(3 * MOST_WINDOWS):
        since = f"2026-11-22T11:{second // 60:02}:{second % 60:02}.000000Z"
        assert len(list(rows.window("letters", release="", since=since, late=False))) == 1
    assert len(rows._windows) <= MOST_WINDOWS
