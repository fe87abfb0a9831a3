"""The capacity that is found is the one that queueing theory knows, with bounds that cover it."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import random
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from scipy import stats

from doubles.set_clock import SetClock
from doubles.virtual_time import run_virtually
from roadworthy.domain import Charter, Endpoint, Entry, SafetySLO, UsageError, Use, plain
from roadworthy.flows.load.capacity import NEAR, Ramp, Step, climb, judged, load_objectives
from roadworthy.flows.load.headroom import (
    Measured,
    enter_capacity,
    expected_peak,
    headroom,
    headroom_of,
)
from roadworthy.flows.load.loading import Wish, find_capacity
from roadworthy.flows.load.open_loop import Shots
from roadworthy.flows.workspace.loop import Loop
from roadworthy.wiring.loop import open_loop as open_workspace_loop

SLOS = [
    SafetySLO(name="latency_p99", target="<= 100 ms"),
    SafetySLO(name="error_rate", target="<= 0.01"),
    SafetySLO(name="accuracy", target=">= 0.5"),
    SafetySLO(name="latency_p50", target="<= 1 ms", where="tag:golden"),
]
HELD = load_objectives(SLOS)


def queue(rate: float, served: float, source: random.Random, n: int = 2000) -> Shots:
    """An M/M/1 queue by Lindley's recursion."""
    shots, waits = Shots(), 0.0
    for _ in range(n):
        took = source.expovariate(served)
        shots.took.append(waits + took)
        shots.late.append(0.0)
        waits = max(0.0, waits + took - source.expovariate(rate))
    return shots


async def ramp(seed: int, served: float = 200.0, **how: float) -> Ramp:
    source = random.Random(seed)

    async def step(rate: float) -> Step:
        return judged(rate, queue(rate, served, source), HELD)

    first = 10.0 * source.uniform(0.9, 1.1)
    return await climb(step, **({"first": first, "most": 1000.0} | how))


def test_objectives_that_a_load_can_show_are_chosen_and_none_is_an_error() -> None:
    assert [each.name for each in HELD] == ["latency_p99", "error_rate"]
    with pytest.raises(UsageError, match="no rate is too high"):
        load_objectives(SLOS[2:])


async def test_the_capacity_of_a_queue_is_the_one_that_theory_knows() -> None:
    """p99 of M/M/1 is ln(100) / (served - rate): 100 ms at 200 - 46 = 154 a second."""
    truth = 200.0 - math.log(100) / 0.1
    found = [(await ramp(seed)).capacity for seed in range(20)]
    assert np.mean(found) == pytest.approx(truth, rel=0.08)
    assert all(truth / 1.5 < each < truth * 1.3 for each in found)


async def test_bounds_of_headroom_are_students_and_cover_where_ramps_centre() -> None:
    all_ramps = [await ramp(seed) for seed in range(240)]
    centre = np.mean([1 - 50 / each.capacity for each in all_ramps])
    covered = 0
    for at in range(0, 240, 4):
        four = all_ramps[at : at + 4]
        found = headroom(50.0, four)
        free = [1 - 50 / each.capacity for each in four]
        wanted = stats.t.interval(0.95, 3, loc=np.mean(free), scale=stats.sem(free))
        assert (found.low, found.high) == pytest.approx(wanted)
        assert (found.n, found.counted, found.method) == (4, "ramps", "student_t")
        covered += wanted[0] <= centre <= wanted[1]
    assert stats.binomtest(covered, 60, 0.95).pvalue > 1e-3


async def test_a_ramp_ends_between_a_rate_that_holds_and_one_that_does_not() -> None:
    async def step(rate: float) -> Step:
        shots = Shots()
        shots.took.extend([0.01 if rate <= 137 else 0.5] * 200)
        shots.late.append(0.0)
        return judged(rate, shots, HELD)

    found = await climb(step, first=10, most=1000)
    assert 137 / NEAR <= found.capacity <= 137
    assert not found.at_least
    assert "latency_p99 is 500 ms, and shall be <= 100 ms" in found.why
    assert (await climb(step, first=10, most=100)).at_least
    down = await climb(step, first=400, most=1000)
    assert 137 / NEAR <= down.capacity <= 137


async def test_where_no_rate_holds_there_is_no_capacity_and_no_headroom() -> None:
    async def step(rate: float) -> Step:
        shots = Shots()
        shots.failed["503"] = 200
        return judged(rate, shots, HELD)

    found = await climb(step, first=10, most=1000)
    assert (found.capacity, found.at_least) == (0.0, False)
    assert "nothing was answered" in found.why
    assert headroom(1.0, [found]).value is None


async def test_an_asking_process_that_cannot_keep_up_is_no_limit_of_the_gateway() -> None:
    async def step(rate: float) -> Step:
        shots = Shots()
        shots.took.extend([0.01 if rate < 50 else 0.9] * 200)
        shots.served.extend([0.01] * 200)
        shots.late.extend([0.0 if rate < 50 else 0.8] * 200)
        return judged(rate, shots, HELD)

    found = await climb(step, first=10, most=1000)
    assert found.at_least
    assert 50 / NEAR <= found.capacity < 50
    assert "the asking process was 800 ms late" in found.why
    free = headroom(10.0, [found])
    assert (free.value, free.low, free.high) == (1 - 10 / found.capacity, free.value, None)
    assert "at least" in free.reason


def test_a_gateway_that_is_slow_by_itself_is_no_fault_of_who_asks_late() -> None:
    shots = Shots()
    shots.took.extend([0.9] * 200)
    shots.served.extend([0.4] * 200)
    shots.late.extend([0.5] * 200)
    found = judged(10.0, shots, HELD)
    assert (found.holds, found.kept_up) == (False, True)


def test_what_is_missed_one_by_one_is_missed_at_any_rate() -> None:
    async def send(number: int) -> str:
        await asyncio.sleep(0.2)
        return ""

    (found,) = run_virtually(find_capacity(send, HELD, Wish(), peak=1.0))
    assert (found.capacity, found.at_least) == (0.0, False)
    assert found.why == "asked one by one: latency_p99 is 200 ms, and shall be <= 100 ms"


def test_ramps_of_a_load_find_the_capacity_of_one_server() -> None:
    """Even arrivals, 5 ms each: 200 a second, and no queue before that."""
    free_at = 0.0

    async def send(number: int) -> str:
        nonlocal free_at
        now = asyncio.get_running_loop().time()
        free_at = max(now, free_at) + 0.005
        await asyncio.sleep(free_at - now)
        return ""

    wish = Wish(arrivals="constant", ramps=3)
    ramps = run_virtually(find_capacity(send, HELD, wish, peak=1.0))
    assert [ramp.at_least for ramp in ramps] == [False] * 3
    assert all(200 / NEAR / 1.02 < ramp.capacity < 204 for ramp in ramps)
    assert len({ramp.capacity for ramp in ramps}) == 3  # each from another rate


def test_errors_are_held_against_their_objective() -> None:
    shots = Shots()
    shots.took.extend([0.01] * 95)
    shots.failed["503"] = 5
    found = judged(10.0, shots, HELD)
    assert not found.holds
    assert found.why == "error_rate is 0.05, and shall be <= 0.01"


def test_the_expected_peak_is_four_times_the_mean_of_the_day() -> None:
    ways = [
        Endpoint(id="a", fallback="x", expected_volume_per_day=86_400),
        Endpoint(id="b", fallback="x", expected_volume_per_day=43_200),
    ]
    charter = Charter(
        system="s", title="t", owners={"product": "Ada"}, human_goal="g", endpoints=ways,
        use=Use(intended_purpose="p"),
    )  # fmt: skip
    assert expected_peak(charter) == 6.0
    assert expected_peak(charter, 1.0) == 1.5


def days_later(loop: Loop, entry: Entry, days: int) -> Loop:
    at = dt.datetime.fromisoformat(entry.time) + dt.timedelta(days=days)
    return structs.replace(loop, clock=SetClock(at.isoformat()))


async def test_headroom_is_read_from_the_ledger_while_it_is_true(tmp_path: Path) -> None:
    loop = open_workspace_loop(tmp_path)
    assert "nobody measured it" in headroom_of(loop, system="s", release="sha256:a").reason
    ramps = tuple([await ramp(seed) for seed in range(4)])
    measured = Measured(
        system="s", release="sha256:a", peak=50.0, ramps=ramps, objectives=tuple(HELD),
        how={"cores": 2.0},
    )  # fmt: skip
    found, entry = enter_capacity(loop, measured)
    assert entry.payload == plain(entry.payload)
    loop = days_later(loop, entry, 3)
    read = headroom_of(loop, system="s", release="sha256:a")
    assert (read.value, read.low, read.high, read.n) == (found.value, found.low, found.high, 4)
    assert "3 days ago" in read.reason
    assert "another release" in headroom_of(loop, system="s", release="sha256:b").reason
    loop = days_later(loop, entry, 31)
    late = headroom_of(loop, system="s", release="sha256:a")
    assert late.value is None
    assert "after 30 days it says nothing" in late.reason
