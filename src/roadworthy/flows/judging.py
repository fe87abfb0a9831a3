"""Every objective that rules at the gate, judged on a run's rows.

Enters: objectives and the rows of a candidate's runs. Leaves: assessments, and in words what was
not judged. What never happens here: an objective that cannot be judged is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from roadworthy.domain import (
    Assessment,
    Measurement,
    Observation,
    SafetySLO,
    parse_target,
    read_name,
)
from roadworthy.monitoring import by_facets, measure, selector
from roadworthy.policy import assess


def judge(
    slos: Sequence[SafetySLO], rows: Sequence[Observation], baseline: Sequence[Observation]
) -> tuple[list[Assessment], list[str]]:
    """Every objective that rules at the gate, and notes on those that do not."""
    assessments: list[Assessment] = []
    notes: list[str] = []
    for slo in slos:
        target = parse_target(slo.target)
        if "gate" not in slo.at:
            notes.append(f"{slo.name} rules at run time only")
        elif target.relative_to.startswith("previous"):
            notes.append(f"{slo.name} compares with an earlier window: run time only")
        elif target.relative_to and not baseline:
            notes.append(f"{slo.name} is relative and there is no baseline yet: not judged")
        else:
            assessments += _assess_parts(slo, rows, baseline)
    return assessments, notes


def _assess_parts(
    slo: SafetySLO, rows: Sequence[Observation], baseline: Sequence[Observation]
) -> Iterable[Assessment]:
    """One assessment, or one for each slice that `by` names."""
    keep = selector(slo.where)
    now, before = [r for r in rows if keep(r)], [r for r in baseline if keep(r)]
    parts = by_facets(now, slo.by) if slo.by else {"": now}
    earlier = by_facets(before, slo.by) if slo.by else {"": before}
    for name, part in (parts or {"": now}).items():
        old = earlier.get(name)
        yield assess(
            slo, _measure(slo, part), part=name, baseline=_measure(slo, old) if old else None
        )


def _measure(slo: SafetySLO, rows: Sequence[Observation]) -> Measurement:
    objective = read_name(slo)
    return measure(objective.metric, rows, aggregation=objective.aggregation)
