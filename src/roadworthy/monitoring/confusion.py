"""Precision, recall and F1 over labels, from counts of (label, decision) pairs.

Macro averages run over the labels that occur as truth or decision, a label without a
denominator counting 0: scikit-learn's definition with `zero_division=0`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from roadworthy.domain import Observation

from .standing import asks_for_label, stood

Pair = tuple[str, str]
Average = Literal["precision", "recall", "f1"]


def confusion(rows: Iterable[Observation]) -> Counter[Pair]:
    """How often each (truth, decision) occurs; what did not leave has an empty decision."""
    return Counter(
        (row.label, row.decision if stood(row) else "") for row in rows if asks_for_label(row)
    )


def macro(counts: Mapping[Pair, int], average: Average) -> float:
    """Macro precision, recall or F1 of a confusion. Raises ValueError when it is empty."""
    truths: Counter[str] = Counter()
    decisions: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for (truth, decision), number in counts.items():
        truths[truth] += number
        decisions[decision] += number
        if truth == decision:
            hits[truth] += number
    labels = sorted(
        ({x for x in truths if truths[x]} | {x for x in decisions if decisions[x]}) - {""}
    )
    if not labels:
        raise ValueError("no labelled rows")
    return sum(_one(hits[x], truths[x], decisions[x], average) for x in labels) / len(labels)


def _one(hits: int, truths: int, decisions: int, average: Average) -> float:
    if average == "recall":
        return hits / truths if truths else 0.0
    if average == "precision":
        return hits / decisions if decisions else 0.0
    return 2 * hits / (truths + decisions) if truths + decisions else 0.0


def f1_micro(counts: Mapping[Pair, int]) -> float:
    """Micro F1 of a confusion. Raises ValueError when it is empty."""
    total = sum(counts.values())
    if not total:
        raise ValueError("no labelled rows")
    hits = sum(number for (truth, decision), number in counts.items() if truth == decision)
    made = sum(number for (_, decision), number in counts.items() if decision)
    return 2 * hits / (total + made)
