"""What people made of held answers: how often the machine was overturned, how long it took them.

Enters: live answers with what was decided about them. Leaves: measurements. Never here: an answer
that nobody decided counted as approved, one that still waits left out of how long people take.
"""

from __future__ import annotations

import datetime as dt

from roadworthy.domain import UPHELD, IndicatorSpec, Measurement, Observation, parse_instant
from roadworthy.statistics import Interval, quantile_interval, waiting_quantile

from .cases import Cases, PerCase
from .clusters import share_of_cases
from .results import absent, bounded, mean_of

WAITING = "waiting_ms"
"""Attribute of a held answer that nobody decided: how long it has waited when it was looked at."""

_WAITED_FOR = frozenset({"live", "canary"})


def overturn_rate(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The share of decisions about answers of the machine in which it did not stand."""
    return share_of_cases(spec, cases, _overturned, "", confidence)


def _overturned(row: Observation) -> bool | None:
    """None where nobody decided, and where the machine had said nothing that could stand.

    An answer of a random sample was not held: see `upheld_rate`.
    """
    if row.reviewed is None or is_sampled(row):
        return None
    spoke = bool(row.decision) or row.first_token_ms is not None or row.action == "answered"
    return row.reviewed.overturned if spoke else None


def is_sampled(row: Observation) -> bool:
    """Whether it is for people to judge because it was drawn, not because it was held."""
    return any(each.score == UPHELD for each in row.drawn)


def time_to_review(
    spec: IndicatorSpec, cases: Cases, aggregation: str, confidence: float
) -> Measurement:
    """A percentile (mean, most) of how long people took; what waits has waited so long."""
    waits = _waits(cases)
    if not waits:
        return absent(spec)
    times, ended = [time for time, _ in waits], [over for _, over in waits]
    found = PerCase(times, len(times))
    open_ = ended.count(False)
    how = aggregation or spec.default_aggregation
    if how in ("mean", "max"):
        if open_:
            return absent(spec, f"{_still(open_, times)}: their {how} is not known yet")
        if how == "mean":
            return mean_of(spec, found, confidence)
        return bounded(spec, max(times), None, found, confidence=confidence, method="")
    share = int(how[1:]) / 100
    seen = waiting_quantile(times, ended, share, confidence)
    if seen.value is None:  # at least: the longest that was followed
        return Measurement(
            name=spec.name, value=max(times), low=seen.low, n=len(times), rows=len(times),
            unit=spec.unit, confidence=confidence, higher_is_better=False,
            method="kaplan_meier" if seen.low is not None else "",
            reason=f"at least: {_still(open_, times)}",
        )  # fmt: skip
    if not open_:
        bounds = quantile_interval(sorted(times), share, confidence)
        method = f"order statistics, {how}"
    else:
        known = seen.low is not None and seen.high is not None
        bounds = Interval(seen.low, seen.high) if known else None  # type: ignore[arg-type]
        method = "kaplan_meier"
    reason = _still(open_, times) if open_ else ""
    return bounded(
        spec, seen.value, bounds, found, confidence=confidence, method=method, reason=reason
    )


def _still(open_: int, times: list[float]) -> str:
    return f"{open_} of {len(times)} still wait"


def _waits(cases: Cases) -> list[tuple[float, bool]]:
    """How long each answer waited or has waited, and whether that is over."""
    known: list[tuple[float, bool]] = []
    open_: list[Observation] = []
    for row in cases.rows:
        if is_sampled(row):
            continue  # nobody waits for it
        if row.reviewed is not None:
            known.append((row.reviewed.waited_ms, True))
        elif row.action == "held" and row.stage in _WAITED_FOR:
            open_.append(row)
    if not open_:
        return known
    newest = max(map(_last_seen, cases.rows))
    for row in open_:
        since = newest - parse_instant(row.time)
        waited = float(row.attributes.get(WAITING, since.total_seconds() * 1000))
        known.append((max(0.0, waited), False))
    return known


def _last_seen(row: Observation) -> dt.datetime:
    """The newest instant that a row is a witness of."""
    waited = row.reviewed.waited_ms if row.reviewed is not None else 0.0
    return parse_instant(row.time) + dt.timedelta(milliseconds=waited)
