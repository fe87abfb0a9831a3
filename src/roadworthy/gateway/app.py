"""The gateway's application: who calls, then which door. Wrong key: 401 before any body is read.

What enters: a request whose head, later whose body, has arrived. What leaves: an answer or an
error in the API's own shape. What never happens here: a traceback to a caller, more work at once
than the worker can hold, or an answer that begins for a key that no longer holds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from roadworthy.domain import AccessError, Instant, RoadworthyError, format_instant
from roadworthy.flows.batches.files import BatchFiles
from roadworthy.flows.batches.store import BatchStore
from roadworthy.serving import Caller, Tenants
from roadworthy.wiring.gateway import Gateway

from .answering import AnswerDoor
from .batches import PATH as BATCHES
from .batches import BatchesDoor
from .chat_reply import CHAT
from .completions import COMPLETIONS
from .dialect import Dialect
from .embeddings import EMBEDDINGS
from .files import PATH as UPLOADS
from .files import FilesDoor
from .health import HealthDoor
from .media import with_media
from .messages_reply import MESSAGES
from .outcomes import OutcomeDoor
from .problems import ApiError, busy, not_allowed, problem_of
from .provenance import PROVENANCE, ProvenanceDoor
from .responses_reply import RESPONSES
from .wire import Answer, Request, send_problem

MAX_IN_FLIGHT = 512
"""Requests under way in one worker; the next is told to come back (503, Retry-After)."""

_API = "/openapi.json"
_OPEN = frozenset(("/healthz", "/readyz", _API))
"""For whoever watches the process; no key is asked for."""

DIALECTS = {
    "/v1/chat/completions": CHAT,
    "/v1/messages": MESSAGES,
    "/v1/responses": RESPONSES,
    "/v1/completions": COMPLETIONS,
    "/v1/embeddings": EMBEDDINGS,
}
"""What is answered, and in whose words."""

_REVIEWS = "/v1/reviews/"
_LEFT = (UPLOADS, BATCHES)
"""What is left here to be answered later."""

logger = logging.getLogger("roadworthy.gateway")


class App:
    """One worker's application."""

    def __init__(
        self,
        gateway: Gateway,
        new_id: Callable[[], str],
        *,
        max_in_flight: int = MAX_IN_FLIGHT,
        dressed: Callable[[Dialect], Dialect] = lambda dialect: dialect,
    ) -> None:
        self._gateway = gateway
        doors = with_media(gateway, DIALECTS)
        self._answers = {
            path: AnswerDoor(gateway, new_id, dressed(dialect)) for path, dialect in doors.items()
        }
        self._outcomes = OutcomeDoor(gateway)
        self._health = HealthDoor(gateway)
        self._provenance = ProvenanceDoor(gateway)
        settings, place = gateway.deployment.batches, gateway.workspace.batches
        files = BatchFiles(place, gateway.vault, gateway.clock)
        store = BatchStore(place, gateway.vault, gateway.clock)
        self._files = FilesDoor(gateway, files, store, settings)
        self._batches = BatchesDoor(gateway, files, store, settings, DIALECTS)
        self._loop = asyncio.get_running_loop()
        self._turn = -1.0
        self._under_way = 0
        self._most = max_in_flight

    def admit(self, request: Request) -> None:
        """Whether a request may go on, by its head alone. Raises ApiError."""
        if request.path in _OPEN:
            return
        try:
            request.caller = self._identify(request)
            if request.path == UPLOADS:
                self._files.admit(request)
        except ApiError as problem:
            self._count(problem)
            raise
        except RoadworthyError as error:
            told = problem_of(error)
            self._count(told)
            raise told from None

    def answer(self, request: Request, answer: Answer) -> Coroutine[Any, Any, None]:
        """Answer one request that was admitted."""
        return self._guarded(request, answer, self._answer(request, answer))

    async def answer_for(self, request: Request, answer: Answer, caller: Caller) -> None:
        """Answer a request that came by no socket, of somebody whom the process itself knows."""
        door = self._answers.get(request.path)
        if door is None:
            unknown = ApiError(404, f"nothing answers at {request.path}", code="not_found")
            return self._send(answer, unknown, request.path)
        await self._guarded(request, answer, self._asked(door, request, answer, caller))

    async def _asked(
        self, door: AnswerDoor, request: Request, answer: Answer, caller: Caller
    ) -> None:
        self._keys()  # while the table cannot be read nobody is answered, by no way
        await door(request, answer, caller)

    async def _guarded(
        self, request: Request, answer: Answer, work: Coroutine[Any, Any, None]
    ) -> None:
        """Do the work; whatever goes wrong is an error in the API's own shape."""
        self._under_way += 1
        try:
            await work
        except ApiError as problem:
            self._send(answer, problem, request.path)
        except RoadworthyError as error:
            self._send(answer, problem_of(error), request.path)
        except RecursionError:
            told = ApiError(400, "the body is nested too deeply", code="invalid_value")
            self._send(answer, told, request.path)
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            message = "the gateway failed; its log says why"
            self._send(answer, ApiError(500, message, code="internal_error"), request.path)
        finally:
            self._under_way -= 1

    def _send(self, answer: Answer, problem: ApiError, path: str) -> None:
        self._count(problem)
        send_problem(answer, problem, path)

    def _count(self, problem: ApiError) -> None:
        self._gateway.tally.refused(problem.status, problem.code)

    async def _answer(self, request: Request, answer: Answer) -> None:
        path, method, caller = request.path, request.method, request.caller
        if path in _OPEN:
            return self._told(path, method, answer)
        if caller is None:
            raise ApiError(401, "the request was not admitted", code="invalid_api_key")
        # a body may come long after its head: the key may have been revoked meanwhile
        turn = self._loop.time()  # one for all that arrive in the same millisecond
        if turn != self._turn:
            self._turn = turn
            self._gateway.look_at_tenants()
        caller = self._keys().again(caller, self._now)
        if self._under_way > self._most:
            raise busy(f"{self._most} requests are under way already")
        door = self._answers.get(path)
        if door is not None and method == "POST":
            return await door(request, answer, caller)
        await self._other(request, answer, caller)

    def _told(self, path: str, method: str, answer: Answer) -> None:
        """What everybody may know."""
        if method not in ("GET", "HEAD"):
            raise not_allowed(method, path, "GET", "HEAD")
        if path == "/healthz":
            self._health.alive(answer)
        elif path == "/readyz":
            self._health.ready(answer)
        else:
            from .gateway_api import gateway_api  # few ask for it

            answer.whole(200, gateway_api())

    async def _other(self, request: Request, answer: Answer, caller: Caller) -> None:
        """Whatever asks no model now."""
        path, method = request.path, request.method
        if path == "/v1/models" and method == "GET":
            return self._health.models(answer)
        if path == "/v1/outcomes" and method == "POST":
            return await self._outcomes.report(request, answer, caller)
        if path.startswith(PROVENANCE):
            return await self._provenance(request, answer, caller)
        if path.startswith(_REVIEWS):
            if method != "GET":
                raise not_allowed(method, path, "GET")
            return await self._outcomes.review(request, answer, caller)
        if path.startswith(_LEFT):
            if "chat" not in caller.key.scopes:
                raise ApiError(403, "this key may not chat", code="scope_missing")
            left = self._files if path.startswith(UPLOADS) else self._batches
            return await left(request, answer, caller)
        if path in self._answers or path == "/v1/outcomes":
            raise not_allowed(method, path, "POST")
        if path == "/v1/models":
            raise not_allowed(method, path, "GET")
        raise ApiError(404, f"there is nothing at {path}", code="not_found")

    def _identify(self, request: Request) -> Caller:
        authorization = request.header(b"authorization")
        if not authorization:  # Anthropic's name for it
            authorization = f"Bearer {request.header(b'x-api-key')}"
        try:
            return self._keys().identify(authorization, self._now)
        except AccessError:
            # a key that was made a moment ago: look again before saying no
            if not self._gateway.look_at_tenants():
                raise
            return self._keys().identify(authorization, self._now)

    def _keys(self) -> Tenants:
        """Who may call. Raises ApiError while that, or what is served, cannot be read."""
        gateway = self._gateway
        if gateway.fault:
            raise ApiError(503, gateway.fault, code="table_unreadable")
        if gateway.tenants is None:
            raise ApiError(503, "the keys cannot be read", code="keys_unreadable")
        return gateway.tenants

    def _now(self) -> Instant:
        return format_instant(self._gateway.clock.now())
