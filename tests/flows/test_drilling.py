"""A drill touches nobody else, says what it saw, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.live_system import a_key, write_live_system
from roadworthy.cli.acting import find_acting
from roadworthy.domain import (
    DRILL_TENANT,
    AccessError,
    KillFlag,
    Mitigation,
    RoutingTable,
    Signer,
    UndecidedError,
    UsageError,
)
from roadworthy.flows.brakes.stopping import put_back_kills, record_unrecorded
from roadworthy.flows.drills.drilling import Drill, Wanted, alone, drill_switches, rehearse
from roadworthy.flows.drills.lines import Said
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import add_person
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.wiring.loop import loop_of

AT = "2026-11-21T20:00:00.000000Z"


class FakeWorker:
    """Answers by the table, as a worker does. Implements `Line`."""

    def __init__(self, loop: Loop, worker: str, *, deaf: bool = False, gone: bool = False) -> None:
        self.worker, self.asked = worker, 0
        self._loop, self._deaf, self._gone = loop, deaf, gone

    def _table(self) -> RoutingTable:
        return read_table(self._loop.workspace.routing)

    def version(self) -> int:
        return self._table().version

    def ask(self) -> Said:
        self.asked += 1
        table = self._table()
        release = table.routes["letters"].live
        usual = Said(status=200, action="answered", release=release)
        if self._deaf:
            return usual
        flag = table.killed(system="letters", tenant=DRILL_TENANT, facets={})
        found = table.mitigated(system="letters", tenant=DRILL_TENANT, endpoint="", facets={})
        if (flag or found) and self._gone:
            raise ConnectionResetError("reset")
        if flag is not None:
            return Said(status=503, code="kill_switch", message=f"stopped by {flag.id}")
        return Said(status=200, action="fallback", release=release) if found else usual


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)


def signer(loop: Loop, name: str) -> Signer:
    found = find_acting(loop.workspace, name)
    assert found is not None
    return found.signer


def wanted(loop: Loop, drill: Drill = "kill") -> Wanted:
    route = read_table(loop.workspace.routing).routes["letters"]
    return Wanted(drill=drill, id="drill-1", route=route, within_ms=5000, give_up_s=0.5)


@pytest.mark.parametrize("drill", ["kill", "degrade", "rollback"])
def test_every_worker_is_seen_to_obey_and_to_answer_again(loop: Loop, drill: Drill) -> None:
    lines = [FakeWorker(loop, "w1"), FakeWorker(loop, "w2")]
    found, entry = rehearse(wanted(loop, drill), lines, loop, signer=signer(loop, "dan"))
    assert found.result == "held"
    assert [each.worker for each in found.workers] == ["w1", "w2"]
    assert found.stopped_in_ms == max(each.stopped_in_ms or 0 for each in found.workers) > 0
    assert found.requests == sum(line.asked for line in lines) >= 6
    assert (entry.kind, entry.subject) == (f"drill.{drill}", found.release)
    assert drill_switches(read_table(loop.workspace.routing)) == []


def test_a_worker_that_goes_on_answering_missed_it(loop: Loop) -> None:
    lines = [FakeWorker(loop, "w1"), FakeWorker(loop, "w2", deaf=True)]
    found, entry = rehearse(wanted(loop), lines, loop, signer=signer(loop, "dan"))
    assert (found.result, found.stopped_in_ms) == ("missed", None)
    assert entry.payload["result"] == "missed"
    assert drill_switches(read_table(loop.workspace.routing)) == []


def test_a_hair_too_late_is_missed(loop: Loop) -> None:
    from msgspec import structs

    asked = structs.replace(wanted(loop), within_ms=0)
    found, _ = rehearse(asked, [FakeWorker(loop, "w1")], loop, signer=signer(loop, "dan"))
    assert found.result == "missed"
    assert found.stopped_in_ms is not None


def test_a_worker_that_goes_away_decides_nothing_and_the_switch_goes(loop: Loop) -> None:
    lines = [FakeWorker(loop, "w1", gone=True)]
    with pytest.raises(UndecidedError, match="went away"):
        rehearse(wanted(loop), lines, loop, signer=signer(loop, "dan"))
    assert drill_switches(read_table(loop.workspace.routing)) == []
    assert list(loop.ledger.entries(kind="drill.kill")) == []


def test_what_refuses_already_proves_nothing(loop: Loop) -> None:
    stopped = KillFlag(
        id="kill-1", scope="system", value="letters", system="letters", reason="x", by="x", at=AT
    )
    publish(loop.workspace, _with(stopped), loop.clock)
    with pytest.raises(UndecidedError, match="as usual"):
        rehearse(wanted(loop), [FakeWorker(loop, "w1")], loop, signer=signer(loop, "dan"))
    assert read_table(loop.workspace.routing).kills == (stopped,)


def test_who_does_not_operate_may_not_drill(loop: Loop) -> None:
    add_person(loop, name="eve", roles=["engineer"], by=find_acting(loop.workspace, "ann"))
    again = loop_of(loop.workspace)
    with pytest.raises(AccessError, match="engineer"):
        rehearse(wanted(loop), [FakeWorker(loop, "w1")], again, signer=signer(loop, "eve"))


def test_the_machine_may_drill_for_it_stops_nobody(loop: Loop) -> None:
    machine = loop.keyring.machine()
    _, entry = rehearse(wanted(loop), [FakeWorker(loop, "w1")], loop, signer=machine)
    assert entry.actor == loop.machine


def _with(switch: KillFlag | Mitigation) -> Callable[[RoutingTable], RoutingTable]:
    from msgspec import structs

    def change(table: RoutingTable) -> RoutingTable:
        if isinstance(switch, KillFlag):
            return structs.replace(table, kills=(*table.kills, switch))
        return structs.replace(table, mitigations=(*table.mitigations, switch))

    return change


def _left() -> tuple[KillFlag, Mitigation]:
    flag = KillFlag(
        id="drill-7", scope="tenant", value=DRILL_TENANT, system="letters", reason="a drill",
        by="x", at=AT,
    )  # fmt: skip
    mitigation = Mitigation(
        id="drill-8", kind="rollback", system="letters", facets={"tenant": DRILL_TENANT},
        objective="drill", reason="a drill", at=AT,
    )  # fmt: skip
    return flag, mitigation


def test_what_a_drill_left_is_lifted_entered_and_said_and_nothing_else_is(loop: Loop) -> None:
    acme = KillFlag(
        id="kill-1", scope="tenant", value="acme", system="letters", reason="x", by="x", at=AT
    )
    for switch in (acme, *_left()):
        publish(loop.workspace, _with(switch), loop.clock)
    said: list[str] = []
    with alone(loop, said.append):
        table = read_table(loop.workspace.routing)
    assert (table.kills, table.mitigations) == ((acme,), ())
    assert len(said) == 2
    assert all("cut off" in words for words in said)
    entries = [each for each in loop.ledger.entries() if each.kind.startswith("drill.")]
    assert [(e.kind, e.subject, e.payload["result"]) for e in entries] == [
        ("drill.kill", "drill-7", "interrupted"),
        ("drill.rollback", "drill-8", "interrupted"),
    ]


def test_the_flag_of_a_drill_is_no_kill_to_the_ledger(loop: Loop) -> None:
    """Entered as a kill, it would be put back, and two people would have to lift it."""
    flag, _ = _left()
    publish(loop.workspace, _with(flag), loop.clock)
    assert record_unrecorded(loop) == []
    with alone(loop):
        pass
    assert put_back_kills(loop) == []
    assert read_table(loop.workspace.routing).kills == ()


def test_a_kill_for_a_never_event_is_no_drill_whomever_it_stops(loop: Loop) -> None:
    from msgspec import structs

    flag = structs.replace(_left()[0], never_event="insults")
    publish(loop.workspace, _with(flag), loop.clock)
    with alone(loop):
        assert read_table(loop.workspace.routing).kills == (flag,)
    assert record_unrecorded(loop) == [flag]


def test_nothing_is_drilled_where_a_caller_has_the_name(loop: Loop) -> None:
    a_key(loop, DRILL_TENANT)
    with pytest.raises(UsageError, match="caller's key"), alone(loop):
        pass
