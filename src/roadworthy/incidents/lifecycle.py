"""An incident is what the ledger's entries about it add up to.

Enters: entries `incident.*`, oldest first. Leaves: incidents in their present state. Never here:
an arrow that the table of transitions does not have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import structs

from roadworthy.domain import Entry, Incident, Instant, NeverEvent, digest_of, next_state

_SEVERITY = {"system": "critical", "tenant": "high", "slice": "high"}
"""What the never event would stop says how bad its violation is."""


def incident_id(system: str, event: str, release: str, observation: str) -> str:
    """A stable id: the same violation is the same incident, however often it is reported."""
    about = {"system": system, "event": event, "release": release, "observation": observation}
    return f"inc-{digest_of(about).removeprefix('sha256:')[:10]}"


def open_incident(
    *,
    event: NeverEvent,
    system: str,
    release: str,
    observation: str,
    at: Instant,
    aware_at: Instant,
    kill: str,
) -> Incident:
    """The incident of a never event that left. With a kill flag it starts contained."""
    return Incident(
        id=incident_id(system, event.id, release, observation),
        system=system,
        severity=_SEVERITY[event.scope],  # type: ignore[arg-type]
        state="contained" if kill else "open",
        title=f"never event `{event.id}` left: {event.statement}",
        opened_at=at,
        aware_at=aware_at,
        release=release,
        never_event=event.id,
        observations=(observation,),
        kill=kill,
        timeline=((at, "opened"),) + (((at, f"contained by {kill}"),) if kill else ()),
    )


def fold(entries: Iterable[Entry]) -> dict[str, Incident]:
    """Every incident in its present state, by id, in the order they were opened.

    Raises TransitionError when the entries walk an arrow that does not exist.
    """
    incidents: dict[str, Incident] = {}
    for entry in entries:
        if not entry.kind.startswith("incident."):
            continue
        verb = entry.kind.removeprefix("incident.")
        if verb == "opened":
            value = msgspec.convert(entry.payload["incident"], Incident)
            incidents.setdefault(value.id, value)
        elif entry.subject in incidents:
            incidents[entry.subject] = _apply(incidents[entry.subject], verb, entry)
    return incidents


def _apply(incident: Incident, verb: str, entry: Entry) -> Incident:
    """The incident after one more entry."""
    payload: dict[str, Any] = entry.payload
    line = ((entry.time, str(payload.get("note") or verb)),)
    timeline = incident.timeline + line
    if verb == "observed":
        seen = (*incident.observations, str(payload["observation"]))
        return structs.replace(incident, observations=tuple(dict.fromkeys(seen)), timeline=timeline)
    if verb == "contained":
        state = next_state(incident.state, "contain")
        return structs.replace(incident, state=state, kill=str(payload["kill"]), timeline=timeline)
    if verb == "promoted":
        cases = tuple(dict.fromkeys((*incident.cases, *payload["cases"])))
        state = next_state(incident.state, "promote")
        return structs.replace(incident, state=state, cases=cases, timeline=timeline)
    if verb == "closed":
        return structs.replace(
            incident,
            state=next_state(incident.state, "close"),
            gate=str(payload["gate"]),
            closed_at=entry.time,
            closed_by=entry.actor,
            timeline=timeline,
        )
    return structs.replace(incident, timeline=timeline)
