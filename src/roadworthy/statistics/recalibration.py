"""Maps from what a model says of its confidence to how often it is right.

Enters: confidences in [0, 1] and whether each answer was right, of cases that are used for nothing
else. Leaves: a map that keeps the order of confidences. Never here: a map that was fitted on the
cases that then show how good it is.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import groupby

from msgspec import Struct

_EDGE = 1e-6
"""Confidences this near to 0 or 1 count as this far from them: their logit would be infinite."""


class IsotonicMap(Struct, frozen=True, kw_only=True):
    """A rising step function, straight lines between the steps."""

    confidences: tuple[float, ...]
    shares: tuple[float, ...]

    def __call__(self, confidence: float) -> float:
        """The share right at this confidence. Raises ValueError outside [0, 1]."""
        _checked(confidence)
        at = bisect_right(self.confidences, confidence)
        if at == 0:
            return self.shares[0]
        if at == len(self.confidences):
            return self.shares[-1]
        x0, x1 = self.confidences[at - 1 : at + 1]
        y0, y1 = self.shares[at - 1 : at + 1]
        return y0 + (y1 - y0) * (confidence - x0) / (x1 - x0)


class LogisticMap(Struct, frozen=True, kw_only=True):
    """sigmoid(slope x logit(confidence) + offset); a temperature is 1 / slope with offset 0."""

    slope: float
    offset: float = 0.0

    def __call__(self, confidence: float) -> float:
        """The share right at this confidence. Raises ValueError outside [0, 1]."""
        return _sigmoid(self.slope * _logit(confidence) + self.offset)


def isotonic(confidences: Sequence[float], right: Sequence[bool]) -> IsotonicMap:
    """The rising map with the least squared error, by pooling adjacent violators.

    Ayer et al. 1955; Zadrozny and Elkan 2002 (https://doi.org/10.1145/775047.775151). It needs some
    hundred cases: with few it repeats their noise. Raises ValueError without data of both kinds,
    on different lengths or a confidence outside [0, 1].
    """
    _both_kinds(confidences, right)
    ordered = sorted(zip(confidences, right, strict=True))
    blocks: list[tuple[float, float, float, float]] = []
    for confidence, tied in groupby(ordered, key=lambda row: row[0]):
        hits = [hit for _, hit in tied]
        block = (float(sum(hits)), float(len(hits)), confidence, confidence)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            good, n, first, _ = blocks.pop()
            block = (good + block[0], n + block[1], first, block[3])
        blocks.append(block)
    points = [
        (edge, good / n)
        for good, n, first, last in blocks
        for edge in ((first,) if first == last else (first, last))
    ]
    return IsotonicMap(
        confidences=tuple(edge for edge, _ in points), shares=tuple(share for _, share in points)
    )


def platt(confidences: Sequence[float], right: Sequence[bool]) -> LogisticMap:
    """Logistic regression of being right on the logit of the confidence.

    Platt 1999 with his targets, which keep a separable sample from an infinite slope, and the
    Newton steps of Lin, Lin and Weng 2007 (https://doi.org/10.1007/s10994-007-5018-6). Raises
    ValueError as `isotonic`.
    """
    good = _both_kinds(confidences, right)
    bad = len(right) - good
    aims = [(good + 1) / (good + 2) if hit else 1 / (bad + 2) for hit in right]
    logits = [_logit(confidence) for confidence in confidences]
    slope, offset = _newton(logits, aims, offset=True)
    return LogisticMap(slope=slope, offset=offset)


def temperature(confidences: Sequence[float], right: Sequence[bool]) -> LogisticMap:
    """The one factor on the logit of the confidence with the highest likelihood.

    Guo et al. 2017 (https://arxiv.org/abs/1706.04599), for the confidence in one decision. A slope
    below 1 says that the model was too sure. Raises ValueError as `isotonic`.
    """
    _both_kinds(confidences, right)
    logits = [_logit(confidence) for confidence in confidences]
    slope, _ = _newton(logits, [float(hit) for hit in right], offset=False)
    return LogisticMap(slope=slope)


def _both_kinds(confidences: Sequence[float], right: Sequence[bool]) -> int:
    if len(confidences) != len(right):
        raise ValueError("one confidence for each answer")
    for confidence in confidences:
        _checked(confidence)
    good = sum(right)
    if not 0 < good < len(right):
        raise ValueError("a map is fitted to right and wrong answers, to some of each")
    return good


def _checked(confidence: float) -> float:
    if not 0.0 <= confidence <= 1.0:
        raise ValueError(f"{confidence} is no confidence")
    return confidence


def _logit(confidence: float) -> float:
    inside = min(max(_checked(confidence), _EDGE), 1 - _EDGE)
    return math.log(inside) - math.log1p(-inside)


def _sigmoid(value: float) -> float:
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    power = math.exp(value)
    return power / (1 + power)


def _loss(logits: Sequence[float], aims: Sequence[float]) -> Callable[[float, float], float]:
    """The negative log-likelihood of a slope and an offset."""

    def of(slope: float, offset: float) -> float:
        total = 0.0
        for logit, aim in zip(logits, aims, strict=True):
            value = slope * logit + offset
            total += max(value, 0.0) + math.log1p(math.exp(-abs(value))) - aim * value
        return total

    return of


def _newton(logits: Sequence[float], aims: Sequence[float], *, offset: bool) -> tuple[float, float]:
    """Slope and offset of the highest likelihood; the function is convex, steps are halved."""
    loss = _loss(logits, aims)
    slope, shift = 1.0, 0.0
    best = loss(slope, shift)
    for _ in range(100):
        g0 = g1 = h00 = h01 = h11 = 0.0
        for logit, aim in zip(logits, aims, strict=True):
            share = _sigmoid(slope * logit + shift)
            gap, bend = share - aim, share * (1 - share)
            g0, g1 = g0 + gap * logit, g1 + gap
            h00, h01, h11 = h00 + bend * logit * logit, h01 + bend * logit, h11 + bend
        h00, h11 = h00 + 1e-12, h11 + 1e-12
        if offset:
            det = h00 * h11 - h01 * h01
            step = (-(h11 * g0 - h01 * g1) / det, -(h00 * g1 - h01 * g0) / det)
        else:
            step = (-g0 / h00, 0.0)
        size = 1.0
        while size > 1e-10:
            trial = loss(slope + size * step[0], shift + size * step[1])
            if trial < best:
                break
            size /= 2
        else:
            break
        slope, shift = slope + size * step[0], shift + size * step[1]
        done, best = best - trial < 1e-13 * abs(best), trial
        if done:
            break
    return slope, shift
