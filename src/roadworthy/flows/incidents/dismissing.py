"""Dismissing: two people declare that a report was false, and why. The incident stays to be seen.

dismiss  1 may     two distinct people who review or operate, neither of them the release's author
         2 reason  always; when a rule found it, also why the rule was wrong
         3 record  both signatures: the incident is over, and its cases bind no gate any more

What enters: an incident that is not over by a gate's proof alone. What leaves: it, dismissed. What
never happens here: a kill that is lifted (`roadworthy resume` does that), an entry that is removed.
"""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import (
    Draft,
    Incident,
    UndecidedError,
    UsageError,
    next_state,
)
from roadworthy.ledger import sign_draft

from ..brakes.stopping import recording
from ..entries.second_person import require_two
from ..workspace.loop import Loop
from ..workspace.people import Acting
from .learning import find_incident


def dismiss(
    incident: Incident,
    loop: Loop,
    *,
    people: Sequence[Acting],
    reason: str,
    rule_was_wrong: str = "",
) -> Incident:
    """Declare an incident's report false; returns the incident, dismissed.

    Raises AccessError unless two distinct people who may are there, UsageError without the
    reasons, TransitionError when it is dismissed already, UndecidedError when an answer joined it.
    """
    _require_reasons(incident, loop, reason=reason, rule_was_wrong=rule_was_wrong)  # 2
    keys = [person.key.key_id for person in people]
    names = require_two(incident, loop, keys, act="an incident is dismissed")  # 1
    with recording(loop):
        present = find_incident(loop, incident.id)
        next_state(present.state, "dismiss")
        _require_seen(incident, present)
        loop.ledger.record(  # 3
            *_drafts(present, people, names=names, reason=reason, rule_was_wrong=rule_was_wrong)
        )
    return find_incident(loop, incident.id)


def found_by_rule(incident: Incident, loop: Loop) -> bool:
    """Whether a late rule, not a person, found one of the incident's answers."""
    return any(
        entry.payload.get("never_event") == incident.never_event
        and str(entry.payload.get("reporter", "")).startswith("late_rule:")
        for observation in incident.observations
        for entry in loop.ledger.entries(kind="violation.recorded", subject=observation)
    )


def _require_reasons(incident: Incident, loop: Loop, *, reason: str, rule_was_wrong: str) -> None:
    if not reason.strip():
        raise UsageError("dismissing an incident needs a reason", fix="--reason TEXT")
    if found_by_rule(incident, loop) and not rule_was_wrong.strip():
        raise UsageError(
            f"the rule of never event {incident.never_event} found {incident.id}: a rule is not"
            " overruled without saying why it is wrong",
            fix="--rule-was-wrong TEXT, and mend the rule in charter.yaml",
        )


def _require_seen(looked_at: Incident, present: Incident) -> None:
    """Two people's word covers the answers that they looked at, no other."""
    joined = len(present.answers) - len(looked_at.answers)
    broke = len(present.parts) - len(looked_at.parts) + present.reopened - looked_at.reopened
    if broke > 0 and joined <= 0:
        raise UndecidedError(
            f"the objective of {present.id} broke again meanwhile",
            fix=f"look again: roadworthy incident show {present.id}",
        )
    if joined > 0:
        raise UndecidedError(
            f"{joined} more {'answer' if joined == 1 else 'answers'} of the same event joined"
            f" {present.id} meanwhile",
            fix=f"look again: roadworthy incident show {present.id}",
        )


def _drafts(
    incident: Incident,
    people: Sequence[Acting],
    *,
    names: list[str],
    reason: str,
    rule_was_wrong: str,
) -> list[Draft]:
    """3. Each person's signature; the last is the one that dismisses."""
    drafts = []
    for number, person in enumerate(people, start=1):
        last = number == len(people)
        said = "dismissed" if last else "dismissal approved"
        draft = Draft(
            system=incident.system,
            kind="incident.dismissed" if last else "incident.dismissal_approved",
            subject=incident.id,
            actor=f"person:{person.key.key_id}",
            payload={
                "reason": reason,
                "rule_was_wrong": rule_was_wrong,
                "people": names,
                "cases": list(incident.cases),
                "note": f"{said} by {person.name}: {reason}",
            },
        )
        drafts.append(sign_draft(draft, person.signer))
    return drafts
