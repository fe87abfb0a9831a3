"""Emergency rails as the routing table holds them, and people who add them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec import structs

from doubles.dialects import Door
from roadworthy.cli.acting import find_acting
from roadworthy.domain import EmergencyRail, Observation, RoutingTable, format_instant
from roadworthy.flows.brakes.stopping import read_scope
from roadworthy.flows.mitigation.emergency import AskedRail
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import Acting
from roadworthy.flows.workspace.routing import publish
from roadworthy.journal import read_journal


def a_rail(
    name: str = "stop-it", *, words: list[str] | None = None, lasts_s: int = 3600, **given: Any
) -> EmergencyRail:
    """One as it stands in the table, whole."""
    now = dt.datetime.now(dt.UTC)
    at = now - dt.timedelta(seconds=5)
    rail = EmergencyRail(
        **{
            "id": f"emergency-{name}-00000000",
            "name": name,
            "scope": "system",
            "value": "letters",
            "system": "letters",
            "detector": "deny",
            "options": {"words": words or ["mauve"]},
            "reason": "it leaks",
            "people": ("a", "b"),
            "at": format_instant(at),
            "until": format_instant(now + dt.timedelta(seconds=lasts_s)),
            **given,
        }
    )
    return structs.replace(rail, digest=rail.own_digest())


def asked_rail(name: str = "stop-it", **given: Any) -> AskedRail:
    """What people ask for."""
    return AskedRail(
        **{
            "name": name,
            "system": "letters",
            "aimed": read_scope(given.pop("scope", "system")),
            "detector": "deny",
            "options": {"words": ["mauve"]},
            "reason": "it leaks",
            "lasts_s": 3600,
            **given,
        }
    )


def people_of(loop: Loop, *names: str) -> list[Acting]:
    """They, with their keys."""
    found = [find_acting(loop.workspace, name) for name in names]
    return [each for each in found if each is not None]


def stand(door: Door, *rails: EmergencyRail) -> None:
    """Publish them, and let the worker see it as its next tick does."""
    loop = door.loop

    def change(table: RoutingTable) -> RoutingTable:
        return structs.replace(table, emergencies=rails)

    publish(loop.workspace, change, loop.clock)
    door.gateway.look_at_table()


def newest(door: Door) -> Observation:
    """What the journal has last."""
    records = read_journal(door.loop.workspace.journal)
    return [r.observation for r in records if r.kind == "close" and r.observation is not None][-1]
