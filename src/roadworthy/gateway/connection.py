"""One caller's socket: requests to the application, answers out, one after the other.

What enters: whatever somebody sends. What leaves: answers in the order of their requests. What
never happens here: waiting for a client without a limit, or an answer that looks complete and
is not (a stream that broke ends without its last chunk, so every HTTP client sees it).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from .inflow import Inflow
from .problems import ApiError
from .request_reader import RequestReader
from .wire import EVENTS, JSON, Answer, Header, Request, head, send_problem

MAX_WAITING = 8
"""Requests sent ahead of their answers (pipelining); then the socket is not read."""

RECEIVE_S = 60
"""For all of a request, from its first byte on: a client that drips is let go (408)."""

IDLE_S = 75
"""Between two requests. Longer than the 60 s of common load balancers, so that they close first."""

STALLED_S = 60
"""A client that does not read its answer for so long is let go."""

_CLOSE = b"connection: close\r\n"
_CHUNKED = b"transfer-encoding: chunked\r\n"

logger = logging.getLogger("roadworthy.gateway")


class Application(Protocol):
    """What answers requests."""

    def admit(self, request: Request) -> None:
        """Look at a head, before the body is read. Raises ApiError."""

    async def answer(self, request: Request, answer: Answer) -> None:
        """Answer a whole request."""


class Host(Protocol):
    """What a connection needs of its server."""

    application: Application
    loop: asyncio.AbstractEventLoop
    seconds: int
    """A clock that ticks once a second."""
    date: bytes
    """The `date` header, line end included."""
    draining: bool

    def gained(self, connection: Connection) -> None:
        """A client came."""

    def lost(self, connection: Connection) -> None:
        """A client left."""


class Connection(asyncio.Protocol):
    """One socket. Implements the Answer port for the request that is being answered."""

    __slots__ = (
        "_current",
        "_host",
        "_opening",
        "_paused",
        "_reader",
        "_since",
        "_streaming",
        "_task",
        "_transport",
        "_writable",
        "begun",
        "on_gone",
    )

    def __init__(self, host: Host) -> None:
        self._host = host
        self._reader = RequestReader(host.application.admit)
        self._transport: asyncio.Transport | None = None
        self._current: Request | None = None
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._paused = False
        self._since = host.seconds
        """When what it does now began: idling, receiving, or being stalled."""
        self._opening = b""
        self._streaming = False
        self.begun = False
        self.on_gone: Callable[[], None] | None = None

    # --- asyncio's side ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        self._transport = transport  # type: ignore[assignment]
        self._host.gained(self)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        reader = self._reader
        if not reader.partial:
            self._since = self._host.seconds
        reader.feed(data)
        if reader.continues and self._current is None and not reader.arrived:
            reader.continues = False
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if len(reader.arrived) >= MAX_WAITING and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        if self._current is None:
            self._go_on()
        elif self._current.problem is not None and (self._current.whole or reader.exhausted):
            self._end()  # the rest of a refused body has come, or too much of it

    def eof_received(self) -> bool:
        """The client will send no more: a plain answer still goes to it, a stream ends.

        Nothing tells one that left from one that only closed its side, and a stream costs a model.
        """
        self._reader.broken = True
        waits = self._current is not None or bool(self._reader.arrived)
        return waits and self.on_gone is None

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._transport = None
        self._reader.broken = True
        self._reader.arrived.clear()
        self.resume_writing()
        left, self.on_gone = self.on_gone, None
        if left is not None:
            left()
        self._host.lost(self)

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._writable = self._host.loop.create_future()
        self._since = self._host.seconds

    def resume_writing(self) -> None:
        """The client reads again, or is gone."""
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    # --- one answer after the other ------------------------------------------------------

    def _go_on(self) -> None:
        """Begin the next answer when none is under way."""
        arrived = self._reader.arrived
        while arrived and self._transport is not None:
            request = self._current = arrived.popleft()
            self.begun = self._streaming = False
            if request.problem is None:
                if request.inflow is not None:
                    self._take_in(request.inflow)
                self._task = self._host.loop.create_task(self._run(request))
                return
            if not request.whole:
                request.keep_alive = False
            send_problem(self, request.problem, request.path)
            if not request.whole and not self._reader.exhausted:
                return  # ends when the rest has come: closing now could take the answer back
            self._finish(request)

    def _take_in(self, inflow: Inflow) -> None:
        """Let a body be read while it comes."""
        assert self._transport is not None
        inflow.attach(self._transport)
        self.on_gone = inflow.gone
        if self._reader.continues:
            self._reader.continues = False
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def _run(self, request: Request) -> None:
        try:
            await self._host.application.answer(request, self)
        except Exception:
            logger.exception("%s %s was not answered", request.method, request.path)
        finally:
            self._task = None
            self._finish(request)
            self._go_on()

    def _finish(self, request: Request) -> None:
        """One answer is out; or it is not, and then the connection ends so that it shows."""
        complete = self.begun and not self._streaming
        self._since = self._host.seconds
        if self._streaming and not request.chunks and self._transport is not None:
            self._transport.abort()  # a plain end would look like the stream's own
        elif not complete or not self._keeps(request):
            self._reader.arrived.clear()
            self._end()
        elif self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        self._current = None
        self.on_gone = None

    def _keeps(self, request: Request) -> bool:
        """Whether another answer may follow the one to `request` on this connection."""
        if self._host.draining or not request.keep_alive or not request.whole:
            return False
        return not self._reader.broken or bool(self._reader.arrived)

    def _end(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    # --- the Answer port -----------------------------------------------------------------

    def whole(
        self, status: int, body: bytes, headers: tuple[Header, ...] = (), *, kind: Header = JSON
    ) -> None:
        """Send a whole answer: one write, so one packet and one wake-up."""
        request = self._current
        if request is None or self.begun:
            return
        opening = head(status, (kind, *headers))
        self.begun = True
        self._write(
            b"%b%b%bcontent-length: %d\r\n\r\n%b"
            % (
                opening,
                self._host.date,
                b"" if self._keeps(request) else _CLOSE,
                len(body),
                b"" if request.method == "HEAD" else body,
            )
        )

    def begin(self, headers: tuple[Header, ...], *, kind: tuple[Header, ...] = EVENTS) -> None:
        """Begin a stream; its head leaves with the first piece."""
        request = self._current
        if request is None or self.begun:
            return
        if not request.chunks:
            request.keep_alive = False  # the stream's end is the connection's end
        self._opening = b"%b%b%b%b\r\n" % (
            head(200, kind + headers),
            self._host.date,
            b"" if self._keeps(request) else _CLOSE,
            _CHUNKED if request.chunks else b"",
        )
        self.begun = self._streaming = True

    async def piece(self, data: bytes, *, last: bool = False) -> None:
        """Send one or more events; waits while the client does not read."""
        request = self._current
        if request is None or not self._streaming:
            return
        if request.chunks:
            end = b"0\r\n\r\n" if last else b""
            data = b"%x\r\n%b\r\n%b" % (len(data), data, end) if data else end
        if self._opening:
            data = self._opening + data
            self._opening = b""
        if last:
            self._streaming = False
        self._write(data)
        if self._writable is not None:
            await asyncio.shield(self._writable)
        elif self._transport is None:
            await asyncio.sleep(0)  # whoever goes on for a client that left must be reachable

    # --- the server's side ---------------------------------------------------------------

    def look(self) -> None:
        """Once a second: let a client go that drips, does not read, or has nothing to ask."""
        if self._transport is None:
            return
        quiet = self._host.seconds - self._since
        if self._writable is not None:
            if quiet > STALLED_S:
                self._transport.abort()
        elif self._current is not None:
            if self._task is None and quiet > RECEIVE_S:
                self._end()  # a refused body that never ends
        elif not self._reader.partial:
            if quiet > IDLE_S:
                self._end()
        elif quiet > RECEIVE_S:
            slow = ApiError(408, "the request took too long to arrive", code="request_timeout")
            self._reader.refuse(slow)
            self._go_on()

    def drain(self) -> None:
        """End now when idle; else after the answer that is under way."""
        if self._current is None and not self._reader.arrived:
            self._end()

    def cancel(self) -> None:
        """Give up: the time for draining is over."""
        if self._task is not None:
            self._task.cancel()
        elif self._transport is not None:
            self._transport.abort()
