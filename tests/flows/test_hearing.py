"""What a report does: only a reviewer's violation stops anything, and only once it is about
something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest

from doubles.set_clock import SetClock
from roadworthy.domain import (
    EvidenceError,
    KillFlag,
    NeverEvent,
    Observation,
    Outcome,
    PatternRule,
    Rule,
    UsageError,
)
from roadworthy.flows.incidents.hearing import Heard, HearingDeps, Terms, hear

SEEN = Observation(
    id="o-1", time="", system="desk", release="sha256:aa", stage="live", tenant="acme"
)
EVENT = NeverEvent(id="n", statement="Never.", rule=Rule(pattern=PatternRule(patterns=["x"])))


class Desk:
    """A notebook, a brake and an archive that remember."""

    def __init__(self, *, broken: bool = False, brake_fails: bool = False) -> None:
        self.brake_fails = brake_fails
        self.kept: list[tuple[str, Outcome]] = []
        self.flags: list[KillFlag] = []
        self.broken = broken
        self.known: Terms | None = Terms(never={EVENT.id: EVENT}, labels=["motor", "home"])

    async def learn(
        self, outcome: Outcome, *, kind: Literal["outcome", "report"] = "outcome"
    ) -> None:
        if self.broken:
            raise EvidenceError("the disk is full")
        self.kept.append((kind, outcome))

    async def find(self, observation_id: str) -> Observation | None:
        return SEEN if observation_id == SEEN.id else None

    def terms(self, system: str) -> Terms | None:
        return self.known

    async def brake(self, flags: Sequence[KillFlag]) -> Sequence[KillFlag]:
        if self.brake_fails:
            raise EvidenceError("the kill does not stand")
        self.flags += flags
        return flags

    async def hear(self, *, tenant: str = "acme", reviewer: bool = False, **said: str) -> Heard:
        values = {"observation": "o-1", "time": "", "reporter": f"tenant:{tenant}"} | said
        deps = HearingDeps(
            find=self.find, terms=self.terms, brake=self.brake, notebook=self, clock=SetClock()
        )
        return await hear(Outcome(**values), deps, tenant=tenant, reviewer=reviewer)  # type: ignore[arg-type]


async def test_a_reviewers_violation_stops_its_scope() -> None:
    desk = Desk()
    heard = await desk.hear(reviewer=True, tenant="reviewers", never_event="n")
    assert heard.state == "acted"
    assert [(flag.scope, flag.value) for flag in desk.flags] == [("system", "desk")]
    assert [kind for kind, _ in desk.kept] == ["outcome"]


async def test_a_label_that_comes_with_a_violation_is_kept_with_it() -> None:
    desk = Desk()
    await desk.hear(reviewer=True, never_event="n", label="motor", feedback="down")
    (kept,) = [said for _, said in desk.kept]
    assert (kept.never_event, kept.label, kept.feedback) == ("n", "motor", "down")


async def test_a_stop_does_not_wait_for_the_disk() -> None:
    desk = Desk(broken=True)
    with pytest.raises(EvidenceError):
        await desk.hear(reviewer=True, never_event="n")
    assert len(desk.flags) == 1


@pytest.mark.parametrize("said", [{"never_event": "n"}, {"label": "motor"}])
async def test_anyone_elses_claim_waits_for_a_person(said: dict[str, str]) -> None:
    desk = Desk()
    assert (await desk.hear(**said)).state == "waiting"
    assert desk.flags == [] and [kind for kind, _ in desk.kept] == ["report"]


@pytest.mark.parametrize("reviewer", [True, False])
async def test_feedback_is_kept_and_stops_nothing(reviewer: bool) -> None:
    desk = Desk()
    assert (await desk.hear(reviewer=reviewer, feedback="down")).state == "kept"
    assert desk.flags == []


async def test_another_tenants_observation_is_nobodys() -> None:
    desk = Desk()
    with pytest.raises(UsageError, match="no observation"):
        await desk.hear(tenant="other", feedback="down")
    with pytest.raises(UsageError, match="no observation"):
        await desk.hear(observation="o-2", reviewer=True, never_event="n")
    assert desk.kept == []


async def test_an_unknown_never_event_names_those_there_are() -> None:
    desk = Desk()
    for reviewer in (True, False):
        with pytest.raises(UsageError) as caught:
            await desk.hear(reviewer=reviewer, never_event="m")
        assert caught.value.fix == "it has: n"
    assert desk.flags == [] and desk.kept == []


@pytest.mark.parametrize("reviewer", [True, False])
async def test_a_label_that_the_system_does_not_have_is_refused(reviewer: bool) -> None:
    desk = Desk()
    with pytest.raises(UsageError, match="no label of desk") as caught:
        await desk.hear(reviewer=reviewer, label="nonsense")
    assert caught.value.fix == "it has: motor, home"
    assert desk.kept == []


async def test_while_no_release_can_be_read_a_report_is_not_taken_for_nonsense() -> None:
    desk = Desk()
    desk.known = None
    with pytest.raises(EvidenceError, match="cannot be read now"):
        await desk.hear(reviewer=True, never_event="n")


async def test_a_stop_that_does_not_stand_is_not_called_one_and_the_report_is_kept() -> None:
    desk = Desk(brake_fails=True)
    with pytest.raises(EvidenceError, match="does not stand"):
        await desk.hear(reviewer=True, never_event="n")
    assert [kind for kind, _ in desk.kept] == ["outcome"]
