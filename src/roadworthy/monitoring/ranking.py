"""How well the probabilities of labels order cases: the area under the ROC curve."""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import IndicatorSpec, Measurement
from roadworthy.statistics import Interval, share_interval

from .cases import Cases, PerCase
from .results import absent, bounded
from .standing import asks_for_label


def area_under_roc(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The mean over labels of the area for that label against the rest.

    No AUC varies more than the share of a sample of the rarer side (Birnbaum and Klose 1957), so
    each label's bounds are a share's, at a confidence that pays for all labels.
    """
    truths: list[str] = []
    chances: list[dict[str, float]] = []
    rows = 0
    for group in cases.each():
        known = [row for row in group if asks_for_label(row) and row.label_probabilities]
        if known:
            rows += len(known)
            truths.append(known[0].label)
            chances.append(_averaged([row.label_probabilities for row in known]))
    labels = sorted(set(truths))
    if len(labels) < 2:
        reason = "all cases have one label: there is nothing to order" if labels else ""
        return absent(spec, reason)
    areas, bounds = [], []
    each = 1 - (1 - confidence) / len(labels)
    for label in labels:
        scores = [chance.get(label, 0.0) for chance in chances]
        positive = [truth == label for truth in truths]
        area = _area(scores, positive)
        rarer = min(sum(positive), len(positive) - sum(positive))
        areas.append(area)
        bounds.append(share_interval(area * rarer, rarer, each))
    n = len(labels)
    whole = Interval(
        sum(bound.low for bound in bounds) / n, sum(bound.high for bound in bounds) / n
    )
    return bounded(
        spec,
        sum(areas) / n,
        whole,
        PerCase([0.0] * len(truths), rows),
        confidence=confidence,
        method="clopper_pearson",
    )


def _averaged(found: Sequence[dict[str, float]]) -> dict[str, float]:
    labels = {label for each in found for label in each}
    return {label: sum(each.get(label, 0.0) for each in found) / len(found) for label in labels}


def _area(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The share of pairs of a positive and a negative that the scores order; ties count half."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks = 0.0
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        middle = (at + 1 + end) / 2
        ranks += middle * sum(positive[each] for each in order[at:end])
        at = end
    good = sum(positive)
    return (ranks - good * (good + 1) / 2) / (good * (len(scores) - good))
