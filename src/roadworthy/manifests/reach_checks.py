"""safety-slos.yaml: how far the values of a mean go, and whether an objective can be proven at all.

Enters: an objective and what its mean is of. Leaves: faults. Never here: a range that nobody wrote.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET

from roadworthy.domain import (
    SCORERS,
    IndicatorSpec,
    SafetySLO,
    ScorerSpec,
    SloTarget,
    exact,
    read_name,
    score_name,
)

from .document import Document, Path

_ERRORS = frozenset({"mae", "rmse"})
"""Means of `absolute_error`, whose option `worst` cuts what is larger."""

_KEYS = ("values_at_most", "values_at_least")


def check_values(
    slo: SafetySLO,
    target: SloTarget | None,
    spec: IndicatorSpec | None,
    scored: Iterable[ScorerSpec],
    place: Path,
    document: Document,
) -> None:
    """Note what is wrong with `values_at_most` and `values_at_least`, or that they are missing."""
    if not (document.sound((*place, "name")) and document.sound((*place, "window"))):
        return  # nobody can say what it is about
    scored = list(scored)
    least, most = slo.values_at_least, slo.values_at_most
    open_ended = _is_open_mean(slo, spec, scored)
    for key in _KEYS:
        if getattr(slo, key) is not UNSET and not open_ended:
            document.fault(
                (*place, key),
                f"`{key}` means nothing here: the values of `{read_name(slo).metric}` have a "
                "range of their own, or are no mean",
                "remove it",
                severity="warning",
            )
    if most is not UNSET and least is not UNSET and least >= most:
        document.fault(
            (*place, "values_at_most"),
            f"`values_at_most: {exact(most)}` is not above `values_at_least: {exact(least)}`",
            "write the largest value that a case can have",
        )
    if not open_ended or target is None:
        return
    if most is not UNSET:
        _check_worst(slo, most, scored, place, document)
    elif slo.evidence != "point" and not target.end_of_scale and document.sound((*place, "target")):
        document.fault(
            (*place, "target"),
            f"no number of cases proves `{slo.target}` of a mean whose values may be as large as "
            "they like",
            "write `values_at_most: N`, which no case's value is beyond, or `evidence: point`",
            severity="warning",
        )


def _is_open_mean(slo: SafetySLO, spec: IndicatorSpec | None, scored: Iterable[ScorerSpec]) -> bool:
    asked = read_name(slo)
    if spec is not None:
        mean = spec.kind == "mean" or asked.aggregation == "mean"
        return mean and "betting" in spec.intervals and (spec.high is None or spec.low is None)
    own = asked.metric.removeprefix("raw.")
    return any(
        score_name(each) == own and each.scorer in SCORERS and SCORERS[each.scorer].grade == "down"
        for each in scored
    )


def _check_worst(
    slo: SafetySLO,
    most: float,
    scored: Iterable[ScorerSpec],
    place: Path,
    document: Document,
) -> None:
    """An error counts up to `worst`: to say that none is larger than less is not known."""
    if read_name(slo).metric not in _ERRORS:
        return
    for each in scored:
        worst = each.options.get("worst") if each.scorer == "absolute_error" else None
        if isinstance(worst, int | float) and worst > most:
            document.fault(
                (*place, "values_at_most"),
                f"`values_at_most: {exact(most)}` is below `worst: {exact(float(worst))}` of a "
                "scorer: errors may be as large as that",
                f"write {exact(float(worst))}, or make `worst` smaller",
            )
            return
