"""One objective against one measurement. No branch means yes by default.

`proven`: the bound of the two-sided 95 % interval meets the target. `point`: the estimate does,
on enough cases to be worth one.
A target at the end of the scale (`== 0`, `== 1`) is judged on the count, and says what the
count proves.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from msgspec import UNSET, structs

from roadworthy.domain import (
    INDICATORS,
    Assessment,
    Measurement,
    Phase,
    SafetySLO,
    SloTarget,
    Verdict,
    exact,
    parse_target,
    read_name,
)
from roadworthy.statistics import cases_needed, zero_count_upper

DEFAULT_MIN_SAMPLES = 60
"""For zero-tolerance targets: 60 clean cases exclude a rate of 4.9 % at 95 %."""

DEFAULT_POINT_SAMPLES = {"calibration": 30}
"""Kind of indicator -> cases below which a point estimate says nothing: with fewer than 30, the
expected calibration error of a perfectly calibrated system is above 0.1 as often as not (shown in
`tests/properties/test_point_samples.py`)."""

FEWEST_POINT_SAMPLES = 5
"""Of every other point estimate: below it, one case moves a share by more than a fifth."""


_LOOSE = (
    "proves nothing, for a mean may be ruled by values that were not seen: write `values_at_most` "
    "(and `values_at_least`), which no case's value is beyond, or judge it with `evidence: point`"
)


def assess(
    slo: SafetySLO,
    measurement: Measurement,
    *,
    part: str = "",
    baseline: Measurement | None = None,
) -> Assessment:
    """Judge one objective. `part` names the slice when it is judged per slice.

    `baseline` is the same indicator of the safe baseline's run, shown beside it. A relative target
    is INCONCLUSIVE here: it needs both runs case by case (`assess_relative`).
    """
    target = parse_target(slo.target)
    before = baseline.value if baseline is not None else None
    value = measurement.value
    blank = Assessment(
        slo=slo,
        name=f"{slo.name}{{{part}}}" if part else slo.name,
        target=slo.target,
        estimate=value,
        low=measurement.low,
        high=measurement.high,
        n=measurement.n,
        rows=measurement.rows,
        verdict=Verdict.INCONCLUSIVE,
        coverage=measurement.coverage,
        baseline=before,
        difference=value - before if value is not None and before is not None else None,
    )
    if value is None:
        return _with(blank, Verdict.INCONCLUSIVE, f"no data: {measurement.reason}", "suite")
    if target.relative_to:
        return _with(blank, Verdict.INCONCLUSIVE, "no baseline to compare with", "suite")
    if measurement.doubt:
        return _with(blank, Verdict.INCONCLUSIVE, measurement.doubt, "suite")
    judge = _judge_count if target.end_of_scale else _judge_value
    found = judge(blank, slo, target, measurement)
    if not measurement.reason:
        return found
    return structs.replace(found, reason=f"{found.reason}; {measurement.reason}")


def unjudged(slo: SafetySLO, verdict: Verdict, reason: str, phase: Phase = "") -> Assessment:
    """An objective that could not be looked at, and why."""
    return Assessment(
        slo=slo,
        name=slo.name,
        target=slo.target,
        estimate=None,
        low=None,
        high=None,
        n=0,
        verdict=verdict,
        reason=reason,
        phase=phase,
    )


def rests_on_estimate(slo: SafetySLO) -> bool:
    """Whether it is judged on a count or an estimate, so that no confidence corrects a retry."""
    return parse_target(slo.target).end_of_scale or _evidence(slo) == "point"


def _with(blank: Assessment, verdict: Verdict, reason: str, phase: Phase = "") -> Assessment:
    return structs.replace(
        blank, verdict=verdict, reason=reason, phase="" if verdict.opens else phase
    )


def _judge_count(
    blank: Assessment, slo: SafetySLO, target: SloTarget, measurement: Measurement
) -> Assessment:
    """A target at the end of the scale: one violation fails, and too few cases prove nothing."""
    asked = _asked(measurement)
    if measurement.count is None:
        return _judge_exact(blank, slo, target)
    every = measurement.count if measurement.every is None else measurement.every
    violations = measurement.count if target.bound == 0 else measurement.n - every
    blank = structs.replace(blank, evidence="proven")
    noun = "violation" if violations == 1 else "violations"
    if violations:
        return _with(blank, Verdict.FAIL, f"{violations} {noun} in {asked}", _phase(slo, 1.0))
    wanted = DEFAULT_MIN_SAMPLES if slo.min_samples is None else slo.min_samples
    if measurement.sampled is not UNSET and measurement.sampled < 1 and slo.max_rate is None:
        reason = f"0 violations in {asked}, which were drawn: of the others nobody knows any"
        return _with(blank, Verdict.INCONCLUSIVE, f"{reason}; `max_rate` can be proven", "suite")
    n = measurement.n if measurement.independent is None else measurement.independent
    if n < measurement.n:
        asked = f"{asked}, {n} of them independent"
    if n < max(wanted, 1):
        reason = f"0 violations, but in {asked} only; at least {wanted} are needed"
        return _with(blank, Verdict.INCONCLUSIVE, reason, "suite")
    excluded = zero_count_upper(n)
    proof = f"0 violations in {asked}: true rate below {_rounded_up(excluded)} at 95 % (one-sided)"
    if slo.max_rate is not None and excluded > slo.max_rate:
        more = _how_many(slo, measurement)
        reason = f"{proof}; {slo.max_rate * 100:g} % was to be proven{more}"
        return _with(blank, Verdict.INCONCLUSIVE, reason, "suite")
    return _with(blank, Verdict.PASS, proof)


def _rounded_up(share: float) -> str:
    """A bound that stays one: `4.9 %`, or two digits of what is less than a hundredth."""
    shown = Decimal(share * 100)
    digits = Decimal(1).scaleb(min(-1, shown.adjusted() - 1))
    return f"{shown.quantize(digits, ROUND_CEILING):f} %"


def _asked(measurement: Measurement) -> str:
    """`60 cases`, and how often they were asked where that is more than once each."""
    n, counted = measurement.n, measurement.counted
    said = f"{n} {counted.removesuffix('s') if n == 1 else counted}"
    often = measurement.rows > n and counted == "cases"
    return f"{said} ({measurement.rows} answers)" if often else said


def _judge_exact(blank: Assessment, slo: SafetySLO, target: SloTarget) -> Assessment:
    """`== 0` or `== 1` of what is no share of cases, such as an average over labels.

    Being exact proves no rate: `n` is what it was computed from, not what it counts.
    """
    n, bound = blank.n, exact(target.bound)
    blank = structs.replace(blank, evidence="point")
    if blank.estimate != target.bound:
        return _with(blank, Verdict.FAIL, f"{blank.estimate:.4g} is not {bound}", _phase(slo, 1.0))
    wanted = DEFAULT_MIN_SAMPLES if slo.min_samples is None else slo.min_samples
    if n < max(wanted, 1):
        reason = f"exactly {bound}, but from {n} cases only; at least {wanted} are needed"
        return _with(blank, Verdict.INCONCLUSIVE, reason, "suite")
    if slo.max_rate is not None:
        reason = f"exactly {bound}, but it is no share of cases, so it proves no rate"
        return _with(blank, Verdict.INCONCLUSIVE, reason, "policy")
    reason = f"exactly {bound}, computed from {n} cases, as a point estimate: no rate is proven"
    return _with(blank, Verdict.PASS, reason)


def _judge_value(
    blank: Assessment, slo: SafetySLO, target: SloTarget, measurement: Measurement
) -> Assessment:
    value, n = measurement.value, measurement.n
    assert value is not None
    evidence = _evidence(slo)
    blank = structs.replace(blank, evidence=evidence)
    wanted = _wanted(slo, measurement, evidence)
    if n < wanted:
        reason = f"{_asked(measurement)}, at least {wanted} are needed"
        return _with(blank, Verdict.INCONCLUSIVE, reason, "suite")
    phase = _phase(slo, abs(value - target.bound))
    shown = f"{value:.4g}"
    at = f"at {percent(measurement.confidence)} (two-sided)"
    bounded = measurement.low is not None and measurement.high is not None
    if bounded:
        shown += f" ({measurement.low:.4g} to {measurement.high:.4g}, n={n})"
    if evidence == "point" and (bounded or not _is_percentile(slo)):
        if _meets(value, target):
            return _with(blank, Verdict.PASS, f"{shown} meets the target as a point estimate")
        return _with(blank, Verdict.FAIL, f"{shown} misses the target", phase)
    if measurement.low is None or measurement.high is None:
        if measurement.low is not None and _exceeds(measurement.low, target):
            reason = f"{shown} (at least {measurement.low:.4g}, n={n}) excludes the target {at}"
            return _with(blank, Verdict.FAIL, reason, phase)
        reason = f"{shown} of {_asked(measurement)} has no interval, so nothing is proven"
        needed = cases_needed(slo, measurement)
        if needed is not None:
            reason += f": {needed} cases are the fewest with one"
        return _with(blank, Verdict.INCONCLUSIVE, reason, "suite")
    bounds = (measurement.low, measurement.high)
    if all(_meets(bound, target) for bound in bounds):
        if measurement.loose:
            return _with(blank, Verdict.INCONCLUSIVE, f"{shown} {_LOOSE}", "policy")
        return _with(blank, Verdict.PASS, f"{shown} proves the target {at}")
    if not any(_meets(bound, target) for bound in bounds) and not _meets(value, target):
        return _with(blank, Verdict.FAIL, f"{shown} excludes the target {at}", phase)
    more = _how_many(slo, measurement) or ": more cases, or a better candidate"
    reason = f"{shown} neither proves nor excludes the target{more}"
    return _with(blank, Verdict.INCONCLUSIVE, reason, "suite")


def _how_many(slo: SafetySLO, measurement: Measurement) -> str:
    """What would make it conclusive; empty when no number of cases would prove it."""
    needed = cases_needed(slo, measurement)
    if needed is None:
        return ""
    if measurement.count == 0 and slo.max_rate is not None:
        alone = "" if measurement.independent is None else "independent "
        return f": {needed} clean {alone}{measurement.counted} in all would prove it"
    if needed <= measurement.n:
        return ""
    return f"; if it stays so, {needed} {measurement.counted} in all prove it four times in five"


def percent(share: float) -> str:
    """`97.5 %`."""
    return f"{share * 100:.4g} %"


def _meets(value: float, target: SloTarget) -> bool:
    """Exhaustive over the operators."""
    return {
        "<=": value <= target.bound,
        ">=": value >= target.bound,
        "<": value < target.bound,
        ">": value > target.bound,
        "==": value == target.bound,
    }[target.operator]


def _exceeds(low: float, target: SloTarget) -> bool:
    """Whether a lower bound alone excludes the target."""
    return target.operator in ("<=", "<") and not _meets(low, target)


def _is_percentile(slo: SafetySLO) -> bool:
    about = read_name(slo)
    spec = INDICATORS.get(about.metric)
    usual = spec.default_aggregation if spec is not None else ""
    return (about.aggregation or usual).startswith("p")


def _evidence(slo: SafetySLO) -> str:
    """`proven` or `point`. A percentile of a calibration error is a bound, so it is proven."""
    spec = INDICATORS.get(read_name(slo).metric)
    usual = spec.evidence if spec is not None and not _is_percentile(slo) else "proven"
    return slo.evidence or usual


def _wanted(slo: SafetySLO, measurement: Measurement, evidence: str) -> int:
    """How many cases an objective needs; an interval says by itself what few cases are worth."""
    if slo.min_samples is not None:
        return slo.min_samples
    if evidence != "point":
        return 1
    spec = INDICATORS.get(measurement.name)
    kind = spec.kind if spec is not None else ""
    return DEFAULT_POINT_SAMPLES.get(kind, FEWEST_POINT_SAMPLES)


_NEAR = 0.2
"""A share that misses by less than this is worth another prompt before another model."""


def _phase(slo: SafetySLO, gap: float) -> Phase:
    """The phase to go back to when the objective is missed."""
    spec = INDICATORS.get(read_name(slo).metric)
    area = spec.area if spec is not None else "quality"
    by_area: dict[str, Phase] = {
        "calibration": "model",
        "shift": "data",
        "fairness": "data",
        "operations": "operations",
        "business": "scope",
        "people": "scope",
        "safety": "prompt",
    }
    return by_area.get(area, "prompt" if gap < _NEAR else "model")
