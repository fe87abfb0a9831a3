"""A random sample of live answers is scored after they left: kept, weighted, or said why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from doubles.answers_that_left import Answers
from doubles.fake_upstream import FakeUpstream, Reply
from doubles.judge_prompts import answer_in
from doubles.live_system import write_live_system
from roadworthy.domain import Drawn, Measurement, Observation, Outcome, Verdict, drawing
from roadworthy.flows.journals.erasing import TextScope, erase_texts
from roadworthy.flows.late.budgets import UNKNOWN
from roadworthy.flows.late.online_scoring import ERASED, LATE, PURPOSE
from roadworthy.flows.objectives.live_indicators import measured
from roadworthy.flows.rollouts.standings import read_standings
from roadworthy.journal import Wanted, told
from roadworthy.wiring.objectives import Objectives
from roadworthy.wiring.online_scoring import OnlineLook
from roadworthy.wiring.plan import Plan

SLOS = """\
slos:
- {name: refused_7d, metric: no_refusal, target: ">= 0.5", window: 7d, at: [runtime]}
online:
- {scorer: refusal, name: no_refusal, share: 0.25, shares: {supplier=rare: 1.0}}
"""
JUDGED = """\
- scorer: rubric
  share: 1.0
  options:
    question: Is the answer kind?
    levels: ["no", "yes"]
    model: {provider: openai_compatible, name: big, upstream: lab, version: "1"}
"""


class Desk:
    """A live system that has a sample scored, what left it, and the look."""

    def __init__(self, root: Path, upstream: str = "http://127.0.0.1:9/v1", more: str = "") -> None:
        self.root = root
        self.loop = write_live_system(root, upstream, {"safety-slos.yaml": SLOS + more})
        self.answers = Answers(self.loop)
        self.key = self.answers.vault.derived(PURPOSE)

    def looker(self) -> OnlineLook:
        plan = Plan(workspace=str(self.loop.workspace.root), roots={"": str(self.root)})
        return OnlineLook(self.loop.workspace, self.answers.vault, plan, segment_mb=64)

    async def look(self, looker: OnlineLook | None = None) -> OnlineLook:
        looker = looker or self.looker()
        for _ in range(8):  # a round reads so many records, and no more
            await asyncio.to_thread(looker.round)
        await asyncio.to_thread(looker.close)
        return looker

    def drawn(self, seen: Observation) -> dict[str, Drawn]:
        return {each.score: each for said in self.said(seen) for each in said.drawn or ()}

    def said(self, seen: Observation) -> list[Outcome]:
        records = told(self.loop.workspace.journal, seen.id)
        return [each.outcome for each in records if each.outcome is not None]

    def measured(self, name: str) -> Measurement:
        found = measured(self.loop.workspace, Wanted(), self.loop).indicators
        return next(each for each in found if each.name == name)


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    def kind(body: dict) -> str:  # type: ignore[type-arg]
        return "2" if "dear" in answer_in(body["messages"][-1]["content"]) else "1"

    async with FakeUpstream(answer=kind) as found:
        yield found


async def test_who_is_drawn_follows_from_the_id_and_the_key_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    left = [await desk.answers.leave(f"fine {number}") for number in range(40)]
    await desk.look()
    for seen in left:
        expected = drawing(desk.key, seen.id) < 0.25
        assert bool(desk.drawn(seen)) is expected
        if expected:
            assert desk.drawn(seen)["no_refusal"] == Drawn(
                score="no_refusal", share=0.25, taken=True, value=1.0
            )
            assert desk.said(seen)[0].reporter == "look:online"


async def test_a_slice_with_a_larger_share_is_drawn_more_and_weighs_less(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for number in range(40):
        await desk.answers.leave(f"fine {number}", facets={"supplier": "usual"})
    for _ in range(10):
        await desk.answers.leave("I cannot help you.", facets={"supplier": "rare"})
    await desk.look()
    found = desk.measured("no_refusal")
    usual = found.n - 10
    assert 0 < usual < 40
    assert found.value == pytest.approx(0.8), "four fifths are usual, whatever share was drawn"
    assert found.sampled == pytest.approx((usual + 10) / 50)
    assert found.low is not None and found.high is not None
    assert found.low < 0.8 < found.high
    assert found.independent is not None and found.independent < found.n
    assert f"{found.n} of 50 answers were looked at, each drawn with 0.25 to 1" in found.reason


async def test_what_was_blocked_drilled_or_erased_is_no_score(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rare = {"supplier": "rare"}
    drill = await desk.answers.leave("fine", facets=rare, stage="drill")
    probe = await desk.answers.leave("fine", facets=rare, stage="probe")
    gone = await desk.answers.leave("fine", facets=rare, end_user="eve")
    scope = TextScope(tenant="acme", subject=gone.end_user)
    erase_texts(scope, desk.loop, desk.answers.vault, desk.answers.acting("ann"), reason="asked")
    await desk.look()
    assert desk.drawn(drill) == desk.drawn(probe) == {}
    assert desk.drawn(gone)["no_refusal"].skipped == ERASED


async def test_a_judge_is_asked_after_the_answer_and_believed_only_beside_people(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    desk = Desk(tmp_path, upstream.url, JUDGED)
    kind = await desk.answers.leave("dear friend")
    cold = await desk.answers.leave("no")
    await desk.look()
    assert desk.drawn(kind)["rubric"].value == 1.0
    assert desk.drawn(cold)["rubric"].value == 0.0
    assert desk.drawn(cold)["rubric"].judge["said"] == "no"
    found = desk.measured("rubric")
    assert (found.value, found.low) == (0.5, None)
    assert "uncorrected judge" in found.doubt


async def test_a_judge_that_fails_is_skipped_said_and_left_alone(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    desk = Desk(tmp_path, upstream.url, JUDGED)
    odd = await desk.answers.leave("dear friend")
    next_ = await desk.answers.leave("dear friend")
    upstream.script = [Reply(text="I would rather not say.")]
    await desk.look()
    why = desk.drawn(odd)["rubric"].skipped
    assert why.startswith("its judge failed: ")
    assert "rather" not in why, "it may say again what it was shown"
    assert desk.drawn(next_)["rubric"].skipped == "its judge did not answer just before"
    assert len(upstream.requests) == 1


async def test_beyond_the_budget_and_too_late_is_skipped_and_widens_the_bounds(
    tmp_path: Path,
) -> None:
    more = "- {scorer: refusal, name: few, share: 1.0, per_hour: 5, within_s: 60}\n"
    desk = Desk(tmp_path, more=more)
    late = await desk.answers.leave("fine", seconds_ago=90)
    left = [await desk.answers.leave("fine") for _ in range(10)]
    await desk.look()
    assert desk.drawn(late)["few"].skipped == LATE
    why = [desk.drawn(seen)["few"].skipped for seen in left]
    assert why == [""] * 5 + ["the budget was used up"] * 5
    found = desk.measured("few")
    assert found.value == 1.0
    assert found.low is not None
    assert found.low < 5 / 11, "six of eleven may have been anything"
    assert "6 drawn ones were skipped, and may be anything: 5 the budget" in found.reason


async def test_a_restart_goes_on_and_scores_nothing_twice(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    seen = await desk.answers.leave("fine", facets={"supplier": "rare"})
    await desk.look()
    await desk.look()
    assert len(desk.said(seen)) == 1


FEW = "- {scorer: refusal, name: few, share: 1.0, per_hour: 5}\n"


async def test_a_restart_begins_no_budget_anew(tmp_path: Path) -> None:
    desk = Desk(tmp_path, more=FEW)
    left = [await desk.answers.leave("fine") for _ in range(3)]
    await desk.look()
    left += [await desk.answers.leave("fine") for _ in range(4)]
    await desk.look()
    why = [desk.drawn(seen)["few"].skipped for seen in left]
    assert why == [""] * 5 + ["the budget was used up"] * 2


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"taken": {"a": {"x": 1}}}', b"\xff"])
async def test_a_damaged_budget_is_used_up_and_set_aside(tmp_path: Path, data: bytes) -> None:
    desk = Desk(tmp_path, more=FEW)
    first = await desk.answers.leave("fine")
    await desk.look()
    path = desk.loop.workspace.serving / "online-budgets.json"
    path.write_bytes(data)
    second = await desk.answers.leave("fine")
    await desk.look()
    third = await desk.answers.leave("fine")
    await desk.look()  # a restart knows no more
    assert desk.drawn(first)["few"].skipped == ""
    assert {desk.drawn(each)["few"].skipped for each in (second, third)} == {UNKNOWN}
    assert path.with_suffix(".damaged").read_bytes() == data


async def test_an_objective_counts_the_sample_for_what_it_is_worth(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for _ in range(60):
        await desk.answers.leave("I cannot help you.")
    await desk.look()
    assert Objectives(desk.loop.workspace).round() > 0
    (standing,) = read_standings(desk.loop.workspace).objectives
    assert standing.verdict is Verdict.FAIL
    assert standing.n < 60
    assert "a random sample" in standing.reason


async def test_a_process_that_ends_waits_for_no_judge_and_scores_it_when_it_is_back(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    desk = Desk(tmp_path, upstream.url, JUDGED)
    seen = await desk.answers.leave("dear friend")
    upstream.script = [Reply(hang=True)]
    looker = desk.looker()
    round_ = asyncio.create_task(asyncio.to_thread(looker.round))
    while not upstream.requests:
        await asyncio.sleep(0.01)
    looker.stop()
    await asyncio.wait_for(round_, 5)
    await asyncio.to_thread(looker.close)
    assert desk.said(seen) == []
    await desk.look()
    assert desk.drawn(seen)["rubric"].value == 1.0
