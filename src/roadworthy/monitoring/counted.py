"""Indicators of rows that were counted: the same definitions, the same intervals, asked of kinds.

Enters: kinds of rows, and how many of each there are. Leaves: the measurement that the rows one by
one would give: each question is the very function that asks a row, and what many rows add up to
goes into the same interval. Never here: a second definition of an indicator; rows that are cases
of a suite, or in groups; an indicator that some column was not counted by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from roadworthy.domain import ALIASES, INDICATORS, IndicatorSpec, Measurement, Observation
from roadworthy.statistics import DEFAULT_BINS, bars_of
from roadworthy.table import LEVEL, STEPS, Counted

from .calibration import error_of, words_outside
from .cases import Size
from .durations import percentile, was_paid
from .indicators import counted as event_of
from .indicators import price
from .labels import OF_LABELS, fate, stood_labelled, sure, with_coverage
from .pace import given_again
from .rates import RATES, Question
from .results import Shares, absent, count_of, mean_of_counted, share_of_all
from .standing import asks_for_label

_LABELLED = ("label", "decision", "action", "status", "expect_action")
_EXPECTED = ("action", "expect_action")
_SHIFT = ("shift.reference", "shift.flagged", "shift.unseen")

LOOKS_AT: dict[str, tuple[str, ...]] = {
    "accuracy": _LABELLED,
    "precision_micro": _LABELLED,
    "recall_micro": _LABELLED,
    "coverage": _LABELLED,
    "selective_accuracy": _LABELLED,
    "hold_recall": _EXPECTED,
    "block_recall": _EXPECTED,
    "over_refusal": ("action", "tags"),
    "error_rate": ("status",),
    "availability": ("status",),
    "cache_hit_rate": ("stage", "status", "cache_hit"),
    "ai_generated_share": ("shift.reference", "shift.model_written"),
    "ood_rate": _SHIFT,
    "ood_recall": ("ood", *_SHIFT),
    "ood_precision": ("ood", *_SHIFT),
    "facet_novelty": ("shift.reference", "shift.new_facets"),
    "never_event_violations": ("never", "status"),
    "never_event_attempts": ("never", "status"),
    "review_volume": ("action", "status"),
    "cost_per_request": ("cost",),
    "decision_ece": ("label", "decision", LEVEL),
    "brier": ("label", "decision", LEVEL),
}
"""Indicator -> the columns that its question reads: rows that are alike in them answer alike."""

VALUES_OF = {"latency": "latency_ms", "ttft": "first_token_ms"}
"""Indicator of ranks -> the column whose values it ranks; see `ranked`."""

RANKED_BY = ("stage", "cache_hit")
"""The columns that say whether a row has a rank."""


def columns_asked(name: str) -> tuple[str, ...] | None:
    """What rows must be counted by for an indicator; None of one that needs the rows themselves."""
    name = ALIASES.get(name, name)
    return RANKED_BY if name in VALUES_OF else LOOKS_AT.get(name)


def measure_counted(
    name: str, kinds: Sequence[Counted], *, aggregation: str = "", confidence: float = 0.95
) -> Measurement:
    """`measure` of live rows that were counted by at least `columns_asked(name)`.

    Raises KeyError for an indicator that needs the rows.
    """
    name = ALIASES.get(name, name)
    spec = INDICATORS[name]
    columns = LOOKS_AT[name]
    if LEVEL in columns:
        return _of_confidence(spec, kinds, aggregation, confidence)
    if name == "cost_per_request":
        return _mean(spec, price, kinds, confidence)
    happened = event_of(name)
    if happened is not None:
        return _count(spec, kinds, happened, confidence)
    question = given_again if name == "cache_hit_rate" else RATES[name]
    found = share_of_all(spec, _shares(question, kinds), confidence)
    return _beside_coverage(spec, kinds, found) if name in OF_LABELS else found


def is_ranked(row: Observation) -> bool:
    """Whether a row's durations count."""
    return was_paid(row)


def ranked(
    name: str, ordered: Sequence[float], *, aggregation: str = "", confidence: float = 0.95
) -> Measurement:
    """A percentile of sorted durations, of rows that are a case each.

    `ordered` need have no value but those that are asked of it.
    """
    spec = INDICATORS[ALIASES.get(name, name)]
    n = len(ordered)
    if not n:
        return absent(spec)
    how = aggregation or spec.default_aggregation
    return percentile(spec, ordered, Size(n, n), how, confidence)


def _shares(question: Question, kinds: Iterable[Counted]) -> Shares:
    tally = _tally(question, kinds)
    n, events = sum(tally.values()), tally[True]
    return Shares(n=n, total=events, some=events, every=events, rows=n)


def _tally(question: Question, kinds: Iterable[Counted]) -> Counter[bool]:
    tally: Counter[bool] = Counter()
    for kind in kinds:
        said = question(kind.row)
        if said is not None:
            tally[bool(said)] += kind.n
    return tally


def _mean(
    spec: IndicatorSpec,
    question: Callable[[Observation], float | None],
    kinds: Iterable[Counted],
    confidence: float,
) -> Measurement:
    times: Counter[float] = Counter()
    for kind in kinds:
        value = question(kind.row)
        if value is not None:
            times[value] += kind.n
    return mean_of_counted(spec, sorted(times.items()), confidence)


def _count(
    spec: IndicatorSpec, kinds: Sequence[Counted], happened: Question, confidence: float
) -> Measurement:
    seen = _shares(happened, kinds)
    if not seen.n:
        return absent(spec, "nothing was answered")
    return count_of(share_of_all(spec, seen, confidence), seen.total)


def _beside_coverage(
    spec: IndicatorSpec, kinds: Sequence[Counted], found: Measurement
) -> Measurement:
    answered = _shares(stood_labelled, kinds)

    def fates() -> Mapping[str, int]:
        told: Counter[str] = Counter()
        for kind in kinds:
            if asks_for_label(kind.row):
                told[fate(kind.row)] += kind.n
        return told

    return with_coverage(spec, found, answered.total, answered.n, fates)


def _right(row: Observation) -> bool:
    return row.decision == row.label


def _of_confidence(
    spec: IndicatorSpec, kinds: Sequence[Counted], aggregation: str, confidence: float
) -> Measurement:
    known = [kind for kind in kinds if sure(kind.row)]
    outside = sum(kind.n for kind in known if kind.level in (-2, 11))
    n = sum(kind.n for kind in known)
    if not n or outside:
        return absent(spec, words_outside(outside) if outside else "")
    if spec.name == "brier":
        return share_of_all(spec, _gaps(known, n), confidence)
    sums = [[0, 0, 0] for _ in range(DEFAULT_BINS)]
    for kind in known:
        row = sums[min(max(kind.level or 0, 0), DEFAULT_BINS - 1)]
        row[0] += kind.n
        row[1] += kind.mass
        row[2] += kind.n if _right(kind.row) else 0
    bars = bars_of([(cases, mass / STEPS, hits) for cases, mass, hits in sums])
    return error_of(spec, bars, Size(n, n), aggregation, confidence)


def _gaps(known: Iterable[Counted], n: int) -> Shares:
    """The squares of what lies between confidence and outcome: of a hit 1 - 2c + c2."""
    total = none = whole = 0
    for kind in known:
        hit = _right(kind.row)
        total += kind.squares + (kind.n * STEPS - 2 * kind.mass if hit else 0)
        none += kind.n if kind.level == (10 if hit else -1) else 0
        whole += kind.n if kind.level == (-1 if hit else 10) else 0
    return Shares(n=n, total=total / STEPS, some=n - none, every=whole, rows=n)
