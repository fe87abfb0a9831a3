"""How well confidence matches being right."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from .distributions import normal_quantile
from .intervals import Interval, share_interval

DEFAULT_BINS = 10
"""Equal-width bins, as in Guo et al. 2017."""


class Bin(Struct, frozen=True):
    """One bar of a reliability diagram."""

    low: float
    high: float
    n: float
    """Cases; a repeat of a case weighs its share of one."""
    confidence: float
    """Mean confidence in the bin."""
    accuracy: float
    """Share right in the bin."""


def reliability(
    confidences: Sequence[float],
    right: Sequence[bool],
    bins: int = DEFAULT_BINS,
    weights: Sequence[float] = (),
) -> list[Bin]:
    """The non-empty bins of equal width; confidences in [0, 1], each of weight 1 if not given.

    Raises ValueError on different lengths or a confidence outside [0, 1].
    """
    weights = weights or [1.0] * len(confidences)
    if len(confidences) != len(right) or len(weights) != len(right):
        raise ValueError("one confidence for each answer")
    sums = [[0.0, 0.0, 0.0] for _ in range(bins)]
    for confidence, hit, weight in zip(confidences, right, weights, strict=True):
        if not 0.0 <= confidence <= 1.0:
            raise ValueError(f"{confidence} is no confidence")
        row = sums[min(int(confidence * bins), bins - 1)]
        row[0] += weight
        row[1] += weight * confidence
        row[2] += weight * hit
    return [
        Bin(index / bins, (index + 1) / bins, n, total / n, min(1.0, hits / n))
        for index, (n, total, hits) in enumerate(sums)
        if n
    ]


def expected_calibration_error(
    confidences: Sequence[float],
    right: Sequence[bool],
    bins: int = DEFAULT_BINS,
    weights: Sequence[float] = (),
) -> float:
    """Mean gap between confidence and accuracy over bins.

    Guo et al. 2017, https://arxiv.org/abs/1706.04599. Raises ValueError without data.
    """
    return gap_of(reliability(confidences, right, bins, weights))


def gap_of(rows: Sequence[Bin]) -> float:
    """The calibration error that bins show. Raises ValueError without a bin."""
    if not rows:
        raise ValueError("no answers have no calibration")
    gaps = math.fsum(row.n * abs(row.confidence - row.accuracy) for row in rows)
    return gaps / math.fsum(row.n for row in rows)


def calibration_interval(rows: Sequence[Bin], confidence: float = 0.95) -> Interval:
    """Interval of the calibration error behind the bins of a sample.

    Above: with the true sign of each bin's gap the signed gaps average to the error, and the
    sample's absolute gaps are never less than they, so the estimate errs upwards (Kumar et al.
    2019, https://arxiv.org/abs/1909.10155) and only the noise of the accuracies must be added:
    each bin's exact interval, joined by MOVER as in `macro_interval`, with the noise of how
    many cases fall into which bin. Below: what each bin's interval at Bonferroni's level leaves
    of its gap, less that noise. Raises ValueError without a bin.
    """
    estimate = gap_of(rows)
    total = math.fsum(row.n for row in rows)
    each = 1 - (1 - confidence) / len(rows)
    squares = spread = low = 0.0
    for row in rows:
        weight, gap = row.n / total, abs(row.confidence - row.accuracy)
        bounds = share_interval(row.accuracy * row.n, row.n, confidence)
        margin = max(bounds.high - row.accuracy, row.accuracy - bounds.low)
        squares += (weight * margin) ** 2
        spread += weight * (gap - estimate) ** 2
        safe = share_interval(row.accuracy * row.n, row.n, each)
        low += weight * max(0.0, safe.low - row.confidence, row.confidence - safe.high)
    noise = normal_quantile(0.5 + confidence / 2) ** 2 * spread / total
    return Interval(
        min(estimate, max(0.0, low - math.sqrt(noise))),
        min(1.0, estimate + math.sqrt(squares + noise)),
    )


def brier(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Mean squared gap between confidence and outcome (Brier 1950).

    Raises ValueError without data.
    """
    if not confidences or len(confidences) != len(right):
        raise ValueError("one confidence for each answer, and at least one")
    squares = ((c - hit) ** 2 for c, hit in zip(confidences, right, strict=True))
    return math.fsum(squares) / len(confidences)
