"""Every indicator that this version measures, over any observations: a run's or live traffic's.

Enters: observations and an indicator's name. Leaves: a Measurement with n and interval, or one
without a value and with the reason. Never here: a target, a verdict, a file.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

from msgspec import structs

from roadworthy.domain import ALIASES, INDICATORS, IndicatorSpec, Measurement, Observation
from roadworthy.statistics import (
    Interval,
    bootstrap,
    bootstrap_counts,
    expected_calibration_error,
    mean_interval,
    quantile,
    quantile_interval,
    wilson,
)

from .confusion import Average, Pair, confusion, f1_micro, macro
from .groups import decisions_by_group, uniform
from .rates import RATES
from .standing import asks_for_label, stood

Rows = Sequence[Observation]
Meter = Callable[[IndicatorSpec, Rows, str, float], Measurement]

_MAX_SLICES = 50
"""Slices shown of one indicator; a facet with more values is an identifier, not a slice."""


def measure(
    name: str, observations: Rows, *, aggregation: str = "", confidence: float = 0.95
) -> Measurement:
    """Measure one indicator, or one of the suite's own scores by its name.

    Without data the value is None and `reason` says what is missing.
    """
    name = ALIASES.get(name, name)
    spec = INDICATORS.get(name)
    if spec is None:
        return _own_score(name, observations, confidence)
    if not spec.measured:
        return _absent(spec, "this version does not measure it")
    meter = _METERS.get(name) or (_rate if name in RATES else None)
    if meter is None:
        return _absent(spec, "this version does not measure it")
    return meter(spec, observations, aggregation, confidence)


def measure_all(
    observations: Iterable[Observation],
    *,
    confidence: float = 0.95,
    slices: bool = True,
) -> list[Measurement]:
    """Every indicator and score that has data, in the catalogue's order, own scores after.

    With `slices` each carries its value per tag and per facet value.
    """
    rows = list(observations)
    names = [name for name, spec in INDICATORS.items() if spec.measured]
    own = sorted({name for row in rows for name in row.scores} - _SCORES_OF_INDICATORS)
    measured = [measure(name, rows, confidence=confidence) for name in [*names, *own]]
    present = [item for item in measured if _says_something(item)]
    if not slices:
        return present
    parts = _parts(rows)
    return [structs.replace(item, slices=_sliced(item, parts, confidence)) for item in present]


_SCORES_OF_INDICATORS = frozenset({"exact", "contains", "regex", "schema", "label", "pii"})
"""Scores that an indicator of another name already shows."""


def _parts(rows: Rows) -> dict[str, list[Observation]]:
    """Rows by tag and by facet value, as `tag:NAME` and `facet=value`."""
    parts: dict[str, list[Observation]] = {}
    for row in rows:
        for tag in row.tags:
            if not tag.startswith("group:"):
                parts.setdefault(f"tag:{tag}", []).append(row)
        for facet, value in row.facets.items():
            parts.setdefault(f"{facet}={value}", []).append(row)
    if len(parts) > _MAX_SLICES:
        parts = {key: part for key, part in parts.items() if key.startswith("tag:")}
    return dict(sorted(parts.items()))


_SLICED = frozenset({"rate", "quantile", "mean", "count"})


def _sliced(
    item: Measurement, parts: dict[str, list[Observation]], confidence: float
) -> dict[str, Measurement]:
    spec = INDICATORS.get(item.name)
    if spec is not None and spec.kind not in _SLICED:
        return {}
    found = {key: measure(item.name, part, confidence=confidence) for key, part in parts.items()}
    return {key: value for key, value in found.items() if _says_something(value)}


def _says_something(item: Measurement) -> bool:
    """Whether there is a value, or cases of which none was answered: that is no absence."""
    return item.value is not None or item.coverage == 0.0


def _absent(spec: IndicatorSpec, reason: str = "") -> Measurement:
    missing = reason or "no observation carries " + (" and ".join(spec.needs) or "anything")
    return Measurement(
        name=spec.name,
        value=None,
        unit=spec.unit,
        higher_is_better=spec.higher_is_better,
        reason=missing,
    )


def _share(spec: IndicatorSpec, count: int, n: int, confidence: float) -> Measurement:
    if n == 0:
        return _absent(spec)
    bounds = wilson(count, n, confidence)
    return Measurement(
        name=spec.name,
        value=count / n,
        low=bounds.low,
        high=bounds.high,
        n=n,
        count=count,
        unit=spec.unit,
        confidence=confidence,
        method="wilson",
        higher_is_better=spec.higher_is_better,
    )


def _rate(spec: IndicatorSpec, rows: Rows, _aggregation: str, confidence: float) -> Measurement:
    question = RATES[spec.name]
    answers = [answer for row in rows if (answer := question(row)) is not None]
    found = _share(spec, sum(answers), len(answers), confidence)
    return _beside_coverage(spec, rows, found) if spec.name in _OF_LABELS else found


_OF_LABELS = frozenset(
    {"accuracy", "precision", "recall", "f1", "precision_micro", "recall_micro", "f1_micro"}
)
"""Indicators that mean little without the share of the cases that the system answered itself."""


def _beside_coverage(spec: IndicatorSpec, rows: Rows, found: Measurement) -> Measurement:
    """The measurement with its coverage. Where nothing was answered, there is no value."""
    asked = [row for row in rows if asks_for_label(row)]
    if not asked:
        return found
    answered = sum(1 for row in asked if stood(row))
    if not answered:
        fates = Counter(row.action if row.status == "ok" else "failed" for row in asked)
        told = ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items()))
        reason = f"none of {len(asked)} labelled cases was answered (coverage 0): {told}"
        return structs.replace(_absent(spec, reason), n=found.n, coverage=0.0)
    return structs.replace(found, coverage=answered / len(asked))


def _own_score(name: str, rows: Rows, confidence: float) -> Measurement:
    """A suite's own score: a share when every value is 0 or 1, else a mean."""
    spec = IndicatorSpec(name=name, definition="a score of the suite", needs=(f"score:{name}",))
    values = [row.scores[name] for row in rows if name in row.scores]
    if all(value in (0.0, 1.0) for value in values):
        return _share(spec, int(sum(values)), len(values), confidence)
    return _mean(spec, values, confidence)


def _mean(spec: IndicatorSpec, values: Sequence[float], confidence: float) -> Measurement:
    if not values:
        return _absent(spec)
    bounds = mean_interval(values, confidence) if len(values) > 1 else None
    return Measurement(
        name=spec.name,
        value=math.fsum(values) / len(values),
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
        n=len(values),
        unit=spec.unit,
        confidence=confidence,
        method="student_t" if bounds else "",
        higher_is_better=spec.higher_is_better,
    )


def _resampled(
    spec: IndicatorSpec, value: float, bounds: Interval | None, n: int, confidence: float
) -> Measurement:
    """A statistic with its bootstrap interval."""
    return Measurement(
        name=spec.name,
        value=value,
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
        n=n,
        unit=spec.unit,
        confidence=confidence,
        method="bootstrap" if bounds else "",
        higher_is_better=spec.higher_is_better,
    )


def _f1(spec: IndicatorSpec, rows: Rows, _aggregation: str, confidence: float) -> Measurement:
    """Precision, recall and F1, from the confusion's cells."""
    counts = confusion(rows)
    n = counts.total()
    if not n:
        return _absent(spec)

    def statistic(cells: Mapping[Pair, int]) -> float:
        return f1_micro(cells) if spec.name == "f1_micro" else macro(cells, average)

    average = cast("Average", spec.name)
    bounds = bootstrap_counts(counts, statistic, confidence=confidence) if n > 1 else None
    found = _resampled(spec, statistic(counts), bounds, n, confidence)
    return _beside_coverage(spec, rows, found)


def _confidences(rows: Rows) -> list[tuple[float, bool]]:
    """How sure each decision was, and whether it was right: also where a person took over.

    The threshold below which one does is only as good as the confidences on both sides of it.
    """
    return [
        (row.confidence, row.decision == row.label)
        for row in rows
        if row.label and row.confidence is not None
    ]


def _ece(spec: IndicatorSpec, rows: Rows, aggregation: str, confidence: float) -> Measurement:
    """Expected calibration error. With one slice its p95 is its upper bound."""

    def statistic(items: Sequence[tuple[float, bool]]) -> float:
        return expected_calibration_error([sure for sure, _ in items], [hit for _, hit in items])

    items = _confidences(rows)
    if not items:
        return _absent(spec)
    bounds = bootstrap(items, statistic, confidence=confidence) if len(items) > 1 else None
    found = _resampled(spec, statistic(items), bounds, len(items), confidence)
    if aggregation == "p95" and found.high is not None:
        return structs.replace(found, value=found.high)
    return found


def _brier(spec: IndicatorSpec, rows: Rows, _aggregation: str, confidence: float) -> Measurement:
    return _mean(spec, [(sure - hit) ** 2 for sure, hit in _confidences(rows)], confidence)


def _group_rate(
    spec: IndicatorSpec, rows: Rows, _aggregation: str, confidence: float
) -> Measurement:
    consistent = spec.name == "consistency"
    same, n = uniform(decisions_by_group(rows, "consistency" if consistent else "fairness"))
    return _share(spec, same if consistent else n - same, n, confidence)


def _never(spec: IndicatorSpec, rows: Rows, _aggregation: str, confidence: float) -> Measurement:
    """A count over all rows; its interval is the rate's, so a zero says what it proves."""
    if not rows:
        return _absent(spec, "no observations")
    kind = "violation" if spec.name == "never_event_violations" else "attempt"
    events = sum(1 for row in rows for record in row.never if record.kind == kind)
    with_event = sum(1 for row in rows if any(record.kind == kind for record in row.never))
    bounds = wilson(with_event, len(rows), confidence)
    return Measurement(
        name=spec.name,
        value=float(events),
        low=bounds.low * len(rows),
        high=bounds.high * len(rows),
        n=len(rows),
        count=events,
        unit=spec.unit,
        confidence=confidence,
        method="wilson",
        higher_is_better=False,
    )


def _durations(spec: IndicatorSpec, rows: Rows, aggregation: str, confidence: float) -> Measurement:
    # An evaluation's row says how long the answer took when it was paid for, cached or not.
    field = "latency_ms" if spec.name == "latency" else "first_token_ms"
    values = sorted(
        value
        for row in rows
        if (row.stage == "eval" or not row.cache_hit) and (value := getattr(row, field)) is not None
    )
    how = aggregation or spec.default_aggregation
    if not values:
        return _absent(spec)
    if how == "mean":
        return _mean(spec, values, confidence)
    share = {"max": 1.0, "min": 0.0}.get(how) if how in ("max", "min") else int(how[1:]) / 100
    assert share is not None
    bounds = quantile_interval(values, share, confidence) if 0 < share < 1 else None
    return Measurement(
        name=spec.name,
        value=quantile(values, share),
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
        n=len(values),
        unit=spec.unit,
        confidence=confidence,
        method=f"order statistics, {how}",
        higher_is_better=False,
    )


def _cost(spec: IndicatorSpec, rows: Rows, _aggregation: str, confidence: float) -> Measurement:
    return _mean(spec, [float(row.cost) for row in rows if row.cost is not None], confidence)


_METERS: dict[str, Meter] = {
    "precision": _f1,
    "recall": _f1,
    "f1": _f1,
    "f1_micro": _f1,
    "consistency": _group_rate,
    "flip_rate": _group_rate,
    "decision_ece": _ece,
    "brier": _brier,
    "never_event_violations": _never,
    "never_event_attempts": _never,
    "latency": _durations,
    "ttft": _durations,
    "cost_per_request": _cost,
}
"""Indicators that are no plain share of rows."""
