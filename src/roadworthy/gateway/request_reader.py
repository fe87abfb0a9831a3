"""Bytes of a socket in, requests out: HTTP/1.1 (RFC 9112) parsed by llhttp, within limits.

No sockets here. What leaves: requests that arrived whole, and refused ones, in order. What never
happens here: a byte kept beyond the limits, a body kept that nobody will read, or a request made
of bytes that two readers could understand in two ways (RFC 9112, section 11.2).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

import httptools

from .problems import ApiError
from .wire import Request

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 4 * 1024 * 1024
"""A chat with a few images; more is refused with 413."""

MAX_DISCARDED_BYTES = 4 * MAX_BODY_BYTES
"""Read, and thrown away, of a body that was refused: many clients read an answer only after they
have sent all of theirs."""

_ONCE = frozenset((b"host", b"authorization", b"content-length", b"x-api-key", b"x-session-id"))
"""Headers that would mean two things when they come twice."""

_TWICE = b"\r"
"""Stands for the value of such a header; no real value holds it."""

_PER_HEADER = 4
"""Bytes of a header beside its name and value."""

_FRAMING = 8
"""Bytes around each byte of a chunked body that are still a client and no attack: a chunk of one
byte has five."""

UPLOADS = "/v1/files"
"""What is posted there is read while it comes."""

_PATHS = {b"/v1/chat/completions": "/v1/chat/completions"}
"""Request targets that need no parsing."""


class RequestReader:
    """Reads the requests of one connection."""

    __slots__ = (
        "_admit",
        "_body",
        "_framing",
        "_head_bytes",
        "_headers",
        "_method",
        "_parser",
        "_reading",
        "_size",
        "_url",
        "arrived",
        "broken",
        "continues",
        "exhausted",
    )

    def __init__(self, admit: Callable[[Request], None]) -> None:
        """`admit` looks at each head before its body is read; it may raise ApiError."""
        self.arrived: deque[Request] = deque()
        """Requests to answer, oldest first; a refused one may not be whole yet."""
        self.broken = False
        """Whether nothing more can be read: not HTTP, another protocol, or the client's end."""
        self.exhausted = False
        """Whether a refused body is longer than anybody should read."""
        self.continues = False
        """Whether the client waits for `100 Continue`; whoever sends it takes this back."""
        self._admit = admit
        self._parser: Any = httptools.HttpRequestParser(self)
        self._reading: Request | None = None
        self._head_bytes = 0
        self._method = b""
        """Of a request that asks for another protocol, while that is declined."""
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._framing = 0

    @property
    def partial(self) -> bool:
        """Whether a request has begun and not ended."""
        return self._reading is not None or self._head_bytes > 0

    def feed(self, data: bytes) -> None:
        """Take what came. Never raises; what is wrong becomes a refused request."""
        if self.broken:
            return
        reading = self._reading is not None
        if reading:
            self._framing += len(data)
        else:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self.refuse(ApiError(400, f"this is not HTTP/1.1: {error}", code="malformed_request"))
        if (self._reading is None and self._head_bytes > MAX_HEAD_BYTES) or (
            reading and self._framing - self._size > MAX_HEAD_BYTES + _FRAMING * self._size
        ):
            self.refuse(_head_too_large())

    def refuse(self, problem: ApiError) -> None:
        """Refuse what is being read and read nothing more."""
        if self.broken:
            return
        self.broken = True
        self._head_bytes = 0
        request, self._reading = self._reading, None
        if request is not None and request.inflow is not None:
            request.inflow.fail(problem)
        elif request is None or request.problem is None:
            request = Request("", "", {})
            request.problem = problem
            self.arrived.append(request)
        request.keep_alive = False
        request.whole = True

    def _decline(self, rest: bytes) -> None:
        """Read a request that asks for another protocol as if it had not (RFC 9110, section 7.8).

        The parser stops at such a head; common HTTP/2 clients send one with their first request.
        """
        if self._method == b"CONNECT":
            self.refuse(ApiError(400, "this is no proxy", code="malformed_request"))
            return
        asked = {b"upgrade", b"connection", b"http2-settings"}
        kept = [b"%b: %b\r\n" % item for item in self._headers.items() if item[0] not in asked]
        again = b"%b %b HTTP/1.1\r\n%b\r\n" % (self._method, self._url, b"".join(kept))
        self._method = b""
        self._begin()
        self._parser = httptools.HttpRequestParser(self)
        self.feed(again + rest)

    # Called by the parser inside `feed`.

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer: those are thrown away (RFC 9110, section 6.5.1).

        What comes after the head was looked at must not change what it said.
        """
        if self._reading is not None or self.broken:
            return
        name = name.lower()
        self._size += len(name) + len(value) + _PER_HEADER
        if name in self._headers:
            value = _TWICE if name in _ONCE else self._headers[name] + b", " + value
        self._headers[name] = value

    def on_headers_complete(self) -> None:
        """The head is whole: may it go on?"""
        parser = self._parser
        if parser.should_upgrade():
            self._method = parser.get_method()
            return
        request = Request(parser.get_method().decode("latin-1"), _path(self._url), self._headers)
        if b"?" in self._url:
            request.query = self._url.partition(b"?")[2]
        request.keep_alive = parser.should_keep_alive()
        request.chunks = parser.get_http_version() != "1.0"
        self._reading = request
        size, self._size, self._head_bytes = self._size + len(self._url), 0, 0
        try:
            if size > MAX_HEAD_BYTES:
                raise _head_too_large()
            _check(request)
            self._admit(request)
        except ApiError as problem:
            request.problem = problem
            self.arrived.append(request)
            return
        if b"expect" in self._headers:
            self.continues = self._headers[b"expect"].lower() == b"100-continue"
        if request.inflow is not None:
            self.arrived.append(request)  # it is answered while its body comes

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        request = self._reading
        self._size += len(data)
        if request is None:
            return
        if request.problem is not None:
            self.exhausted = self._size > MAX_DISCARDED_BYTES
        elif request.inflow is not None:
            request.inflow.feed(data)
        elif self._size > MAX_BODY_BYTES:
            self._body.clear()
            request.problem = _body_too_large()
            self.arrived.append(request)
        else:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """All of a request is there."""
        request, self._reading = self._reading, None
        if request is None:
            return
        request.whole = True
        if request.inflow is not None:
            request.inflow.end()
        elif request.problem is None:
            pieces = self._body
            request.body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            self.arrived.append(request)
        self._begin()


def _check(request: Request) -> None:
    headers = request.headers
    for name in _ONCE:
        if headers.get(name) == _TWICE:
            raise ApiError(400, f"the header {name.decode()} came twice", code="malformed_request")
    if b"host" not in headers and request.chunks:
        raise ApiError(400, "the header host is missing", code="malformed_request")
    if b"transfer-encoding" in headers and not request.chunks:
        raise ApiError(400, "HTTP/1.0 has no transfer-encoding", code="malformed_request")
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > MAX_BODY_BYTES and not is_upload(request):
        raise _body_too_large()


def is_upload(request: Request) -> bool:
    """Whether its body is read while it comes; how long it may be, the door says."""
    return request.path == UPLOADS and request.method == "POST"


def _path(url: bytes) -> str:
    """The path of a request target; empty when it is none that a door could have."""
    known = _PATHS.get(url)
    if known is not None:
        return known
    try:
        path = httptools.parse_url(url).path or b""
    except httptools.HttpParserError:
        return ""
    return unquote_to_bytes(path).decode("utf-8", "replace")


def _head_too_large() -> ApiError:
    return ApiError(431, f"the head is longer than {MAX_HEAD_BYTES} bytes", code="head_too_large")


def _body_too_large() -> ApiError:
    return ApiError(
        413, f"the body is longer than {MAX_BODY_BYTES} bytes", code="request_too_large"
    )
