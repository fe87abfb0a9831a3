"""Two runs on the same cases: what differs, how surely, and which cases flipped.

Enters: the rows of two runs. Leaves: one paired difference a score. Of what is right or wrong with
Newcombe's interval and McNemar's exact p-value; of what is a matter of degree with the interval of
the mean difference, Wilcoxon's p-value and the typical case's change. Holm's adjustment is over all
that are compared. Pairs are cases; a case that only one run holds is counted apart, never dropped
in silence.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from roadworthy.domain import Observation
from roadworthy.evaluation import Comparison, Degrees, compare_all, compare_degrees
from roadworthy.monitoring import families
from roadworthy.policy import PairedScore
from roadworthy.statistics import (
    Interval,
    PairedDifference,
    Shift,
    holm,
    paired_difference,
    score_difference,
)

MCNEMAR, WILCOXON = "mcnemar", "wilcoxon"


class Difference(Struct, frozen=True, kw_only=True):
    """One score of two runs, paired."""

    score: str
    """The score's name; `all scores` for the case's verdict over all of them."""
    n: int
    before: float
    after: float
    difference: float
    interval: Interval | None
    """Of the difference; None where all pairs differ alike, which bounds nothing."""
    method: str = "newcombe"
    """How the interval was made: `newcombe`, `bca`, `student_t`, `cluster_robust`; or empty."""
    p_value: float
    """McNemar's exact test of what is right or wrong, else Wilcoxon's; two-sided."""
    test: str = MCNEMAR
    adjusted: float
    """The p-value after Holm's adjustment over the scores of this comparison."""
    typical: Shift | None = None
    """Of a matter of degree: by how much the typical case moved, which is what Wilcoxon tests."""
    lower_is_better: bool = False
    fixed: tuple[str, ...] = ()
    """Cases wrong before and right now; of a matter of degree none."""
    broken: tuple[str, ...] = ()
    unpaired: int

    @property
    def direction(self) -> str:
        """`better`, `worse`, or empty while the interval holds 0 or there is none."""
        if self.interval is None or self.interval.low <= 0 <= self.interval.high:
            return ""
        return "better" if (self.difference > 0) is not self.lower_is_better else "worse"


def differences(
    before: Sequence[Observation], after: Sequence[Observation]
) -> tuple[Difference, ...]:
    """Every score by which a case is right or wrong in both runs. Empty when they share no case."""
    return _together(_verdicts(before, after))


def all_differences(
    before: Sequence[Observation], after: Sequence[Observation]
) -> tuple[Difference, ...]:
    """The case's verdict, then every score that both runs hold, matters of degree as such."""
    degrees = [_of_degree(each, after) for each in compare_degrees(before, after) if each.cases]
    names = {each.score for each in degrees}
    verdicts = [each for each in _verdicts(before, after) if each.score not in names]
    return _together([*verdicts, *degrees])


def _together(found: Sequence[Difference]) -> tuple[Difference, ...]:
    adjusted = holm([each.p_value for each in found])
    return tuple(structs.replace(each, adjusted=p) for each, p in zip(found, adjusted, strict=True))


def _verdicts(before: Sequence[Observation], after: Sequence[Observation]) -> list[Difference]:
    return [_of_verdicts(item) for item in compare_all(before, after) if item.n]


def _of_verdicts(item: Comparison) -> Difference:
    test = _test(item)
    return Difference(
        score=item.score or "all scores",
        n=item.n,
        before=(item.both + item.b) / item.n,
        after=(item.both + item.c) / item.n,
        difference=test.difference,
        interval=test.interval,
        p_value=test.p_value,
        adjusted=test.p_value,
        fixed=item.fixed,
        broken=item.broken,
        unpaired=len(item.only_before) + len(item.only_after),
    )


def _test(item: Comparison) -> PairedDifference:
    old = [True] * item.both + [True] * item.b + [False] * item.c + [False] * item.neither
    new = [True] * item.both + [False] * item.b + [True] * item.c + [False] * item.neither
    return paired_difference(old, new)


def _of_degree(item: Degrees, rows: Sequence[Observation]) -> Difference:
    """Cases that grew from one, or are of one group, count together."""
    named = families(rows)
    groups = [named.get(case, case) for case in item.cases] if named else ()
    n = len(item.cases)
    found = score_difference(item.before, item.after, groups=groups if len(set(groups)) < n else ())
    return Difference(
        score=item.score,
        n=n,
        before=sum(item.before) / n,
        after=sum(item.after) / n,
        difference=found.difference,
        interval=found.interval,
        method=found.method,
        p_value=found.rank_p_value,
        test=WILCOXON,
        adjusted=found.rank_p_value,
        typical=found.shift,
        lower_is_better=item.lower_is_better,
        unpaired=item.unpaired,
    )


def as_pair(difference: Difference) -> PairedScore:
    """What the rule about regressions looks at. Raises ValueError for a matter of degree."""
    if difference.interval is None or difference.test != MCNEMAR:
        raise ValueError(f"{difference.score} has no cases that are right or wrong")
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
    """One sentence for a gate's notes: effect, interval, pairs, how it was found."""
    bounds = difference.interval
    moved = (
        f"{difference.difference:+.3f}, {bounds.low:+.3f} to {bounds.high:+.3f}"
        if bounds is not None
        else f"{difference.difference:+.3f} in every case, which has no interval"
    )
    flips = f", {len(difference.fixed)} fixed, {len(difference.broken)} broken"
    typical = difference.typical
    if typical is not None:
        flips = f", the typical case {typical.value:+.3f}"
    return (
        f"{difference.score} against {than}: {difference.before:.3f} to "
        f"{difference.after:.3f} ({moved}) on {difference.n} paired cases{flips}, "
        f"p = {difference.adjusted:.3g} ({TESTS[difference.test]}) after Holm"
    )


TESTS = {MCNEMAR: "McNemar", WILCOXON: "Wilcoxon"}
"""What a test is called for people."""

METHODS = {
    "newcombe": "Newcombe",
    "bca": "BCa",
    "student_t": "Student's t",
    "cluster_robust": "groups, CR2",
    "": "none",
}
"""What an interval is called for people."""
