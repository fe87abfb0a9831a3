"""A reboot with a dead battery: what is done with the clock behind holds when it is right again.

The machine's clock stays as it is; the ledger is one of twenty minutes later.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from doubles.live_system import write_live_system
from doubles.set_clock import SetClock
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Draft, Trust, format_instant
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.ledger import Keyring, next_instant, open_ledger, trust_machine
from roadworthy.manifests import Workspace, save_trust
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.held_time import HeldClock, held_clock
from roadworthy.wiring.loop import loop_of

AHEAD = dt.timedelta(minutes=20)


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    """A live system whose newest entry is of twenty minutes from now."""
    loop = loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)
    workspace = loop.workspace
    ledger = open_ledger(
        database=workspace.ledger,
        checkpoints=workspace.checkpoints,
        clock=SetClock((SystemClock().now() + AHEAD).isoformat()),
        keys=workspace.keys,
    )
    ledger.record(a_draft(loop.machine))
    return loop


def a_draft(machine: str) -> Draft:
    return Draft(system="letters", kind="gate.decided", subject="x", actor=machine, payload={})


@pytest.mark.parametrize("who", [["--as", "dan"], []], ids=["a person", "nobody"])
def test_a_kill_with_the_clock_behind_acts_and_the_ledger_verifies(
    loop: Loop, who: list[str]
) -> None:
    root = str(loop.workspace.root.parent)
    newest = loop.ledger.newest()
    assert newest is not None
    assert run(VERBS, ["kill", "tenant:acme", root, "--reason", "odd", *who]) == 0
    (flag,) = read_table(loop.workspace.routing).kills
    assert flag.at == next_instant(newest.time)
    (entry,) = loop.ledger.entries(kind="kill.set")
    assert (entry.subject, entry.time) == (flag.id, next_instant(newest.time))
    (step,) = loop.ledger.entries(kind="clock.stepped")
    assert step.payload["shown"] < step.payload["held"] == step.time
    assert run(VERBS, ["ledger", "verify", root]) == 0


def test_people_act_with_the_clock_behind_by_the_ledgers_time(loop: Loop) -> None:
    root = str(loop.workspace.root.parent)
    assert run(VERBS, ["people", "add", "fay", root, "--role", "operator", "--as", "ann"]) == 0
    assert run(VERBS, ["people", "rotate", "dan", root]) == 0
    assert run(VERBS, ["kill", "system", root, "--reason", "odd", "--as", "dan"]) == 0
    lift = ["resume", "system", root, "--reason", "right again", "--as", "fay", "--as", "cleo"]
    assert run(VERBS, lift) == 0
    assert run(VERBS, ["people", "revoke", "fay", root, "--reason", "left", "--as", "ann"]) == 0
    times = [entry.time for entry in loop.ledger.entries()]
    assert times == sorted(times)
    assert run(VERBS, ["ledger", "verify", root]) == 0


def test_a_workspace_that_has_only_a_key_holds_the_time_at_the_keys_start(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / ".roadworthy")
    machine = Keyring(workspace.keys).machine()
    begins = format_instant(SystemClock().now() + AHEAD)
    save_trust(workspace.trust, trust_machine(Trust(), machine.public_key, at=begins))
    assert held_clock(workspace).now() >= SystemClock().now() + AHEAD - dt.timedelta(seconds=9)
    loop = loop_of(workspace)
    (entry,) = loop.ledger.record(a_draft(loop.machine))
    assert entry.time == begins
    assert loop.ledger.verify(trust=loop.trust).ok


def test_a_held_clock_never_goes_back_and_shows_no_less_than_its_floor() -> None:
    clock = SetClock()
    start = clock.now()
    held = HeldClock(clock, floor=format_instant(start + dt.timedelta(hours=1)))
    assert held.now() == start + dt.timedelta(hours=1)
    clock.advance(7200)
    latest = clock.now()
    assert held.now() == latest
    clock.advance(-3600)
    assert held.now() == latest
    assert held.monotonic() == clock.monotonic()


def test_damaged_heads_hold_no_time_and_stop_nobody(loop: Loop) -> None:
    loop.workspace.checkpoints.write_bytes(b"{\n")
    assert held_clock(loop.workspace).floor == ""
