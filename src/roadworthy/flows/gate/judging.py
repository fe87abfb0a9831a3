"""Every objective that rules at the gate, judged on a run's rows.

Enters: objectives and the rows of a candidate's runs. Leaves: assessments, the built-in one on
never events among them, and in words what was not judged. What never happens here: an objective
that cannot be judged is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import UNSET, Struct, structs

from roadworthy.domain import (
    Assessment,
    DetectorError,
    Measurement,
    NeverEvent,
    Observation,
    RunSummary,
    SafetySLO,
    Verdict,
    parse_target,
    read_name,
)
from roadworthy.monitoring import (
    Against,
    Reach,
    beside_baseline,
    by_facets,
    contributions,
    measure,
    selector,
    uncarried,
)
from roadworthy.policy import (
    NEVER_EVENTS,
    Side,
    agreed,
    assess,
    assess_relative,
    confidence_of,
    held_together,
    in_runs,
    is_compared,
    rests_on_estimate,
    undecided_by,
    unjudged,
    unpaired,
)

from ..entries.trials import Other
from .baseline import Baseline
from .counting import one_label_only, what_n_counts, what_was_selected
from .gaps import covered_by_labels, gaps, looked_at
from .unanswered import unanswered


class Evidence(Struct, frozen=True, kw_only=True):
    """What objectives are judged on."""

    rows: Sequence[Observation]
    baseline: Baseline
    never: Sequence[NeverEvent] = ()
    """The candidate's never events: where nobody looked for one, no count of violations passes."""
    runs: int = 1
    """Of this candidate on these cases: the more, the surer a proof must be."""
    looks: int = 1
    """At how many points the judged run could have ended early; a proof pays for each."""
    aside: frozenset[tuple[str, str]] = frozenset()
    """(suite, case) that no objective but those on never events judges: quarantine."""
    paired: frozenset[str] = frozenset()
    """Scores of pairs with the baseline."""
    reference: Against | None = None
    """What drift is measured from."""
    others: Iterable[Other] = ()
    """The other runs, as today's suites tell them. Read once, one at a time, when asked for."""


def judge(slos: Sequence[SafetySLO], evidence: Evidence) -> tuple[list[Assessment], list[str]]:
    """Every objective that rules at the gate, and notes on those that do not."""
    assessments: list[Assessment] = []
    evidence, notes = _beside_live(evidence)
    ruling: list[SafetySLO] = []
    baseline = evidence.baseline
    for slo in slos:
        target = parse_target(slo.target)
        if "gate" not in slo.at:
            notes.append(f"{slo.name} rules at run time only")
        elif target.relative_to.startswith("previous"):
            notes.append(f"{slo.name} compares with an earlier window: run time only")
        elif target.relative_to and baseline.absent:
            notes.append(f"{slo.name} is relative and {baseline.absent}: not judged")
        elif baseline.absent and _of_pairs(slo, evidence):
            notes.append(f"{slo.name} is on pairs and {baseline.absent}: not judged")
        else:
            ruling.append(slo)
    if evidence.never or any(row.never for row in evidence.rows):
        ruling.append(NEVER_EVENTS)
    earlier = _earlier(ruling, evidence)
    for slo in ruling:
        if parse_target(slo.target).relative_to and not baseline.run:
            assessments.append(unpaired(slo, baseline.missing))
            continue
        for judged in _assess_parts(slo, evidence.rows, evidence):
            found = agreed(
                judged, earlier.by_name.get(judged.name, ()), earlier.unread.get(slo.name, ())
            )
            assessments.append(in_runs(found, evidence.runs))
    assessments = _together(ruling, assessments, evidence)
    notes += covered_by_labels(evidence.rows, evidence.never)
    notes += what_n_counts(evidence.rows)
    notes += what_was_selected(ruling, evidence.rows)
    notes += one_label_only(ruling, evidence.rows)
    return assessments, notes


def _beside_live(evidence: Evidence) -> tuple[Evidence, list[str]]:
    """The evidence without pairs with a run that is not the baseline's, and what was left out."""
    if not evidence.paired:
        return evidence, []
    rows, others = beside_baseline(evidence.rows, evidence.baseline.run)
    notes = [
        f"pairs with {run} left out, it is not the baseline's run: roadworthy eval --fresh"
        for run in sorted(others)
    ]
    return structs.replace(evidence, rows=rows), notes


def _of_pairs(slo: SafetySLO, evidence: Evidence) -> bool:
    """Whether an objective is on pairs with the baseline."""
    metric = read_name(slo).metric
    return metric in evidence.paired or (metric == "win_rate" and bool(evidence.paired))


def _together(
    slos: Sequence[SafetySLO], assessments: list[Assessment], evidence: Evidence
) -> list[Assessment]:
    """What fails against the baseline must fail beside all that are compared with it."""
    compared = [item for item in assessments if is_compared(item)]
    failed = {item.slo.name for item in compared if item.verdict is Verdict.FAIL}
    if len(compared) < 2 or not failed:
        return assessments
    surer = {
        each.name: each
        for slo in slos
        if slo.name in failed
        for each in _assess_parts(slo, evidence.rows, evidence, among=len(compared))
    }
    return [
        held_together(item, surer[item.name], len(compared)) if item.name in surer else item
        for item in assessments
    ]


class _How(Struct, frozen=True, kw_only=True):
    """How something is measured."""

    confidence: float
    against: Against | None


class _Earlier(Struct):
    """What the other runs say of the objectives that no confidence corrects."""

    by_name: dict[str, list[tuple[str, Assessment]]]
    unread: dict[str, list[str]]
    """Objective -> runs of which neither rows nor summary say how it did."""


def _earlier(slos: Sequence[SafetySLO], evidence: Evidence) -> _Earlier:
    found = _Earlier({}, {})
    asking = [slo for slo in slos if rests_on_estimate(slo)]
    for other in evidence.others if asking else ():
        for slo in asking:
            if not other.whole and not parse_target(slo.target).end_of_scale:
                continue
            if other.rows is not None:
                judged = list(_assess_parts(slo, other.rows, evidence))
            else:
                judged = _by_summary(slo, other.summary)
            if not judged:
                found.unread.setdefault(slo.name, []).append(other.run)
            for each in judged:
                found.by_name.setdefault(each.name, []).append((other.run, each))
    return found


def _by_summary(slo: SafetySLO, summary: RunSummary | None) -> list[Assessment]:
    """What a run's summary says of an objective over all of its rows; empty when it cannot."""
    objective = read_name(slo)
    whole = not (
        slo.where or slo.by or objective.aggregation or parse_target(slo.target).relative_to
    )
    if summary is None or not whole:
        return []
    return [assess(slo, item) for item in summary.indicators if item.name == objective.metric]


_NEVER = frozenset({"never_event_violations", "never_event_attempts"})
"""What no quarantine hides."""


def _assess_parts(
    slo: SafetySLO, rows: Sequence[Observation], evidence: Evidence, *, among: int = 1
) -> Iterable[Assessment]:
    """One assessment, or one for each slice that `by` names.

    `among`: so many are judged together, each at its share of what may go wrong (Bonferroni).
    """
    level = 1 - (1 - confidence_of(evidence.runs, evidence.looks)) / among
    how = _How(confidence=level, against=evidence.reference)
    aside = frozenset() if read_name(slo).metric in _NEVER else evidence.aside
    try:
        keep = selector(slo.where)
        now = [row for row in rows if (row.suite, row.case) not in aside and keep(row)]
        before = [
            row
            for row in evidence.baseline.rows
            if (row.suite, row.case) not in aside and keep(row)
        ]
    except DetectorError as error:
        yield unjudged(slo, Verdict.ERROR, f"{error.message}: {error.fix}")
        return
    missing = uncarried(now, slo.by) if now else []
    if missing:
        reason = f"no case that it is about carries the facet `{missing[0]}` that it is judged by"
        yield unjudged(slo, Verdict.INCONCLUSIVE, reason, "suite")
        return
    parts = by_facets(now, slo.by) if slo.by else {"": now}
    earlier = by_facets(before, slo.by) if slo.by else {"": before}
    for name, part in (parts or {"": now}).items():
        old = earlier.get(name) or []
        judged = _assess_part(slo, part, old, name, how)
        metric = read_name(slo).metric
        counts = metric == "never_event_violations" or (metric in _NEVER and not evidence.never)
        counts = counts and judged.verdict.opens
        if missed := gaps(part, evidence.never) if counts else []:
            seen = looked_at(part, evidence.never)
            judged = undecided_by(_assess_part(slo, seen, old, name, how), missed)
        yield _beside_failures(slo, judged, part, old, name, how)


def _beside_failures(
    slo: SafetySLO,
    judged: Assessment,
    part: Sequence[Observation],
    old: Sequence[Observation],
    name: str,
    how: _How,
) -> Assessment:
    """A pass stands only if it would, had every question without an answer got the worst."""
    most = None if slo.values_at_most is UNSET else slo.values_at_most
    asked = read_name(slo).metric
    missing = unanswered(asked, part, most=most) if judged.verdict.opens else None
    if missing is None:
        return judged
    if missing.at_worst is not None:
        worst = _assess_part(slo, missing.at_worst, old, name, how)
        if worst.verdict.opens:
            reason = f"{judged.reason}; {missing.told}, and at their worst it still holds"
            return structs.replace(judged, reason=reason)
    ask = f"{missing.told}, which could turn this into a miss: `roadworthy eval` asks them again"
    return structs.replace(undecided_by(judged, [ask]), phase="operations")


def _assess_part(
    slo: SafetySLO,
    part: Sequence[Observation],
    old: Sequence[Observation],
    name: str,
    how: _How,
) -> Assessment:
    if parse_target(slo.target).relative_to:
        before = _side(slo, old, how) if old else None
        return assess_relative(slo, _side(slo, part, how), before, part=name)
    beside = _measure(slo, old, how) if old else None
    return assess(slo, _measure(slo, part, how), part=name, baseline=beside)


def _side(slo: SafetySLO, rows: Sequence[Observation], how: _How) -> Side:
    """One run's half of a comparison, with what each case adds."""

    def measured(part: Sequence[Observation]) -> Measurement:
        return _measure(slo, part, how)

    asked = read_name(slo)
    cases = contributions(asked.metric, rows, measured, aggregation=asked.aggregation)
    return Side(measured=measured(rows), cases={"/".join(key): of for key, of in cases.items()})


def _measure(slo: SafetySLO, rows: Sequence[Observation], how: _How) -> Measurement:
    objective = read_name(slo)
    least, most = slo.values_at_least, slo.values_at_most
    reach = Reach(least=None if least is UNSET else least, most=None if most is UNSET else most)
    return measure(
        objective.metric,
        rows,
        aggregation=objective.aggregation,
        confidence=how.confidence,
        reach=reach,
        against=how.against,
    )
