"""A proposed change: candidate and base on the same cases, compared, judged. People speak later.

    1 the base's candidate, asked today's cases   2 the candidate   3 what the gate says without the
    note, and whether anything got worse   4 entered as `pull.judged`, on which nothing rests

Enters: two systems, a loop, how to run one. Leaves: a decision. What never happens here: a base
that is asked other cases, a case that the base had and the change dropped in silence, or a decision
that a release could be signed on.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, structs

from roadworthy.domain import (
    Bar,
    Draft,
    GateDecision,
    System,
    UsageError,
    Verdict,
    format_instant,
)
from roadworthy.policy import RegressionRule
from roadworthy.release import pin

from ..entries.run_records import newest_run, rows_of
from ..gate.baseline import Baseline
from ..gate.comparing import differences
from ..release_loop import Pull, consider, present_bar
from ..workspace.loop import Loop

JUDGED = "pull.judged"

_SAME = "nothing that changes behaviour differs from the base"
_NEW = "there is no base: only the objectives are judged"
_NEXT = {
    Verdict.PASS: "merge; before it ships people deliberate: roadworthy deliberate, then gate",
    Verdict.INCONCLUSIVE: "give what is missing above, then run roadworthy ci again",
    Verdict.FAIL: "change what is named above, then run roadworthy ci again",
    Verdict.ERROR: "mend the error above, then run roadworthy ci again",
}
_SHOWN = 12


class Proposed(Struct, frozen=True, kw_only=True):
    """A change and where it starts from."""

    head: System
    base: System | None = None
    """None: the system is new."""


def judge_pull(
    proposed: Proposed, loop: Loop, rule: RegressionRule, evaluate: Callable[[System], object]
) -> GateDecision:
    """Run both where they were not run yet, compare, decide, enter.

    `evaluate` runs a system's suites to the end in this loop's workspace. Raises UsageError when
    the two are not the same system, and as `consider`.
    """
    head, base = proposed.head, proposed.base
    content = pin(head)
    baseline = Baseline(absent=_NEW)
    bars: tuple[tuple[str, Bar], ...] = ()
    if base is not None:
        if base.charter.system != head.charter.system:
            raise UsageError(
                f"the base is {base.charter.system}, the change {head.charter.system}",
                fix="--against names an older state of the same system",
            )
        bars = ((format_instant(loop.clock.now()), present_bar(base, pin(base))),)
        baseline = _base_run(head, base, loop, evaluate)  # 1
    evaluate(head)  # 2
    pull = Pull(baseline=baseline, bars=bars, rule=rule)
    decision = consider(head, loop, pull)  # 3
    decision = structs.replace(
        decision,
        next_step=_NEXT[decision.decision],
        notes=(*decision.notes, *_notes(baseline, loop, decision)),
    )
    loop.ledger.record(  # 4
        Draft(
            system=content.system,
            kind=JUDGED,
            subject=content.candidate_digest,
            actor=loop.machine,
            payload={
                "decision": str(decision.decision),
                "digest": loop.blobs.put_json(decision),
                "run": decision.run,
                "base": pin(base).candidate_digest if base is not None else "",
                "base_run": baseline.run,
            },
        )
    )
    return decision


def _base_run(
    head: System, base: System, loop: Loop, evaluate: Callable[[System], object]
) -> Baseline:
    """1. The base's behaviour on the change's cases and objectives."""
    asked = structs.replace(base, suites=head.suites, slos=head.slos, deployment=head.deployment)
    content = pin(asked)
    if content.candidate_digest == pin(head).candidate_digest:
        return Baseline(absent=_SAME)
    evaluate(asked)
    run = newest_run(loop, content.candidate_digest, bar=present_bar(asked, content))
    if run is None or run.status != "complete":
        return Baseline(missing="the base's run on these cases is not complete")
    return Baseline(run=run.run, rows=tuple(rows_of(loop, run)))


def _notes(baseline: Baseline, loop: Loop, decision: GateDecision) -> list[str]:
    """What is not asked of a proposed change, and which cases it broke or mended."""
    said = [baseline.absent] if baseline.absent else []
    run = newest_run(loop, decision.candidate)
    for each in differences(baseline.rows, rows_of(loop, run))[:1]:
        for title, cases in (("broken", each.broken), ("fixed", each.fixed)):
            more = f" and {len(cases) - _SHOWN} more" if len(cases) > _SHOWN else ""
            if cases:
                said.append(f"{title}: {', '.join(cases[:_SHOWN])}{more}")
    return [*said, "a proposed change: the deliberation note is asked for at the gate"]
