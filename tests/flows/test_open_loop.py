"""An open loop sees the queue that a stalled server makes; a closed one would not."""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest
from scipy import stats

from doubles.virtual_time import run_virtually
from roadworthy.flows.load.open_loop import LOST, Pace, open_loop


class OneServer:
    """Answers one at a time, first come first served."""

    def __init__(self, service_s: float, *, stall: tuple[float, float] = (0.0, 0.0)) -> None:
        self._service_s = service_s
        self._stall = stall
        self._free_at = 0.0

    async def __call__(self, number: int) -> str:
        now = asyncio.get_running_loop().time()
        begins = max(now, self._free_at)
        if self._stall[0] <= begins < self._stall[1]:
            begins = self._stall[1]
        self._free_at = begins + self._took()
        await asyncio.sleep(self._free_at - now)
        return ""

    def _took(self) -> float:
        return self._service_s


class Markov(OneServer):
    """The same with service times that forget: with Poisson arrivals an M/M/1 queue."""

    def __init__(self, rate: float, seed: int = 0) -> None:
        super().__init__(0.0)
        self._rate, self._source = rate, random.Random(seed)

    def _took(self) -> float:
        return self._source.expovariate(self._rate)


def test_a_server_that_stalls_shows_the_delay_of_all_who_came_meanwhile() -> None:
    """100 a second for 10 s, 1 ms each; from 5 s to 7 s nothing is answered."""
    pace = Pace(rate=100, seconds=10, arrivals="constant")
    shots = run_virtually(open_loop(OneServer(0.001, stall=(5.0, 7.0)), pace))
    slow = np.array([took for took in shots.took if took > 0.01])
    # who is due at t in the stall waits 7 - t and for those before him: D/D/1, in closed form
    due = np.arange(1000) / 100 + 0.05
    free = np.zeros(1000)
    expected = np.zeros(1000)
    for at, come in enumerate(due):
        begins = max(come, free[at - 1] if at else 0.0)
        begins = 7.0 if 5.0 <= begins < 7.0 else begins
        free[at] = begins + 0.001
        expected[at] = free[at] - come
    assert np.allclose(np.sort(shots.took), np.sort(expected))
    assert len(slow) > 200  # a closed loop would have seen one
    assert np.quantile(shots.took, 0.99) > 1.8


def test_latency_is_that_of_queueing_theory() -> None:
    """M/M/1 at 60 of 100 a second: on average 1 / (100 - 60) s (Little 1961)."""
    found = [
        np.mean(run_virtually(open_loop(Markov(100, seed), Pace(
            rate=60, seconds=80, warm_s=5, seed=seed))).took)
        for seed in range(12)
    ]  # fmt: skip
    low, high = stats.t.interval(0.999, 11, loc=np.mean(found), scale=stats.sem(found))
    assert low < 1 / 40 < high


def test_arrivals_are_poisson_or_even_and_the_same_for_a_seed() -> None:
    pace = Pace(rate=200, seconds=100, seed=4)
    offsets = list(pace.offsets())
    assert offsets == list(pace.offsets())
    gaps = np.diff([0.0, *offsets])
    assert stats.kstest(gaps, "expon", args=(0, 1 / 200)).pvalue > 1e-3
    even = list(Pace(rate=4, seconds=2, arrivals="constant").offsets())
    assert even == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]


def test_a_failure_is_counted_by_its_reason_and_what_never_ends_is_lost() -> None:
    async def send(number: int) -> str:
        if number == 3:
            await asyncio.Event().wait()
        return "503" if number % 2 else ""

    pace = Pace(rate=10, seconds=1, arrivals="constant", patience_s=5)
    shots = run_virtually(open_loop(send, pace))
    assert (len(shots.took), shots.failed) == (5, {"503": 4, LOST: 1})
    assert shots.n == 10


def test_the_warm_up_is_sent_and_not_counted() -> None:
    sent = []

    async def send(number: int) -> str:
        sent.append(number)
        return ""

    shots = run_virtually(open_loop(send, Pace(rate=10, seconds=1, warm_s=1, arrivals="constant")))
    assert (len(sent), shots.n) == (20, 10)


def test_it_gives_up_where_too_many_wait() -> None:
    async def never(number: int) -> str:
        await asyncio.Event().wait()
        return ""

    pace = Pace(rate=100, seconds=10, arrivals="constant", most_waiting=50, patience_s=1)
    shots = run_virtually(open_loop(never, pace))
    assert shots.overrun
    assert shots.failed == {LOST: 50}


def test_a_late_sender_is_told_apart_from_a_slow_server() -> None:
    async def send(number: int) -> str:
        loop = asyncio.get_running_loop()
        loop._virtual += 0.03  # type: ignore[attr-defined]  # the sender itself is busy
        return ""

    shots = run_virtually(open_loop(send, Pace(rate=100, seconds=1, arrivals="constant")))
    assert max(shots.late) == pytest.approx(2.0, rel=0.1)
