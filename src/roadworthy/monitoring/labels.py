"""Indicators of labels that are no plain share of cases: macro averages, coverage beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import cast

from msgspec import structs

from roadworthy.domain import IndicatorSpec, Measurement, Observation

from .cases import Cases, PerCase, per_case
from .confusion import Average, confusion, f1_micro, f1_micro_bounds, macro, macro_bounds
from .results import absent, bounded
from .standing import asks_for_label, stood

OF_LABELS = frozenset(
    {"accuracy", "precision", "recall", "f1", "precision_micro", "recall_micro", "f1_micro"}
)
"""Indicators that mean little without the share of the cases that the system answered itself."""


def beside_coverage(spec: IndicatorSpec, cases: Cases, found: Measurement) -> Measurement:
    """The measurement with its coverage. Where nothing was answered, there is no value."""
    answered = cases.once(_answered)
    asked = (row for row in cases.rows if asks_for_label(row))
    return with_coverage(
        spec, found, sum(answered.values), len(answered.values), lambda: Counter(map(fate, asked))
    )


def with_coverage(
    spec: IndicatorSpec,
    found: Measurement,
    answered: float,
    n: int,
    fates: Callable[[], Mapping[str, int]],
) -> Measurement:
    """The same of `n` labelled cases, so many of them answered; `fates`: what became of all."""
    if not n:
        return found
    if not answered:
        told = ", ".join(f"{count} {fate}" for fate, count in sorted(fates().items()))
        reason = f"none of {n} labelled cases was answered (coverage 0): {told}"
        return structs.replace(absent(spec, reason), n=found.n, rows=found.rows, coverage=0.0)
    return structs.replace(found, coverage=answered / n)


def fate(row: Observation) -> str:
    """What became of a labelled row."""
    return row.action if row.status == "ok" else "failed"


def _answered(cases: Cases) -> PerCase:
    """Whether the cases that ask for a label were answered."""
    return per_case(cases, stood_labelled)


def stood_labelled(row: Observation) -> bool | None:
    """Whether the answer stood, of a row whose case asks for a label."""
    return stood(row) if asks_for_label(row) else None


def averaged(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """Precision, recall and F1, from the confusion's cells."""
    counts = cases.once(confusion)
    asked = cases.once(_answered)
    if not counts:
        return absent(spec)
    if spec.name == "f1_micro":
        value, bounds = f1_micro(counts), f1_micro_bounds(counts, confidence)
        method = "clopper_pearson"
    else:
        average = cast("Average", spec.name)
        value, bounds = macro(counts, average), macro_bounds(counts, average, confidence)
        method = "mover"
    found = bounded(spec, value, bounds, asked, confidence=confidence,
        method=method,
    )  # fmt: skip
    return beside_coverage(spec, cases, found)


def sure(row: Observation) -> bool:
    """Whether the row says how sure its decision was, and the truth: also where a person took over.

    The threshold below which one does is only as good as the confidences on both sides of it.
    """
    return bool(row.label) and row.confidence is not None
