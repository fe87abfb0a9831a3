"""Every indicator that this version measures, over any observations: a run's or live traffic's.

Enters: observations and an indicator's name. Leaves: a Measurement with n and interval, or one
without a value and with the reason. Never here: a target, a verdict, a file.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from msgspec import structs

from roadworthy.domain import (
    ALIASES,
    INDICATORS,
    JUDGE_SHOWN,
    SCORE_SHOWN,
    UPHELD,
    IndicatorSpec,
    Measurement,
    Observation,
)

from .against import Against
from .agreement import majority_accuracy, self_consistency
from .calibration import area, brier, calibration_error
from .cases import Cases, PerCase, cases_of, part_of, per_case
from .clusters import clusters, mean_of_cases, share_of_cases, with_groups
from .correlation import correlation
from .drift import concept_drift, decision_drift, input_drift, output_drift, purpose_drift
from .durations import duration
from .gaps import slice_gap, spurious_dependence
from .groups import group_rate
from .host import OF_HOST, host_meter, told_by_load
from .judge_agreement import judge_agreement
from .judged import judge_score, judges_in, ready_rubric
from .labels import OF_LABELS, averaged, beside_coverage
from .novelty import ood_repeats, topic_emergence
from .outcomes import (
    FEEDBACK,
    RESOLVED,
    SATISFIED,
    cost_per_resolved,
    feedback_score,
    resolved_rate,
)
from .own_scores import own_score
from .pace import cache_hit_rate, prompt_cache_rate, throughput
from .ranking import area_under_roc
from .rates import RATES, SCORE_OF
from .reach import ANY, Reach
from .repeats import passing
from .results import absent, count_of, share_of
from .reviews import overturn_rate, time_to_review
from .sampled import over_sample, score_drawn
from .scores import perplexity, root_mean_square, score_mean, token_confidence
from .sessions import CLASS_OF, misuse_sessions, rephrase_rate, satisfaction

Part = TypeVar("Part", bound=Hashable)
Meter = Callable[[IndicatorSpec, Cases, str, float], Measurement]

_MAX_SLICES = 50
"""Slices shown of one indicator; a facet with more values is an identifier, not a slice."""


def measure(
    name: str,
    observations: Sequence[Observation],
    *,
    aggregation: str = "",
    confidence: float = 0.95,
    reach: Reach = ANY,
    against: Against | None = None,
) -> Measurement:
    """Measure one indicator, or one of the suite's own scores by its name.

    `n` counts cases: the repeats of a case are one case, whose value is the mean over them.
    `reach`: how far the values of a mean go, where somebody says so; `against`: the reference that
    drift is measured from. Without data the value is None and `reason` says what is missing.
    """
    return _measured(name, cases_of(observations, against), aggregation, confidence, reach)


def measure_parts(
    name: str,
    observations: Sequence[Observation],
    parts: Mapping[Part, Sequence[int]],
) -> dict[Part, Measurement]:
    """`measure` of some of the observations, part by part; each is asked once for all parts.

    `parts` says by place which observations each holds; one may be in several.
    """
    whole = cases_of(observations)
    return {key: _measured(name, part_of(whole, each), "", 0.95) for key, each in parts.items()}


def _measured(
    name: str, cases: Cases, aggregation: str, confidence: float, reach: Reach = ANY
) -> Measurement:
    name = ALIASES.get(name, name)
    spec = INDICATORS.get(name)
    if spec is None:
        return own_score(name, cases, confidence, reach)
    if reach is not ANY:
        spec = reach.of(spec)
    if not spec.measured:
        return absent(spec, "this version does not measure it")
    meter = _METERS.get(name) or (_rate if name in RATES else None)
    if meter is None:
        return absent(spec, "this version does not measure it")
    if drawn := score_drawn(spec, cases):
        measure = partial(_part_measured, spec, meter, aggregation, confidence)
        return over_sample(spec, cases, drawn, measure, confidence)
    return meter(spec, cases, aggregation, confidence)


def _part_measured(
    spec: IndicatorSpec, meter: Meter, aggregation: str, confidence: float, part: Cases
) -> Measurement:
    """Some of the cases, whatever they were drawn from."""
    return meter(spec, part, aggregation, confidence)


def measure_all(
    observations: Iterable[Observation],
    *,
    confidence: float = 0.95,
    slices: bool = True,
    against: Against | None = None,
) -> list[Measurement]:
    """Every indicator and score that has data, in the catalogue's order, own scores after.

    With `slices` each carries its value per tag and per facet value.
    """
    cases = cases_of(observations, against)
    scored = {name for row in cases.rows for name in row.scores}
    names = _measurable(cases, scored)
    own = sorted(scored - _SCORES_OF_INDICATORS)
    measured = [_measured(name, cases, "", confidence) for name in [*names, *own]]
    present = [item for item in measured if _says_something(item)]
    if not slices:
        return present
    parts = _parts(cases)
    total = len(cases.rows)
    return [
        structs.replace(item, slices=_sliced(item, parts, total, confidence)) for item in present
    ]


def _measurable(cases: Cases, scored: set[str]) -> list[str]:
    """The indicators that can have a value here: no row is asked for a score that none has."""
    there = {f"score:{name}" for name in scored}
    if any(row.label for row in cases.rows):
        there.add("label")
    if any(judges_in(row) for row in cases.rows):
        there.add("judge")
    if cases.against is not None:
        there.add("reference")
    missing = {
        need
        for spec in INDICATORS.values()
        for need in spec.needs
        if need in ("label", "judge", "reference") or need.startswith("score:")
    } - there
    return [
        name
        for name, spec in INDICATORS.items()
        if spec.measured and name not in _OF_ONE_TIME and missing.isdisjoint(spec.needs)
    ]


_OF_ONE_TIME = frozenset({"throughput", "headroom", *OF_HOST})
"""Indicators that the same answers show differently each time: no part of what a run says, which
is the same whenever it is asked again. An objective on one measures it."""


_SCORES_OF_INDICATORS = frozenset(
    {
        "exact",
        "contains",
        "regex",
        "schema",
        "label",
        "pii",
        "secrets",
        "refusal",
        "verbatim",
        FEEDBACK,
        SATISFIED,
        RESOLVED,
        UPHELD,
    }
    | set(SCORE_SHOWN.values())
    | set(JUDGE_SHOWN.values())
)
"""Scores that an indicator of another name already shows."""


def _parts(cases: Cases) -> dict[str, Cases]:
    """Cases by tag, by facet value and by tenant: `tag:NAME`, `facet=value`, `tenant=NAME`.

    Of too many the tenants go first, then the facets.
    """
    tenants: set[str] = set()
    parts: dict[str, list[int]] = {}
    for place, row in enumerate(cases.rows):
        for tag in row.tags:
            if not tag.startswith("group:"):
                parts.setdefault(f"tag:{tag}", []).append(place)
        for facet, value in row.facets.items():
            parts.setdefault(f"{facet}={value}", []).append(place)
        if row.tenant and "tenant" not in row.facets:
            parts.setdefault(f"tenant={row.tenant}", []).append(place)
            tenants.add(f"tenant={row.tenant}")
    if len(parts) > _MAX_SLICES:
        parts = {key: part for key, part in parts.items() if key not in tenants}
    if len(parts) > _MAX_SLICES:
        parts = {key: part for key, part in parts.items() if key.startswith("tag:")}
    return {key: part_of(cases, places) for key, places in sorted(parts.items())}


_SLICED = frozenset({"rate", "quantile", "mean", "count", "calibration"})


def _sliced(
    item: Measurement, parts: dict[str, Cases], total: int, confidence: float
) -> dict[str, Measurement]:
    """The indicator in each part; one that holds all `total` rows says what the whole says."""
    spec = INDICATORS.get(item.name)
    if spec is not None and spec.kind not in _SLICED:
        return {}
    found = {
        key: item if len(part.rows) == total else _measured(item.name, part, "", confidence)
        for key, part in parts.items()
    }
    return {key: value for key, value in found.items() if _says_something(value)}


def _says_something(item: Measurement) -> bool:
    """Whether there is a value, or cases of which none was answered: that is no absence."""
    return item.value is not None or item.coverage == 0.0


def _rate(spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float) -> Measurement:
    score = SCORE_OF.get(spec.name, "")
    found = share_of_cases(spec, cases, RATES[spec.name], score, confidence)
    return beside_coverage(spec, cases, found) if spec.name in OF_LABELS else found


def _counted(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """How many cases had the event in any repeat; its interval is the rate's, times the cases."""
    question = _COUNTED[spec.name]
    found = per_case(cases, question)
    n = len(found.values)
    if not n:
        return absent(spec, "nothing was answered")
    happened = PerCase([float(value > 0) for value in found.values], found.rows)
    rate = share_of(spec, happened, confidence)
    groups = clusters(cases, question) if n > 1 else []
    if groups:
        rate = with_groups(rate, happened, groups)
    return count_of(rate, sum(happened.values))


def _violated(row: Observation) -> bool | None:
    return _happened(row, "violation")


def _attempted(row: Observation) -> bool | None:
    return _happened(row, "attempt")


def _held(row: Observation) -> bool | None:
    return None if row.status == "error" else row.action == "held"


_COUNTED: dict[str, Callable[[Observation], bool | None]] = {
    "never_event_violations": _violated,
    "never_event_attempts": _attempted,
    "review_volume": _held,
}
"""Indicator -> the event whose cases it counts."""


def counted(name: str) -> Callable[[Observation], bool | None] | None:
    """The event that an indicator counts; None of one that counts none."""
    return _COUNTED.get(name)


def _happened(row: Observation, kind: str) -> bool | None:
    """A question that failed shows nothing, unless an event was seen before it failed."""
    if not row.never:
        return None if row.status == "error" else False
    return any(record.kind == kind for record in row.never)


def _cost(spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float) -> Measurement:
    return mean_of_cases(spec, cases, price, "", confidence)


def price(row: Observation) -> float | None:
    """What an answer cost; None where nobody knows."""
    return None if row.cost is None else float(row.cost)


_METERS: dict[str, Meter] = {
    **{name: score_mean for name in SCORE_SHOWN if name not in RATES},
    **{name: ready_rubric for name in JUDGE_SHOWN},
    "judge_score": judge_score,
    "win_rate": judge_score,
    "judge_agreement": judge_agreement,
    "input_drift": input_drift,
    "output_drift": output_drift,
    "decision_drift": decision_drift,
    "concept_drift": concept_drift,
    "purpose_drift": purpose_drift,
    "topic_emergence": topic_emergence,
    "ood_repeats": ood_repeats,
    "rmse": root_mean_square,
    "pearson": correlation,
    "spearman": correlation,
    "perplexity": perplexity,
    "token_confidence": token_confidence,
    "self_consistency": self_consistency,
    "majority_accuracy": majority_accuracy,
    "auc_roc": area_under_roc,
    "slice_gap": slice_gap,
    "spurious_dependence": spurious_dependence,
    "feedback_score": feedback_score,
    **{name: misuse_sessions for name in CLASS_OF},
    "rephrase_rate": rephrase_rate,
    "satisfaction": satisfaction,
    "overturn_rate": overturn_rate,
    "time_to_review": time_to_review,
    "resolved_rate": resolved_rate,
    "cost_per_resolved_outcome": cost_per_resolved,
    "precision": averaged,
    "recall": averaged,
    "f1": averaged,
    "f1_micro": averaged,
    "consistency": group_rate,
    "flip_rate": group_rate,
    "decision_ece": calibration_error,
    "adaptive_ece": calibration_error,
    "debiased_ece": calibration_error,
    "brier": brier,
    "risk_coverage": area,
    **{name: _counted for name in _COUNTED},
    "latency": duration,
    "ttft": duration,
    "cost_per_request": _cost,
    "cache_hit_rate": cache_hit_rate,
    "prompt_cache_rate": prompt_cache_rate,
    "throughput": throughput,
    **{name: host_meter for name in OF_HOST},
    "headroom": told_by_load,
    **{name: passing for name in INDICATORS if name.startswith(("pass_at_", "pass_hat_"))},
}
"""Indicators that are no plain share of cases."""
