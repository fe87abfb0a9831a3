"""One gateway worker: a process that answers, and knows nothing of the release line.

What enters: a listening socket (inherited), a plan. What leaves: answers, a journal. What never
happens here: an import of the control plane (an import contract says so); an end that drops a
request (SIGTERM drains; so does the end of the pipe from the supervisor).

    python -m roadworthy.gateway.worker FD PLAN     (started by the supervisor)
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager

import msgspec
import uvicorn
import uvloop

from roadworthy.domain import RoadworthyError
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.plan import Plan

from .app import App
from .health import readiness

DRAIN_S = 20
"""How long a worker that is told to stop waits for the requests under way."""

BACKLOG = 2048

GC_THRESHOLDS = (20_000, 20, 50)
"""Requests under way are many young objects that all die by reference count; the collector's
default of 700 looks at them again and again for nothing."""


class _Server(uvicorn.Server):
    """Leaves signals to us: its own way ends the process before the journal is closed."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield


async def run(listener: socket.socket, plan: Plan) -> None:
    """Serve until SIGTERM, SIGINT or the supervisor's end."""
    gateway = Gateway(plan, SystemClock())
    await gateway.start()
    config = uvicorn.Config(
        App(gateway, new_id),
        http="httptools",
        loop="none",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_S,
        backlog=BACKLOG,
    )
    server = _Server(config)
    gc.collect()
    gc.freeze()  # what was loaded lives as long as the process: not worth looking at again
    gc.set_threshold(*GC_THRESHOLDS)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        """Take no new connection, end those that are idle, wait for the rest."""
        server.should_exit = True

    loop.add_signal_handler(signal.SIGTERM, stop)
    if not sys.stdin.closed and not sys.stdin.isatty():
        loop.add_reader(sys.stdin.fileno(), stop)  # readable only when the supervisor is gone
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    sys.stdout.write(msgspec.json.encode(readiness(gateway)).decode() + "\n")
    sys.stdout.flush()
    try:
        await serving
    finally:
        await gateway.aclose()


def main(arguments: list[str]) -> int:
    """Run one worker; returns its exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    listener = socket.socket(fileno=int(arguments[0]))
    plan = msgspec.json.decode(arguments[1], type=Plan)
    sys.setswitchinterval(0.001)  # the journal's thread must not wait 5 ms for its turn
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's ^C is the supervisor's to handle
    try:
        uvloop.run(run(listener, plan))
    except RoadworthyError as error:
        sys.stderr.write(f"roadworthy worker {plan.worker}: {error.message}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
