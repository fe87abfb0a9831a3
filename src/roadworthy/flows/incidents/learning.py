"""Learn: an incident becomes cases, and closes only with a gate that ran them.

promote  1 the incident's inputs, as they were when the violation was entered; of a broken objective
           those that a person chose
         2 redacted and minimised   3 or as two people wrote them, who sign that together
         4 into suites/incidents, then pinned in the ledger, signed
close    1 a PASS after the promotion   2 whose run asked every case as pinned, and met it
         3 nothing that somebody promised is left undone   4 signed by a person

Both hold the lock of what is recorded of incidents: nothing is promoted or closed that was
dismissed a moment before, and no case is written twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct, structs

from roadworthy.domain import (
    AccessError,
    Asked,
    Case,
    Draft,
    EvidenceError,
    Finding,
    Incident,
    NeverEvent,
    PinnedCase,
    UsageError,
    VerificationError,
    digest_of,
    next_state,
    pin_case,
    plain,
    sha256,
)
from roadworthy.incidents import (
    CaseChange,
    Demand,
    case_from,
    demand_of,
    redacted,
    require_demands,
)
from roadworthy.ledger import Ed25519Signer, sign_draft

from ..brakes.stopping import recording
from ..entries.incident_entries import incidents_of as incidents_of
from ..entries.second_person import require_two
from ..suites.incident_suite import SUITE, add_cases, written_cases
from ..workspace.loop import Loop


class Question(Struct, frozen=True, kw_only=True):
    """What a past answer was asked."""

    text: str
    """All that was said, as one text: what the violation's digest is of."""
    asked: Asked
    facets: dict[str, str]


class Past(Protocol):
    """Answers that left, read back."""

    def question(self, observation_id: str) -> Question:
        """What it was asked. Raises EvidenceError when that is gone."""
        ...

    def sensitive(self, text: str) -> Sequence[Finding]:
        """What must be redacted in a text."""
        ...


def find_incident(loop: Loop, incident_id: str) -> Incident:
    """One incident. Raises UsageError when there is none of that id."""
    incidents = incidents_of(loop)
    if incident_id not in incidents:
        known = ", ".join(incidents) or "none"
        raise UsageError(f"there is no incident {incident_id!r}", fix=f"there are: {known}")
    return incidents[incident_id]


def elsewhere(loop: Loop, system: str, asked: Collection[str] = ()) -> list[str]:
    """What incidents of other systems here would have asked; `asked` are names that are asked."""
    opened = loop.ledger.entries(kind="incident.opened")
    others = dict.fromkeys(
        entry.system for entry in opened if entry.system != system and entry.system not in asked
    )
    counts = {
        other: sum(
            each.state != "dismissed" and bool(each.observations)
            for each in incidents_of(loop, other).values()
        )
        for other in others
    }
    return [
        f"{count} incident{'s' if count > 1 else ''} of system {other} in this workspace"
        f" {'ask' if count > 1 else 'asks'} nothing of system {system}"
        for other, count in counts.items()
        if count
    ]


class Promoted(Struct, frozen=True, kw_only=True):
    """What an incident became."""

    cases: tuple[Case, ...]
    changed: dict[str, CaseChange] = {}
    """Case -> how it is not what was pinned before, or what the answer's input gave."""


Asks = NeverEvent | Mapping[str, Demand]
"""What every answer of an incident demands; or each answer that a person chose, what it does."""


def promote(
    incident: Incident,
    asks: Asks,
    loop: Loop,
    *,
    root: Path,
    past: Past,
    signers: Sequence[Ed25519Signer],
    reason: str = "",
) -> Promoted:
    """Turn the incident's observations into cases of suite `incidents`, and pin them.

    A case that the suite holds already and that says something else is pinned as it is now when
    two people sign it and say why: that is how a case is changed, and the only way. Raises
    TransitionError when the incident is dismissed, UsageError when a case no longer demands what
    the never event does, AccessError unless two people who may change one, VerificationError when
    the journal's input is not the one that was reported.
    """
    with recording(loop):
        present = find_incident(loop, incident.id)
        next_state(present.state, "promote")
        joined = _chosen(present, asks)
        present = structs.replace(present, observations=(*present.observations, *joined))
        drawn = _drawn(present, asks, loop, past=past, folder=root / "suites")
        names = _require_may(present, loop, drawn.changed, signers=signers, reason=reason)
        # 4 into the suite, then the record
        add_cases(root / "suites", drawn.fresh)
        if drawn.pins != present.pins or present.state not in ("promoted", "closed"):
            payload = {
                "cases": [pin.id for pin in drawn.pins],
                "suite": SUITE,
                "pins": drawn.pins,
                "changed": drawn.changed,
                "people": names,
                "reason": reason,
            }
            loop.ledger.record(
                *_joining(present, joined, signers[-1]), *_promotion(present, payload, signers)
            )
    return Promoted(cases=drawn.cases, changed=drawn.changed)


def _chosen(incident: Incident, asks: Asks) -> list[str]:
    """The answers that a person chose and that are not the incident's yet."""
    if isinstance(asks, NeverEvent):
        return []
    return [name for name in asks if name not in incident.observations]


def _joining(incident: Incident, chosen: Sequence[str], signer: Ed25519Signer) -> list[Draft]:
    """That those answers must be cases from now on."""
    note = "chosen as a case"
    said = [{"observation": name, "kills": [], "note": note} for name in chosen]
    return [_signed(incident, "incident.observed", each, signer) for each in said]


class _Drawn(Struct, frozen=True, kw_only=True):
    """What an incident's observations are as cases."""

    cases: tuple[Case, ...]
    pins: tuple[PinnedCase, ...]
    fresh: tuple[Case, ...]
    """Those that the suite does not hold yet."""
    changed: dict[str, CaseChange]


def _drawn(incident: Incident, asks: Asks, loop: Loop, *, past: Past, folder: Path) -> _Drawn:
    """1 the incident's inputs, 2 redacted and minimised; 3 or what the suite says of them."""
    if not incident.observations:
        raise EvidenceError(
            f"incident {incident.id} has no observation to learn from",
            fix="choose what becomes a case: --answer OBSERVATION --expect block|hold|answer; or"
            " two people say why no case can show it: --without-cases --reason TEXT --as A --as B",
        )
    written = written_cases(folder)
    cases, pins, changed = [], [], {}
    for number, observation in enumerate(incident.observations, start=1):
        given = _Given(
            incident=incident,
            demand=_demand(incident, asks, observation),
            number=number,
            observation=observation,
        )
        case, change = _case_of(given, written, loop, past)
        cases.append(case)
        pins.append(given.pinned(case))
        if change is not None:
            changed[case.id] = change
    fresh = tuple(case for case in cases if case.id not in written)
    return _Drawn(cases=tuple(cases), pins=tuple(pins), fresh=fresh, changed=changed)


def _demand(incident: Incident, asks: Asks, observation: str) -> Demand:
    """What an answer's case must end as: what was pinned, where nobody says it anew."""
    if isinstance(asks, NeverEvent):
        return demand_of(asks)
    for pin in incident.pins:
        if pin.observation == observation and observation not in asks:
            return Demand(action=pin.action)
    if observation not in asks:
        raise UsageError(
            f"nobody says what becomes of {observation}",
            fix=f"--answer {observation} --expect block|hold|answer",
        )
    return asks[observation]


def _require_may(
    incident: Incident,
    loop: Loop,
    changed: Mapping[str, CaseChange],
    *,
    signers: Sequence[Ed25519Signer],
    reason: str,
) -> list[str]:
    """3. The names of the two who change a case; none are needed where nothing is changed."""
    if not changed:
        return []
    what = "; ".join(f"{case} ({', '.join(said.fields)})" for case, said in changed.items())
    try:
        keys = [signer.key_id for signer in signers]
        names = require_two(incident, loop, keys, act=f"a case is changed, {what},")
    except AccessError as error:
        raise AccessError(
            error.message,
            fix=f"{error.fix} --reason TEXT; or delete its line from suites/{SUITE}.jsonl and"
            " promote again, which draws it from the journal as it was",
        ) from error
    if not reason.strip():
        raise UsageError(f"changing a case needs a reason: {what}", fix="--reason TEXT")
    return names


def _promotion(
    incident: Incident, payload: Mapping[str, object], signers: Sequence[Ed25519Signer]
) -> list[Draft]:
    """4. The promotion by the last who signs; where it changes a case the others approved that."""
    *others, last = signers
    drafts = []
    if payload["changed"]:
        said = {name: payload[name] for name in ("changed", "people", "reason")}
        drafts = [_signed(incident, "incident.change_approved", said, each) for each in others]
    return [*drafts, _signed(incident, "incident.promoted", payload, last)]


class _Given(Struct, frozen=True, kw_only=True):
    """One observation of an incident."""

    incident: Incident
    demand: Demand
    number: int
    observation: str

    @property
    def case(self) -> str:
        return f"{self.incident.id}-{self.number}"

    @property
    def pin(self) -> PinnedCase | None:
        return next((pin for pin in self.incident.pins if pin.id == self.case), None)

    def pinned(self, case: Case) -> PinnedCase:
        """The case as it would be pinned now."""
        action = self.demand.action
        return pin_case(case, suite=SUITE, observation=self.observation, action=action)


def _case_of(
    given: _Given, written: Mapping[str, Case], loop: Loop, past: Past
) -> tuple[Case, CaseChange | None]:
    """The observation's case, and what somebody changed in it."""
    case, pin = written.get(given.case), given.pin
    if case is not None:
        require_demands(case, given.incident, given.demand)
    if case is None or pin is None:
        try:
            made = _made(given, loop, past)
        except VerificationError:
            raise
        except EvidenceError as error:
            if case is not None:
                change = CaseChange(fields=("written by hand",), was="", now=digest_of(case))
                return case, change
            raise EvidenceError(
                error.message,
                fix=f"write {given.case} by hand into suites/{SUITE}.jsonl; two people promote it",
            ) from error
        case, pin = case or made, pin or given.pinned(made)
    differs = pin.differences(case)
    now = digest_of(case)
    return case, CaseChange(fields=differs, was=pin.digest, now=now) if differs else None


def _made(given: _Given, loop: Loop, past: Past) -> Case:
    """The case that the journal gives."""
    question = past.question(given.observation)
    for entry in loop.ledger.entries(kind="violation.recorded", subject=given.observation):
        if entry.payload.get("input_digest") not in (None, "", sha256(question.text.encode())):
            raise VerificationError(
                f"what the journal gives for {given.observation} is not the text that was asked"
                " when its violation was recorded",
                fix="put the journal back from a backup: roadworthy restore",
            )
    clean = redacted(question.asked, past.sensitive)
    return case_from(
        given.incident, given.demand, number=given.number, asked=clean, facets=question.facets
    )


def _signed(
    incident: Incident, kind: str, payload: Mapping[str, object], signer: Ed25519Signer
) -> Draft:
    drafted = Draft(
        system=incident.system,
        kind=kind,
        subject=incident.id,
        actor=f"person:{signer.key_id}",
        payload=plain(payload),
    )
    return sign_draft(drafted, signer)
