"""One objective against the safe baseline: by how much, on the same cases, and how surely.

`>= 0.98 x baseline` is judged on the margin `new - 0.98 x old`, whose interval knows both runs'
uncertainty and how the two go together case by case. Never here: a baseline of other cases.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from msgspec import Struct, structs

from roadworthy.domain import Assessment, Measurement, SafetySLO, Verdict, exact, parse_target
from roadworthy.statistics import Estimate, least_correlation, margin

from .assessment import assess


class Side(Struct, frozen=True, kw_only=True):
    """One run's half of the comparison."""

    measured: Measurement
    cases: Mapping[str, float]
    """Case -> what it adds to the indicator; empty where it has no such parts (an area, a gap)."""


def assess_relative(
    slo: SafetySLO, now: Side, before: Side | None, *, part: str = ""
) -> Assessment:
    """Judge one relative objective; without the baseline's side it is INCONCLUSIVE."""
    if before is None:
        return unpaired(slo, "the baseline has no such slice", now=now.measured, part=part)
    new, old = now.measured, before.measured
    if new.value is None or old.value is None:
        side, reason = ("", new.reason) if new.value is None else ("of the baseline", old.reason)
        return unpaired(slo, f"no data {side}: {reason}".replace(" :", ":"), now=new, part=part)
    if new.doubt or old.doubt:
        return unpaired(slo, new.doubt or old.doubt, now=new, part=part)
    target = parse_target(slo.target)
    if target.operator == "==":
        reason = "no run proves that two values are equal: write >= or <= with a factor"
        return unpaired(slo, reason, now=new, part=part)
    found = assess(
        structs.replace(slo, target=f"{target.operator} 0"),
        _margin(now, before, target.bound),
        part=part,
    )
    pairs = len(now.cases.keys() & before.cases.keys())
    told = f"margin over {exact(target.bound)} x {old.value:.4g}: {found.reason}"
    return structs.replace(
        found,
        slo=slo,
        target=slo.target,
        estimate=new.value,
        low=new.low,
        high=new.high,
        baseline=old.value,
        difference=new.value - old.value,
        reason=f"{told}, {pairs} cases paired" if pairs else f"{told}, not paired case by case",
    )


def unpaired(
    slo: SafetySLO, reason: str, *, now: Measurement | None = None, part: str = ""
) -> Assessment:
    """A relative objective that cannot be judged, and why."""
    return Assessment(
        slo=slo,
        name=f"{slo.name}{{{part}}}" if part else slo.name,
        target=slo.target,
        estimate=now.value if now is not None else None,
        low=now.low if now is not None else None,
        high=now.high if now is not None else None,
        n=now.n if now is not None else 0,
        verdict=Verdict.INCONCLUSIVE,
        reason=reason,
        phase="suite",
    )


def _margin(now: Side, before: Side, factor: float) -> Measurement:
    """`new - factor x old` as a measurement; without intervals on both sides it has none."""
    new, old = now.measured, before.measured
    assert new.value is not None
    assert old.value is not None
    blank = structs.replace(
        new, value=new.value - factor * old.value, low=None, high=None, count=None, method="",
        loose=new.loose or old.loose,
    )  # fmt: skip
    bounds = (new.low, new.high, old.low, old.high)
    if any(bound is None for bound in bounds):
        return blank
    new_low, new_high, old_low, old_high = (float(bound or 0.0) for bound in bounds)
    found = margin(
        Estimate(new.value, min(new_low, new.value), max(new_high, new.value)),
        Estimate(old.value, min(old_low, old.value), max(old_high, old.value)),
        factor=factor,
        correlation=_correlation(now.cases, before.cases),
    )
    return structs.replace(blank, low=found.low, high=found.high, method="paired margin")


def _correlation(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    """Of the two values; cases that only one side holds weaken it."""
    shared = sorted(now.keys() & before.keys())
    if not shared:
        return 0.0
    found = least_correlation([before[case] for case in shared], [now[case] for case in shared])
    return found * len(shared) / math.sqrt(len(now) * len(before))
