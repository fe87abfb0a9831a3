"""A drill grows old, and one that failed is none that passed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from msgspec import structs

from doubles.live_system import write_live_system
from roadworthy.domain import Clock, Draft, Instant
from roadworthy.flows.drills.ages import DrillAge, drill_ages
from roadworthy.flows.workspace.loop import Loop
from roadworthy.wiring.loop import loop_of, open_loop


class Later:
    """A clock that is some days ahead. Implements `Clock`."""

    def __init__(self, clock: Clock, days: int) -> None:
        self._clock, self._days = clock, days

    def now(self) -> dt.datetime:
        return self._clock.now() + dt.timedelta(days=self._days)

    def monotonic(self) -> float:
        return self._clock.monotonic()


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)


def drilled(loop: Loop, drill: str, result: str) -> Instant:
    draft = Draft(
        system="letters", kind=f"drill.{drill}", subject="r", actor=loop.machine,
        payload={"result": result},
    )  # fmt: skip
    return loop.ledger.record(draft)[0].time


def in_days(loop: Loop, days: int) -> Loop:
    return structs.replace(loop, clock=Later(loop.clock, days))


def states(ages: list[DrillAge]) -> dict[str, str]:
    return {age.drill: age.state for age in ages}


def test_what_was_never_drilled_is_said(loop: Loop) -> None:
    ages = drill_ages(loop, "letters", "monthly")
    assert states(ages) == {"kill": "never", "rollback": "never"}
    assert ages[0].words == "kill of letters was never drilled: roadworthy drill kill"


def test_a_drill_grows_old_by_the_cadence_of_the_charter(loop: Loop) -> None:
    at = drilled(loop, "kill", "held")
    (kill, _) = drill_ages(loop, "letters", "monthly")
    assert (kill.state, kill.at, kill.words) == ("fresh", at, "")
    assert states(drill_ages(in_days(loop, 31), "letters", "monthly"))["kill"] == "fresh"
    assert states(drill_ages(in_days(loop, 32), "letters", "monthly"))["kill"] == "stale"
    assert states(drill_ages(in_days(loop, 32), "letters", "quarterly"))["kill"] == "fresh"
    assert states(drill_ages(in_days(loop, 8), "letters", "weekly"))["kill"] == "stale"


@pytest.mark.parametrize("result", ["missed", "interrupted", ""])
def test_a_drill_that_did_not_pass_is_no_fresh_one(loop: Loop, result: str) -> None:
    drilled(loop, "kill", "held")
    drilled(loop, "kill", result)
    assert states(drill_ages(loop, "letters", "monthly"))["kill"] == "failed"


def test_what_was_never_on_the_road_owes_no_drill(tmp_path: Path) -> None:
    assert drill_ages(open_loop(tmp_path), "letters", "monthly") == []
