"""Answering only what one is sure of: how many errors are left at which coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from .intervals import Interval, wilson


class RiskPoint(Struct, frozen=True):
    """What is left when only answers at or above a confidence are given."""

    threshold: float
    """The least confidence that is answered."""
    answered: int
    wrong: int
    coverage: float
    """Share of all answers that are given."""
    risk: float
    """Share of the given ones that are wrong."""

    def interval(self, confidence: float = 0.95) -> Interval:
        """Wilson's interval of the risk at this one threshold, chosen beforehand.

        Not a band over the whole curve: a threshold picked because its risk looks low needs a
        test that knows that it was picked.
        """
        return wilson(self.wrong, self.answered, confidence)


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> list[RiskPoint]:
    """The curve of El-Yaniv and Wiener 2010 (https://jmlr.org/papers/v11/el-yaniv10a.html).

    One point for each distinct confidence, the surest first: answers with the same confidence
    are given or withheld together. Empty without data. Raises ValueError on different lengths or
    a confidence outside [0, 1].
    """
    if len(confidences) != len(right):
        raise ValueError("one confidence for each answer")
    if any(not 0.0 <= confidence <= 1.0 for confidence in confidences):
        raise ValueError("a confidence lies between 0 and 1")
    n, wrong = len(confidences), 0
    order = sorted(zip(confidences, right, strict=True), key=lambda pair: -pair[0])
    points: list[RiskPoint] = []
    for given, (threshold, hit) in enumerate(order, start=1):
        wrong += not hit
        if given == n or order[given][0] != threshold:
            points.append(RiskPoint(threshold, given, wrong, given / n, wrong / given))
    return points


def area_under_risk(points: Sequence[RiskPoint]) -> float:
    """Mean risk over the coverages (AURC, Geifman and El-Yaniv 2017, section 2).

    Every answer counts with the risk of its point, so ties count alike. 0: no error at any
    coverage; the risk at full coverage: confidence says nothing. Raises ValueError without data.
    """
    if not points:
        raise ValueError("no answers have no risk")
    before = [0, *(point.answered for point in points[:-1])]
    weighted = (point.risk * (point.answered - n) for point, n in zip(points, before, strict=True))
    return math.fsum(weighted) / points[-1].answered
