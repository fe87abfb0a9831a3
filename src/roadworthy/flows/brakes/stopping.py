"""Stopping a scope by hand, and lifting a stop: one person stops, two people together lift.

stop   1 kill    the flag, on every worker, before anything is written down
       2 record  the kill, signed by the person
lift   1 may     two distinct people who operate, with keys that are valid now, and no incident
                 that the live release has not learned from (`owed.py`)
       2 record  both signatures, before anything moves again
       3 lift    the flag

What never happens here: a kill that waits for the ledger, a lift that is not in it, a kill that is
entered twice or lifted without an entry of its own, a kill that is gone because somebody edited
the routing table: what the ledger says stands is put back (`put_back_kills`). A kill that could not
be recorded still stands; whoever reconciles (`record_unrecorded`) or lifts it enters it later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct, structs

from roadworthy.domain import (
    AccessError,
    Draft,
    EvidenceError,
    Incident,
    Instant,
    KillFlag,
    PersonRole,
    RoutingTable,
    UsageError,
    format_instant,
    plain,
)
from roadworthy.incidents import kills_of
from roadworthy.ledger import distinct_people, require_role, sign_draft

from ..entries.entered_kills import known_kills, ledger_kills, lost_kills
from ..entries.incident_entries import incidents_of
from ..entries.owed import require_live_learned
from ..workspace.loop import Loop
from ..workspace.people import Acting
from ..workspace.routing import brake, publish, read_table
from ..workspace.trusting import require_agreement
from ..workspace.waiting import held

LIFTERS: tuple[PersonRole, ...] = ("operator", "risk_officer", "admin")
"""Who may take part in lifting a kill."""

LIFT_NEEDS = 2


class Aimed(Struct, frozen=True, kw_only=True):
    """What a person wants stopped."""

    scope: str
    value: str

    @property
    def words(self) -> str:
        """As typed: `system`, `tenant:acme`, `slice:supplier=S-9`."""
        return self.scope if self.scope == "system" else f"{self.scope}:{self.value}"


def read_scope(text: str) -> Aimed:
    """`system`, `tenant:NAME` or `slice:FACET=VALUE`. Raises UsageError on anything else."""
    scope, _, value = text.partition(":")
    facet, equals, wanted = value.partition("=")
    if text == "system":
        return Aimed(scope="system", value="")
    if scope == "tenant" and value:
        return Aimed(scope="tenant", value=value)
    if scope == "slice" and facet and equals and wanted:
        return Aimed(scope="slice", value=value)
    raise UsageError(f"{text!r} is not a scope", fix="use system, tenant:NAME or slice:FACET=VALUE")


def manual_flag(aimed: Aimed, *, system: str, reason: str, by: str, at: str, id: str) -> KillFlag:
    """The flag that a person sets; an empty `system` stops the scope in every system."""
    return KillFlag(
        id=id,
        scope=aimed.scope,  # type: ignore[arg-type]
        value=aimed.value or system or "*",
        system=system,
        reason=reason,
        by=by,
        at=at,
    )


def set_kill(flag: KillFlag, loop: Loop) -> RoutingTable:
    """1 of `stop`. Needs nothing but the routing table. Raises EvidenceError unless it stands."""
    return brake(loop.workspace, [flag], loop.clock, patience_s=loop.patience_s)[0]


@contextmanager
def recording(loop: Loop) -> Iterator[None]:
    """Between looking whether something is entered and entering it, nobody else does the same.

    Commands and the control process hear of one kill at the same time; what is live is entered
    and published without anybody between. The stop itself never waits here: it stands before this
    is asked for. Raises EvidenceError when somebody else is at it for longer than the patience.
    """
    with held(loop.workspace.serving / "records.lock", loop.patience_s):
        yield


def unrecorded(flags: Iterable[KillFlag], loop: Loop) -> list[KillFlag]:
    """Those of the flags that no `kill.set` is about; a drill's is entered as a drill."""
    return [
        flag
        for flag in flags
        if not flag.drill and loop.ledger.newest(kind="kill.set", subject=flag.id) is None
    ]


def kill_draft(flag: KillFlag, actor: str) -> Draft:
    """The entry of a kill that was set."""
    return Draft(
        system=flag.system, kind="kill.set", subject=flag.id, actor=actor, payload=plain(flag)
    )


def record_kill(flag: KillFlag, loop: Loop, *, by: Acting | None) -> None:
    """2 of `stop`. Without a person it is the machine that records. Raises EvidenceError.

    What somebody entered already is left as it is.
    """
    actor = f"person:{by.key.key_id}" if by is not None else loop.machine
    signer = by.signer if by is not None else loop.keyring.machine()
    with recording(loop):
        if unrecorded([flag], loop):
            loop.ledger.record(sign_draft(kill_draft(flag, actor), signer))


def record_unrecorded(loop: Loop, *, before: Instant = "") -> list[KillFlag]:
    """Enter every kill that stands and that the ledger does not know; returns them.

    `before`: only those set before that instant, since whoever stops enters it right after.
    """
    table = read_table(loop.workspace.routing)
    young = [flag for flag in table.kills if not before or flag.at < before]
    with recording(loop):
        return _enter(young, loop)


def _enter(flags: Iterable[KillFlag], loop: Loop) -> list[KillFlag]:
    """The machine enters what is not entered yet; the caller holds `recording`."""
    missing, machine = unrecorded(flags, loop), loop.keyring.machine()
    if missing:
        loop.ledger.record(
            *(sign_draft(kill_draft(flag, loop.machine), machine) for flag in missing)
        )
    return missing


def put_back_kills(loop: Loop) -> list[KillFlag]:
    """Set every kill again that stands by the ledger and is not in the table; returns them.

    What the table has under the id of such a kill and the ledger has not goes: it may say less.
    The flags stand before it is entered that they had been taken out.
    """
    lost = set_lost_kills(loop, ledger_kills(loop))
    if lost:
        enter_put_back(lost, loop)
    return lost


def set_lost_kills(loop: Loop, known: Sequence[KillFlag]) -> list[KillFlag]:
    """Only set them; `known` stood by the ledger when it was last read. Returns them.

    The ledger is asked again under the lock of the table, through which a lift has to go after its
    entry: what is not lifted by then is still to be in the table. Who records is not waited for.
    Where the ledger cannot be read, what was known stands.
    """
    lost: list[KillFlag] = []

    def with_them(table: RoutingTable) -> RoutingTable:
        stand: Sequence[KillFlag]
        try:
            stand = ledger_kills(loop)
        except EvidenceError:
            stand = known
        lost[:] = lost_kills(table, stand)
        ids = {flag.id for flag in lost}
        others = tuple(flag for flag in table.kills if flag.id not in ids)
        right = tuple(flag for flag in stand if flag.id in ids)
        return structs.replace(table, kills=(*others, *right)) if lost else table

    if lost_kills(read_table(loop.workspace.routing), known):
        publish(loop.workspace, with_them, loop.clock, patience_s=loop.patience_s)
    return lost


def enter_put_back(lost: Iterable[KillFlag], loop: Loop) -> None:
    """Enter that kills had been taken out and stand again. Raises EvidenceError."""
    loop.ledger.record(*(_put_back_draft(flag, loop.machine) for flag in lost))


def put_back_words(flag: KillFlag) -> str:
    """What is said, loudly, of a kill that was put back."""
    return (
        f"{flag.id} ({words_of(flag)}) was not in the routing table any more as it was entered,"
        " although nobody lifted it: somebody edited that file. The kill is set again"
    )


def _put_back_draft(flag: KillFlag, machine: str) -> Draft:
    return Draft(
        system=flag.system,
        kind="kill.put_back",
        subject=flag.id,
        actor=machine,
        payload={"scope": words_of(flag), "never_event": flag.never_event},
    )


def find_kills(which: Sequence[str], loop: Loop) -> list[KillFlag]:
    """The standing kills of those ids, scopes or incidents, each once, as they were entered.

    Raises UsageError when one of the words means none: then nothing is to be lifted.
    """
    known = known_kills(read_table(loop.workspace.routing), loop)
    found: dict[KillFlag, None] = {}
    for word in which:
        meant = [flag for flag in known if word in (flag.id, words_of(flag))]
        incident = _incident(word, loop) if not meant else None
        if incident is not None:
            meant = kills_of(incident, known)
        if not meant:
            about = f"no kill of incident {word}" if incident is not None else f"no kill {word!r}"
            standing = ", ".join(f"{flag.id} ({words_of(flag)})" for flag in known)
            raise UsageError(f"{about} stands", fix=f"these do: {standing or 'none'}")
        ids = {flag.id for flag in meant}  # lifted by id, so each flag under it is asked
        found |= dict.fromkeys(flag for flag in known if flag.id in ids)
    if not found:
        raise UsageError("what is to be lifted?", fix="give kill ids, a scope or an incident's id")
    return list(found)


def _incident(word: str, loop: Loop) -> Incident | None:
    return incidents_of(loop).get(word) if word.startswith("inc-") else None


def lifted_since(flag: KillFlag, moment: Instant, loop: Loop) -> bool:
    """Whether what this flag stops was stopped for its never event, and lifted after `moment`."""
    return any(
        entry.time >= moment
        and entry.payload.get("scope") == words_of(flag)
        and entry.payload.get("never_event") == flag.never_event
        for entry in loop.ledger.entries(kind="kill.lifted", system=flag.system)
    )


def words_of(flag: KillFlag) -> str:
    """The scope of a flag as it is typed."""
    return "system" if flag.scope == "system" else f"{flag.scope}:{flag.value}"


def lift(
    which: Sequence[str], loop: Loop, *, people: Sequence[Acting], reason: str
) -> list[KillFlag]:
    """Lift the kills of those ids, scopes or incidents, all or none; returns them.

    Raises AccessError unless two distinct people who operate are there with valid keys,
    RefusedError while the live release has not passed the cases of what they stopped, UsageError if
    no such kill stands or the reason is empty, EvidenceError when it cannot be recorded (then
    nothing is lifted).
    """
    if not reason.strip():
        raise UsageError("lifting a kill needs a reason", fix="--reason TEXT")
    found = find_kills(which, loop)
    # 1 may
    names = require_operators(loop, people, needed=LIFT_NEEDS, act="a kill is lifted")
    # 2 record
    with recording(loop):
        require_live_learned(loop, found)
        _enter(found, loop)
        loop.ledger.record(*_lift_drafts(found, people, reason=reason, names=names))
    # 3 lift
    ids = {flag.id for flag in found}

    def without(table: RoutingTable) -> RoutingTable:
        return structs.replace(table, kills=tuple(f for f in table.kills if f.id not in ids))

    publish(loop.workspace, without, loop.clock, patience_s=loop.patience_s)
    return found


def _lift_drafts(
    flags: Sequence[KillFlag], people: Sequence[Acting], *, reason: str, names: list[str]
) -> list[Draft]:
    """Each person's signature on each kill."""
    drafts = []
    for flag in flags:
        lifted = Draft(
            system=flag.system,
            kind="kill.lifted",
            subject=flag.id,
            actor="",
            payload={
                "reason": reason,
                "scope": words_of(flag),
                "never_event": flag.never_event,
                "observation": flag.observation,
                "people": names,
            },
        )
        drafts += signed_by_all(lifted, people, approved="kill.lift_approved")
    return drafts


def require_operators(loop: Loop, people: Sequence[Acting], *, needed: int, act: str) -> list[str]:
    """Their names, sorted, when so many distinct people who operate are there with valid keys.

    `act`: what they do, to be said. Raises AccessError.
    """
    at = format_instant(loop.clock.now())
    trust = require_agreement(loop.workspace, loop.ledger)
    for person in people:
        require_role(trust, person.key.key_id, LIFTERS, at)
    names = distinct_people(trust, [person.key.key_id for person in people])
    if len(names) < needed:
        raise AccessError(
            f"{act} by {needed} people together; there is {len(names)}",
            fix="give two people: --as A --as B"
            if needed == LIFT_NEEDS
            else "name them: --as NAME",
        )
    return sorted(names)


def signed_by_all(draft: Draft, people: Sequence[Acting], *, approved: str) -> list[Draft]:
    """A draft signed by each: the last one's is the act, the others' are of the kind `approved`.

    Without people it is as it was.
    """
    if not people:
        return [draft]
    kinds = [approved] * (len(people) - 1) + [draft.kind]
    return [
        sign_draft(
            structs.replace(draft, kind=kind, actor=f"person:{person.key.key_id}"), person.signer
        )
        for kind, person in zip(kinds, people, strict=True)
    ]
