"""Precision, recall and F1 over labels, from counts of (label, decision) pairs.

Macro averages run over the labels that occur as truth or decision, a label without a
denominator counting 0: scikit-learn's definition with `zero_division=0`. Counts are of cases: a
repeat of a case weighs its share of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from roadworthy.domain import Observation
from roadworthy.statistics import Interval, macro_interval, share_interval

from .cases import Cases
from .standing import asks_for_label, stood

Pair = tuple[str, str]
Average = Literal["precision", "recall", "f1"]


def confusion(cases: Cases) -> dict[Pair, float]:
    """How often each (truth, decision) occurs; what did not leave has an empty decision."""
    if not cases.groups:
        return dict(Counter(_pair(row) for row in cases.rows if asks_for_label(row)))
    counts: dict[Pair, float] = {}
    for group in cases.each():
        pairs = [_pair(row) for row in group if asks_for_label(row)]
        for pair in pairs:
            counts[pair] = counts.get(pair, 0.0) + 1 / len(pairs)
    return counts


def _pair(row: Observation) -> Pair:
    return (row.label, row.decision if stood(row) else "")


def macro(counts: Mapping[Pair, float], average: Average) -> float:
    """Macro precision, recall or F1 of a confusion. Raises ValueError when it is empty."""
    parts = _parts(counts, average)
    if not parts:
        raise ValueError("no labelled rows")
    return sum(_shape(hits / n, average) for hits, n in parts if n) / len(parts)


def macro_bounds(
    counts: Mapping[Pair, float], average: Average, confidence: float = 0.95
) -> Interval:
    """The interval of `macro`, over the labels that occur.

    The share behind a label's F1 is that of the cases that are of it or given to it in which
    both agree (F1 = 2q / (1 + q)); a wrong case is in two labels' shares.
    """
    return macro_interval(
        _parts(counts, average),
        shape=lambda share: _shape(share, average),
        shared_errors=average == "f1",
        confidence=confidence,
    )


def _shape(share: float, average: Average) -> float:
    return 2 * share / (1 + share) if average == "f1" else share


def _parts(counts: Mapping[Pair, float], average: Average) -> list[tuple[float, float]]:
    """(hits, denominator) of each label that occurs, by name."""
    truths: dict[str, float] = {}
    decisions: dict[str, float] = {}
    hits: dict[str, float] = {}
    for (truth, decision), number in counts.items():
        truths[truth] = truths.get(truth, 0.0) + number
        decisions[decision] = decisions.get(decision, 0.0) + number
        if truth == decision:
            hits[truth] = hits.get(truth, 0.0) + number
    parts = []
    for label in sorted((truths.keys() | decisions.keys()) - {""}):
        of, given, both = (each.get(label, 0.0) for each in (truths, decisions, hits))
        n = {"recall": of, "precision": given, "f1": of + given - both}[average]
        parts.append((both, n))
    return parts


def f1_micro(counts: Mapping[Pair, float]) -> float:
    """Micro F1 of a confusion. Raises ValueError when it is empty."""
    hits, made, total = _micro(counts)
    if not total:
        raise ValueError("no labelled rows")
    return 2 * hits / (total + made)


def f1_micro_bounds(counts: Mapping[Pair, float], confidence: float = 0.95) -> Interval:
    """The interval of `f1_micro`: it lies between micro recall and micro precision.

    So the lower bound of the one and the upper bound of the other hold it; where every case has
    a decision the three are the same.
    """
    hits, made, total = _micro(counts)
    low = share_interval(hits, total, confidence).low
    return Interval(low, share_interval(hits, made, confidence).high if made else 1.0)


def _micro(counts: Mapping[Pair, float]) -> tuple[float, float, float]:
    """Right decisions, decisions, cases."""
    hits = sum(number for (truth, decision), number in counts.items() if truth == decision)
    made = sum(number for (_, decision), number in counts.items() if decision)
    return hits, made, sum(counts.values())
