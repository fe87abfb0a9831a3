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
    MOST_EVIDENCE,
    Entry,
    Incident,
    KillFlag,
    next_state,
    worst_severity,
)

from .care import CARE
from .changes import pinned_by


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
    line = (entry.time, str(payload.get("note") or verb.replace("_", " ")), entry.actor)
    incident = structs.replace(incident, timeline=(*incident.timeline, line))
    if verb == "observed":
        seen = (*incident.observations, str(payload["observation"]))
        incident = _stopped(incident, payload.get("kills", ()))
        return structs.replace(incident, observations=tuple(dict.fromkeys(seen)))
    if verb == "contained":
        state = next_state(incident.state, "contain")
        incident = _stopped(incident, payload.get("kills") or (payload["kill"],))
        return structs.replace(incident, state=state)
    if verb in ("breached", "reopened"):
        return _broken_again(incident, verb, payload)
    if verb == "promoted":
        state = next_state(incident.state, "promote")
        return structs.replace(_promoted(incident, entry, approved), state=state)
    if verb == "closed":
        return structs.replace(
            incident,
            state=next_state(incident.state, "close"),
            gate=str(payload["gate"]),
            closed_at=entry.time,
            closed_by=entry.actor,
        )
    if verb == "dismissed":
        return structs.replace(
            incident,
            state=next_state(incident.state, "dismiss"),
            reason=str(payload["reason"]),
            closed_at=entry.time,
            closed_by=entry.actor,
        )
    care = CARE.get(verb)
    return care(incident, entry) if care is not None else incident


def _broken_again(incident: Incident, verb: str, payload: dict[str, Any]) -> Incident:
    """The same objective in the same slice, or in one more; a closed one is open again."""
    incident = _stopped(incident, payload.get("kills", ()))
    if verb == "reopened":
        incident = structs.replace(
            incident,
            state=next_state(incident.state, "reopen"),
            reopened=incident.reopened + 1,
            gate="",
            closed_at="",
            closed_by="",
        )
    if incident.state == "open" and (payload.get("mitigations") or payload.get("kills")):
        incident = structs.replace(incident, state=next_state(incident.state, "contain"))
    return structs.replace(
        incident,
        parts=_more(incident.parts, payload.get("parts", ())),
        mitigations=_more(incident.mitigations, payload.get("mitigations", ())),
        evidence=_more(incident.evidence, payload.get("evidence", ()))[:MOST_EVIDENCE],
        severity=worst_severity(incident.severity, payload.get("severity", incident.severity)),
    )


def _more(known: tuple[str, ...], new: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *map(str, new))))


def _promoted(incident: Incident, entry: Entry, approved: Sequence[Entry]) -> Incident:
    """The incident with the cases that one more promotion pinned."""
    pins, revisions = pinned_by(incident, entry, approved)
    return structs.replace(
        incident,
        cases=tuple(dict.fromkeys((*incident.cases, *entry.payload["cases"]))),
        pins=pins,
        caseless=str(entry.payload.get("caseless", "")),
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
