"""Load a gateway: find its capacity in ramps, or keep one rate up for long.

    capacity   1 one by one: what is missed then is missed at any rate; then
                 ramps, each from another rate, so that their spread tells how sure the capacity is
    soak       2 one rate, readings of each process's memory on the way
               3 objectives and growth

Enters: what sends a request, objectives. Leaves: ramps, or what a soak came to. What never happens
here: a wait of one request for another; an entry (see `headroom.py`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from roadworthy.statistics import quantile

from .capacity import LEAST_N, Held, Ramp, Step, climb, judged
from .open_loop import LOST, Pace, Send, one_by_one, open_loop
from .soaking import Growth, growth

ALONE_N = 20
_WAITED_S = 10.0
"""More requests under way than come in that time are given up."""
_AGAIN_FACTOR = 1.3
_AGAIN_FROM = 0.6
"""A further ramp begins at that part of the capacity that the one before found."""


Memory = Callable[[], dict[str, tuple[int, float]]]
"""Process -> its id and the MB that it holds."""


class Wish(Struct, frozen=True, kw_only=True):
    """How a load is made."""

    seconds: float = 10.0
    """Of a step; longer where fewer than a hundred requests come in that time."""
    ramps: int = 4
    most: float = 10_000.0
    """The highest rate that is tried."""
    arrivals: Literal["poisson", "constant"] = "poisson"
    seed: int = 0
    patience_s: float = 30.0

    def pace(self, rate: float, seconds: float, seed: int) -> Pace:
        """The pace of one step."""
        return Pace(
            rate=rate,
            seconds=seconds,
            arrivals=self.arrivals,
            warm_s=min(2.0, seconds / 5),
            patience_s=self.patience_s,
            most_waiting=max(100, min(4000, int(rate * _WAITED_S))),
            seed=seed,
        )


async def find_capacity(
    send: Send,
    objectives: Sequence[Held],
    wish: Wish,
    *,
    peak: float,
    on_step: Callable[[Step], None] | None = None,
) -> tuple[Ramp, ...]:
    """1. The ramps; the first one begins at the expected peak or a hundred requests a step."""
    source = random.Random(wish.seed)  # noqa: S311 - no secret
    steps = 0

    async def step(rate: float) -> Step:
        nonlocal steps
        steps += 1
        seconds = max(wish.seconds, LEAST_N / rate)
        shots = await open_loop(send, wish.pace(rate, seconds, wish.seed * 1000 + steps))
        found = judged(rate, shots, objectives)
        if on_step is not None:
            on_step(found)
        return found

    alone = judged(0.0, await one_by_one(send, ALONE_N), objectives)
    if not alone.holds:
        why = f"asked one by one: {alone.why}"
        return (Ramp(capacity=0.0, at_least=False, why=why, steps=(alone,)),)
    first, factor = max(peak, LEAST_N / wish.seconds), 2.0
    ramps: list[Ramp] = []
    for _ in range(wish.ramps):
        begin = first * source.uniform(0.9, 1.1)
        ramps.append(await climb(step, first=begin, most=wish.most, factor=factor))
        if not ramps[-1].capacity:
            break  # another one would take as long to say the same
        first, factor = ramps[-1].capacity * _AGAIN_FROM, _AGAIN_FACTOR
    return tuple(ramps)


class Soaked(Struct, frozen=True, kw_only=True):
    """What one rate for long came to."""

    step: Step
    asked: int
    """Requests that counted."""
    lost: int
    """Of them without any answer."""
    failures: dict[str, int]
    p999_ms: float | None
    most_ms: float | None
    growth: tuple[Growth, ...]
    """Of each process, since it was started last; none of a gateway on another machine."""
    restarts: dict[str, int]
    """Processes that ended and were started again -> how often."""


async def soak(
    send: Send,
    objectives: Sequence[Held],
    pace: Pace,
    *,
    memory: Memory,
    every_s: float,
    on_time: Callable[[float], None] | None = None,
) -> Soaked:
    """2 and 3. `memory` is asked every `every_s` seconds."""
    readings: dict[str, _Readings] = {}
    watching = asyncio.ensure_future(_watch(memory, every_s, readings))
    try:
        shots = await open_loop(send, pace, on_time=on_time)
    finally:
        watching.cancel()
    ordered = sorted(shots.took)
    grown = [growth(name, each.at, each.held) for name, each in sorted(readings.items())]
    return Soaked(
        step=judged(pace.rate, shots, objectives),
        asked=shots.n,
        lost=shots.failed[LOST],
        failures=dict(shots.failed.most_common(10)),
        p999_ms=1000 * quantile(ordered, 0.999) if ordered else None,
        most_ms=1000 * ordered[-1] if ordered else None,
        growth=tuple(grown),
        restarts={name: each.restarts for name, each in readings.items() if each.restarts},
    )


class _Readings(Struct):
    """Of one process."""

    pid: int
    at: list[float] = []
    held: list[float] = []
    restarts: int = 0


async def _watch(memory: Memory, every_s: float, readings: dict[str, _Readings]) -> None:
    loop = asyncio.get_running_loop()
    start = loop.time()
    while True:
        for name, (pid, held) in (await asyncio.to_thread(memory)).items():
            known = readings.setdefault(name, _Readings(pid))
            if known.pid != pid:
                known = readings[name] = _Readings(pid, restarts=known.restarts + 1)
            known.at.append(loop.time() - start)
            known.held.append(held)
        await asyncio.sleep(every_s)
