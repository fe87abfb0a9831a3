"""A body that is read while it comes: an upload, which no memory has to hold.

What enters: pieces, as the socket brings them. What leaves: the same, when whoever reads asks. What
never happens here: more kept than a little, since the socket is not read meanwhile; a wait without
an end; an end that is none (a client that left is an error, not a short body).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from .problems import ApiError

HELD = 256 * 1024
"""Bytes that wait to be read; then the socket is not read."""

MOST_HELD = 4 * 1024 * 1024
"""What came ahead while an earlier answer of the connection was under way."""

SILENT_S = 30.0
"""Between two pieces."""

SLOWEST = 8 * 1024
"""Bytes a second over all that was waited, once that is a minute: nobody drips for ever."""
GRACE_S = 60.0


class Source(Protocol):
    """Where pieces come from."""

    def pause_reading(self) -> None:
        """Bring nothing for now."""

    def resume_reading(self) -> None:
        """Go on."""


class Inflow:
    """One body, of at most so many bytes."""

    __slots__ = (
        "_ended",
        "_held",
        "_loop",
        "_paused",
        "_pieces",
        "_problem",
        "_source",
        "_taken",
        "_waited",
        "_waiting",
        "most",
    )

    def __init__(self, most: int) -> None:
        self.most = most
        self._loop = asyncio.get_running_loop()
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._taken = 0
        self._ended = False
        self._paused = False
        self._problem: ApiError | None = None
        self._source: Source | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._waited = 0.0

    # --- the connection's side -----------------------------------------------------------

    def attach(self, source: Source) -> None:
        """Its turn has come: it is read from now on."""
        self._source = source

    def feed(self, data: bytes) -> None:
        """A piece came."""
        if self._problem is not None:
            return
        self._taken += len(data)
        if self._taken > self.most:
            self.fail(too_large(self.most))
            return
        self._pieces.append(data)
        self._held += len(data)
        if self._held > HELD and self._source is not None and not self._paused:
            self._paused = True
            self._source.pause_reading()
        elif self._held > MOST_HELD:
            self.fail(ApiError(400, "an upload waits for its turn", code="malformed_request"))
        self._wake()

    def end(self) -> None:
        """All of it came."""
        self._ended = True
        self._wake()

    def gone(self) -> None:
        """The client left."""
        self.fail(ApiError(400, "the client left", code="malformed_request"))

    def fail(self, problem: ApiError) -> None:
        """No more will come, or no more is wanted; whoever reads is told why."""
        if self._problem is None and not self._ended:
            self._problem = problem
            self._pieces.clear()
            self._held = 0
            self._resume()
            self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _resume(self) -> None:
        if self._paused and self._source is not None:
            self._paused = False
            self._source.resume_reading()

    # --- the reader's side ---------------------------------------------------------------

    async def read(self) -> bytes:
        """The next piece; empty at the end. Raises ApiError."""
        while not self._pieces:
            if self._problem is not None:
                raise self._problem
            if self._ended:
                return b""
            await self._wait()
        piece = self._pieces.popleft()
        self._held -= len(piece)
        if self._held <= HELD // 2:
            self._resume()
        return piece

    async def _wait(self) -> None:
        self._waiting = self._loop.create_future()
        began = self._loop.time()
        try:
            await asyncio.wait_for(self._waiting, SILENT_S)
        except TimeoutError:
            raise _too_slow() from None
        finally:
            self._waiting = None
        self._waited += self._loop.time() - began  # what the reader takes is not the client's
        if self._waited > GRACE_S and self._taken < SLOWEST * self._waited:
            raise _too_slow()

    async def drain(self) -> None:
        """Throw away what is left: many clients read an answer only after they have sent all."""
        try:
            while await self.read():
                pass
        except ApiError:
            return


def too_large(most: int) -> ApiError:
    """413."""
    return ApiError(413, f"the body is longer than {most} bytes", code="request_too_large")


def _too_slow() -> ApiError:
    return ApiError(408, "the request took too long to arrive", code="request_timeout")
