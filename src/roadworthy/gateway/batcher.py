"""The batch process: answers what was left to be answered, at its leisure.

What enters: batches that wait. What leaves: their files of results. It serves live releases as a
worker does, with a journal of its own, and is there only while something waits: a model that runs
in the process is then in memory twice. What never happens here: a batch that two processes run (one
holds the lock), live traffic that waits for the processor because of it (it goes last).

    python -m roadworthy.gateway.batcher PLAN     (started by the supervisor)
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path

import msgspec
import uvloop
from msgspec import structs

from roadworthy.domain import BatchState, Clock, RoadworthyError
from roadworthy.flows.batches.files import BatchFiles
from roadworthy.flows.batches.store import BatchStore
from roadworthy.manifests import Workspace
from roadworthy.serving import Caller
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.plan import Plan
from roadworthy_verify.plain_file import locked

from .batch import BatchLine
from .batch_aside import keeping_aside
from .batch_run import BatchRun, Desk
from .inside import Inside, Said

LOCK = "lock"

NICENESS = 10
"""Of the processor it takes what workers leave."""

PATIENCE_S = 60.0
"""For an earlier batch process to end."""

AT_ONCE = 4
"""Batches that run beside one another, of as many tenants: nobody waits for another's large one."""

ROUND_S = 0.25
IDLE_S = 20.0
"""So long it stays with nothing to do."""

AGAIN_S = 5.0
"""After a batch that could not go on (a full disk, a damaged file)."""

logger = logging.getLogger("roadworthy.batch")

_id: ContextVar[list[str]] = ContextVar("id")
"""For the answer that is asked now; taken once, so that what else is made has ids of its own."""


def _next_id() -> str:
    named = _id.get([])
    return named.pop() if named else new_id()


class Batcher:
    """All batches of a workspace, in this process."""

    def __init__(self, inside: Inside, over: asyncio.Event) -> None:
        gateway = inside.gateway
        self._inside = inside
        self._over = over
        settings, place = gateway.deployment.batches, gateway.workspace.batches
        self._store = BatchStore(place, gateway.vault, gateway.clock)
        self._desk = Desk(
            gateway=gateway,
            files=BatchFiles(place, gateway.vault, gateway.clock),
            store=self._store,
            settings=settings,
            ask=self._ask,
            slots=asyncio.Semaphore(settings.concurrency),
            over=over,
        )
        self._running: dict[str, asyncio.Task[None]] = {}
        """Tenant -> its batch."""

    async def run(self, idle_s: float = IDLE_S) -> None:
        """Run what waits until nothing has for a while, or the process ends."""
        clock = self._inside.gateway.clock
        busy = clock.monotonic()
        while not self._over.is_set():
            self._running = {who: task for who, task in self._running.items() if not task.done()}
            self._begin()
            if self._running:
                busy = clock.monotonic()
            elif clock.monotonic() - busy > idle_s:
                return
            await asyncio.sleep(ROUND_S)
        if self._running:
            await asyncio.wait(self._running.values())

    def _begin(self) -> None:
        """Begin what waits, oldest first, one batch a tenant."""
        states = [state for id_, who in self._store.waiting() if (state := self._find(id_, who))]
        for state in sorted(states, key=lambda one: one.created_at):
            if len(self._running) >= AT_ONCE:
                return
            if state.tenant not in self._running:
                self._running[state.tenant] = asyncio.create_task(self._one(state))

    def _find(self, id_: str, tenant: str) -> BatchState | None:
        if tenant in self._running:
            return None
        try:
            state = self._store.find(tenant, id_)
        except RoadworthyError as error:
            logger.error("batch %s cannot be gone on with: %s", id_, error.message)
            return None
        if state is not None and state.over:
            self._store.forget(id_)  # a crash came between
            return None
        return state

    async def _one(self, state: BatchState) -> None:
        try:
            await BatchRun(state, self._desk).run()
            return
        except (RoadworthyError, OSError) as error:
            logger.warning("batch %s waits and is gone on with: %s", state.id, error)
        except Exception:
            logger.exception("batch %s failed and is gone on with", state.id)
        with suppress(RoadworthyError, OSError):
            stands = self._store.find(state.tenant, state.id)
            if stands is not None and not stands.over:
                self._store.put(structs.replace(stands, waits="storage_unavailable"))
        await asyncio.sleep(AGAIN_S)

    async def _ask(self, caller: Caller, one: BatchLine, id_: str) -> Said:
        _id.set([id_])
        return await self._inside.answer_to(caller, one.url, one.body)


def inside_batches(plan: Plan, clock: Clock) -> Inside:
    """Live releases as batches ask them: ids given, and all of an answer kept before its record."""
    return Inside(plan, clock, _next_id, dressed=keeping_aside)


async def run(plan: Plan) -> None:
    """Run batches until nothing waits, SIGTERM or the supervisor's end."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    if not sys.stdin.closed and not sys.stdin.isatty():
        loop.add_reader(sys.stdin.fileno(), over.set)
    inside = inside_batches(plan, SystemClock())
    await inside.start()
    try:
        sys.stdout.write('{"ready":true}\n')
        sys.stdout.flush()
        await Batcher(inside, over).run()
    finally:
        await inside.aclose()


def main(arguments: list[str]) -> int:
    """Run the batch process; returns its exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    plan = msgspec.json.decode(arguments[0], type=Plan)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    try:
        with locked(Workspace(Path(plan.workspace)).batches / LOCK, patience_s=PATIENCE_S):
            uvloop.run(run(plan))
    except (RoadworthyError, OSError) as error:
        sys.stderr.write(f"roadworthy batches: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
