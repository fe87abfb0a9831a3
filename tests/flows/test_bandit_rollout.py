"""A bandit: who does better gets more, within limits; the ledger has each share."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave
from doubles.live_system import write_live_system
from doubles.rolled_out import roll_out
from roadworthy.domain import (
    NeverRecord,
    Observation,
    Rolling,
    Rollout,
    RolloutStep,
    UsageError,
    format_instant,
)
from roadworthy.flows.entries.rolling import rollouts_of
from roadworthy.flows.releasing.live_routes import put_back_arms
from roadworthy.flows.rollouts.bandit import share_of
from roadworthy.flows.rollouts.moving import hold, plan_of
from roadworthy.flows.rollouts.watch import RolloutWatch
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.statistics import two_arms
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.loop import loop_of

BANDIT = """\
strategy: bandit
sticky: session
steps:
- {weight_percent: 85, bake: 1h}
- {weight_percent: 90, bake: 1h}
analysis: {indicators: [error_rate, blocked], margin: 0.1}
"""


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())


def look(loop: Loop, *, after_s: float = 61.0) -> None:
    loop.clock.ahead_s += after_s  # type: ignore[attr-defined]
    RolloutWatch(loop, objectives=lambda *_: (), warn=lambda _: None).round()


def arm_of(loop: Loop):
    return read_table(loop.workspace.routing).routes["letters"].arm


def now_of(loop: Loop, rolling: Rolling) -> Rolling:
    return rollouts_of(loop, "letters")[rolling.id]


def weighed(loop: Loop) -> list[str]:
    return [str(e.payload["share"]) for e in loop.ledger.entries(kind="rollout.weighed")]


def answers(loop: Loop, rolling: Rolling, n: int, *, bad_new: int = 0, bad_live: int = 0):
    for place in range(n):
        new = place % 2 == 1
        failed = place // 2 < (bad_new if new else bad_live)
        yield Observation(
            id=new_id(), time=format_instant(loop.clock.now()), system="letters", tenant="acme",
            release=rolling.release if new else rolling.baseline,
            stage="canary" if new else "live", session=new_id(),
            status="error" if failed else "ok", action="fallback" if failed else "answered",
        )  # fmt: skip


def test_it_begins_half_way(tmp_path: Path, loop: Loop) -> None:
    roll_out(tmp_path, loop, BANDIT)
    assert arm_of(loop).share == pytest.approx(0.45)


async def test_the_worse_one_gets_less_and_the_ledger_says_so(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop, BANDIT)
    await leave(loop, answers(loop, rolling, 40, bad_new=4))
    look(loop)
    share = arm_of(loop).share
    assert 0.05 <= share < 0.15 and now_of(loop, rolling).state == "running"
    assert [float(said) for said in weighed(loop)] == [share]
    assert now_of(loop, rolling).weight == share


async def test_the_better_one_gets_more_and_never_all(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop, BANDIT)
    await leave(loop, answers(loop, rolling, 60, bad_live=12))
    look(loop)
    assert 0.8 < arm_of(loop).share <= 0.85


async def test_shares_change_once_a_minute_and_only_for_a_reason(
    tmp_path: Path, loop: Loop
) -> None:
    rolling = roll_out(tmp_path, loop, BANDIT)
    await leave(loop, answers(loop, rolling, 40, bad_new=4))
    look(loop, after_s=1.0)
    assert weighed(loop) == []
    look(loop)
    look(loop, after_s=600.0)
    assert len(weighed(loop)) == 1, "nothing more was seen"


async def test_a_restart_and_an_edited_table_keep_the_share(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop, BANDIT)
    await leave(loop, answers(loop, rolling, 40, bad_new=4))
    look(loop)
    share = arm_of(loop).share
    put_back_arms(loop)
    assert arm_of(loop).share == share
    look(loop)
    assert arm_of(loop).share == share and len(weighed(loop)) == 1


async def test_a_paused_one_is_not_weighed(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop, BANDIT)
    hold(loop, "letters", signer=loop.keyring.signer("cleo"), reason="wait", paused=True)
    await leave(loop, answers(loop, rolling, 40, bad_new=4))
    look(loop)
    assert weighed(loop) == [] and arm_of(loop).share == pytest.approx(0.45)


async def test_a_never_event_is_nothing_that_a_share_buys(tmp_path: Path, loop: Loop) -> None:
    """Fails closed: the arm is at zero at once, however well it does otherwise."""
    rolling = roll_out(tmp_path, loop, BANDIT)
    rows = list(answers(loop, rolling, 60, bad_live=12))
    broken = NeverRecord(event="never-promise", kind="violation", found_by="rail")
    rows[-1] = msgspec.structs.replace(rows[-1], never=(broken,))
    await leave(loop, rows)
    look(loop)
    assert arm_of(loop) is None and now_of(loop, rolling).state == "aborted"


def test_a_block_that_is_open_moves_no_share(tmp_path: Path, loop: Loop) -> None:
    """What is not judged yet may not say who is asked next."""
    rolling = roll_out(tmp_path, loop, BANDIT)
    arms = two_arms()
    for _ in range(50):
        arms.add(1.0, new=True)
    assert share_of(rolling, arms) == pytest.approx(0.45)


@pytest.mark.parametrize("percent", [5.0, 91.0, 100.0, 0.0])
def test_a_step_that_leaves_an_arm_without_answers_begins_nothing(percent: float) -> None:
    with pytest.raises(UsageError, match="bandit"):
        plan_of(Rollout(strategy="bandit", steps=[RolloutStep(weight_percent=percent)]))
