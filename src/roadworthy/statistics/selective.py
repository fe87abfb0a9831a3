"""Answering only what one is sure of: how many errors are left at which coverage."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from msgspec import Struct, structs

from .bootstrap import bca_mean
from .calibration import Level, levels
from .intervals import Interval, share_interval

FEWEST_OF_A_KIND = 5
"""Right and wrong answers each, below which the area has no interval."""

FEWEST_CASES = 30


class RiskPoint(Struct, frozen=True):
    """What is left when only answers at or above a confidence are given."""

    threshold: float
    """The least confidence that is answered."""
    answered: float
    """Cases; a repeat of a case weighs its share of one."""
    wrong: float
    coverage: float
    """Share of all answers that are given."""
    risk: float
    """Share of the given ones that are wrong."""

    def interval(self, confidence: float = 0.95) -> Interval:
        """Of the risk at this one threshold, chosen beforehand; never covers less than said.

        Not a band over the whole curve: a threshold picked because its risk looks low needs a
        test that knows that it was picked.
        """
        return share_interval(self.wrong, self.answered, confidence)


def risk_coverage(
    confidences: Sequence[float], right: Sequence[bool], weights: Sequence[float] = ()
) -> list[RiskPoint]:
    """The curve of El-Yaniv and Wiener 2010 (https://jmlr.org/papers/v11/el-yaniv10a.html).

    One point for each distinct confidence, the surest first: answers with the same confidence
    are given or withheld together. Each answer has weight 1 if not given. Empty without data.
    Raises ValueError on different lengths or a confidence outside [0, 1].
    """
    return risk_of(levels(confidences, right, weights))


def risk_of(known: Sequence[Level]) -> list[RiskPoint]:
    """`risk_coverage` of answers by their confidences."""
    total = math.fsum([n for _, n, _ in known])
    given = wrong = 0.0
    points: list[RiskPoint] = []
    for threshold, n, good in reversed(known):
        given, wrong = given + n, wrong + (n - good)
        risk, share = wrong / given, given / total
        points.append(
            RiskPoint(
                threshold, given, wrong, share if share < 1.0 else 1.0, risk if risk < 1.0 else 1.0
            )
        )
    if points:
        points[-1] = structs.replace(points[-1], coverage=1.0)
    return points


def area_under_risk(points: Sequence[RiskPoint]) -> float:
    """Mean risk over the coverages (AURC, Geifman and El-Yaniv 2017, section 2).

    Every answer counts with the risk of its point, so ties count alike. 0: no error at any
    coverage; the risk at full coverage: confidence says nothing. Raises ValueError without data.
    """
    if not points:
        raise ValueError("no answers have no risk")
    before = [0.0, *(point.answered for point in points)]
    weighted = [point.risk * (point.answered - n) for point, n in zip(points, before, strict=False)]
    return math.fsum(weighted) / points[-1].answered


def area_interval(
    confidences: Sequence[float],
    right: Sequence[bool],
    weights: Sequence[float] = (),
    *,
    cases: Sequence[Hashable] = (),
    confidence: float = 0.95,
    points: Sequence[RiskPoint] = (),
) -> Interval | None:
    """Interval of the area under risk over coverage: BCa over what each case adds to it.

    The area is a smooth function of the shares of its cases, so each case's influence is known in
    closed form (the infinitesimal jackknife, Efron 1982) and their mean is resampled. `cases` says
    which answers belong to one case; `points` is their curve, where it is known already. None with
    fewer than 30 cases, or 5 right or 5 wrong: the order of so few says nothing of others. Raises
    ValueError as `risk_coverage`.
    """
    points = points or risk_coverage(confidences, right, weights)
    kinds = (sum(right), len(right) - sum(right))
    many = len(set(cases)) if cases else len(right)
    if many < FEWEST_CASES or min(kinds) < FEWEST_OF_A_KIND:
        return None
    area = area_under_risk(points)
    adds = area_parts(confidences, right, weights, points=points)
    if cases:
        adds = _summed(adds, cases)
    found = bca_mean([area + many * each for each in adds], confidence=confidence)
    return Interval(max(0.0, min(found.low, area)), min(1.0, max(found.high, area)))


def area_parts(
    confidences: Sequence[float],
    right: Sequence[bool],
    weights: Sequence[float] = (),
    *,
    points: Sequence[RiskPoint] = (),
) -> list[float]:
    """By how much each answer moves the area under risk over coverage; they sum to 0.

    Raises ValueError as `risk_coverage`, and without data.
    """
    points = points or risk_coverage(confidences, right, weights)
    weights = weights or [1.0] * len(right)
    total, area = points[-1].answered, area_under_risk(points)
    later: dict[float, tuple[float, float]] = {}
    shares = risks = 0.0
    starts = [0.0, *(point.answered for point in points[:-1])]
    for point, start in zip(reversed(points), reversed(starts), strict=True):
        own = (point.answered - start) / point.answered
        shares, risks = shares + own, risks + own * point.risk
        gained = point.risk - risks - area
        later[point.threshold] = (gained + shares, gained)
    return [
        weight * later[sure][hit] / total
        for sure, hit, weight in zip(confidences, right, weights, strict=True)
    ]


def _summed(adds: Sequence[float], cases: Sequence[Hashable]) -> list[float]:
    """What each case adds, of what its answers do."""
    sums: dict[Hashable, float] = {}
    for name, add in zip(cases, adds, strict=True):
        sums[name] = sums.get(name, 0.0) + add
    return list(sums.values())
