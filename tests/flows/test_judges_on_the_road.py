"""Never events that a model looks for in what left: found, stopped, and never passed over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.fake_upstream import FakeUpstream, Reply
from doubles.judge_prompts import answer_in
from doubles.live_system import write_live_system
from roadworthy.domain import EvidenceError, ProviderError
from roadworthy.flows.brakes.stopping import recording
from roadworthy.flows.control import late_judging
from roadworthy.flows.control.not_looked import ERASED, NOT_LOOKED
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.workspace.routing import read_table
from roadworthy.wiring.late_judging import Judging
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan

JUDGED = """\
- id: cold
  statement: It is cold to somebody who mourns.
  scope: tenant
  rule:
    judge:
      rubric: Is the answer cold?
      model: {provider: openai_compatible, name: big, upstream: lab, version: "1"}
"""


class JudgedRoad:
    """A live system whose charter has a judge, the judge's model, and answers that leave."""

    def __init__(
        self, root: Path, upstream: FakeUpstream, files: dict[str, str] | None = None
    ) -> None:
        self.root = root
        self.upstream = upstream
        charter = CHARTER.replace("use: {", JUDGED + "use: {", 1)
        changed = {"charter.yaml": charter, **(files or {})}
        self.loop = write_live_system(root, upstream.url, changed)  # type: ignore[arg-type]
        self.answers = Answers(self.loop)

    def judging(self) -> Judging:
        """The judges' round of a control process that begins now."""
        return Judging(Plan(workspace=str(self.loop.workspace.root), roots={"": str(self.root)}))

    async def look(self, judging: Judging | None = None) -> int:
        """One round of it, released after."""
        judging = judging or self.judging()
        try:
            return await judging.round()
        finally:
            await judging.aclose()

    def entries(self, kind: str) -> list[str]:
        """Subjects of the entries of a kind."""
        return [entry.subject for entry in loop_of(self.loop.workspace).ledger.entries(kind=kind)]


def says(body: dict) -> str:  # type: ignore[type-arg]
    """A judge that sees what is cold."""
    return "1" if "bury him" in answer_in(body["messages"][-1]["content"]) else "2"


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[JudgedRoad]:
    async with FakeUpstream(answer=says) as upstream:
        yield JudgedRoad(tmp_path, upstream)


async def test_what_the_judge_finds_stops_its_scope_and_opens_an_incident(road: JudgedRoad) -> None:
    fine = await road.answers.leave("We are sorry for your loss.")
    cold = await road.answers.leave("Then bury him and send the form.")
    assert await road.look() == 2
    (incident,) = incidents_of(loop_of(road.loop.workspace)).values()
    assert (incident.never_event, incident.observations) == ("cold", (cold.id,))
    (flag,) = read_table(road.loop.workspace.routing).kills
    assert (flag.scope, flag.value) == ("tenant", "acme")
    asked = [request.body["messages"][-1]["content"] for request in road.upstream.requests]
    assert len(asked) == 2
    assert "dear desk" in asked[0] and fine.id not in str(asked)


async def test_what_was_looked_at_is_not_asked_again(road: JudgedRoad) -> None:
    await road.answers.leave("Then bury him and send the form.")
    assert await road.look() == 1
    assert await road.look() == 0
    assert len(road.entries("violation.recorded")) == 1
    assert len(road.upstream.requests) == 1


async def test_a_judge_that_is_down_closes_the_round_and_passes_nothing_over(
    road: JudgedRoad,
) -> None:
    cold = await road.answers.leave("Then bury him and send the form.")
    road.upstream.answer = lambda body: ""
    road.upstream.script = [Reply(status=503, body="busy") for _ in range(20)]
    with pytest.raises(ProviderError):
        await asyncio.wait_for(road.look(), 60)
    assert road.entries("violation.recorded") == []
    assert road.entries(NOT_LOOKED) == []
    road.upstream.script, road.upstream.answer = [], says
    assert await road.look() == 1
    assert road.entries("violation.recorded") == [cold.id]


async def test_an_answer_of_which_the_judge_says_nothing_is_entered_as_not_looked_at(
    road: JudgedRoad,
) -> None:
    odd = await road.answers.leave("Then bury him and send the form.")
    cold = await road.answers.leave("So bury him.")
    road.upstream.script = [Reply(text="I would rather not say.")]
    assert await road.look() == 2
    assert road.entries(NOT_LOOKED) == [odd.id]
    assert road.entries("violation.recorded") == [cold.id]
    (entry,) = loop_of(road.loop.workspace).ledger.entries(kind=NOT_LOOKED)
    assert entry.payload["never_event"] == "cold"
    assert "gave no verdict" in str(entry.payload["reason"])
    (road.loop.workspace.journal / "judges.json").unlink()
    road.upstream.script = [Reply(text="I would rather not say.")]
    assert await road.look() == 2
    assert road.entries(NOT_LOOKED) == [odd.id]


async def test_what_cannot_be_entered_yet_is_stopped_and_holds_up_no_look(
    road: JudgedRoad,
) -> None:
    first = await road.answers.leave("Then bury him and send the form.")
    second = await road.answers.leave("So bury him.", tenant="beta")
    judging = road.judging()
    with recording(road.loop):
        with pytest.raises(EvidenceError, match=r"records.lock is held"):
            await judging.round()
        kills = read_table(road.loop.workspace.routing).kills
        assert sorted(flag.value for flag in kills) == ["acme", "beta"]
        judging.keep()
    assert await judging.round() == 0
    assert sorted(road.entries("violation.recorded")) == sorted([first.id, second.id])
    assert len(road.upstream.requests) == 2, "nothing is asked twice"
    await judging.aclose()


BUSY = Reply(status=429, body="busy", headers={"retry-after": "999"})


def busy_at(word: str) -> Callable[[dict[str, Any]], Reply]:
    """An upstream that answers what holds the word with 429, and all else as it should."""
    return lambda body: BUSY if word in body["messages"][-1]["content"] else Reply()


async def test_a_text_that_the_judge_cannot_look_at_holds_up_nobody_and_is_entered(
    road: JudgedRoad, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = await road.answers.leave("POISON", tenant="mallory")
    cold = await road.answers.leave("So bury him.")
    road.upstream.standing = busy_at("POISON")
    judging = road.judging()
    assert await judging.round() == 2
    assert road.entries("violation.recorded") == [cold.id]
    assert road.entries(NOT_LOOKED) == []
    await judging.round()
    assert sum(busy(request.body) for request in road.upstream.requests) == 1, "a pause is kept"
    monkeypatch.setattr(late_judging, "PAUSES_S", (0.0,) * 4)
    await judging.aclose()
    judging = road.judging()
    for _ in range(5):
        assert road.entries(NOT_LOOKED) == []
        await judging.round()
    await judging.aclose()
    (entry,) = loop_of(road.loop.workspace).ledger.entries(kind=NOT_LOOKED)
    assert (entry.subject, entry.payload["never_event"]) == (poison.id, "cold")
    assert "asked 5 times" in str(entry.payload["reason"])
    assert road.entries("violation.recorded") == [cold.id]
    asked = len(road.upstream.requests)
    assert await road.look() == 0
    assert len(road.upstream.requests) == asked, "what was entered is not asked again"


def busy(body: dict[str, Any]) -> bool:
    return "POISON" in body["messages"][-1]["content"]


async def test_an_answer_that_waits_is_looked_at_after_a_restart(road: JudgedRoad) -> None:
    cold = await road.answers.leave("So bury him.")
    await road.answers.leave("We are sorry for your loss.")
    road.upstream.standing = busy_at("bury him")
    assert await road.look() == 2
    assert road.entries("violation.recorded") == []
    road.upstream.standing = lambda body: Reply()
    await road.look()
    assert road.entries("violation.recorded") == [cold.id]
    assert road.entries(NOT_LOOKED) == []


async def test_too_many_that_wait_are_entered_the_busiest_tenant_s_first(
    road: JudgedRoad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_judging, "MOST_WAITING", 4)
    other = await road.answers.leave("POISON of another", tenant="zed")
    flood = [await road.answers.leave(f"POISON {n}", tenant="mallory") for n in range(6)]
    cold = await road.answers.leave("So bury him.")
    road.upstream.standing = busy_at("POISON")
    assert await road.look() == 8
    assert road.entries("violation.recorded") == [cold.id]
    entered = road.entries(NOT_LOOKED)
    assert entered == [each.id for each in flood[: len(entered)]]
    assert len(entered) == 4
    assert other.id not in entered


async def test_while_a_judge_is_down_few_wait_and_the_rest_stays_in_the_journal(
    road: JudgedRoad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_judging, "MOST_WAITING", 2)
    monkeypatch.setattr(late_judging, "PAUSES_S", (0.0,) * 4)
    cold = [await road.answers.leave(f"So bury him {n}.") for n in range(5)]
    road.upstream.standing = lambda body: BUSY
    judging = road.judging()
    for _ in range(8):
        with pytest.raises(ProviderError, match="429"):
            await judging.round()
    assert sum("bury" in str(request.body) for request in road.upstream.requests) == 1
    assert road.entries(NOT_LOOKED) == []
    road.upstream.standing = lambda body: Reply()
    await judging.round()
    await judging.aclose()
    assert road.entries("violation.recorded") == [each.id for each in cold]
    assert road.entries(NOT_LOOKED) == []


async def test_texts_erased_before_the_judge_looked_are_entered_once(road: JudgedRoad) -> None:
    cold = await road.answers.leave("So bury him.")
    waits = await road.answers.leave("So bury him too.", tenant="zed")
    road.answers.vault.erase(tenant="acme")
    road.upstream.standing = busy_at("bury")
    judging = road.judging()
    await judging.round()
    assert road.entries(NOT_LOOKED) == [cold.id]
    road.answers.vault.erase(tenant="zed")
    await judging.aclose()
    assert await road.look() == 0
    assert await road.look() == 0
    assert road.entries(NOT_LOOKED) == [cold.id, waits.id]
    reasons = {
        entry.payload["reason"]
        for entry in loop_of(road.loop.workspace).ledger.entries(kind=NOT_LOOKED)
    }
    assert reasons == {ERASED}


async def test_a_judge_that_cannot_be_made_is_a_fault_and_no_silence(road: JudgedRoad) -> None:
    await road.answers.leave("So bury him.")
    (road.root / "roadworthy.toml").write_text("")
    with pytest.raises(Exception, match="lab"):
        await road.look()
    (road.root / "roadworthy.toml").write_text(f'[upstreams.lab]\nurl = "{road.upstream.url}"\n')
    assert await road.look() == 1


async def test_a_live_release_that_cannot_be_read_is_a_fault_and_no_silence(
    road: JudgedRoad,
) -> None:
    cold = await road.answers.leave("So bury him.")
    workspace = road.loop.workspace
    folder = workspace.root / read_table(workspace.routing).routes["letters"].path
    aside = folder.with_name("aside")
    folder.rename(aside)
    with pytest.raises(EvidenceError, match="no judge can look"):
        await road.look()
    aside.rename(folder)
    assert await road.look() == 1
    assert road.entries("violation.recorded") == [cold.id]


async def test_where_no_release_has_a_judge_nothing_is_asked(tmp_path: Path) -> None:
    async with FakeUpstream(answer=says) as upstream:
        loop = write_live_system(tmp_path, upstream.url, {"charter.yaml": CHARTER})
        await Answers(loop).leave("So bury him.")
        judging = Judging(Plan(workspace=str(loop.workspace.root), roots={"": str(tmp_path)}))
        assert await judging.round() == 0
        await judging.aclose()
        assert upstream.requests == []


RAILS = """\
egress: {regions: [EU], personal_data: %s}
rails: []
"""


@pytest.mark.parametrize(("action", "asked"), [("redact", 1), ("pseudonymise", 1), ("block", 0)])
async def test_a_judge_that_is_elsewhere_reads_no_personal_data(
    tmp_path: Path, action: str, asked: int
) -> None:
    async with FakeUpstream(answer=says) as upstream:
        road = JudgedRoad(tmp_path, upstream, {"rails.yaml": RAILS % action})
        await road.answers.leave("Write to jane@example.org, then bury him.")
        judging = road.judging()
        await road.look(judging)
        judged = [one for one in upstream.requests if "judge" in str(one.body).lower()]
        assert len(judged) == asked
        assert b"jane@example.org" not in upstream.received
        assert bool(incidents_of(loop_of(road.loop.workspace))) == bool(asked)
        assert bool(road.entries(NOT_LOOKED)) == (not asked)
