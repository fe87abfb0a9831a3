"""Triage: answers that users disliked or a fact check called wrong, each decided by a person.

    queue    live answers whose feedback is bad, or whose `business.fact_check` says no, and that
             nobody has decided on since
    decide   a case: redacted and minimised, into suite `triage`; an incident; or nothing, and why

Enters: the journal, a person's word. Leaves: a list, a case, signed entries. What never happens
here: an answer that leaves the queue because time went by, a case that says what was wrong is
right, a text that is not redacted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from roadworthy.domain import (
    Case,
    Draft,
    Expect,
    Incident,
    Instant,
    Observation,
    PinnedAction,
    Severity,
    UsageError,
    digest_of,
    format_instant,
    plain,
)
from roadworthy.incidents import redacted
from roadworthy.journal import Row, Wanted, query
from roadworthy.ledger import require_role, sign_draft
from roadworthy.monitoring import with_outcomes

from ..brakes.stopping import recording
from ..entries.second_person import DECIDERS
from ..incidents.care import link
from ..incidents.learning import Past, find_incident
from ..incidents.opening import ByHand, open_by_hand
from ..objectives.live_indicators import TRAFFIC
from ..suites.incident_suite import TRIAGE, add_cases, written_cases
from ..workspace.loop import Loop
from ..workspace.people import Acting

TriageKind = Literal["feedback", "fact_check"]

DECIDED = "triage.decided"

WRONG = 0.5
"""Feedback and fact checks below this, of 0 to 1, are looked at by a person."""

_SCORES: dict[TriageKind, str] = {"feedback": "feedback", "fact_check": "business.fact_check"}


class Waiting(Struct, frozen=True, kw_only=True):
    """An answer that a person has to look at."""

    observation: str
    system: str
    release: str
    tenant: str
    kind: TriageKind
    value: float
    """Of 0 to 1: the mean of what its raters said, or the check's word."""
    said_at: Instant
    facets: dict[str, str]


def triage_queue(
    loop: Loop, *, system: str = "", kind: TriageKind | None = None, since: Instant = ""
) -> list[Waiting]:
    """What waits, oldest word first. Raises as `journal.query`."""
    decided = {
        (entry.subject, entry.payload.get("kind")): str(entry.payload.get("about", ""))
        for entry in loop.ledger.entries(kind=DECIDED)
    }
    found = []
    for row in query(loop.workspace.journal, Wanted(system=system, since=since)):
        if not row.closed or row.seen.stage not in TRAFFIC or not row.learned:
            continue
        for each in _waiting(row):
            known = decided.get((each.observation, each.kind))
            if kind in (None, each.kind) and (known is None or each.said_at > known):
                found.append(each)
    return sorted(found, key=lambda each: (each.said_at, each.observation))


def _waiting(row: Row) -> list[Waiting]:
    said = [each.outcome for each in row.learned if each.kind == "outcome" and each.outcome]
    known: Observation = with_outcomes(row.seen, said)
    found = []
    for kind, score in _SCORES.items():
        value = known.scores.get(score)
        if value is None or value >= WRONG:
            continue
        about = [
            each.time for each in said
            if (each.feedback if kind == "feedback" else "fact_check" in each.business)
        ]  # fmt: skip
        found.append(
            Waiting(
                observation=known.id,
                system=known.system,
                release=known.release,
                tenant=known.tenant,
                kind=kind,
                value=value,
                said_at=max(about),
                facets=known.facets,
            )
        )
    return found


class Decision(Struct, frozen=True, kw_only=True):
    """What a person makes of one."""

    becomes: Literal["case", "incident", "nothing"]
    reason: str
    action: PinnedAction = "answer"
    label: str = ""
    text: str = ""
    """What a case expects: the right label, or words that must be in the answer."""
    incident: str = ""
    """One that is open already; empty: a new one."""
    severity: Severity = "low"


class Decided(Struct, frozen=True, kw_only=True):
    """What came of it."""

    observation: str
    becomes: str
    case: str = ""
    incident: str = ""


def decide(
    waiting: Sequence[Waiting], loop: Loop, by: Acting, said: Decision, *, root: Path, past: Past
) -> Decided:
    """Decide on one answer, on all that waits of it.

    Raises UsageError without a reason, or for a case that says nothing of what is right;
    AccessError for who may not; EvidenceError where its text is gone.
    """
    if not waiting:
        raise UsageError("nothing of that answer waits", fix="roadworthy triage list")
    if not said.reason.strip():
        raise UsageError("a decision needs a reason", fix="--reason TEXT")
    at = format_instant(loop.clock.now())
    require_role(loop.trust, by.key.key_id, DECIDERS, at)
    first = waiting[0]
    done = Decided(observation=first.observation, becomes=said.becomes)
    if said.becomes == "case":
        case = _case(first, said, past)
        with recording(loop):
            if case.id not in written_cases(root / "suites", TRIAGE):
                add_cases(root / "suites", [case], TRIAGE)
        done = Decided(observation=first.observation, becomes="case", case=case.id)
    elif said.becomes == "incident":
        found = _incident(first, loop, by, said)
        done = Decided(observation=first.observation, becomes="incident", incident=found.id)
    drafts = [_draft(each, by, said, done) for each in waiting]
    loop.ledger.record(*(sign_draft(draft, by.signer) for draft in drafts))
    return done


def _case(waiting: Waiting, said: Decision, past: Past) -> Case:
    if said.action == "answer" and not (said.label or said.text):
        raise UsageError(
            "nothing says what would have been right",
            fix="--label LABEL, --text WORDS, or --expect block|hold",
        )
    clean = redacted(past.question(waiting.observation).asked, past.sensitive)
    name = digest_of(waiting.observation).removeprefix("sha256:")[:10]
    return Case(
        id=f"triage-{name}",
        input=clean.input,
        turns=clean.turns,
        expect=Expect(action=said.action, label=said.label or None, text=said.text or None),
        tags=["golden"],
        facets=dict(sorted(waiting.facets.items())),
        source=f"triage of {waiting.kind}",
    )


def _incident(waiting: Waiting, loop: Loop, by: Acting, said: Decision) -> Incident:
    if said.incident:
        known = find_incident(loop, said.incident)
        return link(known, loop, by, answers=[waiting.observation])
    given = ByHand(title=said.reason, severity=said.severity, answers=(waiting.observation,))
    return open_by_hand(given, loop, system=waiting.system, by=by)


def _draft(waiting: Waiting, by: Acting, said: Decision, done: Decided) -> Draft:
    return Draft(
        system=waiting.system,
        kind=DECIDED,
        subject=waiting.observation,
        actor=f"person:{by.key.key_id}",
        payload=plain(
            {
                "kind": waiting.kind,
                "value": waiting.value,
                "about": waiting.said_at,
                "becomes": done.becomes,
                "case": done.case,
                "incident": done.incident,
                "reason": said.reason.strip(),
            }
        ),
    )
