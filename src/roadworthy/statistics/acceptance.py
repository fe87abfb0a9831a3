"""From which confidence on an answer may stand by itself, with a guarantee of what then goes wrong.

Enters: confidences and outcomes of labelled cases that are like those to come, and a limit. Leaves:
a threshold, or none: where nothing is proven everything goes to a person. Never here: a threshold
that merely looked good on the curve.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct, structs

from .distributions import regularised_beta
from .selective import RiskPoint, risk_coverage

GRID = tuple(step / 100 for step in range(99, -1, -1))
"""Thresholds that `proven_threshold` may choose from, the strictest first."""

STARTS = (0.99, 0.95, 0.9, 0.8, 0.6)
"""Where its tests begin: at the strictest threshold alone too few may be answered to prove any."""


class Threshold(Struct, frozen=True, kw_only=True):
    """The least confidence that is accepted, and what it did on the labelled cases."""

    threshold: float
    answered: float
    wrong: float
    coverage: float
    n: float


def controlled_threshold(
    confidences: Sequence[float], right: Sequence[bool], *, limit: float
) -> Threshold | None:
    """The threshold under which at most `limit` of *all* requests are answered wrongly.

    Conformal risk control (Angelopoulos et al. 2022, https://arxiv.org/abs/2208.02814) of the
    loss "answered and wrong", which only falls as the threshold rises: the expected share is at
    most `limit`, over the draw of these cases and the next request, if they are exchangeable. It
    holds on average; for the share among *answered* ones and with a stated certainty take
    `proven_threshold`. None when no threshold does, with fewer than 1/limit - 1 cases always.
    Raises ValueError unless the limit is within (0, 1), or as `risk_coverage`.
    """
    _share(limit, "limit")
    points = risk_coverage(confidences, right)
    n = len(confidences)
    best: RiskPoint | None = None
    for point in points:
        if (point.wrong + 1) / (n + 1) > limit:
            break
        best = point
    return _as_threshold(best, n)


def proven_threshold(
    confidences: Sequence[float],
    right: Sequence[bool],
    *,
    limit: float,
    certainty: float = 0.95,
) -> Threshold | None:
    """The threshold under which at most `limit` of the *answered* requests are wrong, proven.

    Learn then test (Angelopoulos et al. 2021, https://arxiv.org/abs/2110.01052), by fixed sequences
    with several starts: from each start down the grid every threshold is tested by the exact
    binomial test at its part of 1 - `certainty`, until one is not proven. Starts and grid were
    fixed before the data, so the probability that the threshold returned does not hold is at most
    1 - `certainty`. The share of errors among the answered need not fall as the threshold rises,
    which is why it is tested and not read off. None when nothing is proven. Raises ValueError
    unless limit and certainty are within (0, 1), or as `risk_coverage`.
    """
    _share(limit, "limit")
    _share(certainty, "certainty")
    points = risk_coverage(confidences, right)
    level = (1 - certainty) / len(STARTS)
    best: RiskPoint | None = None
    for start in STARTS:
        if best is not None and best.threshold <= start:
            continue
        for least in GRID[GRID.index(start) :]:
            point = _at(points, least)
            if point is None or _tail(round(point.wrong), round(point.answered), limit) > level:
                break
            best = point
    return _as_threshold(best, len(confidences))


def _at(points: Sequence[RiskPoint], least: float) -> RiskPoint | None:
    """What is answered from `least` on; None when nothing is."""
    many = bisect_right(points, -least, key=lambda point: -point.threshold)
    return structs.replace(points[many - 1], threshold=least) if many else None


def _tail(wrong: int, n: int, rate: float) -> float:
    """Probability of at most so many errors if their rate is `rate`."""
    return 1.0 if wrong >= n else regularised_beta(1 - rate, n - wrong, wrong + 1)


def _share(value: float, name: str) -> None:
    if not 0 < value < 1:
        raise ValueError(f"a {name} lies strictly between 0 and 1, not at {value}")


def _as_threshold(point: RiskPoint | None, n: int) -> Threshold | None:
    if point is None:
        return None
    return Threshold(
        threshold=point.threshold,
        answered=point.answered,
        wrong=point.wrong,
        coverage=point.coverage,
        n=n,
    )
