"""The ledger's entries about incidents, and no others: found by their kinds, not by reading all.

Enters: a loop. Leaves: entries `incident.*`, in order. Never here: a list of kinds that forgets
one; the ledger says which there are.
"""

from __future__ import annotations

from roadworthy.domain import Entry, Incident
from roadworthy.incidents import fold

from ..workspace.loop import Loop


def incident_entries(loop: Loop, system: str = "") -> list[Entry]:
    """Of a system, or of all. Raises EvidenceError."""
    kinds = [kind for kind in loop.ledger.kinds() if kind.startswith("incident.")]
    found = [entry for kind in kinds for entry in loop.ledger.entries(kind=kind, system=system)]
    return sorted(found, key=lambda entry: entry.seq)


def incidents_of(loop: Loop, system: str = "") -> dict[str, Incident]:
    """Every incident, by id, in its present state."""
    return fold(incident_entries(loop, system))
