"""Accepts connections of one listening socket for one worker, and ends them in order.

What enters: a socket, an application. What leaves: nothing until it is told to drain. What never
happens here: a connection that is cut while its answer could still leave in time.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from email.utils import format_datetime

from roadworthy.domain import Clock

from .connection import Application, Connection

BACKLOG = 2048
TICK_S = 1.0
"""How often connections are looked at, and how exact their time limits are."""


class Server:
    """One worker's server. Implements the Host port for its connections."""

    def __init__(self, application: Application, clock: Clock) -> None:
        self.application = application
        self.loop = asyncio.get_running_loop()
        self.seconds = 0
        self.date = b""
        self.draining = False
        self._clock = clock
        self._connections: set[Connection] = set()
        self._empty: asyncio.Event = asyncio.Event()
        self._accepting: asyncio.Server | None = None
        self._listener: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def start(self, listener: socket.socket) -> None:
        """Accept from now on. The socket may be shared with other processes."""
        self._tick()
        self._listener = listener
        make: Callable[[], Connection] = lambda: Connection(self)  # noqa: E731
        self._accepting = await self.loop.create_server(make, sock=listener, backlog=BACKLOG)

    async def drain(self, patience_s: float) -> None:
        """Accept no more; end idle connections now, the others after their answer.

        What still runs after `patience_s` is cancelled.
        """
        self.draining = True
        if self._accepting is not None:
            self._accepting.close()
        if self._listener is not None:
            self._listener.close()  # once nobody holds it, new clients are refused at once
        for connection in tuple(self._connections):
            connection.drain()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_gone(), patience_s)
        for connection in tuple(self._connections):
            connection.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_gone(), TICK_S)
        if self._timer is not None:
            self._timer.cancel()

    async def _all_gone(self) -> None:
        while self._connections:
            self._empty.clear()
            await self._empty.wait()

    def _tick(self) -> None:
        self.seconds += 1
        # RFC 9110, section 6.6.1
        now = format_datetime(self._clock.now(), usegmt=True)
        self.date = f"date: {now}\r\n".encode()
        for connection in tuple(self._connections):
            connection.look()
        self._timer = self.loop.call_later(TICK_S, self._tick)

    # --- the Host port -------------------------------------------------------------------

    def gained(self, connection: Connection) -> None:
        """A client came."""
        self._connections.add(connection)

    def lost(self, connection: Connection) -> None:
        """A client left."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()
