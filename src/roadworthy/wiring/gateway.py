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
import logging
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

from msgspec import structs

from roadworthy.domain import (
    Arm,
    Call,
    Clock,
    Deployment,
    KillFlag,
    Observation,
    RoadworthyError,
    RoutingTable,
    Witness,
    format_instant,
)
from roadworthy.flows.incidents.hearing import HearingDeps, Terms
from roadworthy.flows.request.service import Service
from roadworthy.flows.request.trace import Walk
from roadworthy.flows.request_path import PathDeps, serve
from roadworthy.flows.workspace.routing import brake, read_table
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
from roadworthy.serving import Flight, Tenants, load_tenants, takes

from .allowance import Allowance
from .counting import counting_of
from .fronts import Front
from .plan import Plan
from .ready import Loader, Ready, baselines_wanted
from .watched import WatchedFile

TICK_S = 0.05
"""How often files are looked at: far below the second within which a kill must act."""

MOST_SHADOWS = 32
"""Copies under way at once, of one worker."""

logger = logging.getLogger("roadworthy.gateway")

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
        self.arms: dict[str, Front] = {}
        """System -> the release that is rolled out beside the live one, ready."""
        self.kept: dict[str, Front] = {}
        """System -> the safe baseline: live before in this process, or wanted by a mitigation."""
        self._tried: set[str] = set()
        """Baselines that were asked for because of a mitigation."""
        self.refused: dict[str, str] = {}
        """System -> why its live release is not served."""
        self.refused_arms: dict[str, str] = {}
        """System -> why the release that is rolled out gets no request."""
        self.served: dict[str, str] = {}
        """System -> its model's name; empty where a release is live but refused."""
        self.tenants: Tenants | None = None
        self.flight = Flight()
        self.shadows = Flight()
        """Copies that nobody waits for; they hold up no answer's record."""
        self._listening = 0
        self.tally = Tally()
        self._services: dict[str, Service] = {}
        self._deployments: dict[str, Deployment] = {}
        self._watched_table = WatchedFile(self.workspace.routing)
        self._watched_tenants = WatchedFile(self.workspace.tenants)
        self._tasks: set[asyncio.Task[None]] = set()
        self._newest = self.table
        self._loading = asyncio.Lock()
        self._turned = False
        """Whether releases were turned to that no load has seen to since."""

    async def start(self) -> None:
        """Recover the journal, load what is live, begin to watch. Raises ManifestError."""
        for root in sorted(set(self.plan.roots.values())):
            self._deployments[root] = load_deployment(Path(root))
        self.deployment = deployment = next(iter(self._deployments.values()), Deployment())
        self.allowance = Allowance(
            self.workspace,
            counting_of(self._deployments),
            self.clock,
            worker=self.plan.worker,
            tenants=lambda: self.tenants,
            fronts=lambda: self.fronts,
        )
        self._loader = Loader(self.plan, self.workspace, self._deployments, self.clock)
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
        self._shadow_path = structs.replace(self.path, flight=self.shadows)
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
        await self.allowance.aclose()
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
        for flight in (self.flight, self.shadows):
            flight.obey(RoutingTable(kills=(everything,)))

    def _take(self, table: RoutingTable) -> None:
        """Kill flags act now; routes when their releases are loaded."""
        if table.version < self.table.version:
            return
        self._newest = table
        self.table = structs.replace(table, routes=self.table.routes)
        for stop in self.path.emergencies.stops(table):
            logger.error("%s; nobody in its scope is answered", stop.reason)
        for flight in (self.flight, self.shadows):
            flight.obey(self.table)

    def arm_for(self, call: Call) -> Arm | None:
        """The arm that takes the call; None where the live release answers alone.

        By the newest table: an abort waits for no release that is being loaded.
        """
        route, front = self._newest.routes.get(call.system), self.arms.get(call.system)
        arm = route.arm if route is not None else None
        if arm is None or front is None or front.service.digest != arm.release:
            return None
        return arm if takes(arm, call) else None

    def shadow(self, call: Call, walk: Walk | None) -> None:
        """Ask a release that only listens; nobody waits, and too many at once are left out."""
        if self._listening < MOST_SHADOWS:
            self._listening += 1
            self._spawn(self._listen(call, walk))

    async def _listen(self, call: Call, walk: Walk | None) -> None:
        """Its record is all that remains of it."""
        try:
            async with aclosing(serve(call, self._shadow_path, walk)) as items:
                async for _ in items:
                    pass
        except RoadworthyError as error:
            logger.warning("a shadow copy was not kept: %s", error.message)
        finally:
            self._listening -= 1

    async def _watch(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(TICK_S)
            ticks += 1
            self.look_at_table()
            self.look_at_tenants()
            changed = self._newest.routes != self.table.routes or self._lacks_a_baseline()
            if (changed or self._turned) and not self._loading.locked():
                self._spawn(self._load(self._newest))
            elif changed:
                self._turn()
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
            refused=(
                *self.refused,
                *(f"{name} (rollout)" for name in self.refused_arms),
                *(stop.id for stop in self.path.emergencies.stops(self.table)),
            ),
            addresses={name: front.service.addresses() for name, front in self.fronts.items()},
            table_version=self.table.version,
            table_readable=not self.fault,
            keys_readable=self.tenants is not None,
            journal_writable=not self.journal.fault,
            limits_counted=not self.allowance.fault,
            disk_free_bytes=self.journal.free_bytes,
        )
        at = format_instant(self.clock.now())
        with suppress(OSError):
            publish_state(
                self.workspace.workers,
                self.tally.state(worker=self.plan.worker, at=at, gauges=gauges),
            )

    async def _load(self, table: RoutingTable) -> None:
        """Load the releases of a table, then let its routes stand."""
        async with self._loading:
            self._turned = False
            self._swap(table, await self._loader.ready(table, self._known()))

    def _lacks_a_baseline(self) -> bool:
        """Whether one may have to answer that nobody has tried to load."""
        wanted = baselines_wanted(self._newest) - self._tried
        self._tried |= wanted
        return bool(wanted)

    def _fronts(self) -> Iterator[Front]:
        """Every release that is ready: live ones, those rolled out, and what they replaced."""
        for fronts in (self.fronts, self.arms, self.kept):
            yield from fronts.values()

    def _known(self) -> dict[str, Front]:
        return {front.service.digest: front for front in self._fronts()}

    def _turn(self, known: Mapping[str, Front] | None = None) -> None:
        """Let releases that are ready answer where the newest table says so.

        A rollback waits for no release that is being loaded; the rest follows with the next load.
        """
        known, routes = known or self._known(), dict(self.table.routes)
        for system, route in self._newest.routes.items():
            front, before = known.get(route.live), routes.get(system)
            if front is not None and before is not None and before.live != route.live:
                self.fronts[system] = front
                self.refused.pop(system, None)
                self.served[system] = front.model
                self._services[route.live] = front.service
                routes[system] = route
                self._turned = True
        self.table = structs.replace(self.table, routes=routes)

    def _swap(self, table: RoutingTable, ready: Ready) -> None:
        old, known = dict(self._services), self._known()
        self.fronts, self.refused = ready.fronts, ready.refused
        self.arms, self.refused_arms = ready.arms, ready.refused_arms
        self.kept = ready.kept
        self._services.clear()
        self._services.update({front.service.digest: front.service for front in self._fronts()})
        names = {name: front.model for name, front in self.fronts.items()}
        self.served = dict.fromkeys(self.refused, "") | names
        self.table = structs.replace(self.table, routes=table.routes)
        self._turn(known)
        for digest, service in old.items():
            if digest not in self._services:
                self._spawn(self._retire(service))

    async def _retire(self, service: Service) -> None:
        """Let a model go once every request that was under way at the swap has ended."""
        before = self._aboard()
        while before & self._aboard():
            await asyncio.sleep(TICK_S * 10)
        await service.aclose()

    def _aboard(self) -> frozenset[int]:
        return self.flight.aboard() | self.shadows.aboard()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
