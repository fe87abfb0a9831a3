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

from roadworthy.domain import RoadworthyError
from roadworthy.wiring.control import Control
from roadworthy.wiring.plan import Plan

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

    def body(self) -> bytes:
        """The JSON document of GET /readyz on the control port."""
        return msgspec.json.encode(
            {
                "ready": not self.fault,
                "rounds": self.rounds,
                "records": self.records,
                "fault": self.fault,
            }
        )


async def run(plan: Plan) -> None:
    """Reconcile until SIGTERM or the supervisor's end."""
    control, state = Control(plan), ControlState()
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    if not sys.stdin.closed and not sys.stdin.isatty():
        loop.add_reader(sys.stdin.fileno(), over.set)
    door = await _open_door(plan.control_port, state) if plan.control_port else None
    sys.stdout.write('{"ready":true}\n')
    sys.stdout.flush()
    while not over.is_set():
        await _round(control, state, over)
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


async def _open_door(port: int, state: ControlState) -> asyncio.Server:
    """A door that answers every request with the state; on the loopback only."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read the head, say the state, close."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await reader.readuntil(b"\r\n\r\n")
            body = state.body()
            status = b"503 Service Unavailable" if state.fault else b"200 OK"
            writer.write(
                b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
                b"connection: close\r\n\r\n%b" % (status, len(body), body)
            )
            await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port)


def main(arguments: list[str]) -> int:
    """Run the control process; returns its exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        asyncio.run(run(msgspec.json.decode(arguments[0], type=Plan)))
    except RoadworthyError as error:
        sys.stderr.write(f"roadworthy control: {error.message}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
