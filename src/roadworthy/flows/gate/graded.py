"""The scores of two runs, made ready for the rule about regressions.

Enters: the rows of two runs. Leaves: one pair a score. Of a matter of degree a case that failed in
one run counts there as the worst that any case got, so that failing never looks like an
improvement, and cases that grew from one, or are of one group, count together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from roadworthy.domain import Observation
from roadworthy.evaluation import Degrees, compare_degrees
from roadworthy.monitoring import families, without_judges
from roadworthy.policy import GradedPair, PairedScore
from roadworthy.statistics import Interval, score_difference

from .comparing import as_pair, differences


def paired_scores(
    before: Sequence[Observation], after: Sequence[Observation]
) -> list[PairedScore | GradedPair]:
    """Every score of both runs: right and wrong, and matters of degree. No score is both.

    What judges say is none of them: nobody rated these answers, so it excludes no drop.
    """
    before, after = without_judges(before), without_judges(after)
    degrees = graded_pairs(before, after)
    names = {each.score for each in degrees}
    verdicts = [each for each in differences(before, after) if each.score not in names]
    return [*(as_pair(each) for each in verdicts), *degrees]


def graded_pairs(
    before: Sequence[Observation], after: Sequence[Observation]
) -> tuple[GradedPair, ...]:
    """Every score of degree that both runs hold. Empty when they share no case."""
    found = compare_degrees(before, after, failed_is_worst=True)
    named = families(after)
    return tuple(_pair(each, named) for each in found if each.cases)


def _pair(item: Degrees, named: dict[str, str]) -> GradedPair:
    groups = [named.get(case, case) for case in item.cases]
    grouped = groups if len(set(groups)) < len(groups) else []
    sign = -1.0 if item.lower_is_better else 1.0
    old, new = [[sign * value for value in side] for side in (item.before, item.after)]
    n, span = len(old), _span(item)
    found = score_difference(old, new, groups=grouped, span=span)
    sums, sizes = _sums([b - a - found.difference for a, b in zip(old, new, strict=True)], groups)
    return GradedPair(
        score=item.score,
        n=n,
        before=math.fsum(item.before) / n,
        after=math.fsum(item.after) / n,
        worse=_turned(found.interval),
        p_worse=found.mean_p_value / 2 if found.difference < 0 else 1.0,
        span=span,
        noise=math.sqrt(math.fsum(value * value for value in sums)),
        weight=float(sum(size * size for size in sizes)),
        lower_is_better=item.lower_is_better,
        fell=found.fell,
        rose=found.rose,
    )


def _span(item: Degrees) -> float:
    """1 where all values lie in [0, 1]; else how far they reach in the two runs, 0 included."""
    values = (*item.before, *item.after, 0.0)
    least, most = min(values), max(values)
    return 1.0 if least >= 0.0 and most <= 1.0 else most - least


def _turned(bounds: Interval | None) -> Interval | None:
    """By how much worse, of by how much better."""
    return None if bounds is None else Interval(-bounds.high, -bounds.low)


def _sums(gaps: Sequence[float], groups: Sequence[str]) -> tuple[list[float], list[int]]:
    """What varies between groups, and how large each is."""
    sums: dict[str, float] = {}
    for gap, name in zip(gaps, groups, strict=True):
        sums[name] = sums.get(name, 0.0) + gap
    sizes = Counter(groups)
    return list(sums.values()), [sizes[name] for name in sums]
