"""All objectives and blockers, one decision. Worst wins; of nothing, INCONCLUSIVE."""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import (
    BUILT_IN,
    Assessment,
    Blocker,
    GateDecision,
    Phase,
    RunSummary,
    Verdict,
    worst,
)

_RETURN: dict[Phase, str] = {
    "prompt": "go back to the prompt and its rails",
    "model": "go back to the choice of the model",
    "data": "go back to the data",
    "scope": "go back to the scope",
    "suite": "go back to the suite and its cases",
    "policy": "people must decide",
    "operations": "look at how it is run",
    "": "",
}

_NEXT: dict[Verdict, str] = {
    Verdict.PASS: "roadworthy release build --out FILE.tar --as NAME; once it is built, "
    "roadworthy release sign FILE.tar --as NAME",
    Verdict.INCONCLUSIVE: "give what is missing above, then run roadworthy eval and gate again",
    Verdict.FAIL: "change what is named above, then run roadworthy eval and gate again",
    Verdict.ERROR: "mend the error above, then run roadworthy eval and gate again",
}


def decide(
    *,
    system: str,
    candidate: str,
    run: RunSummary | None,
    assessments: Sequence[Assessment],
    blockers: Sequence[Blocker] = (),
    baseline_run: str = "",
    notes: Sequence[str] = (),
) -> GateDecision:
    """The decision. Without a run, or without an objective, it never opens."""
    closed = list(blockers)
    if run is None:
        closed.append(_blocked("no evaluation run of this candidate: roadworthy eval", "suite"))
    elif run.status != "complete":
        closed.append(_blocked("the run is not complete: roadworthy eval goes on with it", "suite"))
    if run is not None and all(item.name in BUILT_IN for item in assessments):
        closed.append(_blocked("no objective is judged at the gate: safety-slos.yaml", "policy"))
    verdict = worst(
        [blocker.verdict for blocker in closed]
        + [Verdict.PASS if item.waived_by else item.verdict for item in assessments]
    )
    return GateDecision(
        decision=verdict,
        system=system,
        candidate=candidate,
        run=run.run if run is not None else "",
        bar=run.bar if run is not None else "",
        slos=tuple(assessments),
        reasons=tuple(_reasons(assessments, closed)),
        next_step=_next(verdict, assessments, closed),
        baseline_run=baseline_run,
        notes=tuple(notes),
    )


def _next(verdict: Verdict, assessments: Sequence[Assessment], blockers: Sequence[Blocker]) -> str:
    """What comes next: where one step answers all that keeps it closed, that step alone."""
    steps = {each.step for each in blockers}
    steps |= {"" for item in assessments if not item.verdict.opens and not item.waived_by}
    return next(iter(steps)) if len(steps) == 1 and "" not in steps else _NEXT[verdict]


def _blocked(reason: str, phase: Phase) -> Blocker:
    return Blocker(verdict=Verdict.INCONCLUSIVE, reason=reason, phase=phase)


def _reasons(assessments: Sequence[Assessment], blockers: Sequence[Blocker]) -> list[str]:
    """One sentence for each thing that keeps the gate closed, the worst first."""
    rows = [
        (item.verdict, f"{item.name} (target {item.target}): {item.reason}", item.phase)
        for item in assessments
        if not item.verdict.opens and not item.waived_by
    ]
    rows += [(blocker.verdict, blocker.reason, blocker.phase) for blocker in blockers]
    order = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    rows.sort(key=lambda row: order.index(row[0]))
    return [f"{text}; {_RETURN[phase]}" if _RETURN[phase] else text for _, text, phase in rows]
