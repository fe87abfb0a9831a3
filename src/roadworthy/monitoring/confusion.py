"""Precision, recall and F1 over labels, from counts of (label, decision) pairs.

Macro averages run over the labels that occur as truth or decision, a label without a
denominator counting 0: scikit-learn's definition with `zero_division=0`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from roadworthy.domain import Observation

Pair = tuple[str, str]
Average = Literal["precision", "recall", "f1"]


def pairs(rows: Iterable[Observation]) -> list[Pair]:
    """(truth, decision) of every labelled row; a row without a decision has an empty one."""
    return [(row.label, row.decision if row.status == "ok" else "") for row in rows if row.label]


def macro(items: Sequence[Pair], average: Average) -> float:
    """Macro precision, recall or F1 of (truth, decision) pairs. Raises ValueError when empty."""
    if not items:
        raise ValueError("no labelled rows")
    counts = Counter(items)
    truths: Counter[str] = Counter()
    decisions: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for (truth, decision), number in counts.items():
        truths[truth] += number
        decisions[decision] += number
        if truth == decision:
            hits[truth] += number
    labels = sorted((set(truths) | set(decisions)) - {""})
    return sum(_one(hits[x], truths[x], decisions[x], average) for x in labels) / len(labels)


def _one(hits: int, truths: int, decisions: int, average: Average) -> float:
    if average == "recall":
        return hits / truths if truths else 0.0
    if average == "precision":
        return hits / decisions if decisions else 0.0
    return 2 * hits / (truths + decisions) if truths + decisions else 0.0


def f1_micro(items: Sequence[Pair]) -> float:
    """Micro F1 of (truth, decision) pairs. Raises ValueError when empty."""
    if not items:
        raise ValueError("no labelled rows")
    hits = sum(1 for truth, decision in items if truth == decision)
    made = sum(1 for _, decision in items if decision)
    return 2 * hits / (len(items) + made)
