"""A kill that the ledger says stands is put back, whoever took it out of the routing table."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.ledgers import damaged
from doubles.live_system import write_live_system
from roadworthy.cli.acting import find_acting
from roadworthy.cli.stops import warn_of_lost
from roadworthy.domain import KillFlag, VerificationError
from roadworthy.flows.brakes.stopping import (
    lift,
    put_back_kills,
    record_kill,
    recording,
    set_kill,
)
from roadworthy.flows.entries.entered_kills import ledger_kills
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import Acting
from roadworthy.flows.workspace.routing import read_table
from roadworthy.wiring.control import Control
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan
from roadworthy_verify import verify_path

AT = "2026-11-21T20:00:00.000000Z"


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)


def a_kill(loop: Loop, id: str = "kill-1", tenant: str = "acme") -> KillFlag:
    flag = KillFlag(
        id=id, scope="tenant", value=tenant, system="letters", reason="drill", by="x", at=AT
    )
    set_kill(flag, loop)
    record_kill(flag, loop, by=None)
    return flag


def edit(loop: Loop, *, version: int = 1, **changes: object) -> None:
    """As somebody with the files in hand does it: forward, so that no worker balks."""
    table = read_table(loop.workspace.routing)
    changed = msgspec.structs.replace(table, version=table.version + version, **changes)
    loop.workspace.routing.write_bytes(msgspec.json.encode(changed))


def kills(loop: Loop) -> tuple[KillFlag, ...]:
    return read_table(loop.workspace.routing).kills


def a_person(loop: Loop, name: str) -> Acting:
    found = find_acting(loop.workspace, name)
    assert found is not None
    return found


def a_control(loop: Loop) -> Control:
    root = str(loop.workspace.root.parent)
    return Control(Plan(workspace=str(loop.workspace.root), roots={"": root}))


def test_a_kill_taken_out_of_the_table_is_set_again_by_the_next_round(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    flag, control = a_kill(loop), a_control(loop)
    control.round()
    edit(loop, kills=())
    version = read_table(loop.workspace.routing).version
    control.round()
    assert kills(loop) == (flag,)
    assert read_table(loop.workspace.routing).version == version + 1
    assert "kill-1" in caplog.text
    assert "nobody lifted it" in caplog.text
    (entry,) = loop.ledger.entries(kind="kill.put_back")
    assert entry.subject == flag.id


def test_a_kill_that_was_made_to_stop_somebody_else_is_set_as_it_was(loop: Loop) -> None:
    flag = a_kill(loop)
    edit(loop, kills=(msgspec.structs.replace(flag, value="nobody"),))
    assert put_back_kills(loop) == [flag]
    assert kills(loop) == (flag,)


def test_a_kill_that_stands_otherwise_too_is_set_as_it_was(loop: Loop) -> None:
    flag, control = a_kill(loop), a_control(loop)
    control.round()
    edit(loop, kills=(flag, msgspec.structs.replace(flag, never_event="no-such")))
    control.round()
    assert kills(loop) == (flag,)


def test_a_kill_that_nobody_entered_yet_stops_on(loop: Loop) -> None:
    """Of the last moments, or somebody's edit: it stops the more, and is never taken out."""
    flag = a_kill(loop)
    young = msgspec.structs.replace(flag, id="kill-2", value="beta")
    set_kill(young, loop)
    assert put_back_kills(loop) == []
    assert kills(loop) == (flag, young)
    report = verify_path(loop.workspace.root)
    assert report.ok
    assert report.details["kills"] == {"standing": 1, "missing": [], "beyond": 1}
    assert any("stops 1 more, which no entry says" in line for line in report.lines)


def test_a_table_that_was_removed_comes_back_with_its_kills(loop: Loop) -> None:
    flag = a_kill(loop)
    loop.workspace.routing.unlink()
    a_control(loop).round()
    assert kills(loop) == (flag,)


def test_a_kill_that_nobody_touched_publishes_nothing(loop: Loop) -> None:
    a_kill(loop)
    before = loop.workspace.routing.read_bytes()
    assert put_back_kills(loop) == []
    assert loop.workspace.routing.read_bytes() == before
    assert list(loop.ledger.entries(kind="kill.put_back")) == []


def test_a_lifted_kill_is_not_put_back(loop: Loop) -> None:
    a_kill(loop)
    stands = a_kill(loop, "kill-2", "other")
    people = [a_person(loop, name) for name in ("cleo", "dan")]
    control = a_control(loop)
    control.round()
    lift(["kill-1"], loop, people=people, reason="mended")
    control.round()
    assert put_back_kills(loop) == []
    assert kills(loop) == (stands,)


def test_a_lift_under_way_is_never_undone(loop: Loop) -> None:
    """Recorded, and not yet out of the table, or just out of it: the entry is what counts."""
    flag = a_kill(loop)
    people = [a_person(loop, name) for name in ("cleo", "dan")]
    lift(["kill-1"], loop, people=people, reason="mended")
    set_kill(flag, loop)  # as if the command had died between the entry and the table
    assert put_back_kills(loop) == []
    assert ledger_kills(loop) == []
    edit(loop, kills=())
    assert put_back_kills(loop) == []


def test_a_kill_is_put_back_while_somebody_else_records(loop: Loop) -> None:
    """A stop waits for no entry: not when it is set, and not when it is set again."""
    flag, control = a_kill(loop), a_control(loop)
    edit(loop, kills=())
    with recording(loop):
        control.look()
        assert kills(loop) == (flag,)
    control.enter()
    assert [entry.subject for entry in loop.ledger.entries(kind="kill.put_back")] == [flag.id]


def test_a_kill_is_put_back_also_while_the_ledger_is_damaged(loop: Loop) -> None:
    flag, control = a_kill(loop), a_control(loop)
    control.round()
    edit(loop, kills=())
    with damaged(loop.workspace.ledger):
        with pytest.raises(VerificationError, match="damaged"):
            control.look()
        assert kills(loop) == (flag,)


def test_an_entry_that_is_no_kill_is_a_fault_and_not_no_kill(loop: Loop) -> None:
    from roadworthy.domain import Draft

    draft = Draft(
        system="letters", kind="kill.set", subject="kill-9", actor=loop.machine, payload={"a": 1}
    )
    loop.ledger.record(draft)
    with pytest.raises(VerificationError, match="is no kill"):
        ledger_kills(loop)
    with pytest.raises(VerificationError, match="is no kill"):  # whoever only looks hears of it
        warn_of_lost(loop)
