"""How objectives stand where the file that says so is damaged: by the ledger.

Enters: the ledger's breaches, and what became of them. Leaves: standings to go on from. What never
happens here: a breach forgotten that was entered; a time in which nobody looked taken for clean.
One that was never entered stands in the routing table, and is entered when it is seen again.
"""

from __future__ import annotations

import msgspec
from msgspec import structs

from roadworthy.domain import Entry, EvidenceError, ObjectiveStanding, Standings, format_instant

from ..mitigation.mitigations import BREACHED, RECOVERED
from ..rollouts.standings import DamagedStandingsError, read_standings, set_aside
from ..workspace.loop import Loop


def known_standings(loop: Loop) -> Standings:
    """What was seen last; a damaged file is set aside, and the ledger says what stands.

    Raises EvidenceError when neither can be read.
    """
    try:
        return read_standings(loop.workspace)
    except DamagedStandingsError:
        found = entered_standings(loop)
        set_aside(loop.workspace)
        return found


def entered_standings(loop: Loop) -> Standings:
    """By the ledger alone. Raises EvidenceError."""
    entries = [e for kind in (BREACHED, RECOVERED) for e in loop.ledger.entries(kind=kind)]
    now = format_instant(loop.clock.now())
    found: dict[tuple[str, str, str], ObjectiveStanding] = {}
    for entry in sorted(entries, key=lambda entry: entry.seq):
        standing = _standing(entry)
        if entry.kind == BREACHED:
            said = structs.replace(standing, entered=True, failed_at=now)
            if standing.steps:  # the table has those that were taken since, or taken back
                said = structs.replace(said, steps=(), stepped_at=now, eased=False)
        else:
            said = structs.replace(standing, breached_at="", mitigation="", settled=entry.time)
        found[said.key] = said
    return Standings(objectives=tuple(found.values()))


def _standing(entry: Entry) -> ObjectiveStanding:
    try:
        return msgspec.convert(entry.payload, ObjectiveStanding, strict=False)
    except msgspec.ValidationError as error:
        raise EvidenceError(f"entry {entry.seq} is no standing: {error}") from error
