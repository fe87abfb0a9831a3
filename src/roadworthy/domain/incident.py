"""An incident: opened by a violation, over by a gate that ran its cases or by two people's word."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .clock import Instant
from .errors import TransitionError

IncidentState = Literal["open", "contained", "promoted", "closed", "dismissed"]

TRANSITIONS: dict[IncidentState, dict[str, IncidentState]] = {
    "open": {"contain": "contained", "promote": "promoted", "dismiss": "dismissed"},
    "contained": {"contain": "contained", "promote": "promoted", "dismiss": "dismissed"},
    "promoted": {
        "promote": "promoted",
        "close": "closed",
        "contain": "promoted",
        "dismiss": "dismissed",
    },
    "closed": {},
    "dismissed": {},
}
"""Every arrow there is; the docs' diagram is drawn from it."""

OVER: frozenset[IncidentState] = frozenset(("closed", "dismissed"))
"""States that an incident does not leave. `dismissed`: the report was false, two people say so."""


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
    """Id of the kill flag that contained it, the first of `kills`."""
    kills: tuple[str, ...] = ()
    """Ids of every kill flag that was set for it."""
    cases: tuple[str, ...] = ()
    """Ids of the cases that it became."""
    gate: str = ""
    """Digest of the gate decision that closed it."""
    closed_at: Instant = ""
    """When it was over, closed or dismissed."""
    closed_by: str = ""
    reason: str = ""
    """Why it was dismissed."""
    timeline: tuple[tuple[Instant, str], ...] = ()


def next_state(state: IncidentState, verb: str) -> IncidentState:
    """The state after `verb`. Raises TransitionError when there is no such arrow."""
    try:
        return TRANSITIONS[state][verb]
    except KeyError:
        raise TransitionError(f"an incident that is {state} cannot {verb}") from None
