"""One HTTP/1.1 connection: a request's bytes go in, a parsed response comes out.

Built on `asyncio.Protocol` and llhttp (through httptools), because the general clients cost ten
times more than a model gateway may spend on a call. One exchange at a time, no pipelining.
What never happens here: a byte that the server sent beyond its answer is never taken for the
next answer (the connection is closed instead), and nothing is buffered without a limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httptools
from msgspec import Struct

from roadworthy.domain import ProviderError

PAUSE_ABOVE_BYTES = 256 * 1024
"""Unread body at which the socket is no longer read (the kernel then slows the sender down)."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a response may cost."""

    head_bytes: int = 64 * 1024
    """Status line, headers and trailers together."""
    body_bytes: int = 32 * 1024 * 1024
    read_timeout_s: float = 60.0
    """Longest silence between two bytes."""


class StaleConnectionError(Exception):
    """A reused connection was closed by the server before it answered a single byte."""


class Connection(asyncio.Protocol):
    """One socket, one exchange at a time. `HttpClient` owns it."""

    __slots__ = (
        "_body",
        "_collecting",
        "_complete",
        "_deadline",
        "_eof_delimited",
        "_error",
        "_head_bytes",
        "_head_done",
        "_informational",
        "_last_byte_at",
        "_limits",
        "_loop",
        "_on_lost",
        "_parser",
        "_paused",
        "_peer",
        "_received",
        "_timer",
        "_timer_at",
        "_total_bytes",
        "_transport",
        "_unread_bytes",
        "_waiter",
        "busy",
        "closed",
        "exchanges",
        "headers",
        "idle_since",
        "keep_alive",
        "status",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        peer: str,
        limits: Limits,
        on_lost: Callable[[Connection], None],
    ) -> None:
        self._loop = loop
        self._peer = peer
        self._limits = limits
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._waiter: asyncio.Future[None] | None = None
        self._parser: Any = None
        self.closed = False
        self.busy = False
        self.exchanges = 0
        self.idle_since = 0.0
        self._paused = False
        self._reset()

    def _reset(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.keep_alive = False
        self._body: list[bytes] = []
        self._unread_bytes = 0
        self._total_bytes = 0
        self._head_bytes = 0
        self._head_done = False
        self._informational = False
        self._eof_delimited = False
        self._complete = False
        self._received = False
        self._paused = False
        self._collecting = False
        self._error: Exception | None = None
        self._deadline = 0.0
        self._last_byte_at = 0.0

    # --- the exchange, as the client drives it -------------------------------------------

    def send(self, request: bytes, *, deadline: float) -> None:
        """Write one request; the response is then awaited with `head` and `piece`.

        `deadline` is in the loop's time, for the whole exchange.
        """
        if self._paused:
            self._resume()
        self._reset()
        self.busy = True
        self.exchanges += 1
        if self._transport is None or self.closed:
            self._error = self._lost_error()
            return
        if self._parser is None:
            self._parser = httptools.HttpResponseParser(self)
        self._deadline = deadline
        self._last_byte_at = self._loop.time()
        self._arm()
        self._transport.write(request)

    async def head(self) -> None:
        """Wait until status and headers are there. Raises ProviderError, StaleConnectionError."""
        while not self._head_done:
            if self._error is not None:
                raise self._error
            await self._wait()

    async def piece(self) -> bytes:
        """The body received since the last call; empty at its end. Raises ProviderError."""
        while not self._body:
            if self._complete:
                return b""
            if self._error is not None:
                raise self._error
            await self._wait()
        pieces = self._body
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._body = []
        self._unread_bytes = 0
        if self._paused:
            self._resume()
        return data

    async def whole(self) -> bytes:
        """The rest of the body. Raises ProviderError when it is cut short."""
        self._collecting = True
        if self._paused:
            self._resume()
        while not self._complete:
            if self._error is not None:
                raise self._error
            await self._wait()
        pieces = self._body
        self._body = []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def reusable(self) -> bool:
        """Whether the exchange ended so cleanly that another one may follow."""
        return self._complete and self.keep_alive and not self.closed and self._error is None

    @property
    def complete(self) -> bool:
        """Whether the whole response was received."""
        return self._complete

    def park(self) -> None:
        """The exchange is over; the connection waits for the next."""
        self.busy = False
        self.idle_since = self._loop.time()

    def abort(self) -> None:
        """Close at once, dropping what is unsent and unread; safe to call twice."""
        self.busy = False
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def _wait(self) -> asyncio.Future[None]:
        self._waiter = self._loop.create_future()
        return self._waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
        self._wake()
        self.abort()

    def _resume(self) -> None:
        self._paused = False
        self._last_byte_at = self._loop.time()
        if self._transport is not None and not self.closed:
            self._transport.resume_reading()

    # --- time ----------------------------------------------------------------------------

    def _expiry(self) -> float:
        if self._paused:
            return self._deadline
        return min(self._deadline, self._last_byte_at + self._limits.read_timeout_s)

    def _arm(self) -> None:
        """One timer serves many exchanges: it is only moved when it would ring too late."""
        expiry = self._expiry()
        if self._timer is not None:
            if self._timer_at <= expiry:
                return
            self._timer.cancel()
        self._timer_at = expiry
        self._timer = self._loop.call_at(expiry, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if not self.busy or self._complete:
            return
        now = self._loop.time()
        if now < self._expiry():
            self._arm()
            return
        what = "did not answer in time"
        if now < self._deadline:
            what = f"was silent for {self._limits.read_timeout_s:g} s"
        self._fail(ProviderError(f"{self._peer} {what}", retryable=True))

    # --- the socket, as asyncio drives it ------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "pause_reading")
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Parse what came; anything that no request asked for ends the connection."""
        if not self.busy or self._complete:
            self._reject_unasked()
            return
        self._received = True
        self._last_byte_at = self._loop.time()
        if not self._head_done:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if self._error is None and not self._complete:
                self._fail(ProviderError(f"{self._peer} does not speak HTTP/1.1", retryable=False))
            self.keep_alive = False
            return
        if not self._head_done and self._head_bytes > self._limits.head_bytes:
            self._fail(self._too_large("headers", self._limits.head_bytes))

    def eof_received(self) -> bool:
        """The server will send no more: fine only where that ends the body."""
        self.keep_alive = False
        if self.busy and not self._complete:
            if self._head_done and self._eof_delimited:
                self._complete = True
                self._wake()
            else:
                self._fail(self._lost_error())
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self.closed = True
        self.keep_alive = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport = None
        if self.busy and not self._complete and self._error is None:
            self._error = self._lost_error()
        self._wake()
        self._on_lost(self)

    def _lost_error(self) -> Exception:
        if not self._received and self.exchanges > 1:
            return StaleConnectionError()
        how = "in the middle of its answer" if self._received else "before it answered"
        return ProviderError(f"{self._peer} closed the connection {how}", retryable=True)

    def _reject_unasked(self) -> None:
        self.keep_alive = False
        if not self.busy:
            self.abort()

    def _too_large(self, what: str, limit: int) -> ProviderError:
        return ProviderError(
            f"{self._peer} sent {what} of more than {limit} bytes", retryable=False
        )

    # --- the parser's call-backs ---------------------------------------------------------

    def on_message_begin(self) -> None:
        """A second message after a complete one was never asked for."""
        if self._complete:
            self.keep_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header (the last of a name wins); trailers are counted and dropped."""
        if self._complete:
            return
        if self._head_done:
            self._head_bytes += len(name) + len(value)
        else:
            self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The head is there; 1xx answers are only announcements."""
        if self._complete:
            return
        status = self._parser.get_status_code()
        self._informational = 100 <= status < 200
        if self._informational:
            self.headers = {}
            return
        self.status = status
        self.keep_alive = self._parser.should_keep_alive()
        headers = self.headers
        self._eof_delimited = (
            b"content-length" not in headers and b"transfer-encoding" not in headers
        )
        size = sum(map(len, headers)) + sum(map(len, headers.values()))
        if size > self._limits.head_bytes:
            self._fail(self._too_large("headers", self._limits.head_bytes))
            return
        self._head_bytes = size
        self._head_done = True
        self._wake()

    def on_body(self, data: bytes) -> None:
        """Keep a piece; pause the socket when the reader is behind."""
        if self._complete or self._error is not None:
            return
        self._total_bytes += len(data)
        if self._total_bytes > self._limits.body_bytes:
            self._fail(self._too_large("a body", self._limits.body_bytes))
            return
        if self._head_bytes > self._limits.head_bytes:
            self._fail(self._too_large("trailers", self._limits.head_bytes))
            return
        self._body.append(data)
        if self._collecting:
            return
        self._unread_bytes += len(data)
        if self._unread_bytes > PAUSE_ABOVE_BYTES and not self._paused and self._transport:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self._informational:
            self._informational = False
            return
        if not self._head_done or self._error is not None:
            return
        self._complete = True
        self._wake()
