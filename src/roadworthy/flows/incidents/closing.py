"""Close an incident with the gate that proves it learned, and with nothing left undone.

    1 a PASS after the promotion   2 whose run asked every case as it is pinned, and met it
    3 every corrective action is done, and what has to be reported was   4 signed by a person

Enters: an incident, a person. Leaves: it, closed. What never happens here: one that is closed by
time, by a word alone, or beside a legal clock that runs.
"""

from __future__ import annotations

from roadworthy.domain import (
    OVER,
    Draft,
    Entry,
    Incident,
    RefusedError,
    UndecidedError,
    next_state,
    plain,
)
from roadworthy.ledger import Ed25519Signer, sign_draft

from ..brakes.stopping import recording
from ..entries.owed import asked_as_pinned, met_all
from ..workspace.loop import Loop
from .learning import find_incident


def close(incident: Incident, loop: Loop, *, signer: Ed25519Signer) -> Incident:
    """Close an incident with the gate that proves it learned, signed by a person.

    Raises RefusedError when a later gate failed on it, UndecidedError when none has run its
    cases yet as they are pinned or something promised is not done, TransitionError when it was
    never promoted.
    """
    with recording(loop):
        present = find_incident(loop, incident.id)
        decided = _proof(present, loop)
        _require_done(present)
        payload = {
            "gate": str(decided.payload["digest"]),
            "candidate": decided.subject,
            "pins": {pin.id: pin.digest for pin in present.pins},
        }
        drafted = Draft(
            system=present.system,
            kind="incident.closed",
            subject=present.id,
            actor=f"person:{signer.key_id}",
            payload=plain(payload),
        )
        loop.ledger.record(sign_draft(drafted, signer))
    return find_incident(loop, incident.id)


def _proof(incident: Incident, loop: Loop) -> Entry:
    """The first PASS after the promotion whose run asked every case as it is pinned, and met it."""
    if incident.state in OVER:
        next_state(incident.state, "close")
    if incident.state != "promoted" or incident.unlearned:
        many = len(incident.unlearned)
        missing = f": {many} of its answers are no case yet" if many else ": it has no case yet"
        raise UndecidedError(
            f"incident {incident.id} is {incident.state}{missing}",
            fix=f"roadworthy incident promote {incident.id}",
        )
    promoted = max(
        entry.seq
        for kind in ("incident.promoted", "incident.reopened")
        for entry in loop.ledger.entries(kind=kind, subject=incident.id)
    )
    refused = False
    for entry in loop.ledger.entries(kind="gate.decided", system=incident.system):
        if entry.seq <= promoted:
            continue
        if not incident.pins and incident.caseless:
            met = entry.payload.get("decision") == "PASS"
        elif asked_as_pinned(loop, entry, incident):
            met = met_all(loop, entry)
        else:
            continue
        if met:
            return entry
        refused = True
    if refused:
        raise RefusedError(
            f"incident {incident.id} stays open: no gate that ran its cases has passed",
            fix="change the candidate, then roadworthy eval and gate",
        )
    raise UndecidedError(
        f"incident {incident.id} stays open: no gate has run its cases yet as they are pinned",
        fix="roadworthy eval, then roadworthy gate",
    )


def _require_done(incident: Incident) -> None:
    """3. What somebody promised, and what the law asks once a person calls it serious."""
    left = incident.open_actions
    if left:
        named = ", ".join(f"{each.id} ({each.owner}, due {each.due})" for each in left)
        raise UndecidedError(
            f"incident {incident.id} stays open: {len(left)} of its actions are not done: {named}",
            fix=f"roadworthy incident done {incident.id} --action {left[0].id} --as NAME",
        )
    if incident.legal is not None and incident.legal.serious and not incident.reports:
        raise UndecidedError(
            f"incident {incident.id} stays open: it is called serious, and nobody was told",
            fix=f"roadworthy incident report {incident.id}, send it, then roadworthy incident sent",
        )
    lacking = incident.incomplete_reports
    if lacking:
        told = ", ".join(f"to the {each.to} ({len(each.missing)} missing)" for each in lacking)
        raise UndecidedError(
            f"incident {incident.id} stays open: of a report the complete one is owed: {told}",
            fix=f"roadworthy incident report {incident.id}, send it, then roadworthy incident sent",
        )
