"""Which release is live is what the ledger says: the newest `release.activated` of each system.

    enters   the ledger's activations, the routing table
    leaves   the table as they say, an entry `route.put_back` for each route that said otherwise

What never happens here: an activation under way that is fought (it enters and publishes under the
lock that is taken here), a release that nobody activated last and that answers, because somebody
edited the routing table. An activation that was cut short behind its entry is completed by this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from roadworthy.domain import Arm, Draft, Entry, Route, RoutingTable

from ..brakes.stopping import recording
from ..entries.incident_entries import incidents_of
from ..entries.release_records import ACTIVATED
from ..entries.rolling import standing_arms
from ..workspace.loop import Loop
from ..workspace.routing import publish, read_table
from .safe_baseline import safe_baseline

PUT_BACK = "route.put_back"


class Strayed(Struct, frozen=True, kw_only=True):
    """A route that said something else than the ledger."""

    system: str
    found: str
    """The release that the table named; empty: none."""
    live: str
    """The one that was activated last; empty: none ever was."""
    arm: str = ""
    """The release beside it that the table named and no rollout does."""

    @property
    def words(self) -> str:
        """What is said, loudly, of a route that was put back."""
        if self.arm:
            return (
                f"the routing table sent requests for {self.system} to {self.arm}, which no rollout"
                " under way says: somebody edited that file, or a step was cut short. It is put"
                " back"
            )
        was = f"named {self.found}" if self.found else "had no route"
        right = f"{self.live} was activated last" if self.live else "none was ever activated"
        return (
            f"the routing table {was} for {self.system}, but by the ledger {right}: somebody edited"
            " that file, or an activation was cut short. The route is put back"
        )


def ledger_routes(loop: Loop) -> dict[str, Entry]:
    """The activation that counts, by system: its newest."""
    return {entry.system: entry for entry in loop.ledger.entries(kind=ACTIVATED)}


def strayed_routes(table: RoutingTable, live: Mapping[str, Entry]) -> list[str]:
    """The systems whose route in a table says otherwise than those activations."""
    there = {name: (each.system, each.live, each.path) for name, each in table.routes.items()}
    right = {name: (name, each.subject, path_of(each)) for name, each in live.items()}
    return sorted(name for name in there | right if there.get(name) != right.get(name))


def strayed_arms(table: RoutingTable, right: Mapping[str, Arm]) -> list[str]:
    """The systems whose table sends requests to an arm that is not the rollout's.

    One without an arm has not strayed: whoever stops a rollout takes it off before it is entered.
    """
    there = {name: route.arm for name, route in table.routes.items() if route.arm is not None}
    return sorted(name for name, arm in there.items() if right.get(name) != arm)


def put_back_arms(loop: Loop) -> list[Strayed]:
    """Let the table send requests to no other arms than the ledger's; returns what did."""
    if not strayed_arms(read_table(loop.workspace.routing), standing_arms(loop)):
        return []
    with recording(loop):
        right, before = standing_arms(loop), read_table(loop.workspace.routing)
        systems = strayed_arms(before, right)

        def as_entered(table: RoutingTable) -> RoutingTable:
            back = {
                name: structs.replace(table.routes[name], arm=right.get(name))
                for name in systems
                if name in table.routes
            }
            return structs.replace(table, routes={**table.routes, **back})

        found = []
        for system in systems:
            route = before.routes[system]
            arm = route.arm.release if route.arm is not None else ""
            found.append(Strayed(system=system, found=route.live, live=route.live, arm=arm))
        if found:
            publish(loop.workspace, as_entered, loop.clock, patience_s=loop.patience_s)
            loop.ledger.record(*(_draft(each, loop.machine) for each in found))
    return found


def put_back_routes(loop: Loop) -> list[Strayed]:
    """Let the table say what the ledger says; returns what said otherwise.

    Under the lock that activations hold from their entry until the table has it. The routes stand
    before it is entered that they had strayed.
    """
    if not strayed_routes(read_table(loop.workspace.routing), ledger_routes(loop)):
        return []
    with recording(loop):
        live, before = ledger_routes(loop), read_table(loop.workspace.routing)
        systems = strayed_routes(before, live)
        back = {name: _route(loop, name) for name in systems if name in live}

        def as_entered(table: RoutingTable) -> RoutingTable:
            routes = {name: route for name, route in table.routes.items() if name not in systems}
            return structs.replace(table, routes=routes | back)

        found = [
            Strayed(
                system=system,
                found=before.routes[system].live if system in before.routes else "",
                live=live[system].subject if system in live else "",
            )
            for system in systems
        ]
        if found:
            publish(loop.workspace, as_entered, loop.clock, patience_s=loop.patience_s)
            loop.ledger.record(*(_draft(each, loop.machine) for each in found))
    return found


def was_put_back(loop: Loop, activation: Entry) -> bool:
    """Whether the table has this activation because it was put back: it is not to be made again."""
    back = [
        entry
        for entry in loop.ledger.entries(kind=PUT_BACK, system=activation.system)
        if "arm" not in entry.payload
    ]
    return bool(back) and back[-1].seq > activation.seq


def path_of(activation: Entry) -> str:
    """Where the bundle of an activation lies in the workspace."""
    return str(
        activation.payload.get("path", f"releases/{activation.subject.removeprefix('sha256:')}")
    )


def _route(loop: Loop, system: str) -> Route:
    """The route of the newest activation, with the baseline that those before it make."""
    incidents = list(incidents_of(loop, system).values())
    route: Route | None = None
    for entry in loop.ledger.entries(kind=ACTIVATED, system=system):
        fallback = safe_baseline(route, entry.subject, incidents)
        route = Route(
            system=system,
            live=entry.subject,
            path=path_of(entry),
            baseline=fallback.digest,
            baseline_path=fallback.path,
            activated_at=str(entry.payload.get("signed_at", entry.time)),
            activated_by=entry.actor,
        )
    assert route is not None, "it is asked of systems that have an activation"
    return route


def _draft(strayed: Strayed, machine: str) -> Draft:
    payload: dict[str, Any] = {"found": strayed.found, "live": strayed.live}
    if strayed.arm:
        payload["arm"] = strayed.arm
    return Draft(
        system=strayed.system,
        kind=PUT_BACK,
        subject=strayed.live or strayed.found,
        actor=machine,
        payload=payload,
    )
