"""An incident: opened by a violation, closed only by a gate that ran its cases."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .clock import Instant
from .errors import TransitionError

IncidentState = Literal["open", "contained", "promoted", "closed"]

TRANSITIONS: dict[IncidentState, dict[str, IncidentState]] = {
    "open": {"contain": "contained", "promote": "promoted"},
    "contained": {"promote": "promoted"},
    "promoted": {"promote": "promoted", "close": "closed", "contain": "promoted"},
    "closed": {},
}
"""Every arrow there is; the docs' diagram is drawn from it."""


class Incident(Struct, frozen=True, kw_only=True):
    """One failure, from the moment it is known to the gate that proves it learned."""

    id: str
    system: str
    severity: Literal["low", "medium", "high", "critical"]
    state: IncidentState
    title: str
    opened_at: Instant
    aware_at: Instant
    """When the organisation became aware; starts the legal clock (AI Act, Article 73)."""
    release: str
    never_event: str = ""
    observations: tuple[str, ...] = ()
    kill: str = ""
    """Id of the kill flag that contained it."""
    cases: tuple[str, ...] = ()
    """Ids of the cases that it became."""
    gate: str = ""
    """Digest of the gate decision that closed it."""
    closed_at: Instant = ""
    closed_by: str = ""
    timeline: tuple[tuple[Instant, str], ...] = ()


def next_state(state: IncidentState, verb: str) -> IncidentState:
    """The state after `verb`. Raises TransitionError when there is no such arrow."""
    try:
        return TRANSITIONS[state][verb]
    except KeyError:
        raise TransitionError(f"an incident that is {state} cannot {verb}") from None
