"""Objectives on the machine and on headroom are judged at run time: by readings, by the ledger."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock
from doubles.live_system import write_live_system
from roadworthy.domain import HostSample, SafetySLO, Verdict, format_instant
from roadworthy.flows.load.capacity import Ramp
from roadworthy.flows.load.headroom import Measured, enter_capacity
from roadworthy.flows.objectives.watch import LiveRules, SloWatch
from roadworthy.flows.rollouts.standings import read_standings
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import HostLog
from roadworthy.wiring.loop import loop_of


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())


def slo(name: str, target: str, **fields: object) -> SafetySLO:
    return SafetySLO(name=name, target=target, window="1h", **fields)  # type: ignore[arg-type]


def read_machine(loop: Loop, megabytes: float, n: int = 120) -> None:
    """Ten minutes of readings that follow the activation."""
    log, clock = HostLog(loop.workspace.host), loop.clock
    for at in range(n):
        clock.ahead_s += 5.0  # type: ignore[attr-defined]
        log.append(
            HostSample(
                at=format_instant(clock.now()), seconds=5.0,
                memory_mb=megabytes + at * 7919 % 13 / 10, missing={"gpu": "no GPU was found"},
            )
        )  # fmt: skip


def judged(loop: Loop, *slos: SafetySLO) -> dict[str, Verdict]:
    watch = SloWatch(loop, rules=lambda *_: LiveRules(slos=slos), warn=print)
    loop.clock.ahead_s += 120.0  # type: ignore[attr-defined]
    watch.round()
    return {each.objective: each.verdict for each in read_standings(loop.workspace).objectives}


MEMORY = slo("memory", "<= 100")


def test_memory_is_judged_by_the_readings_of_its_window(loop: Loop) -> None:
    assert judged(loop, MEMORY)["memory"] is Verdict.INCONCLUSIVE
    read_machine(loop, 80.0)
    assert judged(loop, MEMORY)["memory"] is Verdict.PASS
    loop.clock.ahead_s += 3600.0  # type: ignore[attr-defined]
    read_machine(loop, 130.0)
    assert judged(loop, MEMORY)["memory"] is Verdict.FAIL


def test_what_nobody_can_read_and_a_slice_of_the_machine_prove_nothing(loop: Loop) -> None:
    read_machine(loop, 80.0)
    found = judged(loop, slo("gpu", "<= 0.5"), slo("memory", "<= 100", by=["tenant"]))
    assert set(found.values()) == {Verdict.INCONCLUSIVE}


def test_headroom_is_judged_by_the_newest_measurement(loop: Loop) -> None:
    wanted = slo("headroom", ">= 0.3")
    assert judged(loop, wanted)["headroom"] is Verdict.INCONCLUSIVE
    live = read_table(loop.workspace.routing).routes["letters"].live
    ramps = tuple(
        Ramp(capacity=each, at_least=False, why="", steps=()) for each in (98.0, 100.0, 103.0)
    )
    measured = Measured(
        system="letters", release=live, peak=40.0, ramps=ramps, objectives=(), how={}
    )
    enter_capacity(loop, measured)
    assert judged(loop, wanted)["headroom"] is Verdict.PASS
    assert judged(loop, slo("headroom", ">= 0.7"))["headroom"] is Verdict.FAIL
