"""Act: an answer that must never have left has left. Stop first, record after.

    1 kill     the never event's scope, on every worker, before anything is written down
    2 record   the outcome and the kill in the ledger
    3 incident opened, or joined when one of the same event and release is open

Safe to repeat: the same report sets and records its kills once, whoever hears of it and however
often. The same violation reported again after its kill was lifted stops again, and is entered
again. What never happens here: a kill that waits for the ledger, a lifted kill set again by a
report that the ledger knew of, an incident called contained while its scope is answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, structs

from roadworthy.domain import (
    OVER,
    PROBE_TENANT,
    Charter,
    Draft,
    Entry,
    EvidenceError,
    Incident,
    Instant,
    KillFlag,
    NeverEvent,
    Observation,
    Outcome,
    UsageError,
    format_instant,
    parse_instant,
    plain,
)
from roadworthy.incidents import open_incident
from roadworthy.serving import flags_for, standing

from ..entries.incident_entries import incidents_of
from ..workspace.loop import Loop
from ..workspace.routing import brake, read_table
from .stopping import kill_draft, lifted_since, recording, unrecorded


class Violation(Struct, frozen=True, kw_only=True):
    """What is known of one violation: who found it, in which answer, against which rule."""

    outcome: Outcome
    observation: Observation
    event: NeverEvent


def moment(loop: Loop) -> Instant:
    """When a report that a person makes now is made: later than all that the ledger knows.

    A clock that went back must not make it look like one that two people knew when they lifted.
    """
    now = format_instant(loop.clock.now())
    newest = loop.ledger.newest()
    if newest is None or newest.time < now:
        return now
    return format_instant(parse_instant(newest.time) + dt.timedelta(microseconds=1))


def find_event(event_id: str, charters: Iterable[Charter]) -> NeverEvent:
    """The never event of that id, of the first charter that has it.

    Raises UsageError naming those that exist.
    """
    known: dict[str, None] = {}
    for charter in charters:
        for event in charter.never:
            if event.id == event_id:
                return event
            known[event.id] = None
    names = ", ".join(known) or "none"
    raise UsageError(f"the charter has no never event {event_id!r}", fix=f"it has: {names}")


def flags_of(violation: Violation, *, at: str = "") -> tuple[KillFlag, ...]:
    """The flags that this report of this violation sets; none where it was but probed.

    Nobody got an answer to a probe, and what stops at the first one would be stopped by a case.
    """
    if violation.observation.tenant == PROBE_TENANT and violation.observation.stage == "probe":
        return ()
    event = violation.event
    return flags_for(
        event,
        violation.observation,
        violation.outcome,
        at=at,
        reason=f"never event `{event.id}` left: {event.statement}",
    )


def stopped_by(violation: Violation, loop: Loop) -> tuple[KillFlag, ...]:
    """The flags of the table in force that stop the whole scope of a violation; else none."""
    table = read_table(loop.workspace.routing)
    stand = [standing(table, flag) for flag in flags_of(violation)]
    found = tuple(dict.fromkeys(flag for flag in stand if flag is not None))
    return found if None not in stand else ()


def on_violation(violation: Violation, loop: Loop) -> Incident:
    """Stop, record, open. Returns the incident.

    Raises EvidenceError when it cannot be stopped, or is stopped and cannot be entered; it says
    which.
    """
    now = format_instant(loop.clock.now())
    flags = flags_owed(violation, loop, at=now)
    if flags:
        brake(loop.workspace, flags, loop.clock, patience_s=loop.patience_s)
    try:
        return enter_violation(violation, loop, now=now)
    except EvidenceError as error:
        if stopped_by(violation, loop):
            error.fix = f"{error.fix or 'see to the ledger'}; then report it again"
            error.message = f"it is stopped, and not entered yet: {error.message}"
            error.args = (error.message,)
        raise


def flags_owed(violation: Violation, loop: Loop, *, at: Instant) -> tuple[KillFlag, ...] | None:
    """1. The flags to set; None where this report was entered before: all was done then.

    A stop never waits for the ledger: where that cannot be asked, all of them.
    """
    try:
        return None if _entered(violation, loop) else _owed(violation, loop, at=at)
    except EvidenceError:
        return flags_of(violation, at=at)


def enter_violation(violation: Violation, loop: Loop, *, now: Instant) -> Incident:
    """2 record, 3 incident, of what stands stopped; once, however often. Raises EvidenceError."""
    with recording(loop):
        return _entered(violation, loop) or _enter(violation, loop, now=now)


def _owed(violation: Violation, loop: Loop, *, at: str) -> tuple[KillFlag, ...]:
    """1. The flags to set: not those that two people lifted knowing of this report."""
    said, known = violation.outcome, bool(_recorded(violation, loop))

    def settled(flag: KillFlag) -> bool:
        if loop.ledger.newest(kind="kill.lifted", subject=flag.id) is not None:
            return True
        return known and lifted_since(flag, said.time, loop)

    return tuple(flag for flag in flags_of(violation, at=at) if not settled(flag))


def _enter(violation: Violation, loop: Loop, *, now: str) -> Incident:
    """2 and 3, in one transaction, so that neither stands without the other."""
    observation, actor = violation.observation, _actor(violation.outcome, loop)
    flags = stopped_by(violation, loop)
    fresh = [flag for flag in unrecorded(flags, loop) if flag.observation == observation.id]
    killed = [kill_draft(flag, actor) for flag in fresh]
    kills = [flag.id for flag in flags]
    known, said = _incident_of(violation, loop), _said(violation, actor)
    anew = bool(fresh) or (known is not None and violation.outcome.time > known.closed_at)
    if known is None or (known.state in OVER and anew):
        incident, entry = _incident(violation, loop, kills=kills, now=now)
        loop.ledger.record(*said, *killed, entry)
        return incident
    if fresh and known.state not in OVER:
        note = f"reported again: stopped by {', '.join(kills)}"
        payload = {"kill": kills[0], "kills": kills, "note": note}
        killed.append(_about(known, "incident.contained", payload, loop))
    loop.ledger.record(*said, *killed)
    return _incident_of(violation, loop) or known


def _said(violation: Violation, actor: str) -> list[Draft]:
    """2. All that was said, by whom: the violation, and what would have been right.

    A person's note is entered; a tenant's stays in the journal.
    """
    observation, said = violation.observation, violation.outcome
    found = {
        "never_event": violation.event.id,
        "release": observation.release,
        "reporter": said.reporter,
        "found_at": said.time,
        "input_digest": observation.input_digest,
        "output_digest": observation.output_digest,
        "note": said.note if actor == said.reporter else "",
    }
    drafts = [_of(observation, "violation.recorded", actor, found)]
    if said.label:
        right = {"label": said.label, "reporter": said.reporter, "found_at": said.time, "note": ""}
        drafts.append(_of(observation, "outcome.added", actor, right))
    return drafts


def _of(observation: Observation, kind: str, actor: str, payload: Mapping[str, str]) -> Draft:
    return Draft(
        system=observation.system,
        kind=kind,
        subject=observation.id,
        actor=actor,
        payload=plain(payload),
    )


def _recorded(violation: Violation, loop: Loop) -> list[Entry]:
    """The entries of this violation, whoever reported it."""
    subject = violation.observation.id
    return [
        entry
        for entry in loop.ledger.entries(kind="violation.recorded", subject=subject)
        if entry.payload.get("never_event") == violation.event.id
    ]


def _entered(violation: Violation, loop: Loop) -> Incident | None:
    """The incident of this very report, when it was entered before.

    A rule has one thing to say of an answer, at whatever time it looked.
    """
    said = violation.outcome
    for entry in _recorded(violation, loop):
        same_time = said.reporter.startswith("late_rule:") or entry.payload["found_at"] == said.time
        if entry.payload["reporter"] == said.reporter and same_time:
            return _incident_of(violation, loop)
    return None


def _incident_of(violation: Violation, loop: Loop) -> Incident | None:
    """The newest incident that this violation is part of, whoever reported it."""
    observation, found = violation.observation, None
    for incident in incidents_of(loop, observation.system).values():
        same = incident.never_event == violation.event.id
        if same and observation.id in incident.observations:
            found = incident
    return found


def _incident(
    violation: Violation, loop: Loop, *, kills: Sequence[str], now: str
) -> tuple[Incident, Draft]:
    """3. The incident to open, or the open one of the same event and release to join."""
    observation, event, said = violation.observation, violation.event, violation.outcome
    incidents = incidents_of(loop, observation.system).values()
    for incident in incidents:
        same = (incident.never_event, incident.release) == (event.id, observation.release)
        if same and incident.state not in OVER:
            joined = structs.replace(
                incident,
                observations=(*incident.observations, observation.id),
                kills=tuple(dict.fromkeys((*incident.kills, *kills))),
            )
            payload = {
                "observation": observation.id,
                "kills": list(kills),
                "note": "the same event again",
            }
            return joined, _about(incident, "incident.observed", payload, loop)
    over = _incident_of(violation, loop) is not None
    incident = open_incident(
        event=event,
        observation=observation,
        at=now,
        aware_at=said.time,
        kills=kills,
        again=said.time if over else "",
    )
    return incident, _about(incident, "incident.opened", {"incident": plain(incident)}, loop)


def _about(incident: Incident, kind: str, payload: Mapping[str, object], loop: Loop) -> Draft:
    return Draft(
        system=incident.system,
        kind=kind,
        subject=incident.id,
        actor=loop.machine,
        payload=dict(payload),
    )


def _actor(outcome: Outcome, loop: Loop) -> str:
    """The person who reported, or the machine for rules and tenants."""
    return outcome.reporter if outcome.reporter.startswith("person:") else loop.machine
