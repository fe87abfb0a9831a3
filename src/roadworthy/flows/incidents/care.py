"""What people do about an incident: each word of theirs is one signed entry.

    acknowledge, assign, note, cause, action, done    one person
    grade, classify                                   one; two, where it says less than before
    sent                                              that a report went out
    without_cases                                     two: no case can show it

Enters: an incident, people, their words. Leaves: it, with them. What never happens here: an entry
that nobody signed; a legal clock that one person alone sets back or stops.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from msgspec import Struct

from roadworthy.domain import (
    HARMS,
    OVER,
    SEVERITIES,
    Draft,
    Harm,
    Incident,
    Instant,
    Recipient,
    ReportStage,
    Severity,
    UndecidedError,
    UsageError,
    digest_of,
    format_instant,
    next_state,
    plain,
)
from roadworthy.incidents import must_be_whole
from roadworthy.ledger import known_names, live_key, require_role, sign_draft

from ..brakes.stopping import recording
from ..entries.second_person import DECIDERS, require_two
from ..workspace.loop import Loop
from ..workspace.people import Acting
from .learning import find_incident


def acknowledge(incident: Incident, loop: Loop, by: Acting) -> Incident:
    """Somebody has seen it; who was first stays. Raises UndecidedError where it is over."""
    if incident.acknowledged_at:
        return incident
    return _enter(incident, loop, by, "acknowledged", {"note": f"acknowledged by {by.name}"})


def assign(incident: Incident, loop: Loop, by: Acting, *, to: str) -> Incident:
    """Give it to a person who has a key here. Raises UsageError for somebody unknown."""
    at = format_instant(loop.clock.now())
    key = live_key(loop.trust, to, at)
    if key is None or key.kind != "person":
        raise UsageError(f"{to} has no key here", fix=known_names(loop.trust))
    said = {"to": to, "note": f"assigned to {to} by {by.name}"}
    return _enter(incident, loop, by, "assigned", said)


def note(incident: Incident, loop: Loop, by: Acting, *, text: str) -> Incident:
    """A line in its timeline; also of one that is over."""
    said = {"note": f"{by.name}: {_text(text, 'a note')}"}
    return _enter(incident, loop, by, "noted", said, over=True)


def link(incident: Incident, loop: Loop, by: Acting, *, answers: Sequence[str]) -> Incident:
    """More answers that show it; they are held from then on."""
    said = {"evidence": list(answers), "note": f"{len(answers)} answers linked by {by.name}"}
    return _enter(incident, loop, by, "linked", said)


def add_cause(incident: Incident, loop: Loop, by: Acting, *, text: str) -> Incident:
    """What its cause was found to be; an earlier one stays to be seen."""
    said = {"text": _text(text, "a cause"), "note": f"cause named by {by.name}"}
    return _enter(incident, loop, by, "caused", said)


def set_action(
    incident: Incident, loop: Loop, by: Acting, *, text: str, owner: str, due: str
) -> Incident:
    """Promise a corrective action until a day; it must be done before the incident closes."""
    try:
        day = dt.date.fromisoformat(due).isoformat()
    except ValueError:
        raise UsageError(f"{due!r} is no day", fix="write --due 2026-12-31") from None
    about = [incident.id, text, owner, day, by.key.key_id, format_instant(loop.clock.now())]
    number = f"a-{digest_of(about).removeprefix('sha256:')[:6]}"
    said = {
        "id": number,
        "text": _text(text, "an action"),
        "owner": _text(owner, "an owner"),
        "due": day,
        "note": f"action {number} for {owner.strip()} until {day}, by {by.name}",
    }
    return _enter(incident, loop, by, "action_set", said)


def finish_action(
    incident: Incident, loop: Loop, by: Acting, *, action: str, result: str = ""
) -> Incident:
    """It is done. Raises UsageError where there is none of that id that is open."""
    if action not in {each.id for each in incident.open_actions}:
        known = ", ".join(each.id for each in incident.open_actions) or "none"
        raise UsageError(f"there is no open action {action!r}", fix=f"these are open: {known}")
    said = {"id": action, "result": result.strip(), "note": f"action {action} done, by {by.name}"}
    return _enter(incident, loop, by, "action_done", said)


def grade(
    incident: Incident, loop: Loop, people: Sequence[Acting], *, severity: Severity, reason: str
) -> Incident:
    """Say how bad it is; less bad than before takes two people."""
    why = _text(reason, "another severity")
    less = SEVERITIES.index(severity) < SEVERITIES.index(incident.severity)
    if less:
        keys = [each.key.key_id for each in people]
        require_two(incident, loop, keys, act="an incident's severity is lowered")
    said = {
        "severity": severity,
        "was": incident.severity,
        "reason": why,
        "note": f"severity {incident.severity} became {severity}: {why}",
    }
    return _enter_all(incident, loop, people, "graded", said)


class Statement(Struct, frozen=True, kw_only=True):
    """What people say that an incident led to."""

    harms: tuple[Harm, ...]
    aware_at: Instant
    reason: str


def classify(incident: Incident, loop: Loop, people: Sequence[Acting], said: Statement) -> Incident:
    """State what it led to and when the organisation became aware: legal clocks begin there.

    Two people are needed where it says less than before: fewer harms, or awareness later. Raises
    UsageError for an awareness that lies ahead, or `none` beside something.
    """
    _require_sense(said, loop)
    old = incident.legal
    milder = old is not None and (
        bool((set(old.harms) - {"none"}) - set(said.harms)) or said.aware_at > old.aware_at
    )
    if milder:
        keys = [each.key.key_id for each in people]
        require_two(incident, loop, keys, act="a legal clock is set back or stopped")
    named = ", ".join(said.harms)
    payload = {
        "harms": list(said.harms),
        "aware_at": said.aware_at,
        "reason": _text(said.reason, "a classification"),
        "note": f"called {named}; aware since {said.aware_at[:19]}Z: {said.reason}",
    }
    return _enter_all(incident, loop, people, "classified", payload)


def _require_sense(said: Statement, loop: Loop) -> None:
    unknown = [each for each in said.harms if each not in HARMS]
    if unknown or not said.harms:
        raise UsageError(
            f"{', '.join(unknown) or 'nothing'} is no kind of harm", fix=f"it is of {HARMS}"
        )
    if "none" in said.harms and len(said.harms) > 1:
        raise UsageError("`none` stands beside no other harm", fix="name only what it led to")
    now = format_instant(loop.clock.now())
    if not said.aware_at or said.aware_at > now:
        raise UsageError(
            "nobody becomes aware of something later than now",
            fix=f"--aware INSTANT, not after {now}",
        )


class Sent(Struct, frozen=True, kw_only=True):
    """That a report went out."""

    to: Recipient
    stage: ReportStage
    sent_at: Instant
    digest: str = ""
    reference: str = ""
    missing: tuple[str, ...] = ()
    """Paragraphs that the document marks as missing."""


def record_sent(incident: Incident, loop: Loop, by: Acting, sent: Sent) -> Incident:
    """Enter that a report went out; nothing is sent here. Also of an incident that is over.

    Raises UsageError for a time to come or before anybody knew of it, and for a last report in
    which something is missing.
    """
    if sent.sent_at > format_instant(loop.clock.now()):
        raise UsageError(f"{sent.sent_at} has not come yet", fix="enter it when it was sent")
    legal = incident.legal
    if legal is not None and sent.sent_at < legal.aware_at:
        raise UsageError(
            f"nobody reports at {sent.sent_at} what the organisation is aware of since"
            f" {legal.aware_at}",
            fix="correct --at; or, where it was known earlier: roadworthy incident classify"
            f" {incident.id} --aware INSTANT",
        )
    if sent.missing and must_be_whole(sent.stage):
        raise UsageError(
            f"no report follows a {sent.stage} one, and {len(sent.missing)} of its paragraphs are"
            f" missing: {', '.join(sent.missing)}",
            fix="write them in incidents/ID.yaml and make it again; or enter it as what it was:"
            " --stage initial or follow_up",
        )
    what = f"{sent.stage} report to the {sent.to}"
    lacks = f" ({len(sent.missing)} of its paragraphs are missing)" if sent.missing else ""
    said = plain(sent) | {"note": f"{what} sent{lacks}, entered by {by.name}"}
    return _enter(incident, loop, by, "reported", said, over=True)


def without_cases(
    incident: Incident, loop: Loop, people: Sequence[Acting], *, reason: str
) -> Incident:
    """Two people say why no case of a suite can show it; a PASS after that closes it.

    Raises UsageError where a never event left: that is always a case.
    """
    if incident.never_event or incident.observations:
        raise UsageError(
            f"{incident.id} is about answers that can be asked again",
            fix=f"roadworthy incident promote {incident.id}",
        )
    keys = [each.key.key_id for each in people]
    names = require_two(incident, loop, keys, act="an incident is left without a case")
    why = _text(reason, "leaving an incident without a case")
    said = {
        "cases": [],
        "pins": [],
        "changed": {},
        "people": names,
        "reason": why,
        "caseless": why,
        "note": f"no case can show it: {why}",
    }
    return _enter_all(incident, loop, people, "promoted", said)


def _text(text: str, what: str) -> str:
    if not text.strip():
        raise UsageError(f"{what} needs words", fix="give a text")
    return text.strip()


def _enter(
    incident: Incident,
    loop: Loop,
    by: Acting,
    verb: str,
    said: Mapping[str, object],
    *,
    over: bool = False,
) -> Incident:
    return _enter_all(incident, loop, [by], verb, said, over=over)


def _enter_all(
    incident: Incident,
    loop: Loop,
    people: Sequence[Acting],
    verb: str,
    said: Mapping[str, object],
    *,
    over: bool = False,
) -> Incident:
    """Each person's signature; the last one's is the entry that counts."""
    at = format_instant(loop.clock.now())
    for person in people:
        require_role(loop.trust, person.key.key_id, DECIDERS, at)
    with recording(loop):
        present = find_incident(loop, incident.id)
        if present.state in OVER and not over:
            raise UndecidedError(
                f"incident {present.id} is {present.state}",
                fix="only notes and reports are entered of one that is over",
            )
        if verb == "promoted":
            next_state(present.state, "promote")
        drafts = []
        for number, person in enumerate(people, start=1):
            last = number == len(people)
            draft = Draft(
                system=present.system,
                kind=f"incident.{verb}" if last else f"incident.{verb}_approved",
                subject=present.id,
                actor=f"person:{person.key.key_id}",
                payload=dict(said),
            )
            drafts.append(sign_draft(draft, person.signer))
        loop.ledger.record(*drafts)
    return find_incident(loop, incident.id)
