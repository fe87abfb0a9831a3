"""What an answer holds beside its text, kept until its result is written.

The journal keeps texts; tool calls, vectors and logprobs it does not. A batch that goes on after a
crash needs all of an answer that was in the journal already, or would have to ask it again. So
these parts are on disk, sealed, before the journal has the record, and gone once the result is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from contextvars import ContextVar

import msgspec
from msgspec import Struct, structs

from roadworthy.domain import Call, Clock, TokenLogprob
from roadworthy.flows.request.service import Service
from roadworthy.flows.request.trace import Path, Reply, Walk

from .dialect import Dialect


class Aside(Struct, frozen=True):
    """What of one answer is no text."""

    observation: str
    deltas: tuple[dict[str, object], ...] = ()
    vectors: tuple[list[float], ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()

    def joined(self, reply: Reply) -> Reply:
        """A reply with these parts."""
        return structs.replace(
            reply, deltas=self.deltas, vectors=self.vectors, logprobs=self.logprobs
        )


Keep = Callable[[Aside], Awaitable[None]]
"""Durable on return."""

keeping: ContextVar[Keep] = ContextVar("keeping")
"""Who keeps what is beside the answer that is asked now."""


def has_beside(reply: Reply) -> bool:
    """Whether an answer is more than the journal says of it."""
    logprobs = "logprobs" in reply.observation.attributes
    return bool(reply.deltas or reply.vectors or logprobs)


def keeping_aside(dialect: Dialect) -> Dialect:
    """The same API, where what is beside a text is kept before its record is."""
    return structs.replace(dialect, walk=_kept(dialect.walk))


def _kept(walk: Walk) -> Walk:
    async def walked(call: Call, service: Service, clock: Clock) -> Path:
        async with aclosing(walk(call, service, clock)) as items:
            async for item in items:
                keep = keeping.get(None)
                if keep is not None and isinstance(item, Reply) and has_beside(item):
                    await keep(Aside(call.id, item.deltas, item.vectors, item.logprobs))
                yield item

    return walked


def encoded(aside: Aside) -> str:
    """As it is sealed."""
    return msgspec.json.encode(aside).decode()


def decoded_aside(text: str) -> Aside:
    """What was kept."""
    return msgspec.json.decode(text, type=Aside)
