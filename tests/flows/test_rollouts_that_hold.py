"""A rollout that proves nothing ends its wait as its plan says; and clocks, plans, breaches."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave
from doubles.live_system import write_live_system
from doubles.rolled_out import CANARY, roll_out, second_release
from doubles.slo_engine import Engine, slo
from doubles.slo_engine import answers as live_answers
from roadworthy.domain import (
    EvidenceError,
    NeverRecord,
    Observation,
    RefusedError,
    Rolling,
    Rollout,
    RolloutStep,
    UsageError,
    format_instant,
    parse_instant,
)
from roadworthy.flows.entries.rolling import rollouts_of
from roadworthy.flows.rollouts.evidence import read_looked
from roadworthy.flows.rollouts.moving import (
    hold,
    plan_of,
    start_rollout,
    status,
    undecided_until,
)
from roadworthy.flows.rollouts.standings import standings_path
from roadworthy.flows.rollouts.watch import RolloutWatch
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.loop import loop_of

DAY_S = 86_400.0


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())


def watch(loop: Loop) -> RolloutWatch:
    return RolloutWatch(loop, objectives=lambda *_: (), warn=lambda _: None)


def now_of(loop: Loop, rolling: Rolling) -> Rolling:
    return rollouts_of(loop, "letters")[rolling.id]


def turn_clock(loop: Loop, seconds: float) -> None:
    loop.clock.ahead_s += seconds  # type: ignore[attr-defined]


def answers(loop: Loop, rolling: Rolling, n: int, *, of_new: str = "ok", bad: int = 0):
    """Both arms in turn; what became of those of the new one; `bad`: so many of them fail."""
    for place in range(n):
        new = place % 2 == 1
        failed = new and place // 2 < bad
        yield Observation(
            id=new_id(), time=format_instant(loop.clock.now()), system="letters", tenant="acme",
            release=rolling.release if new else rolling.baseline,
            stage="canary" if new else "live", session=new_id(),
            status="error" if failed else of_new if new else "ok",  # type: ignore[arg-type]
        )  # fmt: skip


async def test_callers_who_hang_up_on_it_are_told_and_its_wait_ends(
    tmp_path: Path, loop: Loop
) -> None:
    rolling = roll_out(tmp_path, loop)
    await leave(loop, answers(loop, rolling, 60, of_new="interrupted"))
    watch(loop).round()
    found = status(loop, "letters")
    assert found is not None and found.looked is not None
    assert found.looked.uncompared == {"interrupted": 30}
    assert found.looked.verdict == "no data" and "is paused if so until" in found.next
    turn_clock(loop, 13 * DAY_S)
    watch(loop).round()
    assert now_of(loop, rolling).state == "running"
    turn_clock(loop, 1.1 * DAY_S)
    watch(loop).round()
    held = now_of(loop, rolling)
    assert held.state == "paused" and held.reason.startswith("INCONCLUSIVE")


async def test_a_person_who_lets_it_go_on_gives_it_as_much_time_again(
    tmp_path: Path, loop: Loop
) -> None:
    rolling = roll_out(tmp_path, loop)
    signer = loop.keyring.signer("cleo")
    for paused in (True, False):
        hold(loop, "letters", signer=signer, reason="wait", paused=paused)
    resumed = now_of(loop, rolling)
    assert resumed.resumed_at > rolling.started_at
    given = undecided_until(resumed) - parse_instant(resumed.resumed_at)
    assert given == dt.timedelta(days=14)


def test_it_is_aborted_where_its_plan_says_so(tmp_path: Path, loop: Loop) -> None:
    plan = CANARY.replace("margin: 0.1", "margin: 0.1, undecided_after: 2d, if_undecided: abort")
    rolling = roll_out(tmp_path, loop, plan)
    turn_clock(loop, 1.9 * DAY_S)
    watch(loop).round()
    assert now_of(loop, rolling).state == "running"
    turn_clock(loop, 0.2 * DAY_S)
    watch(loop).round()
    assert now_of(loop, rolling).state == "aborted"
    assert read_table(loop.workspace.routing).routes["letters"].arm is None


@pytest.mark.parametrize(
    "wrong",
    [{"alpha": 1.5}, {"margin": 0}, {"margin": True}, {"undecided_after": "soon"},
     {"if_undecided": "promote"}, {"indicators": "error_rate"}, {"compare_with": "yesterday"}],
)  # fmt: skip
def test_a_plan_that_nobody_can_compare_by_begins_nothing(wrong: dict[str, object]) -> None:
    """It is pinned in a release that an earlier version may have built unchecked."""
    steps = [RolloutStep(weight_percent=10)]
    assert plan_of(Rollout(steps=steps, analysis={"alpha": 0.1, "undecided_after": "2d"}))
    with pytest.raises(UsageError, match=f"analysis.{next(iter(wrong))}"):
        plan_of(Rollout(steps=steps, analysis=dict(wrong)))


async def test_a_clock_that_was_set_back_leaves_no_answer_out(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    turn_clock(loop, -3600.0)
    following = watch(loop)
    following.round()
    await leave(loop, answers(loop, rolling, 400, bad=200))
    following.round()
    looked = read_looked(loop.workspace, rolling.id)
    assert looked is not None and looked.comparisons[0].new_n == 200
    assert now_of(loop, rolling).state == "aborted"


async def test_a_violation_counts_whatever_the_clock_says(tmp_path: Path, loop: Loop) -> None:
    """Fails closed: nobody looked between the clock's jump and the answer."""
    rolling = roll_out(tmp_path, loop)
    turn_clock(loop, -3600.0)
    (_, row) = answers(loop, rolling, 2)
    broken = NeverRecord(event="never-promise", kind="violation", found_by="rail")
    await leave(loop, [msgspec.structs.replace(row, never=(broken,))])
    turn_clock(loop, 1800.0)
    watch(loop).round()
    assert now_of(loop, rolling).state == "aborted"


async def test_what_holds_rollouts_holds_one_that_would_begin(tmp_path: Path, loop: Loop) -> None:
    engine = Engine(loop, slo(action_on_breach="hold_rollout"))
    await leave(loop, live_answers(loop, 60, bad=30))
    engine.round()
    path, _ = second_release(tmp_path, loop, CANARY)
    signer = loop.keyring.signer("cleo")
    with pytest.raises(RefusedError, match="holds rollouts"):
        start_rollout(path, loop, root=tmp_path, signer=signer)
    engine.rounds(3, every_s=3600)
    assert start_rollout(path, loop, root=tmp_path, signer=signer).state == "running"


def test_standings_that_nobody_can_read_begin_nothing(tmp_path: Path, loop: Loop) -> None:
    path, _ = second_release(tmp_path, loop, CANARY)
    standings_path(loop.workspace).write_text("{half")
    with pytest.raises(EvidenceError, match="damaged"):
        start_rollout(path, loop, root=tmp_path, signer=loop.keyring.signer("cleo"))
