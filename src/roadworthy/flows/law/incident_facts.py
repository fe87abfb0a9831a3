"""What the ledger knows of incidents decides the facts that the law asks about them.

Enters: a system's incidents. Leaves: facts, and by which incident. What never happens here: answers
of a file that deny what people entered; an incident that is over deciding anything.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import (
    CLOCKS,
    OVER,
    FactSheet,
    FactValue,
    Fault,
    Harm,
    Incident,
    ManifestError,
)
from roadworthy.manifests import line_of_fact

from ..entries.incident_entries import incidents_of
from ..workspace.loop import Loop

SERIOUS = "serious_incident"
KIND = "incident_type"


class Happened(Struct, frozen=True, kw_only=True):
    """Serious incidents that people entered and that are not over."""

    harms: tuple[Harm, ...] = ()
    """What they led to, that with the shortest time to report first."""
    incidents: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where it stands, beside the files that answer; empty where nothing happened."""
        return f"ledger ({', '.join(self.incidents)})" if self.incidents else ""

    def decided(self, sheet: FactSheet) -> dict[str, FactValue]:
        """The answers of a sheet, with what happened."""
        if not self.harms:
            return sheet.facts
        return {KIND: self.harms[0], **sheet.facts, SERIOUS: True}

    def require(self, sheet: FactSheet, place: Callable[[str], Path]) -> None:
        """Raises ManifestError naming each answer that denies what happened."""
        faults = []
        denied = {SERIOUS: (True,), KIND: self.harms} if self.harms else {}
        for name, allowed in denied.items():
            answer = sheet.facts.get(name)
            if answer is None or answer in allowed:
                continue
            said = str(answer).lower() if isinstance(answer, bool) else repr(answer)
            path = place(name)
            fault = Fault(
                file=path.name,
                line=line_of_fact(path, name),
                message=f"`{name}: {said}` contradicts the ledger: {', '.join(self.incidents)} led"
                f" to {', '.join(self.harms)}, as people entered, and is not over",
                fix=f"correct it, or leave `{name}` out: the ledger decides it",
            )
            faults.append(fault)
        if faults:
            raise ManifestError(faults)


NOTHING = Happened()


def happened(loop: Loop, system: str) -> Happened:
    """What people said that a system's incidents led to, of those that are not over."""
    if loop.ledger.newest(kind="incident.classified", system=system) is None:
        return NOTHING
    serious = [each for each in incidents_of(loop, system).values() if _counts(each)]
    harms = {
        harm
        for each in serious
        if each.legal is not None
        for harm in each.legal.harms
        if harm != "none"
    }
    return Happened(
        harms=tuple(sorted(harms, key=lambda harm: (_shortest(harm), harm))),
        incidents=tuple(each.id for each in serious),
    )


def _counts(incident: Incident) -> bool:
    legal = incident.legal
    return incident.state not in OVER and legal is not None and legal.serious


def _shortest(harm: Harm) -> int:
    return min((clock.days for clock in CLOCKS if harm in clock.harms and clock.days), default=99)
