"""Steps of a playbook: taken one after the other, taken back in reverse order.

    take   the step in the routing table, then its entry; what was taken before stands beside it
    next   when answers since the last step still break the objective after its time (`within`): of
           too few answers no step follows
    ease   the newest step, after the objective's clean windows since it was taken or one taken
           back; a failure after that takes it again at once

Enters: an objective that is broken, or a person. Leaves: mitigations, kills, entries. What never
happens here: a step that waits for the ledger, one that is taken twice, a kill that is eased (two
people lift it), a lower step that is taken back before a higher one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast

from msgspec import UNSET, Struct, structs

from roadworthy.domain import (
    DegradeStep,
    Draft,
    KillFlag,
    Mitigation,
    ObjectiveStanding,
    RoutingTable,
    SafetySLO,
    Signer,
    UsageError,
    Verdict,
    digest_of,
    format_instant,
    parse_duration,
    parse_instant,
    plain,
)
from roadworthy.ledger import require_role, sign_draft
from roadworthy.release import OPERATORS

from ..brakes.stopping import kill_draft, recording
from ..incidents.opening import Showing, breach_drafts, ended_drafts
from ..releasing.building import actor_of
from ..workspace.loop import Loop
from ..workspace.routing import brake, read_table
from .mitigations import (
    EASED,
    STEPPED,
    change_mitigations,
    end_or_hold,
    mitigation_id,
    slice_of,
    standing_mitigations,
)

DEGRADE = "degrade_steps"

Switch = Mitigation | KillFlag


class Run(Struct, frozen=True, kw_only=True):
    """One playbook being walked."""

    id: str
    """The same for all of its steps."""
    system: str
    playbook: str
    """Whose steps; of an objective, its name."""
    steps: Sequence[DegradeStep]
    facets: dict[str, str]
    """The slice of a step that names none."""
    objective: str = ""


def step_id(run: Run, number: int, since: str) -> str:
    """The same step after the same move always has the same id; taken again it has another."""
    kind = "kill" if run.steps[number - 1].do == "kill_switch" else "step"
    return f"{kind}-{digest_of([run.id, number, since]).removeprefix('sha256:')[:12]}"


def take(switch: Switch, loop: Loop) -> None:
    """Put a step in force. Raises EvidenceError unless it stands."""
    if isinstance(switch, KillFlag):
        brake(loop.workspace, [switch], loop.clock, patience_s=loop.patience_s)
    else:
        alone = switch.system if switch.kind == "rollback" else ""
        change_mitigations(loop, add=[switch], alone=alone)


def switch_of(run: Run, number: int, *, id: str, reason: str, at: str) -> Switch:
    """What a step (from 1 on) changes."""
    step = run.steps[number - 1]
    facets = step.facets or run.facets
    about = f"step {number} of {len(run.steps)} of {run.playbook}: {reason}"
    if step.do == "kill_switch":
        scope, value = "system", run.system
        if len(facets) == 1 and "endpoint" not in facets:
            ((name, said),) = facets.items()
            scope, value = ("tenant", said) if name == "tenant" else ("slice", f"{name}={said}")
        return KillFlag(
            id=id, scope=cast(Any, scope), value=value, system=run.system,
            reason=about, by=f"playbook:{run.playbook}", at=at,
        )  # fmt: skip
    return Mitigation(
        id=id, kind=cast(Any, step.do), system=run.system, facets=facets,
        objective=run.objective, reason=about, at=at, playbook=run.playbook, step=number,
        allowed={name: tuple(values) for name, values in step.allowed.items()},
    )  # fmt: skip


def _drafts(switch: Switch, loop: Loop, actor: str) -> list[Draft]:
    """The entries of a step that was taken."""
    killed = isinstance(switch, KillFlag)
    draft = Draft(
        system=switch.system,
        kind=STEPPED,
        subject=switch.id,
        actor=actor,
        payload={"kill" if killed else "mitigation": plain(switch)},
    )
    return [draft, *([kill_draft(switch, loop.machine)] if isinstance(switch, KillFlag) else [])]


# By an objective.


def run_of(standing: ObjectiveStanding, slo: SafetySLO) -> Run:
    """The run of a breach."""
    return Run(
        id=mitigation_id(standing),
        system=standing.system,
        playbook=standing.objective,
        steps=() if slo.steps is UNSET else slo.steps,
        facets=slice_of(standing.part),
        objective=standing.objective,
    )


def step_down(standing: ObjectiveStanding, slo: SafetySLO, loop: Loop) -> ObjectiveStanding:
    """Take the next step, where one is due. The ledger is not asked."""
    run = run_of(standing, slo)
    if not standing.steps:
        found = _stand_of(run, read_table(loop.workspace.routing))
        newest = found[-1] if found else standing.mitigation
        standing = structs.replace(standing, steps=found, mitigation=newest)
    if not _is_due(standing, run, loop):
        return standing
    number, now = len(standing.steps) + 1, format_instant(loop.clock.now())
    name = step_id(run, number, standing.stepped_at)
    take(switch_of(run, number, id=name, reason=standing.reason, at=now), loop)
    return structs.replace(
        standing,
        steps=(*standing.steps, name),
        stepped_at=now,
        eased=False,
        mitigation=name,
        entered=False,
    )


def _stand_of(run: Run, table: RoutingTable) -> tuple[str, ...]:
    """What the table has of it, where nobody else knows: a restart from a damaged file."""
    mine = [
        each
        for each in table.mitigations
        if (each.system, each.playbook, each.objective) == (run.system, run.playbook, run.objective)
        and 0 < each.step <= len(run.steps)
        and each.facets == (run.steps[each.step - 1].facets or run.facets)
    ]  # fmt: skip
    return tuple(each.id for each in sorted(mine, key=lambda each: each.step))


def _is_due(standing: ObjectiveStanding, run: Run, loop: Loop) -> bool:
    there = len(standing.steps)
    if not standing.breached_at or there >= len(run.steps):
        return False
    if not there and not standing.eased:
        return True
    if standing.verdict is not Verdict.FAIL:
        return False
    if standing.eased:
        return True
    given = dt.timedelta(seconds=parse_duration(run.steps[there - 1].within))
    since = parse_instant(standing.stepped_at or standing.breached_at)
    return loop.clock.now() >= since + given


def enter_step(
    standing: ObjectiveStanding, slo: SafetySLO, loop: Loop, *, showing: Showing
) -> None:
    """Record the newest step, once; from the second on its incident has a line of it."""
    if not standing.steps:
        return
    run, number, name = run_of(standing, slo), len(standing.steps), standing.steps[-1]
    if run.steps[number - 1].do == "rollback":
        end_or_hold(structs.replace(standing, action="rollback"), loop)
    table = read_table(loop.workspace.routing)
    switches: list[Switch] = [*table.mitigations, *table.kills]
    there = {each.id: each for each in switches}
    own = switch_of(run, number, id=name, reason=standing.reason, at=standing.stepped_at)
    with recording(loop):
        if loop.ledger.newest(kind=STEPPED, subject=name) is not None:
            return
        drafts = _drafts(there.get(name, own), loop, loop.machine)
        if number > 1:
            drafts += breach_drafts(standing, slo, loop, showing=showing)
        loop.ledger.record(*drafts)


def is_kill(standing: ObjectiveStanding) -> bool:
    """Whether the newest step is one that only two people take back."""
    return bool(standing.steps) and standing.steps[-1].startswith("kill-")


def ease(standing: ObjectiveStanding, loop: Loop) -> ObjectiveStanding:
    """Take the newest step back; the one before it stands."""
    note = f"step {len(standing.steps)} was taken back"
    _end(standing.steps[-1], loop, system=standing.system, note=note)
    return lowered(standing, at=format_instant(loop.clock.now()))


def lowered(standing: ObjectiveStanding, *, at: str) -> ObjectiveStanding:
    """The standing with one step less."""
    left = standing.steps[:-1]
    below = left[-1] if left else ""
    return structs.replace(standing, steps=left, stepped_at=at, eased=True, mitigation=below)


def _end(name: str, loop: Loop, *, system: str, note: str, signer: Signer | None = None) -> None:
    draft = Draft(
        system=system,
        kind=EASED,
        subject=name,
        actor=actor_of(loop, signer) if signer is not None else loop.machine,
        payload={"note": note},
    )
    if signer is not None:
        draft = sign_draft(draft, signer)
    with recording(loop):
        loop.ledger.record(draft, *ended_drafts(loop, system, name, note))
    change_mitigations(loop, drop=[name])


# By a person.


def hand_steps(loop: Loop, system: str, playbook: str) -> list[Switch]:
    """What stands of a playbook that a person walks, the first step first."""
    table = read_table(loop.workspace.routing)
    found: list[Switch] = [
        each
        for each in standing_mitigations(loop)
        if (each.system, each.playbook, each.objective) == (system, playbook, "")
    ]
    found.sort(key=lambda each: each.step if isinstance(each, Mitigation) else 0)
    by = f"playbook:{playbook}"
    return [*found, *(flag for flag in table.kills if (flag.system, flag.by) == (system, by))]


def step_by_hand(run: Run, loop: Loop, *, signer: Signer, reason: str) -> Switch:
    """The next step, by a person who operates. Raises UsageError when all stand."""
    if not reason.strip():
        raise UsageError("a step needs a reason", fix="--reason TEXT")
    at = format_instant(loop.clock.now())
    require_role(loop.trust, signer.key_id, OPERATORS, at)
    there = len(hand_steps(loop, run.system, run.playbook))
    if there >= len(run.steps):
        raise UsageError(f"all {len(run.steps)} steps of {run.playbook} stand")
    number = there + 1
    name = step_id(run, number, at)
    switch = switch_of(run, number, id=name, reason=reason.strip(), at=at)
    take(switch, loop)
    with recording(loop):
        first, *rest = _drafts(switch, loop, actor_of(loop, signer))
        loop.ledger.record(sign_draft(first, signer), *rest)
    return switch


def back_by_hand(run: Run, loop: Loop, *, signer: Signer, reason: str) -> Mitigation:
    """Take the newest step back, by a person who operates; a kill is lifted by two."""
    if not reason.strip():
        raise UsageError("taking a step back needs a reason", fix="--reason TEXT")
    require_role(loop.trust, signer.key_id, OPERATORS, format_instant(loop.clock.now()))
    there = hand_steps(loop, run.system, run.playbook)
    if not there:
        raise UsageError(f"no step of {run.playbook} stands")
    newest = there[-1]
    if isinstance(newest, KillFlag):
        raise UsageError(
            f"the newest step is the kill {newest.id}",
            fix=f"roadworthy resume {newest.id}: two people",
        )
    _end(newest.id, loop, system=run.system, note=reason.strip(), signer=signer)
    return newest
