"""Scores of two runs on the same cases: by how much they differ, and how surely."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from msgspec import Struct

from .bootstrap import bca_mean
from .clusters import cluster_interval, cluster_share_interval
from .intervals import Interval, mean_interval, share_interval
from .ranks import Shift, shift, sign_flips, signed_ranks

FEW = 30
"""Units below which a bootstrap covers less than it says, and Student's t is taken."""


class ScoreDifference(Struct, frozen=True, kw_only=True):
    """Paired scores, new minus old. For right and wrong take `paired_difference`."""

    difference: float
    """Mean over the cases."""
    interval: Interval | None
    """Of the mean; None where all differences are equal, which bounds nothing."""
    shift: Shift
    """The typical case's change: unlike the mean, no single case can move it far."""
    rank_p_value: float
    """Wilcoxon's signed ranks: whether the typical case changed."""
    mean_p_value: float
    """Sign flips: whether the mean changed. Both assume nothing of the distribution."""
    rose: int
    fell: int
    n: int
    method: str


def score_difference(
    old: Sequence[float],
    new: Sequence[float],
    *,
    groups: Sequence[Hashable] = (),
    confidence: float = 0.95,
    span: float | None = None,
    seed: int = 0,
) -> ScoreDifference:
    """Compare paired scores of any scale; with `groups`, cases of one group count together.

    The interval is BCa from 30 units on and Student's t below; of groups BCa over groups, or
    cluster-robust below. With groups the tests are made on the groups' sums.

    With `span`, by how much two scores can differ, the interval proves something of few too, and
    never has width 0: where fewer than 30 units moved, no resampling knows what one more would do,
    so what rose and what fell are each bounded as a share of it (Clopper and Pearson's; of groups
    Korn and Graubard's), put together by the method of variance estimates recovery (Zou and Donner
    2008, https://doi.org/10.1002/sim.3095). Raises ValueError when the two differ in length or are
    empty, on a value that is not finite, or on a difference beyond the span.
    """
    if len(old) != len(new) or not old:
        raise ValueError("a paired comparison needs the same cases on both sides")
    gaps = [after - before for before, after in zip(old, new, strict=True)]
    if not all(map(math.isfinite, gaps)):
        raise ValueError("scores are finite numbers")
    units = _sums(gaps, groups) if groups else gaps
    interval, method = None, ""
    if len(units) > 1 and min(gaps) < max(gaps):
        interval, method = _bounded(gaps, groups, len(units), confidence)
    resampled = method in ("bca", "cluster_robust") and sum(map(bool, units)) >= FEW
    if span is not None and not resampled:
        interval, method = _of_parts(gaps, span, groups, confidence), "rises_and_falls"
    return ScoreDifference(
        difference=math.fsum(gaps) / len(gaps),
        interval=interval,
        shift=shift(gaps, confidence),
        rank_p_value=signed_ranks(units).p_value,
        mean_p_value=sign_flips(units, seed=seed),
        rose=sum(gap > 0 for gap in gaps),
        fell=sum(gap < 0 for gap in gaps),
        n=len(gaps),
        method=method,
    )


def _of_parts(
    gaps: Sequence[float], span: float, groups: Sequence[Hashable], confidence: float
) -> Interval | None:
    """What rose and what fell, each as a share of `span`; None of one group alone."""
    if span <= 0 or max(map(abs, gaps)) > span * (1 + 1e-12):
        raise ValueError(f"differences lie within the span, not beyond {span}")
    rises, falls = ([min(1.0, max(0.0, sign * gap / span)) for gap in gaps] for sign in (1, -1))
    try:
        up, down = _share(rises, groups, confidence), _share(falls, groups, confidence)
    except ValueError:
        return None
    rise, fall = math.fsum(rises) / len(gaps), math.fsum(falls) / len(gaps)
    low = rise - fall - math.hypot(rise - up.low, down.high - fall)
    high = rise - fall + math.hypot(up.high - rise, fall - down.low)
    return Interval(max(-1.0, low) * span, min(1.0, high) * span)


def _share(values: Sequence[float], groups: Sequence[Hashable], confidence: float) -> Interval:
    if groups:
        return cluster_share_interval(values, groups, confidence)
    return share_interval(math.fsum(values), len(values), confidence)


def _sums(gaps: Sequence[float], groups: Sequence[Hashable]) -> list[float]:
    if len(gaps) != len(groups):
        raise ValueError("one group for each case")
    sums: dict[Hashable, float] = {}
    for gap, name in zip(gaps, groups, strict=True):
        sums[name] = sums.get(name, 0.0) + gap
    return list(sums.values())


def _bounded(
    gaps: Sequence[float], groups: Sequence[Hashable], units: int, confidence: float
) -> tuple[Interval | None, str]:
    try:
        if units >= FEW:
            return bca_mean(gaps, groups=groups, confidence=confidence), "bca"
        if groups:
            return cluster_interval(gaps, groups, confidence), "cluster_robust"
    except ValueError:
        # Groups that are all alike say nothing of those that were not seen.
        return None, ""
    return mean_interval(gaps, confidence), "student_t"
