"""Reviewers judge a random sample of what left, before they see it, and an indicator counts it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from msgspec import structs

from doubles.held_answers import SORTER, HeldDesk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import (
    Measurement,
    Observation,
    UndecidedError,
    UsageError,
    format_instant,
)
from roadworthy.flows.objectives.live_indicators import measured, samples_in
from roadworthy.flows.reviews.reading import WITHHELD, read
from roadworthy.flows.reviews.reviewing import Word, decide, judge
from roadworthy.flows.table.indicators import indicators_of
from roadworthy.flows.table.observing import open_table
from roadworthy.journal import Wanted
from roadworthy.table import Selection
from roadworthy.wiring.online_scoring import OnlineLook
from roadworthy.wiring.plan import Plan

TRAFFIC = Selection(stages=("live", "canary"))
SAMPLE = "sample: {share: 1.0, per_day: 3}, "


class SampledDesk(HeldDesk):
    """A live system of which every answer is drawn for reviewers, three a day at most."""

    def __init__(self, root: Path, changes: dict[str, str | None] | None = None) -> None:
        super().__init__(root, review=SAMPLE, changes=changes)

    async def left(
        self, text: str = "Your bill is on its way.", hours_ago: float = 0.0, **changes: object
    ) -> Observation:
        seen = await self.hold(
            "", decision=text if text in ("motor", "home") else "", hours_ago=hours_ago,
            changes={"action": "answered", "rails": (), "output": text, **changes},
        )  # fmt: skip
        return seen

    async def draw(self) -> None:
        plan = Plan(workspace=str(self.loop.workspace.root), roots={"": str(self.root)})
        look = OnlineLook(self.loop.workspace, self.vault, plan, segment_mb=64)
        await asyncio.to_thread(look.round)
        await asyncio.to_thread(look.close)

    def judges(self, seen: Observation, who: str = "rosa", **said: str) -> None:
        judge(seen.id, self.loop, self.journal, by=self.acting(who), **said)

    def upheld(self) -> Measurement:
        found = measured(self.loop.workspace, Wanted(), self.loop).indicators
        return next(each for each in found if each.name == "upheld_rate")


async def test_a_drawn_answer_waits_in_the_queue_and_is_shown_to_who_has_judged(
    tmp_path: Path,
) -> None:
    desk = SampledDesk(tmp_path)
    seen = await desk.left()
    assert desk.items() == []
    await desk.draw()
    (item,) = desk.items()
    assert (item.observation, item.why, item.blind) == (seen.id, ("a random sample",), True)
    rosa = desk.acting("rosa")
    assert read(seen.id, desk.loop, desk.journal, by=rosa).words["answer"] == WITHHELD
    with pytest.raises(UndecidedError, match="your own judgement"):
        desk.decides(seen, "approve")
    desk.judges(seen, text="The bill comes on Monday.")
    assert read(seen.id, desk.loop, desk.journal, by=rosa).words["answer"] == (
        "A person will read your letter."
    ), "what left, whatever the model had said"


async def test_what_people_decide_about_the_sample_is_an_indicator(tmp_path: Path) -> None:
    desk = SampledDesk(tmp_path)
    fine, wrong = await desk.left(), await desk.left()
    await desk.hold("held")
    await desk.draw()
    for seen, how in ((fine, "approve"), (wrong, "refuse")):
        desk.judges(seen, text="The bill comes on Monday.")
        desk.decides(seen, how)
    found = desk.upheld()
    assert (found.value, found.n, found.sampled) == (0.5, 2, 1.0)
    names = {each.name for each in measured(desk.loop.workspace, Wanted(), desk.loop).indicators}
    assert "overturn_rate" not in names, "that is of answers that were held"
    (row,) = [each for each in desk.items() if each.observation == wrong.id]
    assert row.decided is not None and row.decided.blind


async def test_a_label_that_another_was_given_blind_is_not_upheld(tmp_path: Path) -> None:
    desk = SampledDesk(tmp_path, SORTER)
    seen = await desk.left("motor")
    await desk.draw()
    desk.judges(seen, label="fraud")
    desk.decides(seen, "edit", text="fraud")
    assert desk.upheld().value == 0.0


async def test_beyond_the_days_budget_and_past_their_time_is_unknown_not_upheld(
    tmp_path: Path,
) -> None:
    desk = SampledDesk(tmp_path)
    late = await desk.left(hours_ago=30)
    for _ in range(4):
        await desk.left()
    await desk.draw()
    assert len(desk.items()) == 3
    (first, *_) = [each for each in desk.items() if each.observation != late.id]
    judge(first.id, desk.loop, desk.journal, text="On Monday.", by=desk.acting("rosa"))
    decide(first.id, desk.loop, desk.journal, word=Word(decision="approve"), by=desk.acting("rosa"))
    found = desk.upheld()
    assert (found.value, found.n) == (1.0, 1)
    assert "3 drawn ones were skipped, and may be anything: 2 the budget" in found.reason
    assert "1 nobody decided about it in time" in found.reason
    assert found.low is not None
    assert found.low < 0.25, "three of four may not have been upheld"


async def test_the_table_weighs_and_bounds_a_sample_as_the_journal_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("duckdb", reason="needs duckdb: make setup")
    desk = SampledDesk(tmp_path)
    await desk.left(hours_ago=30)
    (first, *_) = [await desk.left() for _ in range(4)]
    await desk.draw()
    judge(first.id, desk.loop, desk.journal, text="On Monday.", by=desk.acting("rosa"))
    decide(first.id, desk.loop, desk.journal, word=Word(decision="approve"), by=desk.acting("rosa"))
    names = ["upheld_rate", "time_to_review"]
    now = format_instant(desk.loop.clock.now())
    with open_table(desk.loop) as table:
        found = indicators_of(
            table, TRAFFIC, now=now, names=names, samples=samples_in(desk.loop.workspace)
        )
        by_table = {each.found.name: each.found for each in found}
        blind = next(indicators_of(table, TRAFFIC, now=now, names=["upheld_rate"])).found
    assert by_table["upheld_rate"] == structs.replace(desk.upheld(), slices={})
    assert blind.low is not None and by_table["upheld_rate"].low is not None
    assert blind.low > by_table["upheld_rate"].low, "what nobody decided in time is no chance"
    words = ["observations", str(desk.root), "--indicator", "upheld_rate", "--json"]
    assert run(VERBS, words) == 0
    (said,) = json.loads(capsys.readouterr().out)["indicators"]
    assert said["low"] == pytest.approx(desk.upheld().low)


async def test_nobody_reviews_an_answer_that_was_not_drawn(tmp_path: Path) -> None:
    desk = SampledDesk(tmp_path)
    seen = await desk.left()
    with pytest.raises(UsageError, match="there is no held answer"):
        desk.judges(seen, text="anything")
    probe = await desk.left(stage="probe")
    await desk.draw()
    assert [each.observation for each in desk.items()] == [seen.id]
    with pytest.raises(UsageError, match="there is no held answer"):
        desk.judges(probe, text="anything")
