"""How many cases make a verdict conclusive, and how surely a number of cases finds a change.

Enters: a bound to be proven, and what is thought to be true. Leaves: a plan, exact where the
tests are exact. A plan rests on the share seen so far: it is a plan, never a proof.
"""

from __future__ import annotations

import math
from functools import lru_cache

from msgspec import Struct

from roadworthy.domain import Measurement, SafetySLO, SloTarget, parse_target, read_name

from .distributions import normal_quantile, regularised_beta
from .quantiles import quantile_cases

POWER = 0.8
"""How often a plan must end in a proof if the truth is what was assumed."""

MOST = 10_000_000
"""Beyond so many cases there is no plan."""

_EXACT = 100_000
"""Paired cases above which the approximation is exact to a hundredth of a percent."""


class Plan(Struct, frozen=True, kw_only=True):
    """So many cases, and how many of them may go the other way."""

    cases: int
    allowed: int
    """Failures (of a share that must be high) or events (of one that must be low)."""
    power: float
    """How often it succeeds if the truth is what was assumed."""


def zero_count_cases(rate: float, confidence: float = 0.95) -> int:
    """Cases without an event that exclude a true rate of `rate` at one-sided `confidence`.

    The smallest n with `zero_count_upper(n) <= rate`: 299 for 1 % at 95 %.
    Raises ValueError unless 0 < rate < 1.
    """
    _within(rate, "rate")
    return max(1, math.ceil(math.log(1 - confidence) / math.log1p(-rate) - 1e-9))


def proof_cases(
    share: float, bound: float, *, confidence: float = 0.95, power: float = POWER
) -> Plan | None:
    """Cases with which Clopper and Pearson's interval clears `bound` if `share` is the truth.

    `confidence` is that of the two-sided interval, of which a proof takes one side: of a share
    above the bound that it is at least `bound`, of one below that it is at most. Each number of
    failures has a smallest n at which the bound still clears; the plan is the first of these that
    reaches `power`. None when no number of cases proves it (`share` at the bound), or only more
    than `MOST`. Raises ValueError on a share outside [0, 1] or a bound not within (0, 1).
    """
    _within(bound, "bound")
    if not 0 <= share <= 1:
        raise ValueError(f"{share} is no share")
    if share == bound:
        return None
    high = share > bound
    return _plan(1 - share if high else share, 1 - bound if high else bound, confidence, power)


@lru_cache(maxsize=1024)
def _plan(rate: float, limit: float, confidence: float, power: float) -> Plan | None:
    """The fewest cases that prove that events are rarer than `limit`, at a true `rate` of them."""
    tail = (1 - confidence) / 2

    def at(allowed: int) -> tuple[int, float]:
        cases = _fewest(allowed, limit, tail)
        return cases, _at_most(allowed, cases, rate)

    low, high = -1, 0
    while at(high)[1] < power:
        low, high = high, 2 * high + 1
        if high > MOST * limit:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if at(middle)[1] >= power else (middle, high)
    cases, reached = at(high)
    return Plan(cases=cases, allowed=high, power=reached) if cases <= MOST else None


def _fewest(allowed: int, limit: float, tail: float) -> int:
    """The smallest n of which `allowed` events exclude a rate of `limit` at one-sided `tail`."""
    low, high = allowed, max(1, 2 * allowed)
    while _at_most(allowed, high, limit) > tail:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _at_most(allowed, middle, limit) <= tail else (middle, high)
    return high


def _at_most(count: int, n: int, rate: float) -> float:
    """Probability of at most `count` events in `n` at `rate` each."""
    if count >= n or rate <= 0:
        return 1.0
    return regularised_beta(1 - rate, n - count, count + 1)


def _within(value: float, name: str) -> None:
    if not 0 < value < 1:
        raise ValueError(f"a {name} lies strictly between 0 and 1, not at {value}")


def paired_power(n: int, gained: float, lost: float, *, alpha: float = 0.05) -> float:
    """How often McNemar's exact test finds the difference in `n` paired cases.

    `gained` and `lost` are the true shares of cases that flip each way; only a finding in the
    right direction counts. Sums over how many cases flip, less a tail of 1e-9.
    Raises ValueError unless both are shares that sum to at most 1.
    """
    flips = gained + lost
    if gained < 0 or lost < 0 or flips > 1:
        raise ValueError(f"{gained} and {lost} are no shares of flipped cases")
    if n <= 0 or gained == lost:
        return 0.0
    right = max(gained, lost) / flips
    spread = 6.2 * math.sqrt(n * flips * (1 - flips)) + 10
    first, last = max(0, int(n * flips - spread)), min(n, int(n * flips + spread))
    total = 0.0
    before = _at_most(first - 1, n, flips) if first else 0.0
    critical = 0
    for many in range(first, last + 1):
        upto = _at_most(many, n, flips)
        while critical <= many and 2 * _at_most(many - critical, many, 0.5) >= alpha:
            critical += 1
        if critical <= many:
            found = 1.0 - _at_most(critical - 1, many, right) if critical else 1.0
            total += (upto - before) * found
        before = upto
    return min(1.0, total)


def paired_cases(
    gained: float, lost: float, *, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """The fewest paired cases with which McNemar's exact test has `power`.

    None when gains and losses are equal, or more than `MOST` cases were needed. Starts from Connor
    1987 (https://doi.org/10.2307/2531961). Raises ValueError as `paired_power`.
    """
    flips, gap = gained + lost, abs(gained - lost)
    paired_power(1, gained, lost, alpha=alpha)
    if not gap:
        return None
    z, beta = normal_quantile(1 - alpha / 2), normal_quantile(power)
    about = (z * math.sqrt(flips) + beta * math.sqrt(max(0.0, flips - gap * gap))) ** 2 / gap**2
    if about > _EXACT:
        return math.ceil(about) if about <= MOST else None
    low, high = 0, max(2, math.ceil(about))
    while paired_power(high, gained, lost, alpha=alpha) < power:
        low, high = high, math.ceil(high * 1.3) + 1
    low = max(low, int(about * 0.7) if paired_power(int(about * 0.7), gained, lost) < power else 0)
    while high - low > 1:
        middle = (low + high) // 2
        enough = paired_power(middle, gained, lost, alpha=alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def cases_needed(slo: SafetySLO, measurement: Measurement, *, power: float = POWER) -> int | None:
    """How many cases in all would prove the objective, if what was measured is the truth.

    At the confidence of the measurement's interval, in `power` of all such runs. None where no
    number of cases would: no value, an estimate on the wrong side of the target, or at it, a
    violation of a target at the end of the scale, or a relative target (its baseline has to grow
    with it).
    """
    target, value = parse_target(slo.target), measurement.value
    if value is None or target.relative_to or measurement.n < 1:
        return None
    if target.end_of_scale:
        return _clean_cases(slo, target, measurement)
    gap = value - target.bound if target.operator in (">=", ">") else target.bound - value
    if gap <= 0 or target.operator == "==":
        return None
    least = slo.min_samples or 1
    if measurement.low is None or measurement.high is None:
        how = read_name(slo).aggregation
        if not how.startswith("p"):
            return None
        return max(least, quantile_cases(int(how[1:]) / 100, measurement.confidence))
    if measurement.method == "clopper_pearson" and measurement.unit == "share":
        if not 0 < target.bound < 1:
            return None
        plan = proof_cases(value, target.bound, confidence=measurement.confidence, power=power)
        return None if plan is None else max(plan.cases, least)
    return max(_by_width(measurement, value, gap, power), least)


def _clean_cases(slo: SafetySLO, target: SloTarget, measurement: Measurement) -> int | None:
    """Of a target that is judged on the count: cases without a violation."""
    events = measurement.count
    if events is None:
        return None
    every = events if measurement.every is None else measurement.every
    if events if target.bound == 0 else measurement.n - every:
        return None
    if not slo.max_rate or slo.max_rate >= 1:
        return None
    return max(slo.min_samples or 1, zero_count_cases(slo.max_rate))


def _by_width(measurement: Measurement, value: float, gap: float, power: float) -> int:
    """An interval shrinks with the root of its cases; the estimate itself strays as widely."""
    assert measurement.low is not None
    assert measurement.high is not None
    z = normal_quantile(0.5 + measurement.confidence / 2)
    width = max(value - measurement.low, measurement.high - value)
    factor = width * (1 + normal_quantile(power) / z) / gap
    return math.ceil(measurement.n * factor * factor)
