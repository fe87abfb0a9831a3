"""A door for one tool and the time of one run: the chat API on this machine, with a key of its own.

Enters: a desk that answers. Leaves: an address inside the block, nothing after it. What never
happens here: a socket that another machine can reach, an answer without the key, a model's failure
given out as text (a tool would score it), or a question turned away that the desk does not hear of
(a tool could leave it out and score the rest).
"""

from __future__ import annotations

import hmac
import logging
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from roadworthy.domain import Clock, RoadworthyError
from roadworthy.flows.runs.outside_desk import OutsideDesk
from roadworthy.flows.runs.running_outside import Address

from .chat_reply import Chunks, completion
from .chat_request import read_chat_request
from .dialect import ChatRequest
from .problems import DO_NOT_RETRY, ApiError, problem_of
from .server import Server
from .wire import Answer, Request, send_problem

_DRAIN_S = 1.0

logger = logging.getLogger("roadworthy.gateway")


class OutsideDoor:
    """The application: chat completions and the list of one model."""

    def __init__(self, desk: OutsideDesk, model: str, key: str, clock: Clock) -> None:
        self._desk = desk
        self._model = model
        self._expected = f"Bearer {key}".encode()
        self._clock = clock

    def admit(self, request: Request) -> None:
        """Only who was told the key. Raises ApiError (401)."""
        given = request.headers.get(b"authorization", b"")
        if not hmac.compare_digest(given, self._expected):
            raise ApiError(401, "this key opens nothing here", code="invalid_api_key")

    async def answer(self, request: Request, answer: Answer) -> None:
        """Answer one request."""
        try:
            await self._answer(request, answer)
        except ApiError as problem:
            send_problem(answer, problem)
        except RoadworthyError as error:
            failed = problem_of(error)
            failed.headers = (*failed.headers, DO_NOT_RETRY)
            send_problem(answer, failed)
        except Exception as error:
            logger.exception("%s %s failed", request.method, request.path)
            self._desk.refuse(f"it failed here: {type(error).__name__}")
            fault = ApiError(500, "it failed here", code="internal_error", headers=(DO_NOT_RETRY,))
            send_problem(answer, fault)

    async def _answer(self, request: Request, answer: Answer) -> None:
        if request.path == "/v1/models" and request.method == "GET":
            listed = [{"id": self._model, "object": "model", "created": 0, "owned_by": "candidate"}]
            answer.whole(200, msgspec.json.encode({"object": "list", "data": listed}))
        elif request.path == "/v1/chat/completions" and request.method == "POST":
            try:
                await self._chat(read_chat_request(request.body), answer)
            except ApiError as problem:
                self._desk.refuse(problem.message)
                raise
        else:
            message = f"there is nothing at {request.method} {request.path}"
            raise ApiError(404, message, code="not_found")

    async def _chat(self, body: ChatRequest, answer: Answer) -> None:
        if body.model != self._model:
            message = f"the only model here is {self._model!r}"
            raise ApiError(404, message, code="model_not_found", param="model")
        reply = await self._desk.ask(
            body.messages,
            sampling=body.sampling(self._desk.sampling),
            extra=body.extra,
            wishes={name: said for name, said in body.raw.items() if name != "messages"},
        )
        created = int(self._clock.now().timestamp())
        if not body.stream:
            answer.whole(200, completion(reply, body, created))
            return
        chunks = Chunks(reply.observation.id, body, created)
        said = chunks.piece(reply.text) + chunks.last(msgspec.structs.replace(reply, rest=""))
        answer.begin(())
        await answer.piece(chunks.first() + said, last=True)


@asynccontextmanager
async def outside_address(desk: OutsideDesk, model: str, clock: Clock) -> AsyncIterator[Address]:
    """Open the door on a port that the kernel picks; closed, and its answers ended, at the end."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    key = secrets.token_urlsafe(32)
    server = Server(OutsideDoor(desk, model, key, clock), clock)
    await server.start(listener)
    try:
        yield Address(url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1", key=key)
    finally:
        await server.drain(_DRAIN_S)
