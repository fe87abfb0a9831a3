"""How well confidence matches being right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, zip_longest
from operator import itemgetter

from msgspec import Struct

from .distributions import normal_cdf, normal_quantile
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

    def interval(self, confidence: float = 0.95) -> Interval:
        """Of the share right among all answers of such confidence; never covers less than said."""
        return share_interval(self.accuracy * self.n, self.n, confidence)


Level = tuple[float, float, float]
"""A confidence, its weight, and the weight that was right."""


def reliability(
    confidences: Sequence[float],
    right: Sequence[bool],
    bins: int = DEFAULT_BINS,
    weights: Sequence[float] = (),
) -> list[Bin]:
    """The non-empty bins of equal width; confidences in [0, 1], each of weight 1 if not given.

    Raises ValueError on different lengths or a confidence outside [0, 1].
    """
    return reliability_of(levels(confidences, right, weights), bins)


def reliability_of(known: Sequence[Level], bins: int = DEFAULT_BINS) -> list[Bin]:
    """`reliability` of answers by their confidences."""
    sums = [[0.0, 0.0, 0.0] for _ in range(bins)]
    for confidence, weight, good in known:
        row = sums[min(int(confidence * bins), bins - 1)]
        row[0] += weight
        row[1] += weight * confidence
        row[2] += good
    return bars_of(sums)


def bars_of(sums: Sequence[Sequence[float]]) -> list[Bin]:
    """The non-empty of bins of equal width: of each its cases, their confidences' sum, the hits."""
    bins = len(sums)
    return [
        Bin(index / bins, (index + 1) / bins, n, total / n, min(1.0, hits / n))
        for index, (n, total, hits) in enumerate(sums)
        if n
    ]


def _answers(
    confidences: Sequence[float], right: Sequence[bool], weights: Sequence[float]
) -> list[tuple[float, bool, float]]:
    """Each answer's confidence, whether it was right, and its weight."""
    weights = weights or [1.0] * len(confidences)
    if len(confidences) != len(right) or len(weights) != len(right):
        raise ValueError("one confidence for each answer")
    if not all([0.0 <= confidence <= 1.0 for confidence in confidences]):
        wrong = next(each for each in confidences if not 0.0 <= each <= 1.0)
        raise ValueError(f"{wrong} is no confidence: they lie between 0 and 1")
    return list(zip(confidences, right, weights, strict=True))


def equal_mass(
    confidences: Sequence[float],
    right: Sequence[bool],
    bins: int = DEFAULT_BINS,
    weights: Sequence[float] = (),
) -> list[Bin]:
    """Bins of as nearly as possible equal weight (Nixon et al. 2019), the least sure first.

    Answers of one confidence are never parted, so there are fewer bins where many are equally sure.
    Raises ValueError as `reliability`.
    """
    return equal_mass_of(levels(confidences, right, weights), bins)


def levels(
    confidences: Sequence[float], right: Sequence[bool], weights: Sequence[float] = ()
) -> list[Level]:
    """Each distinct confidence, the least first: sorted once for all that is read off them.

    Raises ValueError as `reliability`.
    """
    found: list[Level] = []
    for confidence, hit, weight in sorted(_answers(confidences, right, weights), key=itemgetter(0)):
        n, hits = weight, weight if hit else 0.0
        if found and found[-1][0] == confidence:
            _, more, good = found.pop()
            n, hits = more + n, good + hits
        found.append((confidence, n, hits))
    return found


def equal_mass_of(known: Sequence[Level], bins: int = DEFAULT_BINS) -> list[Bin]:
    """`equal_mass` of answers by their confidences."""
    total = math.fsum([n for _, n, _ in known])
    rows: list[Bin] = []
    n = mass = hits = done = 0.0
    low = known[0][0] if known else 0.0
    edge = total / bins - 1e-9
    for (confidence, weight, good), after in zip_longest(known, known[1:]):
        n, mass, hits = n + weight, mass + weight * confidence, hits + good
        # The next level would overshoot the edge by more than this one falls short of it.
        if after is None or (done + n + after[1] / 2 >= edge and len(rows) < bins - 1):
            rows.append(Bin(low, confidence, n, mass / n, min(1.0, hits / n)))
            done, n, mass, hits = done + n, 0.0, 0.0, 0.0
            low = confidence if after is None else after[0]
            edge = total * (len(rows) + 1) / bins - 1e-9
    return rows


def sweep(
    confidences: Sequence[float], right: Sequence[bool], weights: Sequence[float] = ()
) -> list[Bin]:
    """As many bins of equal weight as leave accuracy rising with confidence.

    The monotonic sweep of Roelofs et al. 2022 (https://arxiv.org/abs/2012.08668), whose error is
    less biased than that of any fixed number of bins. Raises ValueError as `reliability`.
    """
    known = levels(confidences, right, weights)
    kept = equal_mass_of(known, 1)
    for bins in range(2, len(known) + 1):
        rows = equal_mass_of(known, bins)
        if len(rows) < bins:
            continue
        if any(a.accuracy > b.accuracy for a, b in pairwise(rows)):
            break
        kept = rows
    return kept


def debiased_gap(rows: Sequence[Bin]) -> float:
    """The calibration error that bins show, less what the noise of their accuracies adds.

    In small bins even a calibrated system is off. The bias is taken as what the same noise would
    add to the gaps seen (Kumar et al. 2019, https://arxiv.org/abs/1909.10155, section 5.2, whose
    resampling is done here in closed form: the mean of a folded normal). Not below 0. Raises
    ValueError without a bin.
    """
    seen = gap_of(rows)
    total = math.fsum(row.n for row in rows)
    noisy = math.fsum(
        row.n / total * _folded(row.confidence - row.accuracy, _noise(row)) for row in rows
    )
    return max(0.0, 2 * seen - noisy)


def debiased_slope(row: Bin) -> float:
    """By how much `debiased_gap` rises with a bin's confidence, times the bin's share."""
    gap, noise = row.confidence - row.accuracy, _noise(row)
    sign = 1.0 if gap >= 0 else -1.0
    return sign if noise <= 0 else 2 * sign - math.erf(gap / noise / math.sqrt(2))


def _noise(row: Bin) -> float:
    return math.sqrt(row.accuracy * (1 - row.accuracy) / row.n)


def _folded(mean: float, deviation: float) -> float:
    """The mean of the size of a normal value."""
    if deviation <= 0:
        return abs(mean)
    z = mean / deviation
    density = math.exp(-z * z / 2) * math.sqrt(2 / math.pi)
    return deviation * density + mean * (1 - 2 * normal_cdf(-z))


class Decomposition(Struct, frozen=True, kw_only=True):
    """What a Brier score is made of: brier = reliability - resolution + uncertainty + within."""

    brier: float
    reliability: float
    """Squared gap of confidence and accuracy: what a recalibration map can take away."""
    resolution: float
    """How far accuracy differs with confidence: what makes a confidence worth having."""
    uncertainty: float
    """Of the outcome itself."""
    within: float
    """What bins leave out: 0 where each holds one confidence."""


def brier_parts(
    confidences: Sequence[float],
    right: Sequence[bool],
    bins: int | None = None,
    weights: Sequence[float] = (),
) -> Decomposition:
    """Murphy's decomposition of the Brier score (1973), over distinct confidences or equal bins.

    With `bins` the remainder within them is told (Stephenson et al. 2008,
    https://doi.org/10.1175/2007WAF2006116.1). Raises ValueError without data or as `reliability`.
    """
    answers = _answers(confidences, right, weights)
    if not answers:
        raise ValueError("no answers have no Brier score")
    total = math.fsum(weight for _, _, weight in answers)
    known = levels(confidences, right, weights)
    rows = (
        [Bin(c, c, n, c, min(1.0, hits / n)) for c, n, hits in known]
        if bins is None
        else reliability(confidences, right, bins, weights)
    )
    base = math.fsum(row.n * row.accuracy for row in rows) / total
    score = math.fsum(weight * (c - hit) ** 2 for c, hit, weight in answers) / total
    reliable = math.fsum(row.n * (row.confidence - row.accuracy) ** 2 for row in rows) / total
    resolved = math.fsum(row.n * (row.accuracy - base) ** 2 for row in rows) / total
    unsure = base * (1 - base)
    return Decomposition(
        brier=score,
        reliability=reliable,
        resolution=resolved,
        uncertainty=unsure,
        within=score - (reliable - resolved + unsure),
    )


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
        bounds = row.interval(confidence)
        margin = max(bounds.high - row.accuracy, row.accuracy - bounds.low)
        squares += (weight * margin) ** 2
        spread += weight * (gap - estimate) ** 2
        safe = row.interval(each)
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
