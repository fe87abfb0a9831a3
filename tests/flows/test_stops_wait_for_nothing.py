"""A late rule's stop waits for no lock and no entry; what is owed is entered when it can be."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from doubles.answers_that_left import Answers
from doubles.ledgers import damaged
from doubles.live_system import write_live_system
from roadworthy.domain import Draft, EvidenceError, RoadworthyError, VerificationError
from roadworthy.flows.brakes.road import on_violation
from roadworthy.flows.brakes.stopping import recording
from roadworthy.flows.brakes.stops import Stops
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.flows.workspace.waiting import held
from roadworthy.serving import editing
from roadworthy.wiring.control import Control
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan

MONEY = "you will get 900 euro"
TENANTS = ("acme", "beta", "gamma")


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)


def a_control(loop: Loop) -> Control:
    root = str(loop.workspace.root.parent)
    return Control(Plan(workspace=str(loop.workspace.root), roots={"": root}))


def stopped(loop: Loop) -> set[str]:
    return {flag.value for flag in read_table(loop.workspace.routing).kills}


def recorded(loop: Loop) -> list[str]:
    return [entry.subject for entry in loop.ledger.entries(kind="violation.recorded")]


@contextmanager
def written_by_somebody(loop: Loop) -> Iterator[None]:
    """Another connection has the ledger's write lock."""
    with closing(sqlite3.connect(loop.workspace.ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def leak(loop: Loop) -> list[str]:
    """Every tenant gets the forbidden answer."""
    answers = Answers(loop)
    return [(await answers.leave(MONEY, tenant=tenant)).id for tenant in TENANTS]


async def test_every_violation_is_stopped_while_somebody_else_records(loop: Loop) -> None:
    control = a_control(loop)
    with recording(loop):
        ids = await leak(loop)
        control.look()
        assert stopped(loop) == set(TENANTS)
        assert recorded(loop) == []
        assert control.owed >= len(TENANTS)
    control.enter()
    assert recorded(loop) == ids
    (incident,) = incidents_of(loop).values()
    assert incident.observations == tuple(ids)
    assert control.owed == 0


async def test_every_violation_is_stopped_while_the_ledger_is_written(loop: Loop) -> None:
    control = a_control(loop)
    with written_by_somebody(loop):
        ids = await leak(loop)
        control.look()
        assert stopped(loop) == set(TENANTS)
    control.enter()
    assert recorded(loop) == ids


async def test_a_damaged_ledger_stops_no_stop_and_is_gone_on_with_once_it_is_put_back(
    loop: Loop,
) -> None:
    control = a_control(loop)
    control.round()
    with damaged(loop.workspace.ledger):
        ids = await leak(loop)
        with pytest.raises(VerificationError, match="damaged"):
            control.look()
        assert stopped(loop) == set(TENANTS)
        with pytest.raises(VerificationError, match="damaged"):
            control.enter()
    control.round()
    assert sorted(recorded(loop_of(loop.workspace))) == sorted(ids)  # two of one millisecond


async def test_what_is_owed_is_found_again_by_a_process_that_begins_anew(loop: Loop) -> None:
    control = a_control(loop)
    with recording(loop):
        ids = await leak(loop)
        control.look()
        control.keep()
    anew = a_control(loop)
    anew.round()
    assert recorded(loop) == ids
    anew.keep()
    assert a_control(loop).round() == 0


async def test_stops_that_cannot_be_set_are_said_and_set_once_they_can(loop: Loop) -> None:
    control = a_control(loop)
    with held(loop.workspace.lock):
        ids = await leak(loop)
        with pytest.raises(EvidenceError, match=r"serving/lock is held by .*waited for 0\.5 s"):
            control.look()
    control.round()
    assert stopped(loop) == set(TENANTS)
    assert recorded(loop) == ids


async def test_what_could_not_be_stopped_yet_is_not_entered_as_stopped(loop: Loop) -> None:
    answers, quick = Answers(loop), loop_of(loop.workspace, patience_s=0.0)
    seen, stops = await answers.leave(MONEY), Stops(warn=print)
    with held(loop.workspace.lock):
        stops.stop(answers.violation(seen, answers.says(seen, "promises-money")), quick, ("a", 0))
        stops.enter(quick)
        assert (recorded(loop), len(stops)) == ([], 1)
    stops.set_all(quick)
    stops.enter(quick)
    assert (recorded(loop), stopped(loop), len(stops)) == ([seen.id], {"acme"}, 0)


async def test_a_damaged_segment_keeps_nobody_from_the_others(loop: Loop) -> None:
    answers = Answers(loop)
    await answers.leave("fine", tenant="acme")
    (first,) = loop.workspace.journal.glob("*.rwj")
    first.write_bytes(first.read_bytes()[:-3] + b"XXX")
    late = await answers.leave(MONEY, tenant="beta")
    control = a_control(loop)
    with pytest.raises(VerificationError, match="checksum"):
        control.round()
    assert stopped(loop) == {"beta"}
    assert recorded(loop) == [late.id]


async def test_a_record_that_nobody_can_look_at_keeps_nobody_from_the_others(loop: Loop) -> None:
    answers = Answers(loop)
    await answers.leave(MONEY, tenant="acme")
    (key,) = (loop.workspace.journal / "keys").glob("*.json")
    right = key.read_bytes()
    key.write_bytes(b"no key")
    late = await answers.leave(MONEY, tenant="beta")
    control = a_control(loop)
    for _ in range(2):
        with pytest.raises(EvidenceError, match="is no wrapped key"):
            control.round()
        assert stopped(loop) == {"beta"}
        assert recorded(loop) == [late.id]
    key.write_bytes(right)
    control.keep()
    a_control(loop).round()
    assert stopped(loop) == {"acme", "beta"}


async def test_an_entry_that_can_never_be_made_holds_up_no_other(loop: Loop) -> None:
    stops, made = Stops(warn=print), []

    def broken(at: Loop) -> None:
        raise EvidenceError("never")

    stops.owe(broken, ("a", 0))
    stops.owe(lambda at: made.append("second"), ("a", 9))
    for _ in range(3):
        with pytest.raises(EvidenceError, match="never"):
            stops.enter(loop)
    assert made == ["second"]
    assert stops.held(lambda: {"a": 20}) == {"a": 0}


def test_what_does_not_fit_into_memory_is_read_again(loop: Loop) -> None:
    stops, made = Stops(warn=print, most=1), []
    assert stops.owe(lambda at: made.append(1), ("a", 5))
    assert not stops.owe(lambda at: made.append(2), ("a", 7))
    marks = {"a": 20}
    stops.go_back(marks)
    assert marks == {"a": 20}
    assert stops.held(lambda: marks) == {"a": 5}
    stops.enter(loop)
    assert stops.held(lambda: marks) == {"a": 7}
    stops.go_back(marks)
    assert (made, marks) == ([1], {"a": 7})


async def test_who_reports_is_told_that_it_is_stopped_and_not_entered(loop: Loop) -> None:
    answers, quick = Answers(loop), loop_of(loop.workspace, patience_s=0.0)
    seen = await answers.leave(MONEY)
    violation = answers.violation(seen, answers.says(seen, "promises-money"))
    with (
        recording(loop),
        pytest.raises(EvidenceError, match=r"it is stopped, and not entered yet: .*records"),
    ):
        on_violation(violation, quick)
    assert (stopped(loop), recorded(loop)) == ({"acme"}, [])
    on_violation(violation, quick)
    assert recorded(loop) == [seen.id]


def test_changes_of_people_and_of_tenants_give_up_waiting(loop: Loop) -> None:
    workspace = loop.workspace
    with (
        held(workspace.trust.with_suffix(".lock")),
        pytest.raises(EvidenceError, match=r"trust.lock is held"),
        held(workspace.trust.with_suffix(".lock"), 0.0),
    ):
        pass
    with (
        held(workspace.lock),
        pytest.raises(EvidenceError, match="serving/lock: locked for 0 s"),
        editing(workspace.tenants, workspace.lock, patience_s=0.0),
    ):
        pass


def test_a_lock_that_is_held_is_given_up_by_name_and_process(loop: Loop) -> None:
    lock = loop.workspace.lock
    with subprocess.Popen(
        ["flock", "--no-fork", str(lock), "sh", "-c", "echo held; exec sleep 60"],
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        try:
            with pytest.raises(EvidenceError, match=r"serving/lock is held by process \d+"):
                publish(loop.workspace, lambda table: table, loop.clock, patience_s=0.0)
        finally:
            other.kill()


def test_a_ledger_that_is_written_is_waited_for_and_then_given_up(loop: Loop) -> None:
    quick = loop_of(loop.workspace, patience_s=0.0)
    draft = Draft(system="", kind="run.completed", subject="x", actor=loop.machine, payload={})
    with written_by_somebody(loop), pytest.raises(RoadworthyError, match="locked"):
        quick.ledger.record(draft)
    quick.ledger.record(draft)
