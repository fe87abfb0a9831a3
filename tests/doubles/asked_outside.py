"""Inspectors that answer as a test says, and a service with a request line around rails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from roadworthy.domain import (
    AddressState,
    Call,
    Candidate,
    Charter,
    Chunk,
    Endpoint,
    Finding,
    Inspector,
    Model,
    ModelRequest,
    Rail,
    Rails,
    ReleaseContent,
    SloFile,
    TextContext,
    Use,
)
from roadworthy.flows.request.service import Service
from roadworthy.flows.request.trace import Reply
from roadworthy.flows.request_path import answer
from roadworthy.prompting import Composer
from roadworthy.serving import RailLine
from roadworthy.wiring.clock import SystemClock

FALLBACK = "A person will write to you."
HTTP = {"upstream": "guards"}


class Outside:
    """The Inspector port: finds `word` wherever it stands; keeps what it was asked."""

    def __init__(self, word: str = "bad", *, fault: Exception | None = None) -> None:
        self.word = word
        self.fault = fault
        self.asked: list[tuple[str, TextContext]] = []
        self.gate: asyncio.Event | None = None
        self.closed = 0

    async def inspect(self, text: str, context: TextContext) -> Sequence[Finding]:
        self.asked.append((text, context))
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        found, at = [], text.find(self.word)
        while at >= 0:
            found.append(Finding(kind="BAD", start=at, end=at + len(self.word)))
            at = text.find(self.word, at + 1)
        return found

    def states(self) -> tuple[AddressState, ...]:
        return ()

    async def aclose(self) -> None:
        self.closed += 1


class Speaks:
    """The Provider port: says its pieces, the same each time, or what `says` makes of a request."""

    name = "speaks"

    def __init__(self, *pieces: str, says: Callable[[ModelRequest], Any] | None = None) -> None:
        self.pieces = pieces
        self.says = says
        self.asked: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        self.asked.append(request)
        for piece in self.pieces if self.says is None else self.says(request):
            yield piece if isinstance(piece, Chunk) else Chunk(text=piece)
        yield Chunk(finish_reason="stop")

    async def aclose(self) -> None:
        return


def a_deep_rail(**given: Any) -> Rail:
    given.setdefault("id", "deep")
    given.setdefault("detector", "http")
    given.setdefault("options", HTTP)
    given.setdefault("budget_ms", 1000)
    given.setdefault("on", "output")
    return Rail(**given)


def a_service(
    provider: Any, *rails: Rail, ask: Callable[[Rail], Inspector] | None = None
) -> Service:
    charter = Charter(
        system="desk", title="Desk", owners={"product": "a"}, human_goal="g",
        use=Use(intended_purpose="p"), endpoints=[Endpoint(id="e", fallback=FALLBACK)],
    )  # fmt: skip
    candidate = Candidate(task="chat", model=Model(provider="recorded", name="m"))
    content = ReleaseContent(
        system="desk", charter=charter, candidate=candidate, prompt=None,
        rails=Rails(rails=list(rails)), candidate_digest="sha256:c", slos=SloFile(slos=[]),
    )  # fmt: skip
    line = RailLine.compile(rails=content.rails, charter=charter, assets={}, ask=ask)
    return Service(
        content=content, digest="sha256:c", composer=Composer(candidate, None, charter),
        rails=line, provider=provider, pricing=lambda usage, at: None,
    )  # fmt: skip


def a_call(text: str = "hello", **given: Any) -> Call:
    given.setdefault("messages", ({"role": "user", "content": text},))
    return Call(id="o", system="desk", managed=False, **given)


async def walked(service: Service, call: Call) -> tuple[list[str], Reply]:
    """The pieces that left before the reply, and the reply."""
    pieces: list[str] = []
    async for item in answer(call, service, SystemClock()):
        if isinstance(item, Reply):
            return pieces, item
        pieces.append(item)
    raise AssertionError("no reply")
