"""Burn rates: an objective's budget of failures is going much faster than it may.

A budget is what a target on a share leaves: 1 % of `>= 0.99`. Burning it 14.4 times too fast for an
hour takes a fiftieth of a month's; whoever waits for the long window to break has lost it. Two
windows (Beyer et al., The Site Reliability Workbook, 2018, chapter 5): the long one says that it is
serious, the short one that it is still so. Of the long one the interval counts, not the estimate:
three failures of five answers burn nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import structs

from roadworthy.domain import (
    Assessment,
    Instant,
    Measurement,
    Observation,
    SafetySLO,
    Verdict,
    format_instant,
    parse_duration,
    parse_instant,
    parse_target,
)

Measures = Callable[[Sequence[Observation]], Measurement]


def budget_of(slo: SafetySLO) -> tuple[float, bool] | None:
    """The share that may fail, and whether high is good; None where a target leaves none."""
    target = parse_target(slo.target)
    if target.relative_to or not 0 <= target.bound <= 1:
        return None
    if target.operator in (">=", ">"):
        return (1 - target.bound, True) if target.bound < 1 else None
    if target.operator in ("<=", "<"):
        return (target.bound, False) if target.bound > 0 else None
    return None


def burnt(
    slo: SafetySLO, rows: Sequence[Observation], now: Instant, measures: Measures, found: Assessment
) -> Assessment:
    """The assessment, failed where the budget burns faster than a rate of `burn` allows."""
    budget = budget_of(slo)
    if found.verdict is Verdict.FAIL or budget is None:
        return found
    for row in slo.burn:
        said = _burning(row, rows, now, measures, budget)
        if said:
            return structs.replace(found, verdict=Verdict.FAIL, reason=said)
    return found


def _burning(
    row: dict[str, Any],
    rows: Sequence[Observation],
    now: Instant,
    measures: Measures,
    budget: tuple[float, bool],
) -> str:
    """In words that it burns so fast in both windows; empty where it does not."""
    share, high_is_good = budget
    rate = float(row["rate"])
    long, short = (
        measures([one for one in rows if one.time >= _ago(now, str(row[key]))])
        for key in ("long", "short")
    )
    surely = _bad(long.high if high_is_good else long.low, high_is_good)
    still = _bad(short.value, high_is_good)
    if surely is None or still is None or surely < rate * share or still < rate * share:
        return ""
    return (
        f"the budget of {share:.4g} burns at least {surely / share:.3g} times too fast over"
        f" {row['long']} (n={long.n}), {still / share:.3g} times over {row['short']};"
        f" {rate:g} is too fast"
    )


def _bad(value: float | None, high_is_good: bool) -> float | None:
    return None if value is None else 1 - value if high_is_good else value


def _ago(now: Instant, window: str) -> Instant:
    return format_instant(parse_instant(now) - dt.timedelta(seconds=parse_duration(window)))


def burn_windows(slo: SafetySLO) -> Iterator[float]:
    """Seconds of each long window."""
    return (float(parse_duration(str(row["long"]))) for row in slo.burn)
