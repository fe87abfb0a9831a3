"""An incident is what the ledger's entries about it add up to.

Enters: entries `incident.*`, oldest first. Leaves: incidents in their present state. Never here:
an arrow that the table of transitions does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import structs

from roadworthy.domain import (
    Entry,
    Incident,
    Instant,
    KillFlag,
    NeverEvent,
    Observation,
    digest_of,
    next_state,
)

from .changes import pinned_by

_SEVERITY = {"system": "critical", "tenant": "high", "slice": "high"}
"""What the never event would stop says how bad its violation is."""


def incident_id(
    system: str, event: str, release: str, observation: str, again: Instant = ""
) -> str:
    """A stable id: the same violation is the same incident, however often it is reported.

    `again`: when it was reported once more after its incident was over; that is another one.
    """
    about = {"system": system, "event": event, "release": release, "observation": observation}
    about |= {"again": again} if again else {}
    return f"inc-{digest_of(about).removeprefix('sha256:')[:10]}"


def open_incident(
    *,
    event: NeverEvent,
    observation: Observation,
    at: Instant,
    aware_at: Instant,
    kills: Sequence[str],
    again: Instant = "",
) -> Incident:
    """The incident of a never event that left; contained when kill flags stand for its scope."""
    seen = observation
    return Incident(
        id=incident_id(seen.system, event.id, seen.release, seen.id, again),
        system=seen.system,
        severity=_SEVERITY[event.scope],  # type: ignore[arg-type]
        state="contained" if kills else "open",
        title=f"never event `{event.id}` left: {event.statement}",
        opened_at=at,
        aware_at=aware_at,
        release=seen.release,
        never_event=event.id,
        observations=(seen.id,),
        kill=kills[0] if kills else "",
        kills=tuple(kills),
        timeline=((at, "opened"),) + (((at, f"contained by {', '.join(kills)}"),) if kills else ()),
    )


def fold(entries: Iterable[Entry]) -> dict[str, Incident]:
    """Every incident in its present state, by id, in the order they were opened.

    Raises TransitionError when the entries walk an arrow that does not exist.
    """
    incidents: dict[str, Incident] = {}
    approvals: dict[str, list[Entry]] = {}
    for entry in entries:
        if not entry.kind.startswith("incident."):
            continue
        verb = entry.kind.removeprefix("incident.")
        if verb == "opened":
            value = msgspec.convert(entry.payload["incident"], Incident)
            incidents.setdefault(value.id, value)
        elif verb == "change_approved":
            approvals.setdefault(entry.subject, []).append(entry)
        elif entry.subject in incidents:
            approved = approvals.pop(entry.subject, []) if verb == "promoted" else []
            incidents[entry.subject] = _apply(incidents[entry.subject], verb, entry, approved)
    return incidents


def _apply(incident: Incident, verb: str, entry: Entry, approved: Sequence[Entry]) -> Incident:
    """The incident after one more entry; `approved` are the approvals that came before it."""
    payload: dict[str, Any] = entry.payload
    line = ((entry.time, str(payload.get("note") or verb)),)
    timeline = incident.timeline + line
    if verb == "observed":
        seen = (*incident.observations, str(payload["observation"]))
        incident = _stopped(incident, payload.get("kills", ()))
        return structs.replace(incident, observations=tuple(dict.fromkeys(seen)), timeline=timeline)
    if verb == "contained":
        state = next_state(incident.state, "contain")
        incident = _stopped(incident, payload.get("kills") or (payload["kill"],))
        return structs.replace(incident, state=state, timeline=timeline)
    if verb == "promoted":
        state = next_state(incident.state, "promote")
        incident = _promoted(incident, entry, approved)
        return structs.replace(incident, state=state, timeline=timeline)
    if verb == "closed":
        return structs.replace(
            incident,
            state=next_state(incident.state, "close"),
            gate=str(payload["gate"]),
            closed_at=entry.time,
            closed_by=entry.actor,
            timeline=timeline,
        )
    if verb == "dismissed":
        return structs.replace(
            incident,
            state=next_state(incident.state, "dismiss"),
            reason=str(payload["reason"]),
            closed_at=entry.time,
            closed_by=entry.actor,
            timeline=timeline,
        )
    return structs.replace(incident, timeline=timeline)


def _promoted(incident: Incident, entry: Entry, approved: Sequence[Entry]) -> Incident:
    """The incident with the cases that one more promotion pinned."""
    pins, revisions = pinned_by(incident, entry, approved)
    return structs.replace(
        incident,
        cases=tuple(dict.fromkeys((*incident.cases, *entry.payload["cases"]))),
        pins=pins,
        revisions=(*incident.revisions, *revisions),
        gate="",
        closed_at="",
        closed_by="",
    )


def kills_of(incident: Incident, flags: Iterable[KillFlag]) -> list[KillFlag]:
    """Those of the flags that were set for an incident."""
    about = (incident.system, incident.never_event)
    return [
        flag
        for flag in flags
        if flag.id in incident.kills
        or ((flag.system, flag.never_event) == about and flag.observation in incident.observations)
    ]


def _stopped(incident: Incident, kills: Iterable[str]) -> Incident:
    """The incident with more kill flags that were set for it."""
    known = incident.kills or ((incident.kill,) if incident.kill else ())
    every = tuple(dict.fromkeys((*known, *map(str, kills))))
    return structs.replace(incident, kill=every[0] if every else "", kills=every)
