"""The control process: journal in, evidence out, round after round. Workers do not need it.

What enters: what workers wrote. What leaves: ledger entries, incidents, and kill flags for what
late rules find. What never happens here: an answer to a caller of the API, a stop that waits for an
entry.

    python -m roadworthy.gateway.control PLAN     (started by the supervisor)
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from typing import Protocol

import msgspec

from roadworthy.domain import RoadworthyError, settle_types
from roadworthy.journal import CONTENT_TYPE
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.control import Control
from roadworthy.wiring.late_judging import Judging
from roadworthy.wiring.plan import Plan

from .control_door import METRICS, READY, ControlReadiness, Page, Pages, open_door
from .memory import settle, share_one_heap
from .problems import ApiError

ROUND_S = 0.1
"""Between two rounds: a late rule must stop a scope within a second of the answer."""

PATIENCE_S = 2.0
"""After entries that could not be made (a locked ledger, a full disk)."""

FOLLOWS_AGAIN_S = 10.0
"""After a round of a follower that fell over."""

DRAIN_S = 1.0
"""How long whoever reads a page now may go on at the end."""

logger = logging.getLogger("roadworthy.control")


class ControlState:
    """What the control door says of the process."""

    def __init__(self) -> None:
        self.rounds = 0
        self.records = 0
        self.looking = ""
        """Why something could not be looked at, or not be stopped, in the last round."""
        self.entering = ""
        """Why what was stopped could not be entered; it is owed."""
        self.owed = 0
        self.judging = ""
        """Why judges could not look in the last round; what left then is looked at later."""
        self.followed: tuple[str, ...] = ()
        """Why those who follow the journal could not: rollouts then hold, objectives do not act."""

    @property
    def faults(self) -> str:
        """All that is wrong now."""
        owed = f"{self.entering} ({self.owed} entries are owed)" if self.entering else ""
        every = (self.looking, owed, self.judging, *self.followed)
        return "; ".join(dict.fromkeys(filter(None, every)))

    def body(self) -> bytes:
        """The JSON document of GET /readyz on the control port."""
        return msgspec.json.encode(
            ControlReadiness(
                ready=not self.faults, rounds=self.rounds, records=self.records, fault=self.faults
            )
        )


async def run(plan: Plan) -> None:
    """Reconcile until SIGTERM or the supervisor's end."""
    control, judging, state = Control(plan), Judging(plan), ControlState()
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    if not sys.stdin.closed and not sys.stdin.isatty():
        loop.add_reader(sys.stdin.fileno(), over.set)
    pages = _pages(control, state)
    port, clock = plan.control_port, SystemClock()
    door = await open_door(port, pages, clock) if port else None
    settle()
    sys.stdout.write('{"ready":true}\n')
    sys.stdout.flush()
    tasks = [
        asyncio.create_task(_judge(judging, state, over)),
        asyncio.create_task(_enter(control, state, over)),
        asyncio.create_task(follow(control.host, over)),
        *(asyncio.create_task(follow(each, over)) for each in control.followers),
        asyncio.create_task(_look(control, state, over)),
        asyncio.create_task(over.wait()),
    ]
    if control.spans is not None:
        tasks.append(asyncio.create_task(follow(control.spans, over)))
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()  # one that fell over takes the process down: it is started anew
    over.set()
    for each in control.followers:
        each.stop()
    tasks[0].cancel()
    await asyncio.wait(tasks)
    if control.spans is not None:
        control.spans.close()
    with suppress(RoadworthyError, OSError):
        await asyncio.to_thread(control.round)  # what the workers wrote last
    with suppress(OSError):
        control.keep()
    for look in (control.after, control.online):
        with suppress(OSError):
            look.close()
    if door is not None:
        await door.drain(DRAIN_S)


async def _look(control: Control, state: ControlState, over: asyncio.Event) -> None:
    """What left is looked at, and stopped. What fails is repeated; nothing waits for it."""
    while not over.is_set():
        try:
            await asyncio.to_thread(control.look)
            state.looking = ""
        except (RoadworthyError, OSError) as error:
            if str(error) != state.looking:
                logger.warning("not all could be looked at or stopped; it is repeated: %s", error)
            state.looking = str(error)
        state.rounds += 1
        state.records, state.owed = control.records, control.owed
        state.followed = tuple(each.fault for each in control.followers)
        await _pause(over, ROUND_S)


async def _enter(control: Control, state: ControlState, over: asyncio.Event) -> None:
    """What was stopped is entered, beside the looking: a held lock delays no stop."""
    while not over.is_set():
        pause = ROUND_S
        try:
            await asyncio.to_thread(control.enter)
            state.entering = ""
        except (RoadworthyError, OSError) as error:
            if str(error) != state.entering:
                logger.warning("entries are owed and will be made later: %s", error)
            state.entering, pause = str(error), PATIENCE_S
        await _pause(over, pause)


async def _pause(over: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # without a task for each pause, as wait_for has
            await over.wait()


async def _judge(judging: Judging, state: ControlState, over: asyncio.Event) -> None:
    """The judges' rounds, beside the others: a slow model holds up nothing but itself."""
    try:
        while not over.is_set():
            pause = ROUND_S
            try:
                await judging.round()
                state.judging = ""
            except (RoadworthyError, OSError) as error:
                if str(error) != state.judging:
                    logger.warning("judges could not look and will look again: %s", error)
                state.judging, pause = str(error), PATIENCE_S
            await _pause(over, pause)
    finally:
        await judging.aclose()


class Follower(Protocol):
    """Who reads the journal behind the others, at its leisure."""

    def round(self) -> float:
        """One round; returns how long to wait for the next, in seconds."""


async def follow(
    follower: Follower, over: asyncio.Event, *, again_s: float = FOLLOWS_AGAIN_S
) -> None:
    """Rounds beside the others: nobody waits for them, and none that falls over stops a stop."""
    while not over.is_set():
        try:
            pause = await asyncio.to_thread(follower.round)
        except Exception:
            logger.exception("what follows the journal failed and goes on later")
            pause = again_s
        await _pause(over, pause)


def _pages(control: Control, state: ControlState) -> Pages:
    async def ready() -> Page:
        """How the process stands."""
        return Page(state.body(), 503 if state.faults else 200)

    async def metrics() -> Page:
        """What all workers counted, for Prometheus."""
        try:
            text = await asyncio.to_thread(
                control.metrics, rounds=state.rounds, records=state.records, fault=state.faults
            )
        except (RoadworthyError, OSError) as error:
            return Page(ApiError(503, str(error), code="not_readable").body(), 503)
        return Page(text, kind=(b"content-type", CONTENT_TYPE.encode()))

    return {READY: ready, METRICS: metrics}


def main(arguments: list[str]) -> int:
    """Run the control process; returns its exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    share_one_heap()
    settle_types()
    try:
        asyncio.run(run(msgspec.json.decode(arguments[0], type=Plan)))
    except RoadworthyError as error:
        sys.stderr.write(f"roadworthy control: {error.message}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
