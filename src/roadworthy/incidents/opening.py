"""Which incident it is: how bad, under which id, and whether one of the same cause is open.

Enters: what happened, and the incidents there are. Leaves: an incident to open, or the one to join.
Never here: a second incident of one cause (an objective in a slice of a release; the slices of one
objective share theirs from `MOST_PARTS` on).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import UNSET

from roadworthy.domain import (
    OVER,
    SEVERITIES,
    EmergencyRail,
    Incident,
    Instant,
    MitigationKind,
    NeverEvent,
    ObjectiveStanding,
    Observation,
    Rolling,
    SafetySLO,
    Severity,
    digest_of,
    read_name,
    worst_severity,
)

MOST_PARTS = 5
"""Incidents of one objective and release that are open at once; further slices join the newest."""

OPENS_FROM: Severity = "high"
"""From this severity on a breach opens an incident though it changed nothing."""

_OF_SCOPE: dict[str, Severity] = {"system": "critical", "tenant": "high", "slice": "high"}
"""What the never event would stop says how bad its violation is."""

AT_LEAST: dict[MitigationKind, Severity] = {
    "alert": "low",
    "hold_rollout": "low",
    "route_to_human_review": "medium",
    "degrade_to_safe_mode": "medium",
    "rollback": "high",
    "kill_switch": "high",
    "degrade_steps": "medium",
}
"""What had to be done says how bad a breach is at least."""


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
        severity=_OF_SCOPE[event.scope],
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


def opens(slo: SafetySLO) -> bool:
    """Whether a breach of this objective opens an incident.

    Not where each violation has one of its own. Where the file says nothing: a mitigation that
    acts, or severity `high` and up.
    """
    if read_name(slo).metric == "never_event_violations":
        return False
    if slo.incident is not UNSET:
        return slo.incident
    return slo.action_on_breach != "alert" or _at_least(slo.severity, OPENS_FROM)


def severity_of(slo: SafetySLO) -> Severity:
    """What the objective says, and no less than what was done about it."""
    if slo.action_on_breach == "kill_switch" and slo.scope == "system":
        return "critical"
    return worst_severity(slo.severity, AT_LEAST[slo.action_on_breach])


def _at_least(severity: Severity, least: Severity) -> bool:
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


def breach_incident(
    standing: ObjectiveStanding, slo: SafetySLO, *, at: Instant, evidence: Sequence[str]
) -> Incident:
    """The incident that a breach opens."""
    where = f"{{{standing.part}}}" if standing.part else ""
    about = [standing.system, standing.release, standing.objective, standing.part, at]
    killed = standing.action == "kill_switch" and bool(standing.mitigation)
    changed = (standing.mitigation,) if standing.mitigation else ()
    acted = f"{standing.action} ({standing.mitigation})" if changed else standing.action
    return Incident(
        id=f"inc-{digest_of(about).removeprefix('sha256:')[:10]}",
        system=standing.system,
        severity=severity_of(slo),
        state="contained" if changed else "open",
        title=f"objective `{standing.objective}`{where} is broken: {standing.reason}",
        opened_at=at,
        aware_at=standing.breached_at,
        release=standing.release,
        objective=standing.objective,
        parts=(standing.part,),
        evidence=tuple(evidence),
        kills=changed if killed else (),
        kill=standing.mitigation if killed else "",
        mitigations=() if killed else changed,
        timeline=((at, "opened"), (at, f"what it does: {acted}")),
    )


def same_breach(incidents: Iterable[Incident], standing: ObjectiveStanding) -> Incident | None:
    """The incident that a breach joins: of the same objective, slice and release, not dismissed.

    The newest; a closed one is opened again. A slice that has none joins the newest open one of its
    objective once there are `MOST_PARTS`.
    """
    about = (standing.system, standing.objective, standing.release)
    same = [
        each
        for each in incidents
        if (each.system, each.objective, each.release) == about and each.state != "dismissed"
    ]
    for each in reversed(same):
        if standing.part in each.parts:
            return each
    standing_open = [each for each in same if each.state != "closed"]
    return standing_open[-1] if len(standing_open) >= MOST_PARTS else None


def moved_incident(system: str, release: str, *, baseline: int, at: Instant, why: str) -> Incident:
    """The incident of a hosted model that changed behind its name, beneath what is live."""
    about = [system, release, "sentinel", baseline]
    return Incident(
        id=f"inc-{digest_of(about).removeprefix('sha256:')[:10]}",
        system=system,
        severity="medium",
        state="open",
        title=f"the model of the live release changed behind its name: {why}",
        opened_at=at,
        aware_at=at,
        release=release,
        sentinel=str(baseline),
        timeline=((at, "opened"),),
    )


def railed_incident(rail: EmergencyRail, release: str) -> Incident:
    """The incident of an emergency rail: something leaves, or comes in, that no release stops."""
    about = [rail.system, rail.id]
    return Incident(
        id=f"inc-{digest_of(about).removeprefix('sha256:')[:10]}",
        system=rail.system,
        severity="high",
        state="contained",
        title=f"emergency rail `{rail.name}`: {rail.reason}",
        opened_at=rail.at,
        aware_at=rail.at,
        release=release,
        mitigations=(rail.id,),
        timeline=((rail.at, "opened"), (rail.at, f"what it does: {rail.action} ({rail.id})")),
    )


def same_rail(incidents: Iterable[Incident], rail: EmergencyRail) -> Incident | None:
    """The open incident of an earlier rail of that name: the newest."""
    earlier = f"emergency-{rail.name}-"
    known = [
        each
        for each in incidents
        if each.state not in OVER and any(one[:-8] == earlier for one in each.mitigations)
    ]
    return known[-1] if known else None


def rollout_incident(rolling: Rolling, *, at: Instant, reason: str) -> Incident:
    """The incident of a rollout that the machine ended: nobody is sent to its release any more."""
    shadow = rolling.plan.strategy == "shadow"
    about = [rolling.system, rolling.id, "aborted"]
    return Incident(
        id=f"inc-{digest_of(about).removeprefix('sha256:')[:10]}",
        system=rolling.system,
        severity="low" if shadow else "medium",
        state="contained",
        title=f"rollout {rolling.id} was ended: {reason}",
        opened_at=at,
        aware_at=at,
        release=rolling.release,
        rollout=rolling.id,
        timeline=((at, "opened"), (at, "nobody is sent to it any more")),
    )
