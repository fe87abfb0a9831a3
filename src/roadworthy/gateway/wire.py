"""Raw ASGI: one request's headers and body in, bytes out. No framework on the hot path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .problems import ApiError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

MAX_BODY_BYTES = 4 * 1024 * 1024
"""A chat with a few images; more is refused with 413."""

_JSON: Header = (b"content-type", b"application/json")
_EVENTS: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


class Request:
    """One request, its body not read yet."""

    __slots__ = ("_receive", "headers", "method", "path")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self._receive = receive

    def header(self, name: bytes) -> str:
        """A header's value; empty when it is not there."""
        return self.headers.get(name, b"").decode("latin-1")

    async def body(self, limit: int = MAX_BODY_BYTES) -> bytes:
        """The whole body. Raises ApiError 413 when it is longer than `limit`."""
        length = self.headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        message = await self._receive()
        first: bytes = message.get("body", b"")
        if not message.get("more_body", False) and len(first) <= limit:
            return first
        parts, size = [first], len(first)
        while message.get("more_body", False):
            message = await self._receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise _too_large(limit)
        return b"".join(parts)

    async def gone(self) -> None:
        """Return once the client has gone away."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def send_json(
    send: Send, body: bytes, *, status: int = 200, headers: tuple[Header, ...] = ()
) -> None:
    """Send a whole JSON answer."""
    length: Header = (b"content-length", b"%d" % len(body))
    await send(
        {"type": "http.response.start", "status": status, "headers": [_JSON, length, *headers]}
    )
    await send({"type": "http.response.body", "body": body})


async def send_problem(send: Send, problem: ApiError) -> None:
    """Send an error in the API's own shape."""
    await send_json(send, problem.body(), status=problem.status, headers=problem.headers)


async def open_events(send: Send, headers: tuple[Header, ...]) -> None:
    """Begin a stream of server-sent events."""
    await send({"type": "http.response.start", "status": 200, "headers": [*_EVENTS, *headers]})


async def send_event(send: Send, data: bytes, *, more: bool = True) -> None:
    """Send one or more events; `more=False` ends the stream."""
    await send({"type": "http.response.body", "body": data, "more_body": more})


def _too_large(limit: int) -> ApiError:
    return ApiError(413, f"the body is longer than {limit} bytes", code="request_too_large")
