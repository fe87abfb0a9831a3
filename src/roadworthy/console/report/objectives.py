"""Every objective with its target, its interval and its verdict."""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import INDICATORS, Assessment, SloTarget, parse_target, read_name
from roadworthy.flows.gate.inspection import Inspection
from roadworthy.policy import confidence_of

from .charts import domain_of, interval_bar, number

_EVIDENCE = {
    "proven": "the whole interval must meet the target",
    "point": "the estimate must meet the target; the interval is shown beside it",
    "count": "judged on the count; the interval says what the count proves",
}


class ObjectiveRow(Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    objective: str
    target: str
    evidence: str
    evidence_means: str
    chart: str
    estimate: str
    interval: str
    n: str
    coverage: str
    baseline: str
    difference: str
    verdict: str
    reason: str
    waived_by: str
    on_breach: str
    owner: str


def level(inspection: Inspection) -> str:
    """The confidence of the intervals: the gate asks for more from a candidate's second run on."""
    decision = inspection.judged.decision
    runs = decision.runs if decision is not None else 1
    return f"{confidence_of(runs, inspection.run.looks) * 100:.4g} %"


def objective_rows(inspection: Inspection) -> list[ObjectiveRow]:
    """In the order of safety-slos.yaml."""
    return [_row(item) for item in inspection.judged.assessments]


def _row(item: Assessment) -> ObjectiveRow:
    evidence = evidence_of(item)
    return ObjectiveRow(
        name=item.name,
        objective=item.slo.objective,
        target=item.target,
        evidence=evidence,
        evidence_means=_EVIDENCE[evidence],
        chart=_chart(item),
        estimate=number(item.estimate),
        interval=_interval(item),
        n=f"{item.n:,}",
        coverage="" if item.coverage is None else f"at coverage {number(item.coverage)}",
        baseline=number(item.baseline),
        difference="-" if item.difference is None else f"{item.difference:+.3f}",
        verdict=str(item.verdict),
        reason=item.reason,
        waived_by=item.waived_by,
        on_breach=item.slo.action_on_breach.replace("_", " "),
        owner=item.slo.owner,
    )


def evidence_of(item: Assessment) -> str:
    """How it was judged: proven, point, or on the count."""
    target = _target(item)
    if target is not None and target.end_of_scale:
        return "count"
    if item.evidence:
        return item.evidence
    try:
        spec = INDICATORS.get(read_name(item.slo).metric)
    except ValueError:
        spec = None
    return item.slo.evidence or (spec.evidence if spec is not None else "proven")


def _target(item: Assessment) -> SloTarget | None:
    try:
        return parse_target(item.target)
    except ValueError:
        return None


def _interval(item: Assessment) -> str:
    if item.low is None or item.high is None:
        return "no interval"
    return f"{number(item.low)} to {number(item.high)}"


def _chart(item: Assessment) -> str:
    """The interval against the target; a relative one where the baseline puts it."""
    if item.estimate is None:
        return ""
    target = _target(item)
    drawn: tuple[str, float] | None = None
    if target is not None:
        if not target.relative_to:
            drawn = (target.operator, target.bound)
        elif item.baseline is not None:
            drawn = (target.operator, target.bound * item.baseline)
    try:
        spec = INDICATORS.get(read_name(item.slo).metric)
    except ValueError:
        spec = None
    share = spec.unit == "share" if spec is not None else True
    values = (item.estimate, item.low, item.high)
    bounds = None if item.low is None or item.high is None else (item.low, item.high)
    return interval_bar(
        item.estimate,
        bounds,
        target=drawn,
        domain=domain_of(values, share=share, bound=drawn[1] if drawn else None),
        verdict=str(item.verdict).lower(),
        says=f"{item.name}: {number(item.estimate)}, {_interval(item)}, target {item.target}",
    )
