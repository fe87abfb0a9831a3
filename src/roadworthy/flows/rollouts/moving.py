"""A release reaches people step by step: start, move, pause, abort, promote, roll back.

    start     1 the release verifies, its gate is open, it learned from every incident, as if it
              went live  2 this person operates  3 entry, then the routing table
    move      to the next step: by the machine where the analysis proves it, or by a person
    abort     the table first, then the entry: nobody waits for evidence to be spared
    promote   approvals as the plan asks, the release goes live as any other, then the entry
    rollback  of what went live: the safe baseline goes live, as any other release

What never happens here: a second release beside one that is rolled out already, a step that no
proof and no person speaks for, an arm in the table that the ledger does not know.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from msgspec import structs

from roadworthy.domain import (
    AccessError,
    Draft,
    Looked,
    RefusedError,
    Rolling,
    Rollout,
    RolloutStatus,
    RoutingTable,
    Signer,
    UndecidedError,
    UsageError,
    analysis_faults,
    bandit_faults,
    digest_of,
    format_instant,
    parse_duration,
    parse_instant,
    plain,
)
from roadworthy.ledger import distinct_people, require_role, require_signature, sign_draft
from roadworthy.release import OPERATORS

from ..brakes.stopping import recording
from ..entries.release_records import authors_of
from ..entries.rolling import (
    ABORTED,
    APPROVED,
    MOVED,
    PAUSED,
    PROMOTED,
    RESUMED,
    STARTED,
    rollouts_of,
    under_way,
)
from ..incidents.opening import rollout_drafts
from ..releasing.admitting import admit_release
from ..releasing.building import actor_of
from ..releasing.releasing import Activation, activate_release
from ..workspace.loop import Loop
from ..workspace.routing import publish, read_table
from ..workspace.trusting import agreed_trust
from .evidence import read_looked
from .standings import read_standings

UNDECIDED_AFTER = "14d"
"""How long a step may last without proof, where its plan does not say."""


def start_rollout(path: Path, loop: Loop, *, root: Path, signer: Signer) -> Rolling:
    """Begin to roll a signed release out beside the live one, at the first step of its plan.

    Raises as `activate_release`, and UsageError where there is no plan, no live release beside
    which it could run, or a rollout that is not over.
    """
    with recording(loop):
        trust = agreed_trust(loop.workspace, loop.ledger, loop.keyring, loop.clock)
        admitted = admit_release(path, loop, root=root, signer=signer, trust=trust)
        system, plan = admitted.content.system, plan_of(admitted.content.rollout)
        route = read_table(loop.workspace.routing).routes.get(system)
        if route is None:
            raise UsageError(
                f"nothing is live for {system}, so nothing can be rolled out beside it",
                fix="the first release goes live by roadworthy release activate",
            )
        if route.live == admitted.subject.digest:
            raise UsageError(f"{route.live} is live already")
        known = under_way(loop).get(system)
        if known is not None:
            raise RefusedError(
                f"{known.id} is under way: {known.release} at step {known.step + 1}",
                fix="promote or abort it first",
            )
        _require_not_held(loop, system, route.live)
        at = format_instant(loop.clock.now())
        said = {
            "release": admitted.subject.digest,
            "candidate": admitted.subject.candidate,
            "path": str(admitted.folder.relative_to(loop.workspace.root)),
            "baseline": route.live,
            "plan": plain(plan),
            "signed_at": at,
        }
        name = f"rollout-{digest_of(said).removeprefix('sha256:')[:12]}"
        record_of(loop, STARTED, system, name, signer, said)
        rolling = rollouts_of(loop, system)[name]
        publish_arm(loop, rolling)
    return rolling


def plan_of(plan: Rollout | None) -> Rollout:
    """The plan, where it can be walked and compared by. Raises UsageError."""
    if plan is None or not plan.steps:
        raise UsageError(
            "the release has no rollout plan", fix="write rollout.yaml, and build it again"
        )
    for _, wrong in bandit_faults(plan) if plan.strategy == "bandit" else ():
        raise UsageError(wrong, fix="write more than 5, 90 at most")
    for key, wrong, fix in analysis_faults(plan.analysis):  # it may be older than `check`
        raise UsageError(f"the release's rollout plan: `analysis.{key}` {wrong}", fix=fix)
    return plan


def _require_not_held(loop: Loop, system: str, live: str) -> None:
    """Raises RefusedError while a breached objective holds rollouts, EvidenceError when unknown."""
    for each in read_standings(loop.workspace).objectives:
        holds = (each.system, each.release, each.action) == (system, live, "hold_rollout")
        if holds and each.breached_at:
            raise RefusedError(
                f"objective {each.objective} is breached since {each.breached_at[:19]}Z and "
                f"holds rollouts: {each.reason}",
                fix="it ends after a clean window: roadworthy status",
            )


def move_on(
    loop: Loop, rolling: Rolling, *, signer: Signer, looked: Looked | None, reason: str = ""
) -> Rolling:
    """Let it reach its next step. Raises UsageError when somebody was faster."""
    with recording(loop):
        now = rollouts_of(loop, rolling.system).get(rolling.id)
        if now is None or now.over or now.step != rolling.step:
            raise UsageError(f"{rolling.id} is not where it was: somebody else acted")
        said: dict[str, Any] = {"step": rolling.step + 1, "reason": reason}
        record_of(loop, MOVED, rolling.system, rolling.id, signer, said | _evidence(looked))
        moved = rollouts_of(loop, rolling.system)[rolling.id]
        publish_arm(loop, moved)
    return moved


def promote(
    loop: Loop, system: str, *, root: Path, signer: Signer, reason: str = ""
) -> tuple[Rolling, Activation | None]:
    """One step on; from the last step the release goes live.

    Raises RefusedError when the new release is proven worse, UndecidedError while nothing is
    proven, the step has not lasted or approvals are missing, unless `reason` says why a person
    moves on all the same (of what is proven worse nobody does).
    """
    rolling = _rolling(loop, system)
    _require_operator(loop, signer)
    if rolling.state == "paused":
        raise UndecidedError(f"{rolling.id} is paused: {rolling.reason}", fix="resume it first")
    looked = read_looked(loop.workspace, rolling.id)
    _require_evidence(loop, rolling, looked, reason)
    if not rolling.last:
        return move_on(loop, rolling, signer=signer, looked=looked, reason=reason), None
    _require_approvals(loop, rolling, signer)
    path = loop.workspace.root / rolling.path
    live = activate_release(path, loop, root=root, signer=signer, ends=rolling.id)
    with recording(loop):  # a crash before this leaves a rollout that is promoted again
        said = {"release": rolling.release, "reason": reason, **_evidence(looked)}
        record_of(loop, PROMOTED, system, rolling.id, signer, said)
    return rollouts_of(loop, system)[rolling.id], live


def abort(
    loop: Loop,
    rolling: Rolling,
    *,
    signer: Signer,
    reason: str,
    looked: Looked | None = None,
    opens: bool = False,
) -> Rolling:
    """Send everybody to the live release; then enter why. Once it is over nothing more happens.

    `opens`: with an incident, in the same transaction.
    """
    take_off(loop, rolling)
    with recording(loop):
        now = rollouts_of(loop, rolling.system).get(rolling.id)
        if now is not None and not now.over:
            said = {"reason": reason, **_evidence(looked)}
            beside = rollout_drafts(loop, rolling, reason=reason) if opens else []
            loop.ledger.record(
                _signed(loop, ABORTED, rolling.system, rolling.id, signer, said), *beside
            )
        take_off(loop, rolling)  # who moved it on meanwhile put it back
    return rollouts_of(loop, rolling.system)[rolling.id]


def take_off(loop: Loop, rolling: Rolling) -> None:
    """Let the routing table send nobody to it. Raises EvidenceError."""

    def change(table: RoutingTable) -> RoutingTable:
        route = table.routes.get(rolling.system)
        if route is None or route.arm is None or route.arm.rollout != rolling.id:
            return table
        routes = {**table.routes, rolling.system: structs.replace(route, arm=None)}
        return structs.replace(table, routes=routes)

    publish(loop.workspace, change, loop.clock, patience_s=loop.patience_s)


def hold(loop: Loop, system: str, *, signer: Signer, reason: str, paused: bool) -> Rolling:
    """Pause it where it is (no step follows by itself), or let it go on."""
    _require_operator(loop, signer)
    rolling = _rolling(loop, system)
    return pause(loop, rolling, signer=signer, reason=reason, paused=paused)


def pause(
    loop: Loop, rolling: Rolling, *, signer: Signer, reason: str, paused: bool = True
) -> Rolling:
    """The same by whoever may: a person who operates, or the machine for a breached objective."""
    with recording(loop):
        now = rollouts_of(loop, rolling.system)[rolling.id]
        if not now.over and (now.state == "paused") != paused:
            kind = PAUSED if paused else RESUMED
            record_of(loop, kind, rolling.system, rolling.id, signer, {"reason": reason})
    return rollouts_of(loop, rolling.system)[rolling.id]


def stop_by_hand(loop: Loop, system: str, *, signer: Signer, reason: str) -> Rolling:
    """Abort, by a person. Raises AccessError unless this person operates."""
    _require_operator(loop, signer)
    return abort(loop, _rolling(loop, system), signer=signer, reason=reason)


def roll_back(loop: Loop, system: str, *, root: Path, signer: Signer) -> Activation:
    """Let the safe baseline go live in the place of what is live. Raises as `activate_release`."""
    route = read_table(loop.workspace.routing).routes.get(system)
    if route is None or not route.baseline:
        raise UsageError(
            f"there is no safe baseline for {system}",
            fix="roadworthy release list names releases that can be activated",
        )
    known = under_way(loop).get(system)
    if known is not None:
        stop_by_hand(loop, system, signer=signer, reason="the live release is rolled back")
    path = loop.workspace.root / route.baseline_path
    return activate_release(path, loop, root=root, signer=signer)


def status(loop: Loop, system: str) -> RolloutStatus | None:
    """The newest rollout of a system; None where there was none."""
    known = list(rollouts_of(loop, system).values())
    if not known:
        return None
    rolling = known[-1]
    looked = read_looked(loop.workspace, rolling.id)
    route = read_table(loop.workspace.routing).routes.get(system)
    arm = route.arm if route is not None else None
    found = RolloutStatus(
        rolling=rolling,
        looked=looked,
        baked=baked(rolling, loop),
        routed=arm is not None and arm.rollout == rolling.id,
    )
    return structs.replace(found, next=_next(found))


def baked(rolling: Rolling, loop: Loop) -> bool:
    """Whether its step has lasted as long as the plan says."""
    lasts = dt.timedelta(seconds=parse_duration(rolling.here.bake))
    return loop.clock.now() >= parse_instant(rolling.stepped_at) + lasts


def undecided_until(rolling: Rolling) -> dt.datetime:
    """Until when its step may last without proof: since it began, or a person let it go on."""
    after = parse_duration(str(rolling.plan.analysis.get("undecided_after", UNDECIDED_AFTER)))
    lasts = dt.timedelta(seconds=max(after, parse_duration(rolling.here.bake)))
    return parse_instant(max(rolling.stepped_at, rolling.resumed_at)) + lasts


def _next(found: RolloutStatus) -> str:
    rolling = found.rolling
    if rolling.over:
        return ""
    if rolling.state == "paused":
        return "roadworthy rollout resume lets it go on"
    if not found.routed:
        return "the routing table sends nobody to it: roadworthy rollout abort closes it"
    verdict = found.looked.verdict if found.looked is not None else "no data"
    if verdict == "worse":
        return "it is aborted"
    waits = [] if found.baked else [f"the step has not lasted {rolling.here.bake}"]
    if verdict != "safe":
        then = "aborted" if rolling.plan.analysis.get("if_undecided") == "abort" else "paused"
        ends = format_instant(undecided_until(rolling))[:16]
        waits.append(f"nothing is proven yet: it holds, and is {then} if so until {ends}Z")
    if waits:
        return "; ".join(waits)
    if rolling.last or rolling.plan.steps[rolling.step + 1].approval:
        return "proven and baked: roadworthy rollout promote"
    return "proven and baked: it moves on by itself"


def _rolling(loop: Loop, system: str) -> Rolling:
    rolling = under_way(loop).get(system)
    if rolling is None:
        raise UsageError(
            f"no rollout of {system} is under way", fix="roadworthy rollout start PATH begins one"
        )
    return rolling


def _require_operator(loop: Loop, signer: Signer) -> None:
    require_role(loop.trust, signer.key_id, OPERATORS, format_instant(loop.clock.now()))


def _require_evidence(loop: Loop, rolling: Rolling, looked: Looked | None, reason: str) -> None:
    verdict = looked.verdict if looked is not None else "no data"
    if verdict == "worse":
        raise RefusedError(
            f"{rolling.release} is proven worse than the live release",
            fix="roadworthy rollout abort; its answers are in the journal",
        )
    if reason.strip():
        return
    if not baked(rolling, loop):
        raise UndecidedError(
            f"step {rolling.step + 1} has not lasted {rolling.here.bake}",
            fix="wait, or say why it moves on now: --reason TEXT",
        )
    if verdict != "safe":
        raise UndecidedError(
            "nothing is proven yet: the new release may be worse, or too few asked",
            fix="wait for more requests, or say why it moves on now: --reason TEXT",
        )


def _require_approvals(loop: Loop, rolling: Rolling, signer: Signer) -> None:
    """As many distinct people as the plan says, none of them its author."""
    trust = loop.trust
    wanted = rolling.plan.approvals.get("promote", 1)
    authors = {key.name for each in authors_of(loop, rolling.release) if (key := trust.find(each))}
    key = trust.find(signer.key_id)
    if key is None or key.name in authors:
        raise AccessError("who built a release does not promote it", fix="somebody else: --as NAME")
    with recording(loop):
        entries = list(loop.ledger.entries(kind=APPROVED, subject=rolling.id))
        keys = [require_signature(e, trust, at=str(e.payload["signed_at"])) for e in entries]
        people = distinct_people(trust, keys) - authors
        if key.name not in people:
            said = {"signed_at": format_instant(loop.clock.now())}
            record_of(loop, APPROVED, rolling.system, rolling.id, signer, said)
            people.add(key.name)
    if len(people) < wanted:
        raise UndecidedError(
            f"{len(people)} of {wanted} people approved: {', '.join(sorted(people))}",
            fix="another operator runs the same command: --as NAME",
        )


def _evidence(looked: Looked | None) -> dict[str, Any]:
    return {"looked": plain(looked)} if looked is not None else {}


def record_of(
    loop: Loop, kind: str, system: str, subject: str, signer: Signer, said: dict[str, Any]
) -> None:
    """One entry about a rollout, by whoever signs it. Raises EvidenceError."""
    loop.ledger.record(_signed(loop, kind, system, subject, signer, said))


def _signed(
    loop: Loop, kind: str, system: str, subject: str, signer: Signer, said: dict[str, Any]
) -> Draft:
    actor = actor_of(loop, signer)
    draft = Draft(system=system, kind=kind, subject=subject, actor=actor, payload=said)
    return sign_draft(draft, signer)


def publish_arm(loop: Loop, rolling: Rolling) -> None:
    """Let the routing table give it what it gets now. Raises EvidenceError."""

    def change(table: RoutingTable) -> RoutingTable:
        route = table.routes[rolling.system]
        routes = {**table.routes, rolling.system: structs.replace(route, arm=rolling.arm)}
        return structs.replace(table, routes=routes)

    publish(loop.workspace, change, loop.clock, patience_s=loop.patience_s)
