"""How well confidence matches being right."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

DEFAULT_BINS = 10
"""Equal-width bins, as in Guo et al. 2017."""


class Bin(Struct, frozen=True):
    """One bar of a reliability diagram."""

    low: float
    high: float
    n: int
    confidence: float
    """Mean confidence in the bin."""
    accuracy: float
    """Share right in the bin."""


def reliability(
    confidences: Sequence[float], right: Sequence[bool], bins: int = DEFAULT_BINS
) -> list[Bin]:
    """The non-empty bins of equal width; confidences in [0, 1].

    Raises ValueError on different lengths or a confidence outside [0, 1].
    """
    if len(confidences) != len(right):
        raise ValueError("one confidence for each answer")
    sums = [[0, 0.0, 0] for _ in range(bins)]
    for confidence, hit in zip(confidences, right, strict=True):
        if not 0.0 <= confidence <= 1.0:
            raise ValueError(f"{confidence} is no confidence")
        row = sums[min(int(confidence * bins), bins - 1)]
        row[0] += 1
        row[1] += confidence
        row[2] += hit
    return [
        Bin(index / bins, (index + 1) / bins, int(n), total / n, hits / n)
        for index, (n, total, hits) in enumerate(sums)
        if n
    ]


def expected_calibration_error(
    confidences: Sequence[float], right: Sequence[bool], bins: int = DEFAULT_BINS
) -> float:
    """Mean gap between confidence and accuracy over bins.

    Guo et al. 2017, https://arxiv.org/abs/1706.04599. Raises ValueError without data.
    """
    if not confidences:
        raise ValueError("no answers have no calibration")
    rows = reliability(confidences, right, bins)
    return math.fsum(row.n * abs(row.confidence - row.accuracy) for row in rows) / len(confidences)


def brier(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Mean squared gap between confidence and outcome (Brier 1950).

    Raises ValueError without data.
    """
    if not confidences or len(confidences) != len(right):
        raise ValueError("one confidence for each answer, and at least one")
    squares = ((c - hit) ** 2 for c, hit in zip(confidences, right, strict=True))
    return math.fsum(squares) / len(confidences)
