"""One gateway worker: a process that answers, and knows nothing of the release line.

What enters: a listening socket (inherited), a plan. What leaves: answers, a journal. What never
happens here: an import of the control plane (an import contract says so); an end that drops a
request (SIGTERM drains; so does the end of the pipe from the supervisor).

    python -m roadworthy.gateway.worker FD PLAN     (started by the supervisor)
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys

import msgspec
import uvloop

from roadworthy.domain import RoadworthyError, settle_types
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.plan import Plan

from .app import App
from .health import readiness
from .memory import settle
from .server import Server

DRAIN_S = 20
"""How long a worker that is told to stop waits for the requests under way."""


async def run(listener: socket.socket, plan: Plan) -> None:
    """Serve until SIGTERM, SIGINT or the supervisor's end."""
    gateway = Gateway(plan, SystemClock())
    await gateway.start()
    server = Server(App(gateway, new_id), gateway.clock)
    settle()
    # whoever walks a generator closes it, so that nobody needs a list of those under way
    sys.set_asyncgen_hooks(firstiter=None)
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    watched = not sys.stdin.closed and not sys.stdin.isatty()
    if watched:
        loop.add_reader(sys.stdin.fileno(), over.set)  # readable only when the supervisor is gone
    try:
        await server.start(listener)
        sys.stdout.write(msgspec.json.encode(readiness(gateway)).decode() + "\n")
        sys.stdout.flush()
        await over.wait()
        if watched:
            loop.remove_reader(sys.stdin.fileno())
        await server.drain(DRAIN_S)
    finally:
        await gateway.aclose()


def main(arguments: list[str]) -> int:
    """Run one worker; returns its exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    listener = socket.socket(fileno=int(arguments[0]))
    plan = msgspec.json.decode(arguments[1], type=Plan)
    settle_types()
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
