"""How old the newest drill of each brake is, and the newest probes: they prove little for long.

Enters: a ledger, how often the charter has things looked at. Leaves: what stands of each brake.
What never happens here: a drill that missed its time or was cut off taken for one that passed,
nor probes of which one was answered, or nobody knows.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from roadworthy.domain import Entry, parse_instant

from ..entries.release_records import ACTIVATED
from ..workspace.loop import Loop
from .probing import ASKED

DRILLED = ("kill", "rollback")
"""Brakes that every system on the road has. Safe mode is drilled where somebody wants to."""
PROBES = "probe"
OVERDUE = 2
"""So many times the time between two probes, and they are stale."""
CADENCE_DAYS = {"weekly": 7, "monthly": 31, "quarterly": 92}
"""How old evidence may be, by the `review.cadence` of a charter."""


class DrillAge(Struct, frozen=True, kw_only=True):
    """How a brake's drills stand."""

    system: str
    drill: str
    state: Literal["fresh", "stale", "failed", "never"]
    """`failed`: the newest one missed its time or was cut off."""
    at: str = ""
    days: int | None = None

    @property
    def words(self) -> str:
        """What is wrong, in a sentence; empty where nothing is."""
        if self.drill == PROBES:
            told = {
                "fresh": "",
                "never": "",
                "stale": f"probes of {self.system} were asked last at {self.at[:16]}Z",
                "failed": f"the newest probes of {self.system} were not all stopped",
            }[self.state]
            return told and f"{told}: roadworthy probe"
        what = f"{self.drill} of {self.system}"
        said = {
            "fresh": "",
            "never": f"{what} was never drilled",
            "stale": f"{what} was drilled {self.days} days ago",
            "failed": f"the newest drill of {what} failed",
        }[self.state]
        return said and f"{said}: roadworthy drill {self.drill}"


def drill_ages(loop: Loop, system: str, cadence: str) -> list[DrillAge]:
    """How each brake of a system stands; none of one that was never on the road.

    Probes stand beside them once they were asked: they are opted in to.
    """
    if loop.ledger.newest(kind=ACTIVATED, system=system) is None:
        return []
    newest = {one: loop.ledger.newest(kind=f"drill.{one}", system=system) for one in DRILLED}
    ages = [_age(loop, system, one, entry, cadence) for one, entry in newest.items()]
    probed = loop.ledger.newest(kind=ASKED, system=system)
    return ages if probed is None else [*ages, _age(loop, system, PROBES, probed, cadence)]


def _age(loop: Loop, system: str, drill: str, entry: Entry | None, cadence: str) -> DrillAge:
    if entry is None:
        return DrillAge(system=system, drill=drill, state="never")
    age = loop.clock.now() - parse_instant(entry.time)
    days, every = age.days, int(entry.payload.get("every_s") or 0)
    state: Literal["fresh", "stale", "failed"] = "fresh"
    if days > CADENCE_DAYS[cadence] or (every and age.total_seconds() > OVERDUE * every):
        state = "stale"
    if entry.payload.get("result") != "held":
        state = "failed"
    return DrillAge(system=system, drill=drill, state=state, at=entry.time, days=days)
