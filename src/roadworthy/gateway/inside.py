"""The gateway without a socket: live releases answer in this process, by the same line.

Enters: a request in an API's own shape, of somebody whom the process knows. Leaves: the answer, as
it would have left by HTTP. What never happens here: an answer by another way than `serve`'s (rails,
limits, journal, kill switch), or one of a release that is not live.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import Clock, settle_types
from roadworthy.serving import Caller, TenantKey
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.plan import Plan

from .app import App
from .dialect import Dialect
from .wire import EVENTS, JSON, Header, Request

MAX_INSIDE = 1 << 16
"""Calls under way at once; whoever asks bounds them by what it has in hand."""


class Said(Struct, frozen=True):
    """One answer: status, headers, and the body as it would have left."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body decoded."""
        return msgspec.json.decode(self.body)


class _Kept:
    """Implements the Answer port in memory; plain answers only."""

    def __init__(self) -> None:
        self.begun = False
        self.on_gone: Callable[[], None] | None = None
        self.said = Said(500, {}, b"")

    def whole(
        self, status: int, body: bytes, headers: tuple[Header, ...] = (), *, kind: Header = JSON
    ) -> None:
        """Keep the answer."""
        if self.begun:
            return
        self.begun = True
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        self.said = Said(status, named, body)

    def begin(self, headers: tuple[Header, ...], *, kind: tuple[Header, ...] = EVENTS) -> None:
        """Streams have no reader here; whoever asks for one is refused before."""
        raise AssertionError("a stream has no reader in this process")

    async def piece(self, data: bytes, *, last: bool = False) -> None:
        """As `begin`."""
        raise AssertionError("a stream has no reader in this process")


class Inside:
    """Live releases in this process."""

    def __init__(
        self,
        plan: Plan,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        dressed: Callable[[Dialect], Dialect] = lambda dialect: dialect,
    ) -> None:
        """`dressed`: what is put around every API."""
        self.gateway = Gateway(plan, clock)
        self._new_id = new_id
        self._dressed = dressed
        self._app: App | None = None

    async def start(self) -> None:
        """Admit what is live, begin the journal. Raises ManifestError."""
        settle_types()
        await self.gateway.start()
        self._app = App(self.gateway, self._new_id, max_in_flight=MAX_INSIDE, dressed=self._dressed)

    async def aclose(self) -> None:
        """End the journal, let the models go, leave no counts of a process that is gone."""
        await self.gateway.aclose()
        with suppress(OSError):
            (self.gateway.workspace.workers / f"{self.gateway.plan.worker}.json").unlink()

    async def answer(
        self, path: str, body: Mapping[str, Any], *, tenant: str, headers: Mapping[str, str] = {}
    ) -> Said:
        """The answer to a body. Errors are answers, too, in the API's own shape."""
        tenants = self.gateway.tenants
        limits = tenants.limits_of(tenant) if tenants is not None else None
        caller = Caller(TenantKey(tenant=tenant, created=""), "", limits)
        return await self.answer_to(caller, path, body, headers=headers)

    async def answer_to(
        self,
        caller: Caller,
        path: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str] = {},
    ) -> Said:
        """The same for whoever holds a key."""
        assert self._app is not None, "start() comes first"
        named = {name.lower().encode("latin-1"): value.encode() for name, value in headers.items()}
        request = Request("POST", path, named)
        request.whole = True
        request.body = msgspec.json.encode({**body, "stream": False})
        answer = _Kept()
        await self._app.answer_for(request, answer, caller)
        return answer.said
