"""What people did about an incident, entry by entry.

Enters: an incident and one more entry. Leaves: the incident after it. Never here: a state that
changes (`lifecycle.py`), a report that was sent and is forgotten, an action done by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import structs

from roadworthy.domain import (
    MOST_EVIDENCE,
    CorrectiveAction,
    Entry,
    Incident,
    LegalStatement,
    Said,
    SentReport,
    worst_severity,
)


def _acknowledged(incident: Incident, entry: Entry) -> Incident:
    if incident.acknowledged_at:
        return incident  # who was first stays
    return structs.replace(incident, acknowledged_at=entry.time, acknowledged_by=entry.actor)


def _assigned(incident: Incident, entry: Entry) -> Incident:
    return structs.replace(incident, assignee=str(entry.payload["to"]))


def _linked(incident: Incident, entry: Entry) -> Incident:
    every = (*incident.evidence, *map(str, entry.payload["evidence"]))
    return structs.replace(incident, evidence=tuple(dict.fromkeys(every))[:MOST_EVIDENCE])


def _graded(incident: Incident, entry: Entry) -> Incident:
    severity = entry.payload["severity"]
    worst_severity(severity)  # one that is none is an error, not a grade
    return structs.replace(incident, severity=severity)


def _caused(incident: Incident, entry: Entry) -> Incident:
    said = Said(text=str(entry.payload["text"]), by=entry.actor, at=entry.time)
    return structs.replace(incident, causes=(*incident.causes, said))


def _action_set(incident: Incident, entry: Entry) -> Incident:
    given = {name: str(entry.payload[name]) for name in ("id", "text", "owner", "due")}
    action = CorrectiveAction(**given, by=entry.actor, at=entry.time)
    others = tuple(each for each in incident.actions if each.id != action.id)
    return structs.replace(incident, actions=(*others, action))


def _action_done(incident: Incident, entry: Entry) -> Incident:
    def after(action: CorrectiveAction) -> CorrectiveAction:
        if action.id != entry.payload["id"]:
            return action
        note = str(entry.payload.get("result", ""))
        return structs.replace(action, done_at=entry.time, done_by=entry.actor, note=note)

    return structs.replace(incident, actions=tuple(map(after, incident.actions)))


def _classified(incident: Incident, entry: Entry) -> Incident:
    said = _of(entry, "harms", "aware_at", "reason")
    return structs.replace(incident, legal=msgspec.convert(said, LegalStatement))


def _reported(incident: Incident, entry: Entry) -> Incident:
    fields = ("to", "stage", "sent_at", "digest", "reference", "missing")
    sent = msgspec.convert(_of(entry, *fields), SentReport)
    return structs.replace(incident, reports=(*incident.reports, sent))


def _of(entry: Entry, *names: str) -> dict[str, Any]:
    given = {name: entry.payload[name] for name in names if name in entry.payload}
    return given | {"by": entry.actor, "at": entry.time}


CARE: dict[str, Callable[[Incident, Entry], Incident]] = {
    "acknowledged": _acknowledged,
    "assigned": _assigned,
    "linked": _linked,
    "graded": _graded,
    "caused": _caused,
    "action_set": _action_set,
    "action_done": _action_done,
    "classified": _classified,
    "reported": _reported,
}
"""Verb of an entry `incident.VERB` -> what it adds; one that adds nothing but a line (`noted`,
`recovered`) is not here."""
