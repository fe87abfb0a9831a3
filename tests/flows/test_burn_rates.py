"""A budget that burns too fast is a breach long before its own window breaks."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave
from doubles.live_system import write_live_system
from doubles.slo_engine import Engine, answers, slo
from roadworthy.domain import Verdict
from roadworthy.flows.workspace.loop import Loop
from roadworthy.wiring.loop import loop_of

FAST = [{"long": "1h", "short": "5m", "rate": 5.0}]
WEEK = {"window": "7d", "burn": FAST, "action_on_breach": "degrade_to_safe_mode"}


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())


def later(loop: Loop, seconds: float) -> None:
    loop.clock.ahead_s += seconds  # type: ignore[attr-defined]


async def test_it_breaches_while_the_week_still_holds(loop: Loop) -> None:
    engine = Engine(loop, slo(**WEEK))
    await leave(loop, answers(loop, 2000, bad=20))
    later(loop, 7200)
    await leave(loop, answers(loop, 60, bad=45))
    engine.round()
    found = engine.standing()
    assert found.verdict is Verdict.FAIL
    assert found.estimate is not None and found.estimate < 0.1, "of the week"
    assert "times too fast over 1h (n=60)" in found.reason
    assert len(engine.mitigations) == 1


async def test_a_few_failures_burn_nothing(loop: Loop) -> None:
    engine = Engine(loop, slo(**WEEK))
    await leave(loop, answers(loop, 2000, bad=20))
    later(loop, 7200)
    await leave(loop, answers(loop, 5, bad=3))
    engine.round()
    assert engine.standing().verdict is Verdict.PASS and not engine.mitigations


async def test_what_is_over_burns_nothing(loop: Loop) -> None:
    engine = Engine(loop, slo(**WEEK))
    await leave(loop, answers(loop, 2000, bad=20))
    later(loop, 7200)
    await leave(loop, answers(loop, 60, bad=45))
    later(loop, 1800)
    await leave(loop, answers(loop, 60, bad=0))
    engine.round()
    assert engine.standing().verdict is Verdict.PASS, "the short window is clean"


async def test_each_slice_has_its_own_budget(loop: Loop) -> None:
    engine = Engine(loop, slo(**WEEK, by=["supplier"]))
    for supplier in ("S-1", "S-9"):
        await leave(loop, answers(loop, 1000, bad=10, facets={"supplier": supplier}))
    later(loop, 7200)
    await leave(loop, answers(loop, 60, bad=45, facets={"supplier": "S-9"}))
    await leave(loop, answers(loop, 60, facets={"supplier": "S-1"}))
    engine.round()
    assert engine.standing(part="supplier=S-9").verdict is Verdict.FAIL
    assert engine.standing(part="supplier=S-1").verdict is Verdict.PASS
    assert [one.facets for one in engine.mitigations] == [{"supplier": "S-9"}]


async def test_a_budget_of_good_answers_is_what_a_lower_bound_leaves(loop: Loop) -> None:
    rare = {"name": "availability", "target": ">= 0.9", "window": "7d", "burn": FAST}
    engine = Engine(loop, slo(**rare))
    await leave(loop, answers(loop, 2000, bad=20))
    later(loop, 7200)
    await leave(loop, answers(loop, 60, bad=45))
    engine.round()
    assert engine.standing("availability").verdict is Verdict.FAIL
