"""Learn: an incident becomes cases, and closes only with a gate that ran them.

promote  1 the incident's inputs, unsealed   2 redacted and minimised   3 or as a person wrote them
         4 into suites/incidents, then pinned in the ledger, signed
close    1 a PASS after the promotion   2 whose run asked every case as pinned, and met it
         3 signed by a person
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    OVER,
    Case,
    Draft,
    Entry,
    EvidenceError,
    Finding,
    GateDecision,
    Incident,
    NeverEvent,
    PersonRole,
    PinnedCase,
    RefusedError,
    UndecidedError,
    UsageError,
    format_instant,
    next_state,
    pin_case,
    plain,
)
from roadworthy.incidents import case_from, demanded, fold, redact, require_demands
from roadworthy.ledger import Ed25519Signer, require_role, sign_draft
from roadworthy.policy import REQUIREMENT, holds

from .incident_suite import SUITE, add_cases, written_cases
from .loop import Loop
from .run_records import bar_of

CLOSERS: tuple[PersonRole, ...] = ("reviewer", "risk_officer", "operator", "admin")
"""Who may say that an incident is over, or change a case that it became."""

Unseal = Callable[[str], tuple[str, dict[str, str]]]
"""Observation id -> (input text, facets). Raises EvidenceError when it is gone."""
Look = Callable[[str], Sequence[Finding]]
"""Text -> what must be redacted in it."""


def incidents_of(loop: Loop, system: str = "") -> dict[str, Incident]:
    """Every incident, by id, in its present state."""
    return fold(loop.ledger.entries(system=system))


def find_incident(loop: Loop, incident_id: str) -> Incident:
    """One incident. Raises UsageError when there is none of that id."""
    incidents = incidents_of(loop)
    if incident_id not in incidents:
        known = ", ".join(incidents) or "none"
        raise UsageError(f"there is no incident {incident_id!r}", fix=f"there are: {known}")
    return incidents[incident_id]


class Promoted(Struct, frozen=True, kw_only=True):
    """What an incident became."""

    cases: tuple[Case, ...]
    changed: dict[str, tuple[str, ...]] = {}
    """Case -> the fields in which it is not what was pinned before, or what the answer gave."""


def promote(
    incident: Incident,
    event: NeverEvent,
    loop: Loop,
    *,
    root: Path,
    unseal: Unseal,
    look: Look,
    signer: Ed25519Signer,
) -> Promoted:
    """Turn the incident's observations into cases of suite `incidents`, and pin them.

    A case that the suite holds already is pinned as it is now: that is how a person corrects one,
    and the only way. Raises TransitionError when the incident is dismissed, UsageError when a case
    no longer demands what the never event does, AccessError when this person may not change one.
    """
    next_state(incident.state, "promote")
    # 1 the incident's inputs, 2 redacted and minimised; 3 what the suite says of them already
    suite = root / "suites"
    written = written_cases(suite)
    cases, changed = [], {}
    for number, observation in enumerate(incident.observations, start=1):
        given = _Given(incident=incident, event=event, number=number, observation=observation)
        case, parts = _case_of(given, written, unseal=unseal, look=look)
        cases.append(case)
        if parts:
            changed[case.id] = parts
    if not cases:
        raise EvidenceError(f"incident {incident.id} has no observation to learn from")
    if changed:
        require_role(loop.trust, signer.key_id, CLOSERS, format_instant(loop.clock.now()))
    # 4 into the suite, then the record
    add_cases(suite, [case for case in cases if case.id not in written])
    pins = [
        pin_case(case, suite=SUITE, observation=observation, action=demanded(event))
        for case, observation in zip(cases, incident.observations, strict=True)
    ]
    if tuple(pins) != incident.pins or incident.state not in ("promoted", "closed"):
        payload = {
            "cases": [case.id for case in cases],
            "suite": SUITE,
            "pins": pins,
            "changed": changed,
        }
        _record(incident, "incident.promoted", payload, loop, signer=signer)
    return Promoted(cases=tuple(cases), changed=changed)


class _Given(Struct, frozen=True, kw_only=True):
    """One observation of an incident."""

    incident: Incident
    event: NeverEvent
    number: int
    observation: str

    @property
    def case(self) -> str:
        return f"{self.incident.id}-{self.number}"

    @property
    def pin(self) -> PinnedCase | None:
        return next((pin for pin in self.incident.pins if pin.id == self.case), None)


def _case_of(
    given: _Given, written: Mapping[str, Case], *, unseal: Unseal, look: Look
) -> tuple[Case, tuple[str, ...]]:
    """The observation's case, and the fields in which somebody changed it."""
    case, pin = written.get(given.case), given.pin
    if case is not None:
        require_demands(case, given.incident, given.event)
        if pin is not None:
            return case, pin.differences(case)
    try:
        made = _made(given, unseal=unseal, look=look)
    except EvidenceError as error:
        if case is not None:
            return case, ("written by hand",)
        raise EvidenceError(
            error.message,
            fix=f"write {given.case} by hand into suites/{SUITE}.jsonl, then promote again",
        ) from error
    if case is None:
        return made, pin.differences(made) if pin is not None else ()
    drawn = pin_case(made, suite=SUITE, observation=given.observation, action=demanded(given.event))
    return case, drawn.differences(case)


def _made(given: _Given, *, unseal: Unseal, look: Look) -> Case:
    """The case that the journal gives."""
    text, facets = unseal(given.observation)
    clean = redact(text, look(text))
    return case_from(given.incident, given.event, number=given.number, text=clean, facets=facets)


def _record(
    incident: Incident,
    kind: str,
    payload: Mapping[str, object],
    loop: Loop,
    *,
    signer: Ed25519Signer,
) -> None:
    drafted = Draft(
        system=incident.system,
        kind=kind,
        subject=incident.id,
        actor=f"person:{signer.key_id}",
        payload=plain(payload),
    )
    loop.ledger.record(sign_draft(drafted, signer))


def close(incident: Incident, loop: Loop, *, signer: Ed25519Signer) -> Incident:
    """Close an incident with the gate that proves it learned, signed by a person.

    Raises RefusedError when a later gate failed on it, UndecidedError when none has run its
    cases yet as they are pinned, TransitionError when it was never promoted.
    """
    decided = _proof(incident, loop)
    payload = {
        "gate": str(decided.payload["digest"]),
        "candidate": decided.subject,
        "pins": {pin.id: pin.digest for pin in incident.pins},
    }
    _record(incident, "incident.closed", payload, loop, signer=signer)
    return find_incident(loop, incident.id)


def _proof(incident: Incident, loop: Loop) -> Entry:
    """The first PASS after the promotion whose run asked every case as it is pinned, and met it."""
    if incident.state in OVER:
        next_state(incident.state, "close")
    if incident.state != "promoted" or incident.unlearned:
        missing = f": {len(incident.unlearned)} of its answers are no case yet"
        raise UndecidedError(
            f"incident {incident.id} is {incident.state}{missing}",
            fix=f"roadworthy incident promote {incident.id}",
        )
    promoted = max(
        entry.seq for entry in loop.ledger.entries(kind="incident.promoted", subject=incident.id)
    )
    refused = False
    for entry in loop.ledger.entries(kind="gate.decided", system=incident.system):
        if entry.seq <= promoted or not _asked(loop, entry, incident):
            continue
        if entry.payload["decision"] == "PASS" and _met(loop, entry):
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


def _asked(loop: Loop, decided: Entry, incident: Incident) -> bool:
    """Whether the run behind a decision asked every case of the incident as it is pinned."""
    bar_digest = str(decided.payload.get("bar", ""))
    if not bar_digest or not incident.pins:
        return False
    bar = bar_of(loop, bar_digest)
    return all(holds(bar, pin) for pin in incident.pins)


def _met(loop: Loop, decided: Entry) -> bool:
    """Whether the decision says that every case of an incident was met."""
    found = loop.blobs.get_json(str(decided.payload["digest"]))
    decision = msgspec.convert(found, GateDecision, strict=False)
    return any(item.name == REQUIREMENT and item.verdict.opens for item in decision.slos)
