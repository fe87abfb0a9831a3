"""The counts of several machines in Redis or Valkey, as one worker asks for them.

What enters: who asks, later what it took. What leaves: leave to go on, QuotaError, or CountError
when it cannot be counted in time. What never happens here: leave that was not counted there, an
answer counted twice however often it had to be sent, or more than one exchange under way.

Requests that come while an exchange is under way are asked together in the next: one connection
a worker is enough, and the more there is to ask the less each costs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from roadworthy.domain import CountError
from roadworthy.serving import TenantLimits, alarm, billionths, month_of

from .count_scripts import (
    SCRIPTS,
    WINDOW,
    Ask,
    Keys,
    require_admitted,
    standing,
    token_ticks,
    whole,
)
from .redis_link import CONNECT_S, Link, async_client

REST_S = 0.5
"""After an exchange that failed nothing is sent for so long: a store that is gone would cost each
request its whole time."""

GATHER_S = 0.005
"""So long what answers took waits for whoever asks next, to be sent with it."""

UNCOUNTED = "limits cannot be counted now, so nobody who has some is answered"

logger = logging.getLogger("roadworthy.gateway")


class _Owed(Struct):
    """What a tenant took in a month and nobody counted yet."""

    limits: TenantLimits
    ticks: int = 0
    cost: int | None = None
    claim: str = ""
    """Set when it is sent first: from then on nothing is added, so that it is counted once."""


class SharedCounts:
    """Implements the worker's side of counting. One event loop's."""

    def __init__(
        self,
        link: Link,
        keys: Keys,
        *,
        writer: str,
        incarnation: str,
        said: Callable[[str, str], None],
    ) -> None:
        """`writer`: this worker, among those of the machine; `incarnation`: this run of it.

        `said` is told tenants and which alarm of their budget went off. Raises UsageError without
        the library, which is imported here: no request waits for that.
        """
        self.fault = ""
        """Why nothing can be counted, for the operator; empty while it can."""
        self._link = link
        self._keys = keys
        self._writer = writer
        self._incarnation = incarnation
        self._said = said
        self._client: Any = async_client(link)
        self._connected = False
        self._asked: list[tuple[Ask, asyncio.Future[Any]]] = []
        self._owed: dict[tuple[str, int], list[_Owed]] = {}
        self._claims = 0
        self._task: asyncio.Task[None] | None = None
        self._rests_until = 0.0
        self._again: asyncio.TimerHandle | None = None

    async def admit(self, limits: TenantLimits, now: float) -> None:
        """Count a request. Raises QuotaError or CountError."""
        reply = await self._ask(self._keys.admit(limits, month_of(now)))
        try:
            require_admitted(reply, limits)
        except CountError as error:
            self._falter(error)
            raise CountError(UNCOUNTED) from error

    async def half_left(self, limits: TenantLimits, now: float) -> bool:
        """Whether at most half a minute's requests and tokens are taken. Raises CountError."""
        seen = standing(await self._ask(self._keys.look(limits, month_of(now))))
        ahead = [seen.requests_ahead] if limits.requests_per_minute else []
        ahead += [seen.tokens_ahead] if limits.tokens_per_minute else []
        return max(ahead, default=0) <= WINDOW // 2

    def charge(self, limits: TenantLimits, now: float, *, tokens: int, cost: str | None) -> None:
        """Count what an answer took; it is sent when it can be."""
        queue = self._owed.setdefault((limits.tenant, month_of(now)), [])
        if not queue or queue[-1].claim:
            queue.append(_Owed(limits))
        owed = queue[-1]
        owed.limits = limits
        owed.ticks += token_ticks(limits, tokens)
        if cost is not None:
            owed.cost = (owed.cost or 0) + billionths(cost)
        self._go_on_in(GATHER_S)

    async def aclose(self) -> None:
        """Send what is owed, once, and let the connection go. What is lost then is said."""
        if self._again is not None:
            self._again.cancel()
        self._rests_until = 0.0
        if self._owed:
            self._go_on()
        task = self._task
        if task is not None:
            await asyncio.wait([task], timeout=CONNECT_S + 2 * self._link.timeout_s)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if self._again is not None:
            self._again.cancel()
        if self._owed:
            logger.error(
                "what %d tenants took was not counted at %s; budgets are corrected from the "
                "journal when the gateway starts again", len(self._owed), self._link.peer,
            )  # fmt: skip
        await self._hang_up()

    async def _ask(self, ask: Ask) -> Any:
        loop = asyncio.get_running_loop()
        if loop.time() < self._rests_until:
            raise CountError(UNCOUNTED)
        answered = loop.create_future()
        self._asked.append((ask, answered))
        self._go_on()
        try:
            reply = await asyncio.wait_for(answered, 2 * self._link.timeout_s)
        except TimeoutError as error:
            reply = error
        if isinstance(reply, Exception):
            self._falter(reply)
            raise CountError(UNCOUNTED) from reply
        return reply

    def _go_on(self) -> None:
        """Send what waits, unless somebody is at it or the store rests."""
        loop = asyncio.get_running_loop()
        if self._task is None and loop.time() >= self._rests_until:
            self._task = loop.create_task(self._deliver())

    async def _deliver(self) -> None:
        """Exchange after exchange until nothing waits."""
        try:
            while self._asked or self._owed:
                asked, self._asked = self._asked, []
                waiting = [answered for _, answered in asked]
                owed = self._next_owed()
                asks = [ask for *_, ask in owed] + [ask for ask, _ in asked]
                try:
                    replies = await self._exchange(asks)
                except asyncio.CancelledError:
                    _tell(waiting, CountError(UNCOUNTED))
                    raise
                except Exception as error:  # whatever a service that is not well makes of it
                    await self._failed(error, waiting)
                    return
                for answered, reply in zip(waiting, replies[len(owed) :], strict=True):
                    _tell([answered], reply)
                counted = [
                    self._settle(place, one, reply)
                    for (place, one, _), reply in zip(owed, replies, strict=False)
                ]
                if not all(counted):
                    self._rest()
                    return
        finally:
            self._task = None
            late, self._asked = self._asked, []  # they came while the last exchange failed
            _tell([answered for _, answered in late], CountError(UNCOUNTED))

    def _next_owed(self) -> list[tuple[tuple[str, int], _Owed, Ask]]:
        """One claim a tenant: the store remembers the last of each."""
        found: dict[str, tuple[tuple[str, int], _Owed, Ask]] = {}
        for place, queue in self._owed.items():
            tenant, month = place
            if tenant in found:
                continue
            first = queue[0]
            if not first.claim:
                self._claims += 1
                first.claim = f"{self._incarnation}:{self._claims}"
            ask = self._keys.charge(
                tenant, month,
                writer=self._writer, claim=first.claim, ticks=first.ticks, cost=first.cost,
            )  # fmt: skip
            found[tenant] = (place, first, ask)
        return list(found.values())

    def _settle(self, place: tuple[str, int], owed: _Owed, reply: Any) -> bool:
        """Whether it is counted; then it is owed no more."""
        try:
            if isinstance(reply, Exception):
                raise reply
            _, before, after = whole(reply)
        except Exception as error:  # as above
            self._falter(error)
            return False
        queue = self._owed[place]
        queue.remove(owed)
        if not queue:
            del self._owed[place]
        heard = alarm(owed.limits, before, after)
        if heard:
            self._said(place[0], heard)
        return True

    async def _exchange(self, asks: Sequence[Ask]) -> list[Any]:
        """The replies, or for each what the store has against it. Raises whatever goes wrong."""
        if not self._connected:
            await self._connect()
        async with asyncio.timeout(self._link.timeout_s):
            replies = await self._pipeline([ask.by_digest() for ask in asks])
            unknown = [n for n, reply in enumerate(replies) if _is_unknown(reply)]
            if unknown:  # it was started anew: it ran none of these
                await self._pipeline([("SCRIPT", "LOAD", script) for script in SCRIPTS])
                again = await self._pipeline([asks[n].by_digest() for n in unknown])
                for n, reply in zip(unknown, again, strict=True):
                    replies[n] = reply
        if all(isinstance(reply, list) for reply in replies):
            self._recovered()
        return replies

    async def _connect(self) -> None:
        """A far store takes several round trips until it listens; requests do not wait for all."""
        async with asyncio.timeout(CONNECT_S):
            if self._client is None:
                self._client = async_client(self._link)
            pool = self._client.connection_pool
            await pool.release(await pool.get_connection())
        self._connected = True

    async def _pipeline(self, commands: Sequence[tuple[str, ...]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = await pipeline.execute(raise_on_error=False)
        if len(replies) != len(commands):
            raise CountError("the store of counts answers what was not asked")
        return replies

    async def _failed(self, error: Exception, waiting: list[asyncio.Future[Any]]) -> None:
        self._falter(error)
        self._rest()
        _tell(waiting, error)
        await self._hang_up()  # what may still come on that connection answers nobody

    def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        self._rests_until = loop.time() + REST_S
        if self._owed:
            self._go_on_in(REST_S)

    def _go_on_in(self, seconds: float) -> None:
        if self._again is None:
            self._again = asyncio.get_running_loop().call_later(seconds, self._now)

    def _now(self) -> None:
        self._again = None
        if self._owed:
            self._go_on()
            if self._task is None:  # it rests
                self._go_on_in(REST_S)

    async def _hang_up(self) -> None:
        client, self._client, self._connected = self._client, None, False
        if client is not None:
            try:
                await client.aclose()
                await client.connection_pool.disconnect(inuse_connections=True)
            except Exception as error:  # it is gone either way
                logger.debug("a connection to %s did not end well: %s", self._link.peer, error)

    def _falter(self, error: BaseException) -> None:
        """Say that it fails when it begins to, not each time."""
        if not self.fault:
            self.fault = self._link.said_of(error)
            logger.error("limits cannot be counted at %s: %s", self._link.peer, self.fault)

    def _recovered(self) -> None:
        if self.fault:
            self.fault = ""
            logger.warning("limits are counted at %s again", self._link.peer)


def _tell(waiting: Sequence[asyncio.Future[Any]], reply: Any) -> None:
    """Whoever asked and did not leave meanwhile."""
    for answered in waiting:
        if not answered.done():
            answered.set_result(reply)


def _is_unknown(reply: Any) -> bool:
    return isinstance(reply, Exception) and type(reply).__name__ == "NoScriptError"
