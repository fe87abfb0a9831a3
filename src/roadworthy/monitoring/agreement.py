"""What the repeats of a case say together: how often they agree, and what their majority is."""

from __future__ import annotations

from collections import Counter

from roadworthy.domain import IndicatorSpec, Measurement

from .cases import Cases, PerCase, Rows
from .results import absent, share_of
from .standing import asks_for_label, stood

_ONE_REPEAT = "no case was answered twice: ask with `repeats: 2` or more"


def self_consistency(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The mean over cases of the share of pairs of repeats that agree."""
    values: list[float] = []
    rows = 0
    for group in cases.each():
        said = [row.decision or row.output_digest for row in group if stood(row)]
        n = len(said)
        if n > 1 and all(said):
            pairs = sum(count * (count - 1) for count in Counter(said).values())
            values.append(pairs / (n * (n - 1)))
            rows += n
    if not values:
        return absent(spec, _ONE_REPEAT)
    return share_of(spec, PerCase(values, rows), confidence)


def majority_accuracy(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The share of labelled cases whose most frequent decision is right."""
    values: list[float] = []
    rows = 0
    for group in cases.each():
        asked = [row for row in group if asks_for_label(row)]
        if len(asked) > 1:
            values.append(_right(asked))
            rows += len(asked)
    if not values:
        return absent(spec, _ONE_REPEAT)
    return share_of(spec, PerCase(values, rows), confidence)


def _right(group: Rows) -> float:
    """1.0 when the most frequent decision is right; of a tie the share that is.

    What was held, blocked or failed voted for nothing that left, and is right in no vote.
    """
    votes = Counter(row.decision if stood(row) else "" for row in group)
    most = max(votes.values())
    first = [decision for decision, count in votes.items() if count == most]
    return sum(decision == group[0].label and decision != "" for decision in first) / len(first)
