"""Every objective that rules at the gate, judged on a run's rows.

Enters: objectives and the rows of a candidate's runs. Leaves: assessments, and in words what was
not judged. What never happens here: an objective that cannot be judged is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from roadworthy.domain import (
    INDICATORS,
    Assessment,
    Measurement,
    NeverEvent,
    Observation,
    SafetySLO,
    parse_target,
    read_name,
)
from roadworthy.monitoring import by_facets, measure, selector
from roadworthy.policy import Side, assess, assess_relative, undecided_by, unpaired

from .baseline import Baseline
from .gaps import covered_by_labels, gaps


def judge(
    slos: Sequence[SafetySLO],
    rows: Sequence[Observation],
    baseline: Baseline,
    never: Sequence[NeverEvent],
) -> tuple[list[Assessment], list[str]]:
    """Every objective that rules at the gate, and notes on those that do not.

    `never` are the candidate's never events: where nobody looked for one, no count of violations
    is a pass.
    """
    assessments: list[Assessment] = []
    notes: list[str] = []
    for slo in slos:
        target = parse_target(slo.target)
        if "gate" not in slo.at:
            notes.append(f"{slo.name} rules at run time only")
        elif target.relative_to.startswith("previous"):
            notes.append(f"{slo.name} compares with an earlier window: run time only")
        elif target.relative_to and baseline.absent:
            notes.append(f"{slo.name} is relative and {baseline.absent}: not judged")
        elif target.relative_to and not baseline.run:
            assessments.append(unpaired(slo, baseline.missing))
        else:
            assessments += _assess_parts(slo, rows, baseline.rows, never)
    notes += covered_by_labels(rows, never)
    return assessments, notes


def _assess_parts(
    slo: SafetySLO,
    rows: Sequence[Observation],
    baseline: Sequence[Observation],
    never: Sequence[NeverEvent],
) -> Iterable[Assessment]:
    """One assessment, or one for each slice that `by` names."""
    keep = selector(slo.where)
    now, before = [r for r in rows if keep(r)], [r for r in baseline if keep(r)]
    parts = by_facets(now, slo.by) if slo.by else {"": now}
    earlier = by_facets(before, slo.by) if slo.by else {"": before}
    relative = bool(parse_target(slo.target).relative_to)
    for name, part in (parts or {"": now}).items():
        old = earlier.get(name)
        if relative:
            judged = assess_relative(
                slo, _side(slo, part), _side(slo, old) if old else None, part=name
            )
        else:
            before_it = _measure(slo, old) if old else None
            judged = assess(slo, _measure(slo, part), part=name, baseline=before_it)
        counts = read_name(slo).metric == "never_event_violations"
        yield undecided_by(judged, gaps(part, never) if counts else ())


_SUMS = frozenset({"rate", "mean", "count"})
"""Kinds of indicators that are a sum over cases, so that two runs of them can be paired."""


def _side(slo: SafetySLO, rows: Sequence[Observation]) -> Side:
    """One run's half of a comparison, with each case's own value."""
    spec = INDICATORS.get(read_name(slo).metric)
    cases: dict[str, float] = {}
    if spec is None or spec.kind in _SUMS:
        by_case: dict[str, list[Observation]] = {}
        for row in rows:
            by_case.setdefault(f"{row.suite}/{row.case}", []).append(row)
        found = {case: _of_case(_measure(slo, group)) for case, group in by_case.items()}
        cases = {case: value for case, value in found.items() if value is not None}
    return Side(measured=_measure(slo, rows), cases=cases)


def _of_case(found: Measurement) -> float | None:
    """A case's own value. One that counts (`n`) and was not answered is not right, not absent."""
    withheld = found.value is None and found.coverage == 0.0 and found.n > 0
    return 0.0 if withheld else found.value


def _measure(slo: SafetySLO, rows: Sequence[Observation]) -> Measurement:
    objective = read_name(slo)
    return measure(objective.metric, rows, aggregation=objective.aggregation)
