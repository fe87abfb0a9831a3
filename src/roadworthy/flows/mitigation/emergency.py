"""A rail for a running system, without a release: two people add it, and it ends by itself.

add    1 may     two distinct people who operate, with keys that are valid now
       2 sound   it can be built, as every worker will build it
       3 publish the rail, to every worker, before anything is written down
       4 record  both signatures, and the incident that it opens or joins: a release must carry it,
                 or it ends
lift   may, record, publish: as a kill is lifted
end    at its time every worker drops it by itself; that is entered when somebody can

What never happens here: a rail that weakens one of the release or changes a prompt, one that one
person alone adds or takes away, one that lasts longer than 72 hours, or one that is gone because
somebody edited the routing table: what the ledger says is put back.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, field, structs

from roadworthy.domain import (
    EMERGENCY_PEOPLE,
    MOST_HOURS,
    OVER,
    Draft,
    EmergencyRail,
    Entry,
    EvidenceError,
    Instant,
    Observation,
    RefusedError,
    RoutingTable,
    UsageError,
    VerificationError,
    digest_of,
    format_instant,
    plain,
)
from roadworthy.release import wanted_people
from roadworthy.serving import RailLine, build_rail

from ..brakes.stopping import Aimed, recording, require_operators, signed_by_all
from ..entries.answering_content import answering_content
from ..incidents.learning import find_incident
from ..incidents.opening import ended_drafts, railed_drafts
from ..workspace.loop import Loop
from ..workspace.people import Acting
from ..workspace.routing import publish, read_table

SET, LIFTED, EXPIRED = "emergency.set", "emergency.lifted", "emergency.expired"
PUT_BACK = "emergency.put_back"
_ENDED = (LIFTED, EXPIRED)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

ACT = "emergency_rail"
"""Under `review.approvals` of a charter."""


_BUILT = (
    "write it as in rails.yaml: docs/reference/detectors.md names each detector's options",
    "--pattern as RE2 knows it (no look-around, no back-reference), or --word for plain words",
)
"""What to do about a rail that cannot be built; about a pattern."""


class AskedRail(Struct, frozen=True, kw_only=True):
    """What two people want to be looked for."""

    name: str
    system: str
    aimed: Aimed
    detector: str
    reason: str
    lasts_s: int
    on: str = "both"
    action: str = "block"
    threshold: float = 0.5
    options: dict[str, Any] = field(default_factory=dict)
    incident: str = ""
    """The incident that it joins; empty: that of an earlier rail of its name, or a new one."""


def add_rail(asked: AskedRail, loop: Loop, people: Sequence[Acting]) -> tuple[EmergencyRail, str]:
    """Let it look; the rail, and why it is not in the ledger yet, where it is not.

    Raises AccessError without two distinct people who operate (more, where the charter of what is
    live asks for more), UsageError for what cannot be built, EvidenceError unless it stands.
    """
    names = _require(asked.system, loop, people, act="an emergency rail is added")  # 1
    rail = _rail(asked, loop, people)
    if asked.incident:
        joined = find_incident(loop, asked.incident)
        if joined.state in OVER or joined.system != rail.system:
            raise UsageError(f"{joined.id} is {joined.state}, of {joined.system}: nothing joins it")
    if fault := build_rail(rail).fault:  # 2
        raise UsageError(
            f"the rail {rail.name} cannot be built: {fault}",
            fix=_BUILT[asked.detector == "pattern"],
        )

    def change(table: RoutingTable) -> RoutingTable:  # 3
        standing = {(each.system, each.name) for each in table.emergencies if rail.at < each.until}
        if (rail.system, rail.name) in standing:
            raise UsageError(
                f"an emergency rail {rail.name} of {rail.system} stands",
                fix="lift it first, or give this one another name",
            )
        return structs.replace(table, emergencies=(*table.emergencies, rail))

    publish(loop.workspace, change, loop.clock, patience_s=loop.patience_s)
    if rail not in read_table(loop.workspace.routing).emergencies:
        raise EvidenceError(f"the emergency rail {rail.name} does not stand: add it again")
    try:
        _enter(rail, loop, people=people, names=names, incident=asked.incident)  # 4
    except (EvidenceError, OSError) as error:
        return rail, f"it is not in the ledger yet ({error}); the control process will enter it"
    return rail, ""


def _rail(asked: AskedRail, loop: Loop, people: Sequence[Acting]) -> EmergencyRail:
    if not asked.reason.strip():
        raise UsageError("an emergency rail needs a reason", fix="--reason TEXT")
    if not _NAME.fullmatch(asked.name):
        raise UsageError(
            f"{asked.name!r} is no name of a rail", fix="write lower-case letters, digits and -"
        )
    if not 0 < asked.lasts_s <= MOST_HOURS * 3600:
        raise UsageError(
            f"an emergency rail lasts {MOST_HOURS} hours at most",
            fix=f"--for {MOST_HOURS}h or less",
        )
    now = loop.clock.now()
    at = format_instant(now)
    about = [asked.system, asked.name, at]
    said = {
        "id": f"emergency-{asked.name}-{digest_of(about).removeprefix('sha256:')[:8]}",
        "name": asked.name,
        "scope": asked.aimed.scope,
        "value": asked.aimed.value or asked.system,
        "system": asked.system,
        "detector": asked.detector,
        "on": asked.on,
        "action": asked.action,
        "threshold": asked.threshold,
        "options": asked.options,
        "reason": asked.reason.strip(),
        "people": [person.key.key_id for person in people],
        "at": at,
        "until": format_instant(now + dt.timedelta(seconds=asked.lasts_s)),
    }
    try:
        rail = msgspec.convert(said, EmergencyRail)
    except msgspec.ValidationError as error:
        raise UsageError(f"the rail {asked.name} is none: {error}") from None
    return structs.replace(rail, digest=rail.own_digest())


def _require(system: str, loop: Loop, people: Sequence[Acting], *, act: str) -> list[str]:
    """The names of those who act, when they are enough."""
    route = read_table(loop.workspace.routing).routes.get(system)
    needed = EMERGENCY_PEOPLE
    if route is not None:
        content = answering_content(loop.workspace, system, route.live)
        needed = wanted_people(content.charter, ACT, least=needed)
    return require_operators(loop, people, needed=needed, act=act)


def _enter(
    rail: EmergencyRail,
    loop: Loop,
    *,
    people: Sequence[Acting] = (),
    names: Sequence[str] = (),
    incident: str = "",
) -> None:
    """Its entry and its incident, once; by the machine, where nobody who signed it is there."""
    with recording(loop):
        if loop.ledger.newest(kind=SET, subject=rail.id) is not None:
            return
        draft = Draft(
            system=rail.system,
            kind=SET,
            subject=rail.id,
            actor=loop.machine,
            payload={"rail": plain(rail), "people": list(names)},
        )
        signed = signed_by_all(draft, people, approved="emergency.set_approved")
        loop.ledger.record(*signed, *railed_drafts(rail, loop, incident=incident, by=names))


def lift_rail(name: str, loop: Loop, *, people: Sequence[Acting], reason: str) -> EmergencyRail:
    """Take it away before its time, by two people. Raises as `add_rail`, UsageError for no such."""
    if not reason.strip():
        raise UsageError("lifting an emergency rail needs a reason", fix="--reason TEXT")
    found = [each for each in standing_rails(loop) if name in (each.id, each.name)]
    if len(found) != 1:
        known = ", ".join(each.id for each in standing_rails(loop)) or "none"
        what = f"no emergency rail {name!r} stands" if not found else f"{name!r} means several"
        raise UsageError(what, fix=f"these stand: {known}")
    (rail,) = found
    names = _require(rail.system, loop, people, act="an emergency rail is lifted")
    _enter(rail, loop)
    draft = Draft(
        system=rail.system,
        kind=LIFTED,
        subject=rail.id,
        actor=loop.machine,
        payload={"name": rail.name, "reason": reason.strip(), "people": names},
    )
    signed = signed_by_all(draft, people, approved="emergency.lift_approved")
    note = f"the emergency rail {rail.name} was lifted by {' and '.join(names)}"
    with recording(loop):
        loop.ledger.record(*signed, *ended_drafts(loop, rail.system, rail.id, note))
    _drop(loop, [rail])
    return rail


def entered_rails(loop: Loop) -> list[EmergencyRail]:
    """Those that were set and not ended, by the ledger. Raises VerificationError."""
    over = _over(loop)
    entries = loop.ledger.entries(kind=SET)
    return [_rail_of(entry) for entry in entries if entry.subject not in over]


def _rail_of(entry: Entry) -> EmergencyRail:
    try:
        return msgspec.convert(entry.payload["rail"], EmergencyRail, strict=False)
    except (KeyError, msgspec.ValidationError) as error:
        raise VerificationError(f"entry {entry.seq} is no emergency rail: {error}") from None


def standing_rails(loop: Loop) -> list[EmergencyRail]:
    """Those that look now, by the ledger or the table."""
    now = format_instant(loop.clock.now())
    entered = entered_rails(loop)
    ids = {each.id for each in entered} | _over(loop)
    there = read_table(loop.workspace.routing).emergencies
    every = [*entered, *(each for each in there if each.id not in ids)]
    return [each for each in every if now < each.until]


def _over(loop: Loop) -> set[str]:
    return {entry.subject for kind in _ENDED for entry in loop.ledger.entries(kind=kind)}


def tightened(rails: RailLine, seen: Observation, loop: Loop) -> RailLine:
    """A release's rails with those that stand now for an answer. Raises RefusedError by a damaged.

    What waits for a person may have been held before they came.
    """
    now = format_instant(loop.clock.now())
    mine = [
        build_rail(each)
        for each in read_table(loop.workspace.routing).emergencies
        if each.reaches(system=seen.system, tenant=seen.tenant, facets=seen.facets, now=now)
    ]
    for each in mine:
        if each.fault:
            raise RefusedError(each.stop.reason, fix="nothing of its scope leaves until it is set")
    return rails.tightened([guard for each in mine for guard in each.guards])


def keep_rails(loop: Loop, *, before: Instant) -> list[str]:
    """Enter what ended and what nobody entered, and put back what somebody took; words of each.

    `before`: what is younger is entered by who added it. What is damaged nobody set: it stops its
    scope as long as it stands there, and is no entry.
    """
    now, words = format_instant(loop.clock.now()), []
    table, over = read_table(loop.workspace.routing), _over(loop)
    for rail in table.emergencies:
        unknown = rail.id not in over and loop.ledger.newest(kind=SET, subject=rail.id) is None
        if unknown and rail.at < before and not build_rail(rail).fault:
            _enter(rail, loop)
            words.append(f"{rail.id} stood without an entry; entered now")
    entered = entered_rails(loop)
    ended = [each for each in entered if each.until <= now]
    for rail in ended:
        _expire(rail, loop)
        words.append(f"{rail.rail} has ended: a release carries it, or nothing looks for it")
    gone = {each.id for each in ended} | over
    stale = [each for each in table.emergencies if each.id in gone]
    lost = [each for each in entered if each.id not in gone and each not in table.emergencies]
    if stale:
        _drop(loop, stale)
    if lost:
        _put_back(lost, loop)
    words += [f"{each.rail} was not in the routing table as it was entered; it is set again"
              for each in lost]  # fmt: skip
    return words


def _expire(rail: EmergencyRail, loop: Loop) -> None:
    note = (
        f"the emergency rail {rail.name} ended at {rail.until[:19]}Z: a release carries it, or"
        " nothing looks for it any more"
    )
    with recording(loop):
        if loop.ledger.newest(kind=EXPIRED, subject=rail.id) is None:
            payload = {"name": rail.name, "until": rail.until}
            draft = Draft(
                system=rail.system,
                kind=EXPIRED,
                subject=rail.id,
                actor=loop.machine,
                payload=payload,
            )
            loop.ledger.record(draft, *ended_drafts(loop, rail.system, rail.id, note))


def _put_back(lost: Sequence[EmergencyRail], loop: Loop) -> None:
    ids = {each.id for each in lost}

    def change(table: RoutingTable) -> RoutingTable:
        others = tuple(each for each in table.emergencies if each.id not in ids)
        return structs.replace(table, emergencies=(*others, *lost))

    publish(loop.workspace, change, loop.clock, patience_s=loop.patience_s)
    loop.ledger.record(
        *(
            Draft(
                system=each.system,
                kind=PUT_BACK,
                subject=each.id,
                actor=loop.machine,
                payload={"name": each.name},
            )
            for each in lost
        )
    )


def _drop(loop: Loop, rails: Sequence[EmergencyRail]) -> None:
    ids = {each.id for each in rails}

    def change(table: RoutingTable) -> RoutingTable:
        left = tuple(each for each in table.emergencies if each.id not in ids)
        return structs.replace(table, emergencies=left)

    publish(loop.workspace, change, loop.clock, patience_s=loop.patience_s)
