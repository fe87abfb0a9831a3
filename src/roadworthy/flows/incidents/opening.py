"""Incidents that no violation opens: a broken objective, a rollout that ended, a person.

Enters: a breach as it is entered, a rollout, a person's words. Leaves: entries `incident.*`. What
never happens here: a mitigation that waits for it (it acted before), a second incident of one
cause, an entry that is made twice after a crash (the breach and its incident are one transaction).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from roadworthy.domain import (
    MOST_EVIDENCE,
    OVER,
    Draft,
    EmergencyRail,
    Incident,
    Instant,
    ObjectiveStanding,
    Rolling,
    SafetySLO,
    Severity,
    UsageError,
    digest_of,
    format_instant,
    plain,
    worst_severity,
)
from roadworthy.incidents import (
    breach_incident,
    moved_incident,
    opens,
    railed_incident,
    rollout_incident,
    same_breach,
    same_rail,
    severity_of,
)
from roadworthy.journal import find
from roadworthy.ledger import require_role, sign_draft

from ..brakes.stopping import recording
from ..entries.answering_content import answering_content
from ..entries.model_moved import model_digest
from ..entries.second_person import DECIDERS
from ..workspace.loop import Loop
from ..workspace.people import Acting
from ..workspace.routing import read_table
from .learning import find_incident, incidents_of

Showing = Callable[[], Sequence[str]]
"""Finds ids of answers that show a breach."""


def breach_drafts(
    standing: ObjectiveStanding, slo: SafetySLO, loop: Loop, *, showing: Showing
) -> list[Draft]:
    """What is entered beside a breach: the incident that it opens, joins or opens again.

    `showing` looks for answers that show it, and is asked only where there is room for more: of an
    objective that breaks in hundreds of slices at once, nobody reads every answer hundreds of
    times. The caller holds `recording`.
    """
    if not opens(slo):
        return []
    at = format_instant(loop.clock.now())
    known = same_breach(incidents_of(loop, standing.system).values(), standing)
    if known is None:
        fresh = breach_incident(standing, slo, at=at, evidence=showing())
        return [_draft(loop, fresh, "opened", {"incident": plain(fresh)})]
    again = known.state in OVER
    where = f" in {standing.part}" if standing.part else ""
    what = "again after it was closed" if again else "again"
    killed = standing.action == "kill_switch"
    changed = [standing.mitigation] if standing.mitigation else []
    said = {
        "note": f"broken {what}{where}: {standing.reason}",
        "parts": [standing.part],
        "kills": changed if killed else [],
        "mitigations": [] if killed else changed,
        "evidence": list(showing()) if len(known.evidence) < MOST_EVIDENCE else [],
        "severity": worst_severity(known.severity, severity_of(slo)),
        "was": known.severity,
    }
    return [_draft(loop, known, "reopened" if again else "breached", said)]


def ended_drafts(loop: Loop, system: str, mitigation: str, note: str) -> list[Draft]:
    """A line in each incident that is not over, of a mitigation that stands no more."""
    if not mitigation:
        return []
    return [
        _draft(loop, each, "recovered", {"note": note, "mitigation": mitigation})
        for each in incidents_of(loop, system).values()
        if mitigation in each.mitigations and each.state not in OVER
    ]


def railed_drafts(
    rail: EmergencyRail, loop: Loop, *, incident: str = "", by: Sequence[str] = ()
) -> list[Draft]:
    """What is entered beside an emergency rail: the incident that it opens or joins, and an item.

    The item: a release must carry the rail, or it ends; whoever of `by` is first has it. The
    caller holds `recording`.
    """
    route = read_table(loop.workspace.routing).routes.get(rail.system)
    every = incidents_of(loop, rail.system)
    named = every.get(incident)
    known = same_rail(every.values(), rail) if named is None or named.state in OVER else named
    fresh = known or railed_incident(rail, route.live if route is not None else "")
    joined: dict[str, object] = {"note": f"joined by {rail.rail}", "mitigations": [rail.id]}
    if known is None:
        joined = {"incident": plain(fresh)}
    owner, due = (by or ("operator",))[0], rail.until[:10]
    number = f"a-{digest_of([fresh.id, rail.id]).removeprefix('sha256:')[:6]}"
    item = {
        "id": number,
        "text": f"a release must carry the rail `{rail.name}`, or it ends at {rail.until[:19]}Z",
        "owner": owner,
        "due": due,
        "note": f"action {number} for {owner} until {due}: a release carries the rail, or it ends",
    }
    first = _draft(loop, fresh, "breached" if known is not None else "opened", joined)
    return [first, _draft(loop, fresh, "action_set", item)]


def rollout_drafts(loop: Loop, rolling: Rolling, *, reason: str) -> list[Draft]:
    """What is entered beside the end of a rollout that the machine ended."""
    fresh = rollout_incident(rolling, at=format_instant(loop.clock.now()), reason=reason)
    return [_draft(loop, fresh, "opened", {"incident": plain(fresh)})]


def moved_drafts(loop: Loop, system: str, *, model: str, baseline: int, why: str) -> list[Draft]:
    """What is entered beside a look that saw a changed model: an incident, where it is live.

    `model` is the digest of the model that was asked; once for each baseline and release.
    """
    route = read_table(loop.workspace.routing).routes.get(system)
    if route is None:
        return []
    content = answering_content(loop.workspace, system, route.live)
    if model_digest(content.candidate.model) != model:
        return []
    at = format_instant(loop.clock.now())
    fresh = moved_incident(system, route.live, baseline=baseline, at=at, why=why)
    if fresh.id in incidents_of(loop, system):
        return []
    return [_draft(loop, fresh, "opened", {"incident": plain(fresh)})]


class ByHand(Struct, frozen=True, kw_only=True):
    """What a person says when they open an incident."""

    title: str
    severity: Severity
    found_at: Instant = ""
    """When it was found; empty: now."""
    answers: tuple[str, ...] = ()
    """Answers that show it."""


def open_by_hand(said: ByHand, loop: Loop, *, system: str, by: Acting) -> Incident:
    """Open an incident of the release that is live, or that gave the answers named.

    Raises UsageError for no title, a time to come or an answer that the journal has not,
    AccessError for who may not.
    """
    if not said.title.strip():
        raise UsageError("an incident needs a title", fix="--title TEXT")
    now = format_instant(loop.clock.now())
    if said.found_at > now:
        raise UsageError(f"{said.found_at} has not come yet", fix=f"it is {now}")
    key = require_role(loop.trust, by.key.key_id, DECIDERS, now)
    release = _release_of(said.answers, loop, system)
    actor = f"person:{key.key_id}"
    about = {"system": system, "title": said.title, "at": now, "by": actor}
    fresh = Incident(
        id=f"inc-{digest_of(about).removeprefix('sha256:')[:10]}",
        system=system,
        severity=said.severity,
        state="open",
        title=said.title.strip(),
        opened_at=now,
        aware_at=said.found_at or now,
        release=release,
        evidence=said.answers,
        timeline=((now, "opened by hand", actor),),
    )
    with recording(loop):
        draft = _draft(loop, fresh, "opened", {"incident": plain(fresh)}, actor=actor)
        loop.ledger.record(sign_draft(draft, by.signer))
    return find_incident(loop, fresh.id)


def _release_of(answers: Sequence[str], loop: Loop, system: str) -> str:
    """The release that gave the answers; without any, what is live."""
    release = ""
    for name in answers:
        record = find(loop.workspace.journal, name)
        if record is None or record.observation is None:
            raise UsageError(
                f"the journal has no observation {name!r}",
                fix="give the id from the header x-roadworthy-observation",
            )
        release = release or record.observation.release
    route = read_table(loop.workspace.routing).routes.get(system)
    return release or (route.live if route is not None else "")


def _draft(
    loop: Loop, incident: Incident, verb: str, said: Mapping[str, object], *, actor: str = ""
) -> Draft:
    return Draft(
        system=incident.system,
        kind=f"incident.{verb}",
        subject=incident.id,
        actor=actor or loop.machine,
        payload=dict(said),
    )
