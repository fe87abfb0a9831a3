"""Act: an answer that must never have left has left. Stop first, record after.

    1 kill     the never event's scope, on every worker, before anything is written down
    2 record   the outcome and the kill in the ledger
    3 incident opened, or joined when one of the same event and release is open

Safe to repeat: the same violation is recorded once, however often it is reported. What never
happens here: a kill that waits for the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from roadworthy.domain import (
    Charter,
    Draft,
    EvidenceError,
    Incident,
    KillFlag,
    NeverEvent,
    Observation,
    Outcome,
    UsageError,
    format_instant,
    plain,
)
from roadworthy.incidents import fold, open_incident
from roadworthy.serving import flags_for, standing, tighten

from .loop import Loop
from .routing import publish


class Violation(Struct, frozen=True, kw_only=True):
    """What is known of one violation: who found it, in which answer, against which rule."""

    outcome: Outcome
    observation: Observation
    event: NeverEvent


def find_event(charter: Charter, event_id: str) -> NeverEvent:
    """The never event of that id. Raises UsageError naming those that exist."""
    for event in charter.never:
        if event.id == event_id:
            return event
    known = ", ".join(event.id for event in charter.never) or "none"
    raise UsageError(f"the charter has no never event {event_id!r}", fix=f"it has: {known}")


def stop(loop: Loop, flags: Sequence[KillFlag]) -> tuple[KillFlag, ...]:
    """Publish kill flags; returns those that now stand for them.

    A scope that is stopped already keeps the flag that stopped it first.
    """
    table = publish(loop.workspace, lambda table: tighten(table, flags), loop.clock)
    stopped = standing(table, flags)
    if not stopped:
        raise EvidenceError("the kill flags did not stand after they were published")
    return stopped


def on_violation(violation: Violation, loop: Loop) -> Incident:
    """Stop, record, open. Returns the incident."""
    observation, event = violation.observation, violation.event
    recorded = _already(violation, loop)
    if recorded is not None:
        return recorded
    # 1 kill
    now = format_instant(loop.clock.now())
    flags = stop(
        loop,
        flags_for(
            event,
            observation,
            at=now,
            by=violation.outcome.reporter,
            reason=f"never event `{event.id}` left: {event.statement}",
        ),
    )
    # 2 record, 3 incident: one transaction, so that neither stands without the other
    actor = _actor(violation.outcome, loop)
    outcome = Draft(
        system=observation.system,
        kind="violation.recorded",
        subject=observation.id,
        actor=actor,
        payload=plain(
            {
                "never_event": event.id,
                "release": observation.release,
                "reporter": violation.outcome.reporter,
                "found_at": violation.outcome.time,
                "output_digest": observation.output_digest,
            }
        ),
    )
    killed = [
        Draft(
            system=observation.system,
            kind="kill.set",
            subject=flag.id,
            actor=actor,
            payload=plain(flag),
        )
        for flag in flags
        if flag.observation == observation.id
    ]
    incident, entry = _incident(violation, loop, kill=flags[0].id, now=now)
    loop.ledger.record(outcome, *killed, entry)
    return incident


def _already(violation: Violation, loop: Loop) -> Incident | None:
    """The incident that this very violation is part of, when it was recorded before."""
    observation = violation.observation
    known = [
        entry
        for entry in loop.ledger.entries(kind="violation.recorded", subject=observation.id)
        if entry.payload.get("never_event") == violation.event.id
    ]
    if not known:
        return None
    for incident in fold(loop.ledger.entries(system=observation.system)).values():
        same = incident.never_event == violation.event.id
        if same and observation.id in incident.observations:
            return incident
    return None


def _incident(violation: Violation, loop: Loop, *, kill: str, now: str) -> tuple[Incident, Draft]:
    """The incident to open, or the open one of the same event and release to join."""
    observation, event = violation.observation, violation.event
    for incident in fold(loop.ledger.entries(system=observation.system)).values():
        same = (incident.never_event, incident.release) == (event.id, observation.release)
        if same and incident.state != "closed":
            joined = structs.replace(
                incident, observations=(*incident.observations, observation.id)
            )
            return joined, Draft(
                system=observation.system,
                kind="incident.observed",
                subject=incident.id,
                actor=loop.machine,
                payload={"observation": observation.id, "note": "the same event again"},
            )
    incident = open_incident(
        event=event,
        system=observation.system,
        release=observation.release,
        observation=observation.id,
        at=now,
        aware_at=violation.outcome.time,
        kill=kill,
    )
    return incident, Draft(
        system=observation.system,
        kind="incident.opened",
        subject=incident.id,
        actor=loop.machine,
        payload={"incident": plain(incident)},
    )


def _actor(outcome: Outcome, loop: Loop) -> str:
    """The person who reported, or the machine for rules and tenants."""
    return outcome.reporter if outcome.reporter.startswith("person:") else loop.machine
