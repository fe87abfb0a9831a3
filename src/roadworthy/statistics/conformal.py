"""A threshold whose false-alarm rate is set: split conformal prediction.

Enters: scores of inputs that nothing was fitted on. Leaves: a threshold, and how often it will be
passed by inputs like them. Never here: a threshold that the scores are too few for. It holds for
inputs that are drawn as those were (exchangeable), and promises nothing of any others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .distributions import beta_quantile
from .intervals import Interval


def fewest_scores(rate: float) -> int:
    """How many scores a threshold needs that at most a share `rate` of new inputs passes."""
    _require(rate)
    least = max(1, math.ceil(1.0 / rate) - 2)
    while _place(least, rate) > least:
        least += 1
    return least


def conformal_threshold(scores: Sequence[float], rate: float) -> float:
    """The least of the scores that at most a share `rate` of new inputs passes, on average.

    The ceil((n + 1)(1 - rate)) smallest (Vovk, Gammerman and Shafer 2005, chapter 4; Papadopoulos
    et al. 2002, https://doi.org/10.1007/3-540-36755-1_29). Inputs with an equal score do not pass.
    Raises ValueError on too few scores, or one that is not finite.
    """
    _require(rate)
    if not all(map(math.isfinite, scores)):
        raise ValueError("a score is no finite number")
    place = _place(len(scores), rate)
    if place > len(scores):
        raise ValueError(f"{len(scores)} scores: {fewest_scores(rate)} are needed")
    return sorted(scores)[place - 1]


def alarm_range(n: int, rate: float, *, confidence: float = 0.95) -> Interval:
    """Between which shares the false alarms of one such threshold lie, where scores have no ties.

    Over all thresholds they average the rate set; of this one they are Beta distributed (Vovk 2012,
    https://arxiv.org/abs/1209.2673). Raises ValueError on too few scores.
    """
    place = _place(n, rate)
    if place > n:
        raise ValueError(f"{n} scores: {fewest_scores(rate)} are needed")
    above, below, side = n + 1 - place, place, (1.0 - confidence) / 2
    return Interval(beta_quantile(side, above, below), beta_quantile(1.0 - side, above, below))


def _place(n: int, rate: float) -> int:
    """Which score it is, counted from the smallest; a hair less than a whole number is one."""
    return math.ceil((n + 1) * (1.0 - rate) - 1e-9)


def _require(rate: float) -> None:
    if not 0.0 < rate < 1.0:
        raise ValueError(f"a share of false alarms lies strictly between 0 and 1, not at {rate}")
