"""Legal holds on texts of the journal: one person sets one, two people together release it.

Enters: what is to be kept, who says so and why. Leaves: signed entries, and which holds stand. What
never happens here: a hold that is not in the ledger, or the evidence of an incident that is not
over left to be erased (`incident_holds`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from roadworthy.domain import (
    OVER,
    AccessError,
    Draft,
    Entry,
    Hold,
    Instant,
    Observation,
    PersonRole,
    TextScope,
    UsageError,
    VerificationError,
    digest_of,
    format_instant,
    plain,
)
from roadworthy.journal import find, find_all
from roadworthy.ledger import distinct_people, require_role, sign_draft

from ..incidents.learning import incidents_of
from ..workspace.loop import Loop
from ..workspace.people import Acting
from ..workspace.waiting import held

HELD = "journal.held"
RELEASE_APPROVED = "journal.hold_release_approved"
RELEASED = "journal.hold_released"

HOLDERS: tuple[PersonRole, ...] = ("reviewer", "risk_officer", "operator", "auditor", "admin")
"""Who may say that something is to be kept."""

RELEASERS: tuple[PersonRole, ...] = ("risk_officer", "admin")
"""Who may say that it need not be kept any more, and who may erase."""

RELEASE_NEEDS = 2


@contextmanager
def keeping(loop: Loop) -> Iterator[None]:
    """Between looking whether something is held and erasing it, nobody sets a hold.

    Raises EvidenceError when somebody else is at it for longer than the patience.
    """
    with held(loop.workspace.journal / "keeping.lock", loop.patience_s):
        yield


def place_hold(scope: TextScope, loop: Loop, by: Acting, *, reason: str) -> Hold:
    """Set a hold. Raises AccessError for who may not, UsageError without a reason."""
    if not reason.strip():
        raise UsageError("a hold needs a reason", fix="--reason TEXT")
    at = format_instant(loop.clock.now())
    key = require_role(loop.trust, by.key.key_id, HOLDERS, at)
    actor = f"person:{key.key_id}"
    name = digest_of({"scope": scope, "reason": reason, "by": actor, "at": at})
    id_ = f"hold-{name.removeprefix('sha256:')[:12]}"
    hold = Hold(id=id_, scope=scope, reason=reason, by=actor, at=at)
    draft = Draft(system="", kind=HELD, subject=hold.id, actor=actor, payload=plain(hold))
    with keeping(loop):
        loop.ledger.record(sign_draft(draft, by.signer))
    return hold


def scope_of_answer(observation_id: str, loop: Loop) -> TextScope:
    """What holds the texts of one answer. Raises UsageError when the journal has none."""
    record = find(loop.workspace.journal, observation_id)
    if record is None or record.observation is None:
        raise UsageError(
            f"the journal has no observation {observation_id!r}",
            fix="give the id from the header x-roadworthy-observation",
        )
    return _scope(record.observation, record.at)


def _scope(seen: Observation, at: Instant) -> TextScope:
    return TextScope(tenant=seen.tenant, day=at[:10], subject=seen.end_user)


def standing_holds(loop: Loop) -> list[Hold]:
    """Every hold that nobody released, then the evidence of incidents that are not over.

    Raises VerificationError when an entry is no hold, or the journal cannot be read: then nobody
    can say what is held.
    """
    released = {entry.subject for entry in loop.ledger.entries(kind=RELEASED)}
    placed = [_hold_of(e) for e in loop.ledger.entries(kind=HELD) if e.subject not in released]
    return placed + incident_holds(loop)


def incident_holds(loop: Loop) -> list[Hold]:
    """A hold on every answer of an incident that is neither closed nor dismissed.

    An answer that the journal does not have (any more) holds nothing.
    """
    open_ones = [each for each in incidents_of(loop).values() if each.state not in OVER]
    about = {each.id: each.answers for each in open_ones}
    named = [name for names in about.values() for name in names]
    found = find_all(loop.workspace.journal, named) if named else {}
    holds: dict[tuple[str, str], Hold] = {}
    for incident in open_ones:
        for name in about[incident.id]:
            record = found.get(name)
            if record is None or record.observation is None:
                continue
            scope = _scope(record.observation, record.at)
            holds[incident.id, scope.words] = Hold(
                id=incident.id,
                scope=scope,
                reason=f"evidence of {incident.id}, which is {incident.state}",
                by="incident",
                at=incident.opened_at,
            )
    return list(holds.values())


def release_hold(hold_id: str, loop: Loop, *, people: Sequence[Acting], reason: str) -> Hold:
    """Release a hold: two distinct people sign. Raises AccessError, UsageError."""
    if not reason.strip():
        raise UsageError("releasing a hold needs a reason", fix="--reason TEXT")
    holds = {hold.id: hold for hold in standing_holds(loop)}
    hold = holds.get(hold_id)
    if hold is None:
        fix = f"these stand: {', '.join(holds) or 'none'}"
        raise UsageError(f"there is no hold {hold_id!r} that stands", fix=fix)
    if hold.by == "incident":
        raise UsageError(
            f"{hold_id} holds its evidence until it is closed or dismissed",
            fix=f"see roadworthy incident show {hold_id}",
        )
    at = format_instant(loop.clock.now())
    for person in people:
        require_role(loop.trust, person.key.key_id, RELEASERS, at)
    names = distinct_people(loop.trust, [person.key.key_id for person in people])
    if len(names) < RELEASE_NEEDS:
        raise AccessError(
            f"a hold is released by {RELEASE_NEEDS} people together; there is {len(names)}",
            fix="give two people: --as A --as B",
        )
    said = {"reason": reason, "scope": plain(hold.scope), "people": sorted(names)}
    drafts = [
        sign_draft(
            Draft(
                system="",
                kind=RELEASED if number == len(people) else RELEASE_APPROVED,
                subject=hold.id,
                actor=f"person:{person.key.key_id}",
                payload=dict(said),
            ),
            person.signer,
        )
        for number, person in enumerate(people, start=1)
    ]
    with keeping(loop):
        loop.ledger.record(*drafts)
    return hold


def _hold_of(entry: Entry) -> Hold:
    try:
        return msgspec.convert(
            {k: v for k, v in entry.payload.items() if k != "signature"}, Hold, strict=False
        )
    except msgspec.ValidationError as error:
        raise VerificationError(f"entry {entry.seq} is no hold: {error}") from None
