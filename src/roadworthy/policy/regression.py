"""Did it get worse? One score on the same cases, before and now, and what so many cases can tell.

Enters: how many cases flipped each way. Leaves: an assessment a score. FAIL where a drop is shown,
PASS where a drop of the size that matters is excluded, INCONCLUSIVE between the two, with the
number of cases that would decide. Never here: a pass because too few cases could show anything.

The family of all scores is wrong in at most `alpha` of changes that change nothing: McNemar's exact
test of what is right or wrong, sign flips of what is a matter of degree, one-sided, with Holm's
adjustment over both. A pass of all needs each to pass, so nothing is corrected
there (intersection-union, Berger 1982, https://doi.org/10.1080/00401706.1982.10487790).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from roadworthy.domain import Assessment, SafetySLO, Verdict, exact
from roadworthy.statistics import Interval, holm, mcnemar_exact, paired_cases, paired_power

from .assessment import unjudged
from .graded import FEW_MOVED, GradedPair, graded_cases, graded_power

REGRESSION = "no_regression"
"""How the requirement is named in a decision; no file of the contract can name it."""


class RegressionRule(Struct, frozen=True, kw_only=True):
    """What counts as worse, and how surely it must be shown."""

    drop: float = 0.03
    """The smallest drop of a share that matters."""
    alpha: float = 0.05
    """How often at most a change that changes nothing is refused."""
    power: float = 0.8
    """How often a drop of that size must be found for the cases to be enough."""


class PairedScore(Struct, frozen=True, kw_only=True):
    """One score of two runs on the same cases."""

    score: str
    n: int
    before: float
    after: float
    interval: Interval
    """Of the difference, two-sided 95 %."""
    gained: int
    """Wrong before, right now."""
    lost: int
    """Right before, wrong now."""

    @property
    def flips(self) -> int:
        """Cases that are judged otherwise now."""
        return self.gained + self.lost

    @property
    def p_worse(self) -> float:
        """One-sided: as many losses or more, if gains and losses were equally likely."""
        return mcnemar_exact(self.gained, self.lost) / 2 if self.lost > self.gained else 1.0

    @property
    def evidence(self) -> tuple[float | None, ...]:
        """The same of scores that flipped alike."""
        return (self.n, self.gained, self.lost, self.before)

    @property
    def told(self) -> str:
        """What happened."""
        return f"{self.before:.3g} to {self.after:.3g}, {self.lost} broken, {self.gained} fixed"

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Of the difference."""
        return self.interval.low, self.interval.high

    def drop(self, share: float) -> float:
        """The smallest drop that matters: a share of right answers is its own scale."""
        return share

    def size(self, share: float) -> str:
        """That drop in words."""
        return f"{exact(share * 100)} points"

    def excludes(self, share: float) -> bool:
        """Whether the interval lies above that drop."""
        return self.interval.low > -share


def regressions(
    pairs: Sequence[PairedScore | GradedPair], rule: RegressionRule, missing: str = ""
) -> list[Assessment]:
    """Every score judged. Scores that flipped alike are one piece of evidence, adjusted as one.

    Without a pair it is INCONCLUSIVE; `missing` says why.
    """
    kept: dict[tuple[float | None, ...], PairedScore | GradedPair] = {}
    for pair in pairs:
        if pair.n:
            kept.setdefault(pair.evidence, pair)
    if not kept:
        slo = SafetySLO(name=REGRESSION, target=f">= -{exact(rule.drop)}")
        reason = missing or "no case was judged in both runs"
        return [unjudged(slo, Verdict.INCONCLUSIVE, f"not compared: {reason}", "suite")]
    family = list(kept.values())
    adjusted = holm([pair.p_worse for pair in family])
    return [
        _judged(pair, rule, p, tests=len(family)) for pair, p in zip(family, adjusted, strict=True)
    ]


def _judged(
    pair: PairedScore | GradedPair, rule: RegressionRule, p: float, *, tests: int
) -> Assessment:
    told, size = pair.told, pair.size(rule.drop)
    if p < rule.alpha:
        verdict = Verdict.FAIL
        reason = f"worse than the base: {told}, one-sided p = {p:.2g} after Holm"
    elif pair.excludes(rule.drop):
        verdict = Verdict.PASS
        reason = f"{told}: a drop of {size} is excluded at 97.5 % (one-sided)"
    else:
        verdict = Verdict.INCONCLUSIVE
        reason = f"{told}: neither worse, nor is a drop of {size} excluded"
    low, high = pair.bounds
    return Assessment(
        slo=SafetySLO(name=REGRESSION, target=f">= -{exact(rule.drop)}"),
        name=f"{REGRESSION}{{{pair.score}}}",
        target=f"drop < {exact(pair.drop(rule.drop))}",
        estimate=pair.after - pair.before,
        low=low,
        high=high,
        n=pair.n,
        rows=pair.n,
        verdict=verdict,
        evidence="proven",
        baseline=pair.before,
        difference=pair.after - pair.before,
        reason=f"{reason}; {announced(pair, rule, tests=tests)}",
        phase="" if verdict.opens else "prompt" if verdict is Verdict.FAIL else "suite",
    )


def power_of(pair: PairedScore | GradedPair, rule: RegressionRule, *, tests: int = 1) -> float:
    """How often so many cases find a drop of the size that matters, if one more flips than here.

    Fewer flips mean more power: cases that happened not to flip would promise too much. Of a
    matter of degree, cases that moved are flips while they are few.
    """
    if isinstance(pair, GradedPair) and pair.flips >= FEW_MOVED:
        return graded_power(pair, rule.drop, rule.alpha / max(tests, 1))
    return _power(pair.n, pair.flips, rule.drop, _two_sided(rule, tests))


def announced(pair: PairedScore | GradedPair, rule: RegressionRule, *, tests: int = 1) -> str:
    """What the cases can tell, in words: the power they have, and how many would be enough."""
    power = power_of(pair, rule, tests=tests)
    said = f"{pair.n} cases find such a drop in {power * 100:.0f} % of runs"
    if power >= rule.power:
        return said
    if isinstance(pair, GradedPair) and pair.flips >= FEW_MOVED:
        wanted: int | None = graded_cases(pair, rule.drop, rule.alpha / max(tests, 1), rule.power)
    else:
        wanted = _enough(pair.n, pair.flips, rule.drop, _two_sided(rule, tests), rule.power)
    if wanted is None:
        return said
    return f"{said}, {wanted} would in {rule.power * 100:.0f} %"


@lru_cache(maxsize=4096)
def _power(n: int, flips: int, drop: float, level: float) -> float:
    return paired_power(n, *_dropped(n, flips, drop), alpha=level)


@lru_cache(maxsize=4096)
def _enough(n: int, flips: int, drop: float, level: float, power: float) -> int | None:
    return paired_cases(*_dropped(n, flips, drop), alpha=level, power=power)


def _dropped(n: int, flips: int, drop: float) -> tuple[float, float]:
    """Shares of cases that are gained and lost under a true drop."""
    share = max((flips + 1) / (n + 1), drop)
    return (share - drop) / 2, (share + drop) / 2


def _two_sided(rule: RegressionRule, tests: int) -> float:
    """The level of a two-sided test whose one side is Holm's first and hardest step."""
    return min(1.0, 2 * rule.alpha / max(tests, 1))
