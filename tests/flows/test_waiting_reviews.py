"""Whoever watches the gateway sees how many held answers wait, and since when."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from doubles.held_answers import HeldDesk
from roadworthy.domain import Draft
from roadworthy.flows.entries.review_entries import DECIDED
from roadworthy.journal import HeldTail, segments
from roadworthy.wiring.control import Control
from roadworthy.wiring.waiting_reviews import EVERY_S


def scraped(control: Control) -> dict[str, float]:
    """The gauges of reviews, of the system `letters`."""
    text = control.metrics(rounds=1, records=1, fault="").decode()
    return {
        sample.name.removeprefix("roadworthy_"): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "review" in sample.name and sample.labels == {"system": "letters"}
    }


class Watched:
    """A control process whose time passes when it is told to."""

    def __init__(self, desk: HeldDesk) -> None:
        self.control = desk.control()
        self._reviews = self.control._reviews

    def looks(self) -> dict[str, float]:
        self._reviews._again_at -= EVERY_S
        self.control.round()
        return scraped(self.control)


async def test_what_waits_is_counted_and_what_is_decided_is_not(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    watched = Watched(desk)
    assert watched.looks() == {
        "reviews_waiting": 0, "reviews_overdue": 0, "review_oldest_seconds": 0,
    }  # fmt: skip
    late = await desk.hold(hours_ago=30)
    young = await desk.hold(hours_ago=1)
    await desk.hold(changes={"stage": "probe"})
    await desk.leave()
    told = watched.looks()
    assert (told["reviews_waiting"], told["reviews_overdue"]) == (2, 1)
    assert told["review_oldest_seconds"] == pytest.approx(30 * 3600, abs=60)
    desk.decides(late, "approve")
    told = watched.looks()
    assert (told["reviews_waiting"], told["reviews_overdue"]) == (1, 0)
    assert told["review_oldest_seconds"] == pytest.approx(3600, abs=60)
    assert Watched(desk).looks() == pytest.approx(told, abs=5), "a process that begins anew"
    desk.decides(young, "refuse")
    assert watched.looks()["reviews_waiting"] == 0


async def test_an_opinion_that_settles_nothing_leaves_it_waiting(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path, impact="high")
    desk.decides(await desk.hold(), "approve")
    assert Watched(desk).looks()["reviews_waiting"] == 1


async def test_a_forged_decision_hides_nothing_and_stops_no_round(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    watched = Watched(desk)
    assert watched.looks()["reviews_waiting"] == 1
    forged = Draft(
        system="letters", kind=DECIDED, subject=seen.id, actor=desk.loop.machine, payload={}
    )
    desk.loop.ledger.record(forged)
    with caplog.at_level(logging.WARNING):
        assert watched.looks() == {}, "unknown is not nought"
        watched.looks()
    said = [each for each in caplog.messages if "reviews wait" in each]
    assert len(said) == 1 and "counts for nothing" in said[0]


async def test_held_answers_are_found_once_as_the_journal_grows(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    tail = HeldTail(desk.loop.workspace.journal)
    assert list(tail.read()) == []
    first = await desk.hold(asked="action held")  # the words alone are no hold
    await desk.leave("held")
    second = await desk.hold()
    found = [record.observation.id for record in tail.read() if record.observation is not None]
    assert found == [first.id, second.id]
    assert list(tail.read()) == []
    third = await desk.hold()
    assert [each.observation.id for each in tail.read() if each.observation] == [third.id]


async def test_a_long_journal_is_read_bit_by_bit(tmp_path: Path) -> None:
    desk = HeldDesk(tmp_path)
    for _ in range(3):
        await desk.hold("x" * 700_000)
    assert len(segments(desk.loop.workspace.journal)) >= 3
    tail = HeldTail(desk.loop.workspace.journal)
    found = 0
    for _ in range(5):
        found += len(list(tail.read(most_mb=1)))
        if not tail.behind:
            break
        assert found < 3
    assert found == 3


@pytest.mark.parametrize("step", [1, 7, 400])
async def test_a_held_answer_that_is_half_written_is_found_once_it_is_whole(
    tmp_path: Path, step: int
) -> None:
    desk = HeldDesk(tmp_path)
    held = [(await desk.hold()).id, (await desk.leave("left"), await desk.hold())[1].id]
    tail, found = HeldTail(tmp_path / "grown"), []
    (tmp_path / "grown").mkdir()
    for written in segments(desk.loop.workspace.journal):
        whole, copy = written.read_bytes(), tmp_path / "grown" / written.name
        for end in (*range(8, len(whole), step), len(whole)):
            copy.write_bytes(whole[:end])
            found += [each.observation.id for each in tail.read() if each.observation]
    assert found == held
