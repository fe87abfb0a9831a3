"""The control process's door, on the loopback only: is it ready, and what Prometheus asks.

What enters: the head of a request. What leaves: one answer, then the end of the connection. What
never happens here: a change of anything; and nothing of a text or an end user is known here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress

from msgspec import Struct

from roadworthy.domain import UsageError

from .wire import JSON, Header, head

PATIENCE_S = 10.0
"""For a head to arrive."""


class Page(Struct, frozen=True):
    """What is said at a path."""

    body: bytes
    status: int = 200
    kind: bytes = JSON[1]


Pages = dict[str, Callable[[], Awaitable[Page]]]
"""Path -> what makes its page."""


async def open_door(port: int, pages: Pages) -> asyncio.Server:
    """Answer from now on. Raises UsageError when the port is taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one head, say the page, close."""
        problems = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError)
        try:
            with suppress(*problems):
                asked = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
                writer.write(_response(asked, await _page(asked, pages)))
                await writer.drain()
        finally:
            writer.close()

    try:
        return await asyncio.start_server(answer, "127.0.0.1", port)
    except OSError as error:
        raise UsageError(
            f"cannot listen on 127.0.0.1:{port}: {os.strerror(error.errno or 0)}",
            fix="choose another --control-port",
        ) from None


async def _page(asked: bytes, pages: Pages) -> Page:
    words = asked.split(b"\r\n", 1)[0].split(b" ")
    if len(words) != 3 or words[0] not in (b"GET", b"HEAD"):
        return Page(b'{"error":"only GET is answered here"}', 405)
    path = words[1].partition(b"?")[0].decode("latin-1")
    make = pages.get(path)
    if make is None:
        known = ", ".join(sorted(pages))
        return Page(f'{{"error":"there is nothing here; there is {known}"}}'.encode(), 404)
    return await make()


def _response(asked: bytes, page: Page) -> bytes:
    length = str(len(page.body)).encode()
    headers: tuple[Header, ...] = (
        (b"content-type", page.kind),
        (b"content-length", length),
        (b"connection", b"close"),
    )
    body = b"" if asked.startswith(b"HEAD ") else page.body
    return head(page.status, headers) + b"\r\n" + body
