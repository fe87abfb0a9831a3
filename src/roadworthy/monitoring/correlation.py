"""How far the numbers that were said go together with the right ones, case by case."""

from __future__ import annotations

from roadworthy.domain import IndicatorSpec, Measurement, Observation
from roadworthy.statistics import Interval, correlation_interval, pearson, spearman

from .cases import Cases, PerCase
from .clusters import clusters
from .results import absent, bounded

_SCORE = "absolute_error"
Pair = tuple[float | None, float]


def correlation(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """Pearson's r or Spearman's rho over cases, the repeats of a case averaged.

    An answer without a number counts as the far end of the right numbers, so nobody gains by
    giving none.
    """
    ranked = spec.name == "spearman"
    said, right, rows = _by_case(cases)
    if len(said) < 2:
        return absent(spec)
    try:
        value = (spearman if ranked else pearson)(said, right)
    except ValueError as error:
        return absent(spec, str(error))
    groups = clusters(cases, _error)
    bounds: Interval | None = None
    reason = ""
    try:
        bounds = correlation_interval(
            said, right, ranked=ranked, groups=groups, confidence=confidence
        )
    except ValueError as error:
        reason = str(error)
    return bounded(
        spec,
        value,
        bounds,
        PerCase([0.0] * len(said), rows),
        confidence=confidence,
        method="cluster_robust" if groups else "influence",
        reason=reason,
    )


def _by_case(cases: Cases) -> tuple[list[float], list[float], int]:
    pairs = [[pair for row in unit if (pair := _pair(row))] for unit in cases.each()]
    known = [unit for unit in pairs if unit]
    right = [sum(wanted for _, wanted in unit) / len(unit) for unit in known]
    if not right:
        return [], [], 0
    low, high = min(right), max(right)
    middle = (low + high) / 2
    said = []
    for unit, wanted in zip(known, right, strict=True):
        far = low if wanted >= middle else high
        said.append(sum(far if each is None else each for each, _ in unit) / len(unit))
    return said, right, sum(map(len, known))


def _error(row: Observation) -> float | None:
    """What tells whether a row is among those that were compared."""
    return None if _pair(row) is None else row.scores[_SCORE]


def _pair(row: Observation) -> Pair | None:
    numbers = row.attributes.get("numbers")
    if row.status == "error" or not numbers or _SCORE not in numbers or _SCORE not in row.scores:
        return None
    said, wanted = numbers[_SCORE]
    return None if said is None else float(said), float(wanted)
