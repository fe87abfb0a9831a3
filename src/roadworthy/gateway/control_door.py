"""The control process's door, on the loopback only: is it ready, and what Prometheus asks.

What enters: requests without a body that matters. What leaves: pages. What never happens here: a
change of anything; and nothing of a text or an end user is known here. Sockets and HTTP are the
workers' own (`connection.py`), with their limits.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from msgspec import Struct

from roadworthy.domain import Clock

from .openapi import TEXT_KIND, Operation, Said, document, refused
from .problems import ApiError, not_allowed
from .server import Server
from .supervisor import listen
from .wire import JSON, Answer, Header, Request, send_problem

READY, METRICS, API = "/readyz", "/metrics", "/openapi.json"

logger = logging.getLogger("roadworthy.control")


class ControlReadiness(Struct, frozen=True, kw_only=True):
    """How the control process stands."""

    ready: bool
    rounds: int
    """Since it began."""
    records: int
    """Of the journal that were looked at since."""
    fault: str
    """What is wrong now; empty while nothing is."""


class Page(Struct, frozen=True):
    """What is said at a path."""

    body: bytes
    status: int = 200
    kind: Header = JSON


Pages = dict[str, Callable[[], Awaitable[Page]]]
"""Path -> what makes its page."""


class ControlDoor:
    """Implements the Application port over pages."""

    def __init__(self, pages: Pages) -> None:
        self._pages = {**pages, API: _api}

    def admit(self, request: Request) -> None:
        """By the head alone. Raises ApiError."""
        if request.path not in self._pages:
            known = ", ".join(sorted(self._pages))
            raise ApiError(404, f"there is nothing here; there is {known}", code="not_found")
        if request.method not in ("GET", "HEAD"):
            raise not_allowed(request.method, request.path, "GET", "HEAD")

    async def answer(self, request: Request, answer: Answer) -> None:
        """Say the page."""
        try:
            page = await self._pages[request.path]()
        except Exception:
            logger.exception("%s could not be said", request.path)
            failed = ApiError(500, "the control process's log says why", code="internal_error")
            return send_problem(answer, failed)
        answer.whole(page.status, page.body, kind=page.kind)


async def open_door(port: int, pages: Pages, clock: Clock) -> Server:
    """Answer from now on. Raises UsageError when the port is taken."""
    server = Server(ControlDoor(pages), clock)
    await server.start(listen("127.0.0.1", port, option="--control-port"))
    return server


def control_api() -> bytes:
    """The door as an OpenAPI document."""
    pages = (
        (READY, "Whether the control process does all that it should, and why not.",
         {200: Said(what="It does.", type=ControlReadiness),
          503: Said(what="It does not; `fault` says why.", type=ControlReadiness)}),
        (METRICS, "What all workers counted, in Prometheus' text format.",
         {200: Said(what="Counts.", kinds=(TEXT_KIND,)),
          503: refused("They cannot be read now.")}),
        (API, "This document.", {200: Said(what="It.")}),
    )  # fmt: skip
    operations = [
        Operation(method=method, path=path, what=what, said={**said, **_ALWAYS}, open=True)
        for path, what, said in pages
        for method in ("GET", "HEAD")
    ]
    about = "On the loopback only, where `--control-port` opens it. It changes nothing."
    return document("Roadworthy, control process", about, operations, keys=False)


async def _api() -> Page:
    return Page(control_api())


_ALWAYS = {
    400: refused("It is not HTTP/1.1."),
    408: refused("It did not arrive within a minute."),
    413: refused("Its body is too long."),
    431: refused("Its head is too long."),
}
