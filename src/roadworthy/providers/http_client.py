"""A pooled HTTP/1.1 client for one origin: bytes of a request in, status and body out.

For calls of models only: POST, keep-alive, TLS verified, no redirects, no cookies, no
compression, no proxies. A call that was cancelled or left early closes its connection, so the
server stops. Errors name the host and never a header, a credential or a body.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable
from types import TracebackType
from urllib.parse import urlsplit

from roadworthy.domain import ProviderError, UsageError

from .http_connection import Connection, Limits, StaleConnectionError

IDLE_S = 30.0
"""Idle connections older than this are not reused: most servers have closed them by then."""


class Response:
    """A response whose head has arrived. Read it with `read` or `piece`, then `close` it."""

    __slots__ = ("_client", "_connection", "headers", "status")

    def __init__(self, client: HttpClient, connection: Connection) -> None:
        self._client = client
        self._connection: Connection | None = connection
        self.status = connection.status
        self.headers = connection.headers

    async def read(self) -> bytes:
        """The whole body. Raises ProviderError when it is cut short, too large or too late."""
        if self._connection is None:
            return b""
        return await self._connection.whole()

    def piece(self) -> Awaitable[bytes]:
        """The next piece of the body, of any size; empty at the end. Raises ProviderError."""
        return self._connection.piece() if self._connection is not None else _no_more()

    @property
    def complete(self) -> bool:
        """Whether the whole body has arrived (it may still be unread)."""
        return self._connection is None or self._connection.complete

    def close(self) -> None:
        """Give the connection back when the body was read to its end, else close it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._client.release(connection)

    async def __aenter__(self) -> Response:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


async def _no_more() -> bytes:
    return b""


class HttpClient:
    """At most `max_connections` to one origin; callers beyond that wait in line."""

    def __init__(
        self,
        url: str,
        *,
        max_connections: int = 256,
        connect_timeout_s: float = 5.0,
        limits: Limits | None = None,
        headers: dict[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`url` is the origin and base path; `headers` go with every request.

        Raises UsageError for a URL that is not plain http(s) and for unsendable headers.
        """
        self._host, self._port, self._tls, self._base = _origin(url, tls)
        self.peer = f"{self._host}:{self._port}"
        self._limits = limits or Limits()
        self._max_connections = max_connections
        self._connect_timeout_s = connect_timeout_s
        self._fixed = _fixed_headers(self._host, self._port, self._tls is not None, headers or {})
        self._heads: dict[str, bytes] = {}
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._slots_used = 0
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def post(self, path: str, body: bytes, *, timeout_s: float) -> Response:
        """POST a JSON body to base path + `path`; returns when the response's head is there.

        `timeout_s` spans everything from waiting for a connection to the body's last byte.
        A connection that turns out stale before a byte came back is replaced once.
        Raises ProviderError.
        """
        loop = self._loop
        running = asyncio.get_running_loop()
        if loop is not running:
            loop = self._adopt(running)
        deadline = loop.time() + timeout_s
        head = self._heads.get(path)
        if head is None:
            head = self._heads[path] = self._head(path)
        request = b"%b%d\r\n\r\n%b" % (head, len(body), body)
        connection = await self._acquire(loop, deadline)
        try:
            connection.send(request, deadline=deadline)
            await connection.head()
        except StaleConnectionError:
            connection = await self._replace(connection, loop, deadline)
            await self._resend(connection, request, deadline)
        except BaseException:
            self._discard(connection)
            raise
        return Response(self, connection)

    async def _resend(self, connection: Connection, request: bytes, deadline: float) -> None:
        try:
            connection.send(request, deadline=deadline)
            await connection.head()
        except BaseException:
            self._discard(connection)
            raise

    async def aclose(self) -> None:
        """Close every connection; whoever waits gets a ProviderError. Safe to call twice."""
        self._closed = True
        self._drop_everything()
        await asyncio.sleep(0)

    def _drop_everything(self) -> None:
        for connection in tuple(self._open):
            connection.abort()
        self._open.clear()
        self._idle.clear()
        self._slots_used = 0
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(self._closed_error())

    def _closed_error(self) -> ProviderError:
        return ProviderError(f"the client of {self.peer} is closed", retryable=False)

    def _adopt(self, running: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
        """Another loop runs now (a second `asyncio.run`): its sockets are of no use here."""
        if self._loop is not None and self._loop.is_closed():
            self._open.clear()
            self._idle.clear()
            self._waiters.clear()
            self._slots_used = 0
        elif self._loop is not None:
            raise ProviderError(
                f"the client of {self.peer} belongs to another event loop that still runs",
                retryable=False,
            )
        self._loop = running
        return running

    def _head(self, path: str) -> bytes:
        target = f"{self._base}{path}"
        if not target.isascii() or any(character <= " " for character in target):
            raise UsageError(f"the path {target!r} cannot be sent in a request line")
        return f"POST {target} HTTP/1.1\r\n".encode("ascii") + self._fixed

    # --- the pool ------------------------------------------------------------------------

    async def _acquire(self, loop: asyncio.AbstractEventLoop, deadline: float) -> Connection:
        idle = self._idle
        while idle:
            connection = idle.pop()
            if not connection.closed and loop.time() - connection.idle_since < IDLE_S:
                return connection
            self._discard(connection)
        if self._closed:
            raise self._closed_error()
        if self._slots_used >= self._max_connections:
            handed = await self._queue(loop, deadline)
            if handed is not None:
                return handed
        else:
            self._slots_used += 1
        return await self._connect(loop, deadline)

    async def _queue(self, loop: asyncio.AbstractEventLoop, deadline: float) -> Connection | None:
        """Wait for a connection, or for the right (a slot) to open one (None)."""
        waiter: asyncio.Future[Connection | None] = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_at(deadline, self._give_up, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._pass_on(waiter.result())
            raise
        finally:
            timer.cancel()

    def _give_up(self, waiter: asyncio.Future[Connection | None]) -> None:
        if not waiter.done():
            waiter.set_exception(
                ProviderError(
                    f"no free connection to {self.peer} in time "
                    f"(all {self._max_connections} are in use)",
                    retryable=True,
                )
            )

    def _pass_on(self, connection: Connection | None) -> None:
        """Hand a connection (or a free slot: None) to the first who waits, else keep it."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is None:
            self._slots_used = max(0, self._slots_used - 1)
        else:
            connection.park()
            self._idle.append(connection)

    async def _connect(self, loop: asyncio.AbstractEventLoop, deadline: float) -> Connection:
        connection = Connection(loop, peer=self.peer, limits=self._limits, on_lost=self._on_lost)
        patience = min(self._connect_timeout_s, max(0.0, deadline - loop.time()))
        try:
            async with asyncio.timeout(patience):
                await loop.create_connection(
                    lambda: connection,
                    self._host,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls else None,
                )
        except BaseException as error:
            connection.abort()
            self._pass_on(None)
            raise self._connect_error(error) from None
        if self._closed:
            connection.abort()
            raise self._closed_error()
        self._open.add(connection)
        return connection

    def _connect_error(self, error: BaseException) -> BaseException:
        if isinstance(error, TimeoutError):
            return ProviderError(f"cannot reach {self.peer} in time", retryable=True)
        if isinstance(error, ssl.SSLCertVerificationError):
            return ProviderError(
                f"{self.peer} shows a certificate that is not trusted: {error.verify_message}",
                retryable=False,
                fix="trust its authority with SSL_CERT_FILE; verification is never turned off",
            )
        if isinstance(error, OSError):
            reason = error.strerror or type(error).__name__
            return ProviderError(f"cannot reach {self.peer}: {reason}", retryable=True)
        return error

    async def _replace(
        self, stale: Connection, loop: asyncio.AbstractEventLoop, deadline: float
    ) -> Connection:
        """A fresh connection in the stale one's slot (others of the pool may be stale too)."""
        stale.abort()
        if stale in self._open:
            self._open.discard(stale)
        else:
            self._slots_used += 1
        return await self._connect(loop, deadline)

    def release(self, connection: Connection) -> None:
        """Take a connection back after an exchange."""
        if connection.reusable and not self._closed:
            self._pass_on(connection)
        else:
            self._discard(connection)

    def _discard(self, connection: Connection) -> None:
        if connection not in self._open:
            return
        self._open.discard(connection)
        connection.abort()
        self._pass_on(None)

    def _on_lost(self, connection: Connection) -> None:
        """The server closed it: an idle one leaves the pool, a busy one tells its user itself."""
        if not connection.busy and connection in self._open:
            if connection in self._idle:
                self._idle.remove(connection)
            self._discard(connection)


def _origin(url: str, tls: ssl.SSLContext | None) -> tuple[str, int, ssl.SSLContext | None, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError("an upstream's url cannot be read as a URL") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "an upstream's url holds a user name or password",
            fix="take it out and name the secret with credential: env:NAME or file:PATH",
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"an upstream's url must begin with http:// or https:// and name a host: {url!r}"
        )
    if parts.query or parts.fragment:
        raise UsageError("an upstream's url must not have a query or a fragment")
    base = parts.path.rstrip("/")
    if parts.scheme == "http":
        return parts.hostname, port or 80, None, base
    if tls is None:
        tls = ssl.create_default_context()
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        tls.set_alpn_protocols(["http/1.1"])
    return parts.hostname, port or 443, tls, base


def _fixed_headers(host: str, port: int, secure: bool, headers: dict[str, str]) -> bytes:
    name = f"[{host}]" if ":" in host else host
    at = name if port == (443 if secure else 80) else f"{name}:{port}"
    lines = [f"host: {at}", "user-agent: roadworthy"]
    if not any(key.lower() == "content-type" for key in headers):
        lines.append("content-type: application/json")
    for key, value in headers.items():
        token = key.replace("-", "").replace("_", "")
        if not (token.isascii() and token.isalnum()):
            raise UsageError(f"{key!r} is not a header name")
        if not value.isascii() or not value.isprintable():
            raise UsageError(f"the value of header {key!r} holds characters that cannot be sent")
        lines.append(f"{key.lower()}: {value.strip()}")
    return ("\r\n".join(lines) + "\r\ncontent-length: ").encode("ascii")
