"""What a judge's pass rate is worth: corrected for the judge's errors, with their noise.

Enters: a judge's verdicts, and a sample on which people judged too. Leaves: the rate that people
would have given, with an interval that carries the uncertainty of the sample. Never here: a judge
that is believed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from .distributions import normal_quantile, t_quantile
from .intervals import Interval, clopper_pearson


class JudgeErrors(Struct, frozen=True, kw_only=True):
    """A judge beside people, on cases that people judged."""

    passed_good: int
    """Cases that people passed and the judge passed."""
    good: int
    """Cases that people passed."""
    failed_bad: int
    """Cases that people failed and the judge failed."""
    bad: int
    """Cases that people failed."""


class Corrected(Struct, frozen=True, kw_only=True):
    """A rate as people would have found it."""

    value: float
    interval: Interval
    judged: float
    """As the judge has it."""


def rogan_gladen(passed: int, n: int, errors: JudgeErrors, confidence: float = 0.95) -> Corrected:
    """The true pass rate behind a judge's, by its sensitivity and specificity.

    (rate + specificity - 1) / (sensitivity + specificity - 1), Rogan and Gladen 1978
    (https://doi.org/10.1093/oxfordjournals.aje.a112510), with the interval of Lang and Reiczigel
    2014 (https://doi.org/10.1016/j.prevetmed.2013.09.015), which adds the noise of both. It holds
    where the judge errs on these cases as on those that people saw. A judge that is not proven
    better than chance says nothing: the interval is [0, 1]. Raises ValueError on counts that are
    no counts, or without cases of both kinds.
    """
    if n <= 0 or not 0 <= passed <= n:
        raise ValueError(f"{passed} of {n} is no share")
    for hits, of in ((errors.passed_good, errors.good), (errors.failed_bad, errors.bad)):
        if of <= 0 or not 0 <= hits <= of:
            raise ValueError("people must have passed some cases and failed some")
    judged = passed / n
    z = normal_quantile(0.5 + confidence / 2)
    rate, cases = (passed + z * z / 2) / (n + z * z), n + z * z
    sens, good = (errors.passed_good + 1) / (errors.good + 2), errors.good + 2
    spec, bad = (errors.failed_bad + 1) / (errors.bad + 2), errors.bad + 2
    gain = sens + spec - 1
    plain = errors.passed_good / errors.good + errors.failed_bad / errors.bad - 1
    value = (judged + errors.failed_bad / errors.bad - 1) / plain if plain > 0 else judged
    value = min(1.0, max(0.0, value))
    if not _better_than_chance(errors, confidence):
        return Corrected(value=value, interval=Interval(0.0, 1.0), judged=judged)
    true = (rate + spec - 1) / gain
    sens_noise, spec_noise = sens * (1 - sens) / good, spec * (1 - spec) / bad
    centre = true + 2 * z * z * (true * sens_noise - (1 - true) * spec_noise)
    error = math.sqrt(
        rate * (1 - rate) / cases + true * true * sens_noise + (1 - true) ** 2 * spec_noise
    )
    low, high = centre - z * error / gain, centre + z * error / gain
    low, high = min(1.0, max(0.0, low)), max(0.0, min(1.0, high))
    return Corrected(
        value=value, interval=Interval(min(low, value), max(high, value)), judged=judged
    )


def _better_than_chance(errors: JudgeErrors, confidence: float) -> bool:
    sens = clopper_pearson(errors.passed_good, errors.good, confidence)
    spec = clopper_pearson(errors.failed_bad, errors.bad, confidence)
    return sens.low + spec.low > 1


def prediction_powered(
    judged: Sequence[float],
    seen: Sequence[tuple[float, float]],
    confidence: float = 0.95,
) -> Corrected:
    """The mean that people would give to all cases, from a judge on all and people on a sample.

    Prediction-powered inference (Angelopoulos et al. 2023, https://doi.org/10.1126/science.adi6000)
    with its power tuning (PPI++, https://arxiv.org/abs/2311.01453): never wider, for many cases,
    than the people's sample alone, however bad the judge. `judged` are the judge's scores of the
    other cases, `seen` pairs (judge, people) of a random sample; scores of any scale. Student's t
    on the sample's degrees of freedom. Raises ValueError with fewer than two of either, on a value
    that is not finite, or where the judge was right by the same amount throughout: that bounds no
    error that was not seen (take `rogan_gladen`).
    """
    flat = [*judged, *(value for pair in seen for value in pair)]
    if len(judged) < 2 or len(seen) < 2:
        raise ValueError("a judge's sample and a people's sample of two cases each")
    if not all(map(math.isfinite, flat)):
        raise ValueError("scores are finite numbers")
    n, many = len(seen), len(judged)
    theirs, truth = [pair[0] for pair in seen], [pair[1] for pair in seen]
    everywhere = _variance([*judged, *theirs])
    together = _covariance(theirs, truth)
    weight = 0.0
    if everywhere > 0:
        weight = min(1.0, max(0.0, together / (everywhere * (1 + n / many))))
    rest = [right - weight * said for said, right in seen]
    if max(rest) == min(rest):
        raise ValueError("the judge was off by the same amount in all cases that people saw")
    value = weight * math.fsum(judged) / many + math.fsum(rest) / n
    error = math.sqrt(weight * weight * _variance(judged) / many + _variance(rest) / n)
    half = t_quantile(0.5 + confidence / 2, n - 1) * error
    return Corrected(
        value=value,
        interval=Interval(value - half, value + half),
        judged=math.fsum(judged) / many,
    )


def _variance(values: Sequence[float]) -> float:
    return _covariance(values, values)


def _covariance(first: Sequence[float], second: Sequence[float]) -> float:
    n = len(first)
    a, b = math.fsum(first) / n, math.fsum(second) / n
    return math.fsum((x - a) * (y - b) for x, y in zip(first, second, strict=True)) / (n - 1)
