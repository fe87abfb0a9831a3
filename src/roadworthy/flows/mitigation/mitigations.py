"""What a breached objective does: first in the routing table, then in the ledger.

    apply    the mitigation of the objective's slice, once, however often it is seen breached
    enter    the breach and what was done about it
    recover  where the objective says so: lifted after so many windows without a failure
    lift     by a person who operates; a kill is lifted by two, with `roadworthy resume`

What never happens here: a mitigation that waits for the ledger, one that is lifted because a file
was edited (what stands by the ledger is put back), or one that lets more out than before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import msgspec
from msgspec import structs

from roadworthy.domain import (
    Draft,
    EvidenceError,
    KillFlag,
    Mitigation,
    MitigationKind,
    ObjectiveStanding,
    RoutingTable,
    SafetySLO,
    Signer,
    UsageError,
    digest_of,
    format_instant,
    parse_duration,
    plain,
    read_name,
)
from roadworthy.ledger import require_role, sign_draft
from roadworthy.monitoring import slice_facets
from roadworthy.release import OPERATORS

from ..brakes.stopping import kill_draft, recording
from ..entries.rolling import under_way
from ..incidents.opening import Showing, breach_drafts, ended_drafts
from ..releasing.building import actor_of
from ..rollouts.moving import abort, pause
from ..workspace.loop import Loop
from ..workspace.routing import brake, publish, read_table

BREACHED = "objective.breached"
RECOVERED = "objective.recovered"
LIFTED = "mitigation.lifted"
STEPPED = "degrade.stepped"
EASED = "degrade.eased"

IN_TABLE: tuple[MitigationKind, ...] = (
    "degrade_to_safe_mode", "route_to_human_review", "rollback",
)  # fmt: skip


def mitigation_id(standing: ObjectiveStanding) -> str:
    """The same breach always has the same id; one after a lift has another."""
    about = [*standing.key, standing.release, standing.action, standing.settled]
    return f"mitigation-{digest_of(about).removeprefix('sha256:')[:12]}"


_LATE = frozenset({"decision", "label", "suite"})
"""What an answer is sliced by and no request carries: all of what is left is mitigated then."""


def slice_of(part: str) -> dict[str, str]:
    """The slice of requests that a slice of answers is in."""
    return {name: value for name, value in slice_facets(part).items() if name not in _LATE}


def apply(standing: ObjectiveStanding, slo: SafetySLO, loop: Loop) -> ObjectiveStanding:
    """Let the breach have its effect on the request line: the ledger is not asked.

    Raises EvidenceError when it cannot.
    """
    if standing.action in IN_TABLE:
        mitigation = Mitigation(
            id=mitigation_id(standing),
            kind=cast(Any, standing.action),
            system=standing.system,
            facets=slice_of(standing.part),
            objective=standing.objective,
            reason=standing.reason,
            at=standing.breached_at,
        )
        alone = standing.system if standing.action == "rollback" else ""
        change_mitigations(loop, add=[mitigation], alone=alone)
        return structs.replace(standing, mitigation=mitigation.id)
    if standing.action == "kill_switch" and not _stopped_already(slo):
        flag = _flag(standing, slo)
        brake(loop.workspace, [flag], loop.clock, patience_s=loop.patience_s)
        return structs.replace(standing, mitigation=flag.id)
    return standing


def _stopped_already(slo: SafetySLO) -> bool:
    """Whether each event stopped its own scope when it was found: one stop, lifted once."""
    return read_name(slo).metric == "never_event_violations"


def _flag(standing: ObjectiveStanding, slo: SafetySLO) -> KillFlag:
    """The kill of its scope; a slice that no flag can tell is stopped as the system is."""
    facets = slice_of(standing.part)
    scope, value = "system", standing.system
    if slo.scope != "system" and len(facets) == 1:
        ((name, said),) = facets.items()
        if said and name != "endpoint":
            scope, value = ("tenant", said) if name == "tenant" else ("slice", f"{name}={said}")
    return KillFlag(
        id=mitigation_id(standing).replace("mitigation", "kill"),
        scope=scope,  # type: ignore[arg-type]
        value=value,
        system=standing.system,
        reason=f"objective {standing.objective}: {standing.reason}",
        by=f"objective:{standing.objective}",
        at=standing.breached_at,
    )


def end_or_hold(standing: ObjectiveStanding, loop: Loop) -> ObjectiveStanding:
    """What the breach does to a rollout that is under way."""
    if standing.action not in ("rollback", "hold_rollout"):
        return standing
    rolling = under_way(loop).get(standing.system)
    if rolling is None:
        return standing
    reason = f"objective {standing.objective} is breached: {standing.reason}"
    machine = loop.keyring.machine()
    if standing.action == "rollback":
        abort(loop, rolling, signer=machine, reason=reason)
        return standing
    if rolling.state == "running":
        pause(loop, rolling, signer=machine, reason=reason)
    return structs.replace(standing, mitigation=rolling.id)


def enter(
    standing: ObjectiveStanding, slo: SafetySLO, loop: Loop, *, showing: Showing = tuple
) -> ObjectiveStanding:
    """Record a breach, once, with the incident that it opens or joins.

    Raises EvidenceError; then it is still owed.
    """
    standing = end_or_hold(standing, loop)
    with recording(loop):
        known = loop.ledger.newest(kind=BREACHED, subject=mitigation_id(standing))
        if known is None:
            drafts = [_draft(BREACHED, standing, loop)]
            drafts += breach_drafts(standing, slo, loop, showing=showing)
            table = read_table(loop.workspace.routing)
            for flag in table.kills:
                fresh = loop.ledger.newest(kind="kill.set", subject=flag.id) is None
                if flag.id == standing.mitigation and fresh:
                    drafts.append(kill_draft(flag, loop.machine))
            loop.ledger.record(*drafts)
    return structs.replace(standing, entered=True)


def recover(standing: ObjectiveStanding, loop: Loop) -> None:
    """Lift what the objective's own rule says may be lifted. Raises EvidenceError."""
    with recording(loop):
        ended = ended_drafts(loop, standing.system, standing.mitigation, "the objective recovered")
        loop.ledger.record(_draft(RECOVERED, standing, loop), *ended)
    change_mitigations(loop, drop=[standing.mitigation])


def lift(loop: Loop, name: str, *, signer: Signer, reason: str) -> Mitigation:
    """Take a mitigation back, by a person; what was before does not breach again.

    Raises UsageError when there is none of that name, AccessError unless this person operates.
    """
    if not reason.strip():
        raise UsageError("lifting a mitigation needs a reason", fix="--reason TEXT")
    at = format_instant(loop.clock.now())
    require_role(loop.trust, signer.key_id, OPERATORS, at)
    with recording(loop):
        standing = {each.id: each for each in standing_mitigations(loop)}
        found = standing.get(name)
        if found is None:
            fix = f"these stand: {', '.join(standing) or 'none'}; a kill: roadworthy resume"
            raise UsageError(f"no mitigation {name!r} stands", fix=fix)
        draft = Draft(
            system=found.system,
            kind=LIFTED,
            subject=name,
            actor=actor_of(loop, signer),
            payload={"reason": reason, "signed_at": at},
        )
        ended = ended_drafts(loop, found.system, name, f"{name} was lifted by a person")
        loop.ledger.record(sign_draft(draft, signer), *ended)
    change_mitigations(loop, drop=[name])
    return found


def standing_mitigations(loop: Loop) -> list[Mitigation]:
    """What stands by the ledger or the table and nobody lifted. Raises EvidenceError."""
    over = _over(loop)
    found = {each.id: each for each in read_table(loop.workspace.routing).mitigations}
    for entry in loop.ledger.entries(kind=BREACHED):
        if entry.payload.get("action") in IN_TABLE:
            entered = _mitigation_of(entry.subject, entry.system, entry.payload)
            if _effect(found.get(entered.id)) != _effect(entered):
                found[entered.id] = entered
    for step in entered_steps(loop):
        if _effect(found.get(step.id)) != _effect(step):
            found[step.id] = step
    return [each for name, each in found.items() if name not in over]


def entered_steps(loop: Loop) -> list[Mitigation]:
    """Every step of a playbook that was taken, but for kills, by the ledger."""
    found = []
    for entry in loop.ledger.entries(kind=STEPPED):
        if "mitigation" in entry.payload:
            try:
                found.append(msgspec.convert(entry.payload["mitigation"], Mitigation))
            except msgspec.ValidationError as error:
                raise EvidenceError(f"entry {entry.seq} is no step: {error}") from error
    return found


def put_back_mitigations(loop: Loop) -> list[Mitigation]:
    """Let the table have what stands by the ledger, and nothing that was lifted.

    Returns what it lacked, or had otherwise.
    """
    there = {each.id: each for each in read_table(loop.workspace.routing).mitigations}
    lost = [each for each in standing_mitigations(loop) if there.get(each.id) != each]
    lifted = _over(loop) & there.keys()
    if lost or lifted:
        change_mitigations(loop, add=lost, drop=lifted)
    return lost


def _over(loop: Loop) -> set[str]:
    kinds = (LIFTED, RECOVERED, EASED)
    return {entry.subject for kind in kinds for entry in loop.ledger.entries(kind=kind)}


def _effect(mitigation: Mitigation | None) -> object:
    """What it does to whom: the words beside may be older in the table than in the ledger."""
    if mitigation is None:
        return None
    return mitigation.kind, mitigation.system, mitigation.facets, mitigation.allowed


def lifts(loop: Loop) -> dict[str, str]:
    """Mitigation or kill -> when it was lifted."""
    kinds = (LIFTED, RECOVERED, "kill.lifted")
    entries = (entry for kind in kinds for entry in loop.ledger.entries(kind=kind))
    return {entry.subject: entry.time for entry in entries}


def windows_clean(slo: SafetySLO) -> int | None:
    """After how many windows without a failure it recovers by itself; None: a person lifts."""
    words = slo.recover.split()
    if not words and slo.action_on_breach in ("alert", "hold_rollout"):
        return 1  # nothing is to be lifted
    if not words or words[0] != "auto" or slo.action_on_breach == "kill_switch":
        return None
    return int(words[2]) if len(words) > 2 and words[2].isdigit() else 1


def window_seconds(slo: SafetySLO) -> int:
    """The length of a window to recover by; an hour where it has none of its own."""
    try:
        return parse_duration(slo.window)
    except ValueError:
        return 3600


def _mitigation_of(name: str, system: str, said: dict[str, Any]) -> Mitigation:
    try:
        return Mitigation(
            id=name,
            kind=said["action"],
            system=system,
            facets=slice_of(str(said["part"])),
            objective=str(said["objective"]),
            reason=str(said["reason"]),
            at=str(said["breached_at"]),
        )
    except KeyError as error:
        raise EvidenceError(f"the breach {name} does not say its {error}") from error


def _draft(kind: str, standing: ObjectiveStanding, loop: Loop) -> Draft:
    return Draft(
        system=standing.system,
        kind=kind,
        subject=mitigation_id(standing),
        actor=loop.machine,
        payload=plain(standing),
    )


def change_mitigations(
    loop: Loop, *, add: Iterable[Mitigation] = (), drop: Iterable[str] = (), alone: str = ""
) -> RoutingTable:
    """`alone`: a system beside whose live release no other answers from now on."""
    more, less = list(add), set(drop)

    def change(table: RoutingTable) -> RoutingTable:
        known = {each.id: each for each in table.mitigations if each.id not in less}
        known |= {each.id: each for each in more if _effect(known.get(each.id)) != _effect(each)}
        routes = table.routes
        if alone in routes:
            routes = {**routes, alone: structs.replace(routes[alone], arm=None)}
        return structs.replace(table, mitigations=tuple(known.values()), routes=routes)

    return publish(loop.workspace, change, loop.clock, patience_s=loop.patience_s)
