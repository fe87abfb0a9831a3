"""Requests that come when they come, however long the others take: an open loop.

Enters: what sends one, a pace. Leaves: how long each took, from the instant at which it was due.
What never happens here: a request that waits for an answer to another before it is sent. A load
that waits asks less just when the server is slow, and so never sees the queue (coordinated
omission; Schroeder et al. 2006,
https://www.usenix.org/legacy/event/nsdi06/tech/schroeder.html).
"""

from __future__ import annotations

import asyncio
import random
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Literal

from msgspec import Struct

Send = Callable[[int], Awaitable[str]]
"""Sends request number N; why it failed, or nothing."""

LOST = "no answer within the time that was waited"
_LEAD_S = 0.05
_BREATH = 64
"""Requests after which answers are let in although the next one is due."""


class Pace(Struct, frozen=True, kw_only=True):
    """When requests are due."""

    rate: float
    """A second, on average."""
    seconds: float
    """From the first to the last, without the warm-up."""
    arrivals: Literal["poisson", "constant"] = "poisson"
    warm_s: float = 0.0
    """Before that, sent and not counted."""
    patience_s: float = 30.0
    """How long the last answers are waited for."""
    most_waiting: int = 10_000
    """Requests under way at once, from which on it is given up: nobody would wait so long."""
    seed: int = 0

    def offsets(self) -> Iterator[float]:
        """Seconds after the start at which each request is due."""
        until = self.warm_s + self.seconds
        if self.arrivals == "constant":
            for number in range(int(until * self.rate)):
                yield number / self.rate
            return
        source = random.Random(f"{self.seed} {self.rate}")  # noqa: S311 - no secret
        at = source.expovariate(self.rate)
        while at < until:
            yield at
            at += source.expovariate(self.rate)


class Shots:
    """What became of the requests that count."""

    def __init__(self) -> None:
        self.took = array("d")
        """Seconds from when each answered one was due to its answer's end."""
        self.served = array("d")
        """The same from when each was sent."""
        self.late = array("d")
        """Seconds by which each was sent after it was due: the fault of who sends."""
        self.failed: Counter[str] = Counter()
        """Why the others failed."""
        self.overrun = False
        """Whether it was given up, as too many waited."""

    @property
    def n(self) -> int:
        """How many there were."""
        return len(self.took) + self.failed.total()


async def open_loop(
    send: Send, pace: Pace, *, on_time: Callable[[float], None] | None = None
) -> Shots:
    """Send requests at a pace; returns once all were answered, or waited for in vain.

    `on_time` is told the seconds since the start, at each request.
    """
    loop = asyncio.get_running_loop()
    shots = Shots()
    under_way: set[asyncio.Task[None]] = set()
    start = loop.time() + _LEAD_S
    for number, offset in enumerate(pace.offsets()):
        wait = start + offset - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        elif number % _BREATH == 0:
            await asyncio.sleep(0)
        if len(under_way) >= pace.most_waiting:
            shots.overrun = True
            break
        into = shots if offset >= pace.warm_s else Shots()
        task = loop.create_task(_shoot(send, number, start + offset, into))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        if on_time is not None:
            on_time(offset)
    if under_way:
        _, left = await asyncio.wait(under_way, timeout=pace.patience_s)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
    return shots


async def _shoot(send: Send, number: int, due: float, into: Shots) -> None:
    loop = asyncio.get_running_loop()
    sent = loop.time()
    into.late.append(max(0.0, sent - due))
    try:
        fault = await send(number)
    except asyncio.CancelledError:
        into.failed[LOST] += 1
        return
    if fault:
        into.failed[fault] += 1
    else:
        into.took.append(loop.time() - due)
        into.served.append(loop.time() - sent)


async def one_by_one(send: Send, n: int) -> Shots:
    """So many requests, each after the answer to the one before: nobody waits for anybody."""
    loop = asyncio.get_running_loop()
    shots = Shots()
    for number in range(n):
        await _shoot(send, number, loop.time(), shots)
    return shots
