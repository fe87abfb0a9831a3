"""Batches without a socket: a live system, a tenant with a key, the batch process' own work."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from doubles.live_system import a_key, write_live_system
from roadworthy.domain import BatchState, Deployment, RoutingTable, format_instant
from roadworthy.flows.batches.files import BatchFiles, new_name
from roadworthy.flows.batches.store import BatchStore
from roadworthy.flows.workspace.routing import publish
from roadworthy.gateway.batch_run import BatchRun
from roadworthy.gateway.batcher import Batcher, inside_batches
from roadworthy.gateway.loaded import inside_plan
from roadworthy.gateway.upload import Lines
from roadworthy.journal import read_journal
from roadworthy.serving import hash_key
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.places import place
from roadworthy.wiring.road import vault_of

CHAT = "/v1/chat/completions"


def line(number: int, text: str = "Where is my bill?", **other: Any) -> bytes:
    """A request of a batch."""
    body = {"model": "letters", "messages": [{"role": "user", "content": text}]}
    said = {"custom_id": f"c{number}", "method": "POST", "url": CHAT, "body": body}
    return msgspec.json.encode(said | other) + b"\n"


class Crash(BaseException):
    """The end of a process, as the code that runs in it sees it: nothing is handled."""


class BatchDesk:
    """One tenant's batches; each `opened` is a process of its own."""

    def __init__(
        self, root: Path, upstream: str, changes: dict[str, str | None] | None = None
    ) -> None:
        self.root = root
        self.loop = write_live_system(root, upstream, changes)
        self.tenant = "acme"
        self.key = a_key(self.loop, self.tenant)
        self.clock = SystemClock()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Batcher]:
        """A batch process."""
        inside = inside_batches(inside_plan(place(self.root), kind="batch"), self.clock)
        await inside.start()
        try:
            yield Batcher(inside, asyncio.Event())
        finally:
            await inside.aclose()

    async def run(self) -> None:
        """All that waits, in one process."""
        async with self.opened() as batcher:
            await batcher.run(idle_s=0)

    async def crash(self, state: BatchState, when: Callable[[Any], bool]) -> None:
        """A process that ends once an answer came of which `when` says so: nothing keeps it."""
        async with self.opened() as batcher:
            ask = batcher._desk.ask

            async def asked(*arguments: Any) -> Any:
                said = await ask(*arguments)
                if when(arguments[1]):
                    raise Crash
                return said

            desk = msgspec.structs.replace(batcher._desk, ask=asked)
            try:
                await BatchRun(self.find(state), desk).run()
            except BaseExceptionGroup as group:
                assert group.subgroup(Crash), group
            else:
                raise AssertionError("it did not crash")

    def stores(self) -> tuple[BatchFiles, BatchStore]:
        """As a worker has them."""
        vault, where = vault_of(self.loop.workspace, Deployment()), self.loop.workspace.batches
        return BatchFiles(where, vault, self.clock), BatchStore(where, vault, self.clock)

    def left(self, data: bytes, *, window_s: float = 3600, endpoint: str = CHAT) -> BatchState:
        """Leave a file to be answered."""
        files, store = self.stores()
        draft = files.draft(self.tenant)
        draft.name("r.jsonl")
        vault = files._vault
        lines = Lines(draft, lambda user: vault.pseudonym(self.tenant, user))
        lines.feed(data)
        lines.end()
        draft.sync()
        file = draft.publish("batch", expires_s=3600)
        now = self.clock.now()
        state = BatchState(
            id=new_name("batch"),
            tenant=self.tenant,
            key=hash_key(self.key),
            endpoint=endpoint,
            input_file=file.id,
            window="24h",
            created_at=format_instant(now),
            expires_at=format_instant(now + dt.timedelta(seconds=window_s)),
            output_s=3600,
        )
        store.create(state, store.sealed(state, {}))
        return state

    def find(self, state: BatchState) -> BatchState:
        """How a batch stands."""
        found = self.stores()[1].find(state.tenant, state.id)
        assert found is not None
        return found

    def read(self, id_: str) -> list[dict[str, Any]]:
        """The results in a file."""
        files = self.stores()[0]
        file = files.find(self.tenant, id_)
        assert file is not None
        return [msgspec.json.decode(text or "null") for _, text in files.lines(file)]

    def exchanges(self) -> int:
        """How many the journal has that ended; a cancelled one did not."""
        return sum(
            one.kind == "close" and one.observation is not None
            and one.observation.status != "interrupted"
            for one in read_journal(self.loop.workspace.journal)
        )  # fmt: skip

    def set_table(self, change: Callable[[RoutingTable], RoutingTable]) -> None:
        """Publish another routing table, as an act of people does."""
        publish(self.loop.workspace, change, self.clock)
