"""Two runs on the same cases: what differs, how surely, and which cases flipped.

Enters: the rows of two runs. Leaves: one paired difference a score, with Newcombe's interval,
McNemar's exact p-value and Holm's adjustment over all scores compared. Pairs are cases; a case
that only one run holds is counted apart, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from roadworthy.domain import Observation
from roadworthy.evaluation import Comparison, compare_all
from roadworthy.policy import PairedScore
from roadworthy.statistics import Interval, PairedDifference, holm, paired_difference


class Difference(Struct, frozen=True, kw_only=True):
    """One score of two runs, paired."""

    score: str
    """The score's name; `all scores` for the case's verdict over all of them."""
    n: int
    before: float
    after: float
    difference: float
    interval: Interval
    p_value: float
    """McNemar's exact test, two-sided."""
    adjusted: float
    """The same after Holm's adjustment over the scores of this comparison."""
    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    unpaired: int


def differences(
    before: Sequence[Observation], after: Sequence[Observation]
) -> tuple[Difference, ...]:
    """Every score that both runs hold. Empty when they share no case."""
    paired = [item for item in compare_all(before, after) if item.n]
    tests = [_test(item) for item in paired]
    adjusted = holm([test.p_value for test in tests])
    return tuple(
        Difference(
            score=item.score or "all scores",
            n=item.n,
            before=(item.both + item.b) / item.n,
            after=(item.both + item.c) / item.n,
            difference=test.difference,
            interval=test.interval,
            p_value=test.p_value,
            adjusted=p,
            fixed=item.fixed,
            broken=item.broken,
            unpaired=len(item.only_before) + len(item.only_after),
        )
        for item, test, p in zip(paired, tests, adjusted, strict=True)
    )


def _test(item: Comparison) -> PairedDifference:
    old = [True] * item.both + [True] * item.b + [False] * item.c + [False] * item.neither
    new = [True] * item.both + [False] * item.b + [True] * item.c + [False] * item.neither
    return paired_difference(old, new)


def as_pair(difference: Difference) -> PairedScore:
    """What the rule about regressions looks at."""
    return PairedScore(
        score=difference.score,
        n=difference.n,
        before=difference.before,
        after=difference.after,
        interval=difference.interval,
        gained=len(difference.fixed),
        lost=len(difference.broken),
    )


def in_words(difference: Difference, than: str = "the live release") -> str:
    """One sentence for a gate's notes."""
    return (
        f"{difference.score} against {than}: {difference.before:.3f} to "
        f"{difference.after:.3f} ({difference.difference:+.3f}, {difference.interval.low:+.3f} to "
        f"{difference.interval.high:+.3f}) on {difference.n} paired cases, "
        f"{len(difference.fixed)} fixed, {len(difference.broken)} broken, "
        f"p = {difference.adjusted:.3g} after Holm"
    )
