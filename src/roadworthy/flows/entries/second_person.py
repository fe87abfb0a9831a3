"""Two people together: what loosens the hold of a past incident on the gate needs both.

Enters: who signs, and the incident. Leaves: their names. What never happens here: one person
counted twice (two keys, two names given), the author of what leaked among the two.
"""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import AccessError, Incident, PersonRole, format_instant
from roadworthy.ledger import distinct_people, require_role

from ..workspace.loop import Loop
from .release_records import authors_of

DECIDERS: tuple[PersonRole, ...] = ("reviewer", "risk_officer", "operator", "admin")
"""Who may say what an incident was, that it is over, or what its case says instead."""

NEEDED = 2


def require_two(incident: Incident, loop: Loop, keys: Sequence[str], *, act: str) -> list[str]:
    """The names behind the key ids, sorted, when two distinct people who may are among them.

    `act`: what they do, to be said. Raises AccessError.
    """
    at = format_instant(loop.clock.now())
    for key in keys:
        require_role(loop.trust, key, DECIDERS, at)
    names = distinct_people(loop.trust, keys)
    if len(names) >= NEEDED and incident.release:  # else no release answered, and nobody built it
        for author in authors_of(loop, incident.release):
            names &= distinct_people(loop.trust, keys, author=author)
    if len(names) < NEEDED:
        raise AccessError(
            f"{act} by {NEEDED} people together, none of them the author of its release;"
            f" there is {len(names)}",
            fix="give two other people: --as A --as B",
        )
    return sorted(names)
