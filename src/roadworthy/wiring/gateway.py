"""What one gateway worker stands on: the table, the live releases, the keys, the journal.

What enters: a workspace and the systems' folders. What leaves: everything that a door needs to
answer. What never happens here: the control plane (evaluation, policy, monitoring, incidents,
the release loop), an append to the ledger, behaviour from the working tree.

A worker looks at the routing table and at the tenants every 50 ms. Kill flags act at once; a
new live release is verified and built in a thread, then swapped in; requests under way finish
on the old one. What cannot be read closes: nothing is served on a guess.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import structs

from roadworthy.domain import (
    Clock,
    Deployment,
    KillFlag,
    Observation,
    RoadworthyError,
    RoutingTable,
    Witness,
    format_instant,
)
from roadworthy.flows.hearing import HearingDeps, Terms
from roadworthy.flows.request_path import PathDeps
from roadworthy.flows.routing import brake, read_table
from roadworthy.flows.service import Service
from roadworthy.journal import (
    Gauges,
    Record,
    Spool,
    Tally,
    Vault,
    find,
    open_master_key,
    publish_state,
    recover,
)
from roadworthy.manifests import Workspace, load_deployment
from roadworthy.serving import Flight, Quota, Tenants, load_tenants

from .allowance import Allowance
from .fronts import Front, load_front
from .plan import Plan
from .watched import WatchedFile

TICK_S = 0.05
"""How often files are looked at: far below the second within which a kill must act."""

SECOND = 20
"""Ticks between two looks at the free disk space, and two states for whoever watches."""


class Gateway:
    """One worker's state. Every method runs on its event loop."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self.plan = plan
        self.clock = clock
        self.workspace = Workspace(Path(plan.workspace))
        self.table = RoutingTable()
        self.fault = ""
        """Why nothing may be served although releases are live; empty while all is well."""
        self.fronts: dict[str, Front] = {}
        """System -> its live release."""
        self.refused: dict[str, str] = {}
        """System -> why its live release is not served."""
        self.served: dict[str, str] = {}
        """System -> its model's name; empty where a release is live but refused."""
        self.tenants: Tenants | None = None
        self.flight = Flight()
        self.tally = Tally()
        self.allowance = Allowance(
            Quota(self.workspace.quota),
            clock,
            tenants=lambda: self.tenants,
            fronts=lambda: self.fronts,
        )
        self._services: dict[str, Service] = {}
        self._deployments: dict[str, Deployment] = {}
        self._watched_table = WatchedFile(self.workspace.routing)
        self._watched_tenants = WatchedFile(self.workspace.tenants)
        self._tasks: set[asyncio.Task[None]] = set()
        self._newest = self.table
        self._loading = asyncio.Lock()

    async def start(self) -> None:
        """Recover the journal, load what is live, begin to watch. Raises ManifestError."""
        for root in sorted(set(self.plan.roots.values())):
            self._deployments[root] = load_deployment(Path(root))
        deployment = next(iter(self._deployments.values()), Deployment())
        self.vault = Vault(
            self.workspace.journal / "keys",
            open_master_key(self.workspace.keys, deployment.master_key),
        )
        with suppress(OSError):  # the spool says the same, and says it where /readyz reads it
            recover(self.workspace.journal, vault=self.vault, clock=self.clock)
        self.journal = Spool(
            self.workspace.journal,
            worker=self.plan.worker,
            vault=self.vault,
            clock=self.clock,
            settings=deployment.journal,
            in_flight=self.flight.__len__,
        )
        self.journal.on_kept = self._count
        self.journal.start()
        self.path = PathDeps(
            table=lambda: self.table,
            services=self._services,
            journal=self.journal,
            flight=self.flight,
            clock=self.clock,
        )
        self.hearing = HearingDeps(
            find=self.find, terms=self.terms, brake=self.brake, notebook=self.journal,
            clock=self.clock,
        )  # fmt: skip
        self.look_at_tenants()
        self.look_at_table()
        await self._load(self._newest)
        self._publish_state()
        self._spawn(self._watch())

    async def aclose(self) -> None:
        """Stop watching, end the journal, let the models go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.journal.aclose()
        self._publish_state()
        for service in self._services.values():
            await service.aclose()

    async def find(self, observation_id: str) -> Observation | None:
        """An observation of the journal, whichever worker wrote it."""
        record = await self.find_record(observation_id)
        return record.observation if record is not None else None

    async def find_record(self, observation_id: str) -> Record | None:
        """The record of an observation."""
        return await asyncio.to_thread(find, self.workspace.journal, observation_id)

    def terms(self, system: str) -> Terms | None:
        """What may be said of an answer of a system; None while its live release is refused."""
        front = self.fronts.get(system)
        if front is None:
            return None
        content = front.service.content
        decision = content.candidate.decision
        return Terms(
            never={event.id: event for event in content.charter.never},
            labels=decision.labels if decision is not None else (),
        )

    async def brake(self, flags: Sequence[KillFlag]) -> Sequence[KillFlag]:
        """Set kill flags for every worker. It can only add: see `serving.tighten`."""
        table, stand = await asyncio.to_thread(brake, self.workspace, flags, self.clock)
        self._take(table)
        return stand

    def look_at_tenants(self) -> bool:
        """Read the keys when they changed; unreadable keys are nobody's. Whether they changed."""
        if not self._watched_tenants.changed():
            return False
        try:
            self.tenants = Tenants(load_tenants(self.workspace.tenants))
        except RoadworthyError:
            self.tenants = None
        return True

    def look_at_table(self) -> None:
        """Read the table when it changed. A damaged, missing or older one closes the door.

        It stops what runs as well: a kill that is in it would not be seen.
        """
        if not self._watched_table.changed():
            return
        try:
            table = read_table(self.workspace.routing)
        except RoadworthyError as error:
            self._close(error.message)
            return
        if table.version < self.table.version:
            self._close(
                f"the routing table went back from version {self.table.version} to "
                f"{table.version}; it may lack a kill flag. Restart the gateway if that is meant"
            )
            return
        self.fault = ""
        self._take(table)

    def _close(self, fault: str) -> None:
        """Answer nobody, and stop every call under way, as a kill of everything would."""
        self.fault = fault
        everything = KillFlag(
            id="table-unreadable",
            scope="system",
            value="*",
            reason=fault,
            by="brake",
            at=format_instant(self.clock.now()),
        )
        self.flight.obey(RoutingTable(kills=(everything,)))

    def _take(self, table: RoutingTable) -> None:
        """Kill flags act now; routes when their releases are loaded."""
        if table.version < self.table.version:
            return
        self._newest = table
        self.table = structs.replace(table, routes=self.table.routes)
        self.flight.obey(self.table)

    async def _watch(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(TICK_S)
            ticks += 1
            self.look_at_table()
            self.look_at_tenants()
            if self._newest.routes != self.table.routes and not self._loading.locked():
                self._spawn(self._load(self._newest))
            if ticks % SECOND == 0:
                self.journal.check_space()
                self._publish_state()

    def _count(self, kept: Observation, texts: Witness) -> None:
        self.tally.count(kept)
        self.allowance.charge(kept, texts)

    def _publish_state(self) -> None:
        """Leave the counts for the control process; a full disk keeps nobody from serving."""
        gauges = Gauges(
            in_flight=len(self.flight),
            serving={system: front.service.digest for system, front in self.fronts.items()},
            refused=tuple(self.refused),
            addresses={name: front.service.addresses() for name, front in self.fronts.items()},
            table_version=self.table.version,
            table_readable=not self.fault,
            keys_readable=self.tenants is not None,
            journal_writable=not self.journal.fault,
            disk_free_bytes=self.journal.free_bytes,
        )
        at = format_instant(self.clock.now())
        with suppress(OSError):
            publish_state(
                self.workspace.workers,
                self.tally.state(worker=self.plan.worker, at=at, gauges=gauges),
            )

    async def _load(self, table: RoutingTable) -> None:
        """Load the live releases of a table, then let its routes stand."""
        async with self._loading:
            fronts: dict[str, Front] = {}
            refused: dict[str, str] = {}
            for system, route in table.routes.items():
                root = self.plan.root_of(system)
                if root is None:
                    continue
                known = self.fronts.get(system)
                if known is not None and known.service.digest == route.live:
                    fronts[system] = known
                    continue
                try:
                    fronts[system] = await asyncio.to_thread(
                        load_front,
                        route,
                        workspace=self.workspace,
                        deployment=self._deployments[root],
                        root=root,
                        clock=self.clock,
                    )
                    await fronts[system].service.warm()
                except (RoadworthyError, OSError) as error:
                    fronts.pop(system, None)
                    refused[system] = (
                        error.message
                        if isinstance(error, RoadworthyError)
                        else (f"release {route.live} cannot be read: {error.strerror}")
                    )
            self._swap(table, fronts, refused)

    def _swap(self, table: RoutingTable, fronts: dict[str, Front], refused: dict[str, str]) -> None:
        old = dict(self._services)
        self._services.clear()
        self._services.update({f.service.digest: f.service for f in fronts.values()})
        self.fronts, self.refused = fronts, refused
        self.served = dict.fromkeys(refused, "") | {name: f.model for name, f in fronts.items()}
        self.table = structs.replace(self.table, routes=table.routes)
        for digest, service in old.items():
            if digest not in self._services:
                self._spawn(self._retire(service))

    async def _retire(self, service: Service) -> None:
        """Let a model go once every request that was under way at the swap has ended."""
        before = self.flight.aboard()
        while before & self.flight.aboard():
            await asyncio.sleep(TICK_S * 10)
        await service.aclose()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
