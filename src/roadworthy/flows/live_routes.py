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

from roadworthy.domain import Draft, Entry, Route, RoutingTable
from roadworthy.incidents import fold

from .loop import Loop
from .release_records import ACTIVATED
from .routing import publish, read_table
from .safe_baseline import safe_baseline
from .stopping import recording

PUT_BACK = "route.put_back"


class Strayed(Struct, frozen=True, kw_only=True):
    """A route that said something else than the ledger."""

    system: str
    found: str
    """The release that the table named; empty: none."""
    live: str
    """The one that was activated last; empty: none ever was."""

    @property
    def words(self) -> str:
        """What is said, loudly, of a route that was put back."""
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
    back = loop.ledger.newest(kind=PUT_BACK, system=activation.system)
    return back is not None and back.seq > activation.seq


def path_of(activation: Entry) -> str:
    """Where the bundle of an activation lies in the workspace."""
    return str(
        activation.payload.get("path", f"releases/{activation.subject.removeprefix('sha256:')}")
    )


def _route(loop: Loop, system: str) -> Route:
    """The route of the newest activation, with the baseline that those before it make."""
    incidents = list(fold(loop.ledger.entries(system=system)).values())
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
    return Draft(
        system=strayed.system,
        kind=PUT_BACK,
        subject=strayed.live or strayed.found,
        actor=machine,
        payload=payload,
    )
