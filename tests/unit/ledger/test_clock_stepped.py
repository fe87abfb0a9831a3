"""A clock that went back: entries keep their order in time, the step is recorded, all verifies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.ledgers import a_draft, a_signer
from doubles.set_clock import SetClock
from roadworthy.domain import Trust, format_instant
from roadworthy.ledger import (
    Ledger,
    MemoryEntryStore,
    SqliteEntryStore,
    next_instant,
    trust_machine,
)
from roadworthy.ledger.store import LedgerStore

Make = Callable[[SetClock], LedgerStore]


@pytest.fixture(params=["sqlite", "memory"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    if request.param == "memory":
        return MemoryEntryStore
    return lambda clock: SqliteEntryStore(tmp_path / "ledger.db", clock)


def test_no_entry_is_before_the_one_before_it_and_the_step_is_entered_once(make: Make) -> None:
    clock = SetClock()
    ledger = Ledger(make(clock), signer=a_signer())
    began = format_instant(clock.now())
    trust = trust_machine(Trust(), a_signer().public_key, at=began)
    (first,) = ledger.record(a_draft(1))
    clock.advance(-1200)
    (second,) = ledger.record(a_draft(2))
    (third,) = ledger.record(a_draft(3))
    clock.advance(2400)
    (fourth,) = ledger.record(a_draft(4))
    later = [next_instant(began), next_instant(next_instant(began))]
    assert [each.time for each in (first, second, third)] == [began, *later]
    assert fourth.time == format_instant(clock.now())
    (step,) = ledger.entries(kind="clock.stepped")
    assert step.payload == {
        "shown": format_instant(clock.now() - dt.timedelta(seconds=2400)),
        "held": later[0],
    }
    assert step.seq == second.seq - 1
    assert all(head.time >= began for head in ledger.store.checkpoints())
    assert ledger.verify(trust=trust).ok


def test_each_step_is_entered(make: Make) -> None:
    clock = SetClock()
    ledger = Ledger(make(clock), signer=a_signer())
    for _ in range(3):
        ledger.record(a_draft(1))
        clock.advance(-60)
        ledger.record(a_draft(2))
        clock.advance(120)
    assert len(list(ledger.entries(kind="clock.stepped"))) == 3


def test_a_clock_that_is_a_little_behind_is_held_and_no_step(make: Make) -> None:
    clock = SetClock()
    ledger = Ledger(make(clock), signer=a_signer())
    (first,) = ledger.record(a_draft(1))
    clock.advance(-0.5)
    (second,) = ledger.record(a_draft(2))
    assert second.time == next_instant(first.time)
    assert list(ledger.entries(kind="clock.stepped")) == []


def test_a_head_of_nothing_new_is_no_older_than_its_entries(make: Make) -> None:
    clock = SetClock()
    ledger = Ledger(make(clock), signer=a_signer())
    (entry,) = ledger.append(a_draft(1))
    clock.advance(-1200)
    assert ledger.checkpoint().time == next_instant(entry.time)


def test_the_first_entry_is_not_before_the_key_that_signs_it(tmp_path: Path) -> None:
    clock = SetClock()
    began = format_instant(clock.now())
    clock.advance(-1200)
    store = SqliteEntryStore(tmp_path / "ledger.db", clock, not_before=began)
    (entry,) = Ledger(store, signer=a_signer()).record(a_draft(1))
    assert entry.time == began
