"""The releases that a table names, loaded: live ones, those rolled out, baselines that may answer.

Enters: a table, and what was loaded before. Leaves: fronts by system, and why others are not
there. What never happens here: a release that was loaded before built anew, or one that does not
verify served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from msgspec import Struct, field

from roadworthy.domain import Clock, Deployment, RoadworthyError, Route, RoutingTable
from roadworthy.manifests import Workspace
from roadworthy.providers import Traffic

from .fronts import Front, arm_route, baseline_route, load_front
from .plan import Plan


class Ready(Struct, kw_only=True):
    """What a table names, as far as it could be loaded; by system."""

    fronts: dict[str, Front] = field(default_factory=dict)
    arms: dict[str, Front] = field(default_factory=dict)
    kept: dict[str, Front] = field(default_factory=dict)
    """Safe baselines: loaded before, or wanted by a mitigation."""
    refused: dict[str, str] = field(default_factory=dict)
    refused_arms: dict[str, str] = field(default_factory=dict)


def baselines_wanted(table: RoutingTable) -> set[str]:
    """Digests of the baselines that may have to answer now, because of a mitigation."""
    kinds = ("degrade_to_safe_mode", "rollback")
    systems = {each.system for each in table.mitigations if each.kind in kinds}
    routes = table.routes
    return {routes[name].baseline for name in systems if name in routes and routes[name].baseline}


class Loader:
    """Loads for one worker."""

    def __init__(
        self,
        plan: Plan,
        workspace: Workspace,
        deployments: Mapping[str, Deployment],
        clock: Clock,
    ) -> None:
        """`deployments` by the system's folder."""
        self._plan = plan
        self._workspace = workspace
        self._deployments = deployments
        self._clock = clock
        self._traffic = Traffic()

    async def ready(self, table: RoutingTable, known: Mapping[str, Front]) -> Ready:
        """Everything that the table names; `known` by digest, which is taken as it is."""
        found = Ready()
        wanted = baselines_wanted(table)
        for system, route in table.routes.items():
            root = self._plan.root_of(system)
            if root is None:
                continue
            await self._one(found.fronts, found.refused, route, root, known)
            safe = baseline_route(route)
            if safe is not None and (safe.live in known or safe.live in wanted):
                await self._one(found.kept, {}, safe, root, known)
            arm = arm_route(route)
            if arm is not None and system in found.fronts:
                await self._one(found.arms, found.refused_arms, arm, root, known)
        return found

    async def _one(
        self,
        fronts: dict[str, Front],
        refused: dict[str, str],
        route: Route,
        root: str,
        known: Mapping[str, Front],
    ) -> None:
        """The front of a route's release, or why there is none."""
        if route.live in known:
            fronts[route.system] = known[route.live]
            return
        try:
            front = await asyncio.to_thread(
                load_front,
                route,
                workspace=self._workspace,
                deployment=self._deployments[root],
                root=root,
                clock=self._clock,
                traffic=self._traffic,
            )
            await front.service.warm()
        except RoadworthyError as error:
            refused[route.system] = error.message
        except OSError as error:
            refused[route.system] = f"release {route.live} cannot be read: {error.strerror}"
        else:
            fronts[route.system] = front
