"""Steps of a playbook: one after the other while it stays broken, back in reverse, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave
from doubles.live_system import write_live_system
from doubles.slo_engine import Engine, answers, slo
from roadworthy.domain import (
    AccessError,
    DegradeStep,
    EvidenceError,
    KillFlag,
    RoutingTable,
    SafetySLO,
    UsageError,
)
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.mitigation.degrading import Run, back_by_hand, hand_steps, step_by_hand
from roadworthy.flows.mitigation.mitigations import lift, put_back_mitigations, standing_mitigations
from roadworthy.flows.rollouts.standings import standings_path
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.wiring.loop import loop_of

NARROW = DegradeStep(do="narrow_use", allowed={"jurisdiction": ["DE"]}, within="10m")
STEPS = [
    DegradeStep(do="cache_off", within="10m"),
    NARROW,
    DegradeStep(do="route_to_human_review", slice="supplier=S-9", within="10m"),
    DegradeStep(do="kill_switch"),
]


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())


def stepping(steps: list[DegradeStep] = STEPS, **given: Any) -> SafetySLO:
    given = {"recover": "auto after 2 clean windows", **given}
    return slo(action_on_breach="degrade_steps", steps=steps, **given)


def kinds(engine: Engine) -> list[str]:
    return [each.kind for each in engine.mitigations]


async def broken(loop: Loop, engine: Engine, *, minutes: float) -> None:
    """So long it goes on failing."""
    loop.clock.ahead_s += minutes * 60 - 30  # type: ignore[attr-defined]
    await leave(loop, answers(loop, 60, bad=40))
    engine.round()


async def test_the_next_step_follows_only_when_the_last_did_not_bring_it_back_in_its_time(
    loop: Loop,
) -> None:
    engine = Engine(loop, stepping())
    await broken(loop, engine, minutes=1)
    assert kinds(engine) == ["cache_off"] and len(engine.standing().steps) == 1
    await broken(loop, engine, minutes=5)
    assert kinds(engine) == ["cache_off"], "its time is not up"
    await broken(loop, engine, minutes=6)
    assert kinds(engine) == ["cache_off", "narrow_use"]
    (narrow,) = [each for each in engine.mitigations if each.kind == "narrow_use"]
    assert (narrow.step, narrow.allowed) == (2, {"jurisdiction": ("DE",)})
    await broken(loop, engine, minutes=11)
    assert kinds(engine)[-1] == "route_to_human_review"
    assert engine.mitigations[-1].facets == {"supplier": "S-9"}
    await broken(loop, engine, minutes=11)
    (kill,) = read_table(loop.workspace.routing).kills
    assert (kill.scope, kill.value) == ("system", "letters")
    await broken(loop, engine, minutes=30)
    assert len(engine.standing().steps) == 4, "there is no step after the last"
    entered = [each.subject for each in loop.ledger.entries(kind="degrade.stepped")]
    assert entered == list(engine.standing().steps)
    assert loop.ledger.newest(kind="kill.set", subject=kill.id)
    (incident,) = incidents_of(loop).values()
    assert set(entered) <= {*incident.mitigations, *incident.kills, kill.id}
    assert len(list(loop.ledger.entries(kind="objective.breached"))) == 1


async def test_too_few_answers_after_a_step_take_no_other(loop: Loop) -> None:
    engine = Engine(loop, stepping(recover=""))
    await broken(loop, engine, minutes=1)
    loop.clock.ahead_s += 1200  # type: ignore[attr-defined]
    await leave(loop, answers(loop, 3, bad=1))
    engine.rounds(3, every_s=900)
    assert kinds(engine) == ["cache_off"]


async def test_answers_from_before_a_step_do_not_take_the_next(loop: Loop) -> None:
    engine = Engine(loop, stepping(recover=""))
    await broken(loop, engine, minutes=1)
    loop.clock.ahead_s += 900  # type: ignore[attr-defined]
    engine.round()
    assert kinds(engine) == ["cache_off"]
    await leave(loop, answers(loop, 200, bad=1))
    engine.round()
    assert kinds(engine) == ["cache_off"] and engine.standing().verdict == "PASS"


async def test_steps_go_back_in_reverse_order_each_after_clean_windows(loop: Loop) -> None:
    engine = Engine(loop, stepping(STEPS[:3]))
    for _ in range(3):
        await broken(loop, engine, minutes=11)
    assert kinds(engine) == ["cache_off", "narrow_use", "route_to_human_review"]
    left = []
    for _ in range(20):
        engine.rounds(1, every_s=1800)
        left.append(kinds(engine))
    changes = [now for now, before in zip(left[1:], left, strict=False) if now != before]
    assert [*changes] == [["cache_off", "narrow_use"], ["cache_off"], []]
    assert left.count(["cache_off"]) >= 4, "two windows of an hour, half-hourly looks"
    assert len(list(loop.ledger.entries(kind="degrade.eased"))) == 3
    assert len(list(loop.ledger.entries(kind="objective.recovered"))) == 1
    assert engine.standing().breached_at == "" and not standing_mitigations(loop)


async def test_a_failure_after_a_step_went_back_takes_it_again_at_once(loop: Loop) -> None:
    engine = Engine(loop, stepping(STEPS[:3]))
    await broken(loop, engine, minutes=1)
    await broken(loop, engine, minutes=11)
    assert kinds(engine) == ["cache_off", "narrow_use"]
    before = engine.standing().steps
    engine.rounds(5, every_s=1800)
    assert kinds(engine) == ["cache_off"]
    await broken(loop, engine, minutes=1)
    assert kinds(engine) == ["cache_off", "narrow_use"], "its first step's time need not go by"
    assert engine.standing().steps[1] not in before, "it is another act than the first time"
    assert put_back_mitigations(loop) == []
    engine.round()
    assert kinds(engine) == ["cache_off", "narrow_use"]


async def test_a_restart_takes_no_step_twice_and_forgets_none(loop: Loop) -> None:
    engine = Engine(loop, stepping())
    await broken(loop, engine, minutes=1)
    await broken(loop, engine, minutes=11)
    steps = engine.standing().steps
    engine.start()
    engine.round()
    assert engine.standing().steps == steps and len(engine.mitigations) == 2
    standings_path(loop.workspace).write_bytes(b"{damaged")
    engine.start()
    engine.round()
    assert engine.standing().steps == steps and len(engine.mitigations) == 2


async def test_a_step_that_went_back_is_not_taken_for_one_that_stands_after_a_damaged_file(
    loop: Loop,
) -> None:
    engine = Engine(loop, stepping(STEPS[:3]))
    await broken(loop, engine, minutes=1)
    await broken(loop, engine, minutes=11)
    engine.rounds(5, every_s=1800)
    assert kinds(engine) == ["cache_off"]
    standings_path(loop.workspace).write_bytes(b"{damaged")
    engine.start()
    await broken(loop, engine, minutes=1)
    assert kinds(engine) == ["cache_off"], "nobody knows since when: it is given its time anew"
    await broken(loop, engine, minutes=11)
    assert kinds(engine) == ["cache_off", "narrow_use"]
    assert put_back_mitigations(loop) == [] and len(engine.standing().steps) == 2


async def test_a_lifted_step_of_a_slice_that_nobody_asks_about_leaves_the_others(
    loop: Loop,
) -> None:
    engine = Engine(loop, stepping(by=["supplier"], window="10m"))
    for minutes in (1, 11):
        loop.clock.ahead_s += minutes * 60 - 30  # type: ignore[attr-defined]
        await leave(loop, answers(loop, 60, bad=40, facets={"supplier": "S-9"}))
        engine.round()
    steps = engine.standing(part="supplier=S-9").steps
    assert len(steps) == 2
    loop.clock.ahead_s += 3600  # type: ignore[attr-defined]
    engine.round()
    lift(loop, steps[-1], signer=loop.keyring.signer("cleo"), reason="mended")
    engine.round()
    assert engine.standing(part="supplier=S-9").steps == steps[:1]


async def test_a_step_acts_before_its_entry_and_is_put_back(loop: Loop) -> None:
    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(loop.ledger, name)

        def record(self, *drafts: object) -> None:
            raise EvidenceError("the disk is full")

    engine = Engine(msgspec.structs.replace(loop, ledger=Full()), stepping())
    await leave(loop, answers(loop, 60, bad=40))
    with pytest.raises(EvidenceError):
        engine.round()
    assert kinds(engine) == ["cache_off"]
    assert not list(loop.ledger.entries(kind="degrade.stepped"))
    engine = Engine(loop, stepping())
    engine.round()
    assert len(list(loop.ledger.entries(kind="degrade.stepped"))) == 1

    def without(table: RoutingTable) -> RoutingTable:
        return msgspec.structs.replace(table, mitigations=())

    publish(loop.workspace, without, loop.clock)
    engine.round()
    assert kinds(engine) == ["cache_off"]


async def test_a_person_lifts_the_newest_step_and_the_others_stand(loop: Loop) -> None:
    engine = Engine(loop, stepping())
    await broken(loop, engine, minutes=1)
    await broken(loop, engine, minutes=11)
    lift(loop, engine.standing().steps[-1], signer=loop.keyring.signer("cleo"), reason="mended")
    engine.round()
    assert kinds(engine) == ["cache_off"] and len(engine.standing().steps) == 1
    assert engine.standing().breached_at


def a_run(steps: list[DegradeStep] = STEPS) -> Run:
    return Run(id="letters/slow", system="letters", playbook="slow", steps=steps, facets={})


def test_a_person_walks_a_playbook_down_and_back(loop: Loop) -> None:
    cleo = loop.keyring.signer("cleo")
    taken = []
    for _ in STEPS:
        loop.clock.ahead_s += 1  # type: ignore[attr-defined]
        taken.append(step_by_hand(a_run(), loop, signer=cleo, reason="it is slow"))
    assert [getattr(each, "kind", "kill") for each in taken] == [
        "cache_off", "narrow_use", "route_to_human_review", "kill",
    ]  # fmt: skip
    assert hand_steps(loop, "letters", "slow") == taken
    with pytest.raises(UsageError, match="all 4 steps"):
        step_by_hand(a_run(), loop, signer=cleo, reason="more")
    with pytest.raises(UsageError, match="is the kill"):
        back_by_hand(a_run(), loop, signer=cleo, reason="better")
    assert isinstance(taken[-1], KillFlag)

    def without(table: RoutingTable) -> RoutingTable:
        return msgspec.structs.replace(table, kills=())

    publish(loop.workspace, without, loop.clock)
    for left in (2, 1, 0):
        back_by_hand(a_run(), loop, signer=cleo, reason="better")
        assert len(read_table(loop.workspace.routing).mitigations) == left
    assert put_back_mitigations(loop) == []
    with pytest.raises(UsageError, match="no step"):
        back_by_hand(a_run(), loop, signer=cleo, reason="better")
    entry = loop.ledger.newest(kind="degrade.stepped", subject=taken[0].id)
    assert entry is not None and entry.actor == f"person:{cleo.key_id}"
    again = step_by_hand(a_run(), loop, signer=cleo, reason="it is slow again")
    assert again.id != taken[0].id and len(read_table(loop.workspace.routing).mitigations) == 1


def test_who_does_not_operate_takes_no_step(loop: Loop) -> None:
    with pytest.raises(AccessError):
        step_by_hand(a_run(), loop, signer=loop.keyring.signer("bob"), reason="it is slow")
    assert not read_table(loop.workspace.routing).mitigations
