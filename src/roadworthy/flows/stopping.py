"""Stopping a scope by hand, and lifting a stop: one person stops, two people together lift.

stop   1 kill    the flag, on every worker, before anything is written down
       2 record  the kill, signed by the person
lift   1 may     two distinct people who operate, with keys that are valid now
       2 record  both signatures, before anything moves again
       3 lift    the flag

What never happens here: a kill that waits for the ledger, a lift that is not in it. A kill that
could not be recorded still stands; whoever reconciles (`record_unrecorded`) enters it later.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from roadworthy.domain import (
    AccessError,
    Draft,
    Instant,
    KillFlag,
    PersonRole,
    RoutingTable,
    UsageError,
    format_instant,
    plain,
)
from roadworthy.ledger import distinct_people, require_role, sign_draft
from roadworthy.manifests import load_trust
from roadworthy.serving import tighten

from .loop import Loop
from .people import Acting
from .routing import publish, read_table

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
    """1 of `stop`. Needs nothing but the routing table."""
    return publish(loop.workspace, lambda table: tighten(table, [flag]), loop.clock)


def record_kill(flag: KillFlag, loop: Loop, *, by: Acting | None) -> None:
    """2 of `stop`. Without a person it is the machine that records. Raises EvidenceError."""
    actor = f"person:{by.key.key_id}" if by is not None else loop.machine
    signer = by.signer if by is not None else loop.keyring.machine()
    draft = Draft(
        system=flag.system, kind="kill.set", subject=flag.id, actor=actor, payload=plain(flag)
    )
    loop.ledger.record(sign_draft(draft, signer))


def record_unrecorded(loop: Loop, *, before: Instant = "") -> list[KillFlag]:
    """Enter every kill that stands and that the ledger does not know; returns them.

    `before`: only those set before that instant, since whoever stops enters it right after.
    """
    missing = [
        flag
        for flag in read_table(loop.workspace.routing).kills
        if (not before or flag.at < before)
        and loop.ledger.newest(kind="kill.set", subject=flag.id) is None
    ]
    for flag in missing:
        record_kill(flag, loop, by=None)
    return missing


def find_kills(table: RoutingTable, which: str) -> list[KillFlag]:
    """The standing kills of that id or scope. Raises UsageError when there are none."""
    found = [flag for flag in table.kills if flag.id == which or words_of(flag) == which]
    if not found:
        standing = ", ".join(f"{flag.id} ({words_of(flag)})" for flag in table.kills) or "none"
        raise UsageError(f"no kill {which!r} stands", fix=f"these do: {standing}")
    return found


def words_of(flag: KillFlag) -> str:
    """The scope of a flag as it is typed."""
    return "system" if flag.scope == "system" else f"{flag.scope}:{flag.value}"


def lift(which: str, loop: Loop, *, people: Sequence[Acting], reason: str) -> list[KillFlag]:
    """Lift the kills of that id or scope; returns them.

    Raises AccessError unless two distinct people who operate are there with valid keys,
    UsageError when no such kill stands or the reason is empty, EvidenceError when it cannot be
    recorded (then nothing is lifted).
    """
    if not reason.strip():
        raise UsageError("lifting a kill needs a reason", fix="--reason TEXT")
    found = find_kills(read_table(loop.workspace.routing), which)
    # 1 may
    at = format_instant(loop.clock.now())
    trust = load_trust(loop.workspace.trust)
    for person in people:
        require_role(trust, person.key.key_id, LIFTERS, at)
    names = distinct_people(trust, [person.key.key_id for person in people])
    if len(names) < LIFT_NEEDS:
        raise AccessError(
            f"a kill is lifted by {LIFT_NEEDS} people together; there is {len(names)}",
            fix="give two people: --as A --as B",
        )
    # 2 record
    drafts = []
    for flag in found:
        payload = {"reason": reason, "scope": words_of(flag), "people": sorted(names)}
        for number, person in enumerate(people, start=1):
            draft = Draft(
                system=flag.system,
                kind="kill.lifted" if number == len(people) else "kill.lift_approved",
                subject=flag.id,
                actor=f"person:{person.key.key_id}",
                payload=dict(payload),
            )
            drafts.append(sign_draft(draft, person.signer))
    loop.ledger.record(*drafts)
    # 3 lift
    ids = {flag.id for flag in found}

    def without(table: RoutingTable) -> RoutingTable:
        return structs.replace(table, kills=tuple(f for f in table.kills if f.id not in ids))

    publish(loop.workspace, without, loop.clock)
    return found
