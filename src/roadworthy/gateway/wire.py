"""What a door sees of HTTP: a whole request, and a way to answer it. No sockets here.

What enters: a head and a body that the connection has read. What leaves: an answer, whole or as
server-sent events. What never happens here: a header that a value could break out of.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from roadworthy.serving import Caller

from .inflow import Inflow
from .problems import ApiError

Header = tuple[bytes, bytes]

EVENTS: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
JSON: Header = (b"content-type", b"application/json")


class Request:
    """One request. `body` is there once the application is asked to answer, not at `admit`."""

    __slots__ = (
        "body",
        "caller",
        "chunks",
        "headers",
        "inflow",
        "keep_alive",
        "method",
        "path",
        "problem",
        "query",
        "whole",
    )

    def __init__(self, method: str, path: str, headers: dict[bytes, bytes]) -> None:
        self.method = method
        self.path = path
        """Without the query, percent-decoded."""
        self.headers = headers
        """Names in lower case; a name that came twice has its values joined by a comma."""
        self.query = b""
        """What follows the path's `?`, as it came."""
        self.body = b""
        self.inflow: Inflow | None = None
        """Of an upload: its body, while it comes. Set at admission."""
        self.caller: Caller | None = None
        """Whose key came with it; set at admission."""
        self.problem: ApiError | None = None
        """Why it is refused whatever an application would say."""
        self.whole = False
        """Whether all of it has arrived."""
        self.keep_alive = True
        """Whether the client may ask again on this connection."""
        self.chunks = True
        """Whether the client knows chunked transfer coding (HTTP/1.0 does not)."""

    def header(self, name: bytes) -> str:
        """A header's value; empty when it is not there."""
        return self.headers.get(name, b"").decode("latin-1")


class Answer(Protocol):
    """How a door answers one request: `whole`, or `begin`, `piece` and so on up to the last."""

    begun: bool
    """Whether something of it may have left."""
    on_gone: Callable[[], None] | None
    """Called at most once, when the client leaves before the answer's end."""

    def whole(
        self, status: int, body: bytes, headers: tuple[Header, ...] = (), *, kind: Header = JSON
    ) -> None:
        """Send a whole answer, in JSON if nothing else."""

    def begin(self, headers: tuple[Header, ...], *, kind: tuple[Header, ...] = EVENTS) -> None:
        """Begin a stream, of server-sent events if nothing else; it leaves with its first piece."""

    async def piece(self, data: bytes, *, last: bool = False) -> None:
        """Send a piece of the stream; waits while the client does not read."""


def send_problem(answer: Answer, problem: ApiError, path: str = "") -> None:
    """Send an error in the shape of the API that has the path."""
    answer.whole(problem.status, problem.body(path), problem.headers)


def head(status: int, headers: tuple[Header, ...]) -> bytes:
    """Status line and headers, without the blank line. Raises ValueError on a line break."""
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers):
        raise ValueError("a header holds a line break")
    return _STATUS_LINES[status] + lines


_STATUS_LINES = {
    int(status): f"HTTP/1.1 {int(status)} {status.phrase}\r\n".encode() for status in HTTPStatus
}
