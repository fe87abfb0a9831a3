"""The control process: journal in, evidence out, round after round. Workers do not need it.

What enters: what workers wrote. What leaves: ledger entries, incidents, and kill flags for what
late rules find. What never happens here: an answer to a caller of the API.

    python -m roadworthy.gateway.control PLAN     (started by the supervisor)
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import suppress

import msgspec

from roadworthy.domain import RoadworthyError, settle_types
from roadworthy.journal import CONTENT_TYPE
from roadworthy.wiring.control import Control
from roadworthy.wiring.fingerprinting import Provenance
from roadworthy.wiring.late_judging import Judging
from roadworthy.wiring.plan import Plan

from .control_door import Page, Pages, open_door

ROUND_S = 0.1
"""Between two rounds: a late rule must stop a scope within a second of the answer."""

PATIENCE_S = 2.0
"""After a round that failed (a locked ledger, a full disk)."""

logger = logging.getLogger("roadworthy.control")


class ControlState:
    """What the control door says of the process."""

    def __init__(self) -> None:
        self.rounds = 0
        self.records = 0
        self.fault = ""
        self.judging = ""
        """Why judges could not look in the last round; what left then is looked at later."""

    @property
    def faults(self) -> str:
        """All that is wrong now."""
        return "; ".join(filter(None, (self.fault, self.judging)))

    def body(self) -> bytes:
        """The JSON document of GET /readyz on the control port."""
        return msgspec.json.encode(
            {
                "ready": not self.faults,
                "rounds": self.rounds,
                "records": self.records,
                "fault": self.faults,
            }
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
    door = await open_door(plan.control_port, pages) if plan.control_port else None
    sys.stdout.write('{"ready":true}\n')
    sys.stdout.flush()
    looking = asyncio.create_task(_judge(judging, state, over))
    logging_texts = asyncio.create_task(_log(control.provenance, over))
    while not over.is_set():
        if looking.done():
            looking.result()  # judges that fell over take the process down: it is started anew
        await _round(control, state, over)
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
    await logging_texts
    with suppress(RoadworthyError, OSError):
        await asyncio.to_thread(control.round)  # what the workers wrote last
        control.keep()
    if door is not None:
        door.close()


async def _round(control: Control, state: ControlState, over: asyncio.Event) -> None:
    pause = ROUND_S
    try:
        state.records += await asyncio.to_thread(control.round)
        state.fault = ""
    except (RoadworthyError, OSError) as error:
        if str(error) != state.fault:
            logger.warning("a round failed and will be repeated: %s", error)
        state.fault, pause = str(error), PATIENCE_S
    state.rounds += 1
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), pause)


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
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), pause)
    finally:
        await judging.aclose()


async def _log(provenance: Provenance, over: asyncio.Event) -> None:
    """The log of fingerprints, beside the others: nobody waits for it."""
    while not over.is_set():
        pause = await asyncio.to_thread(provenance.round)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), pause)


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
            return Page(msgspec.json.encode({"error": str(error)}), 503)
        return Page(text, kind=CONTENT_TYPE.encode())

    return {"/readyz": ready, "/metrics": metrics}


def main(arguments: list[str]) -> int:
    """Run the control process; returns its exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settle_types()
    try:
        asyncio.run(run(msgspec.json.decode(arguments[0], type=Plan)))
    except RoadworthyError as error:
        sys.stderr.write(f"roadworthy control: {error.message}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
