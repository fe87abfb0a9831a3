"""What a judge is worth beside people: agreement beyond chance, and its two kinds of errors.

Enters: a judge's and people's values of the same cases, 0 to 1. Leaves: shares with intervals. A
judge that always says the same agrees often where most answers are good: only kappa, alpha and the
two error rates tell it from one that looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from roadworthy.statistics import Interval, clopper_pearson, cohen_kappa, krippendorff_alpha

GOOD = 0.5
"""Above it a graded value counts as good, for the two error rates."""


class Rate(Struct, frozen=True, kw_only=True):
    """A share with its 95 % interval and what it is of."""

    value: float
    low: float
    high: float
    n: int


class JudgeWorth(Struct, frozen=True, kw_only=True):
    """A judge beside people."""

    n: int
    agree: Rate
    """Cases of which both say the same."""
    constant: float
    """What a judge would agree that always says what people say most often."""
    kappa: float | None
    """Cohen's; None where only one value was given."""
    alpha: float | None
    """Krippendorff's, ordinal."""
    alpha_interval: Interval | None
    sensitivity: Rate | None
    """Of what people call good, the share that the judge does."""
    specificity: Rate | None
    """Of what people call bad, the share that the judge does."""

    @property
    def better_than_chance(self) -> bool:
        """Whether its two hit rates prove that it looks at the answers."""
        if self.sensitivity is None or self.specificity is None:
            return False
        return self.sensitivity.low + self.specificity.low > 1


def judge_worth(pairs: Sequence[tuple[float, float]]) -> JudgeWorth | None:
    """From (judge, people); None without any."""
    if not pairs:
        return None
    judge, people = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    kappa: float | None
    try:
        kappa = cohen_kappa(judge, people)
        found = krippendorff_alpha(pairs, "ordinal")
        alpha, interval = found.value, found.interval
    except ValueError:  # Only one value was ever given: nothing to agree about.
        kappa, alpha, interval = None, None, None
    agree = _rate(a == b for a, b in pairs)
    assert agree is not None
    return JudgeWorth(
        n=len(pairs),
        agree=agree,
        constant=max(people.count(value) for value in set(people)) / len(people),
        kappa=kappa,
        alpha=alpha,
        alpha_interval=interval,
        sensitivity=_rate(said > GOOD for said, truth in pairs if truth > GOOD),
        specificity=_rate(said <= GOOD for said, truth in pairs if truth <= GOOD),
    )


def _rate(answers: Iterable[bool]) -> Rate | None:
    found = list(answers)
    if not found:
        return None
    count, n = sum(found), len(found)
    bounds = clopper_pearson(count, n)
    return Rate(value=count / n, low=bounds.low, high=bounds.high, n=n)
