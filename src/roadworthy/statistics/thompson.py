"""How likely the new one of two arms is the better one, from failures counted on both.

Enters: of each arm how many outcomes there were, and the sum of those that were not well. Leaves: a
probability, the share that Thompson's sampling would draw for the new arm. Never here: a decision;
that is what bets prove, and they hold whatever shares were drawn before a block began.
"""

from __future__ import annotations

import math


def better(*, old_n: int, old_sum: float, new_n: int, new_sum: float) -> float:
    """Probability that the new arm fails more rarely (Thompson 1933), a flat prior on each.

    P(B > A) of two beta posteriors is a finite sum (Miller 2015, for whole numbers; degrees are
    rounded). Raises ValueError when more is not well than there is.
    """
    if not (0 <= old_sum <= old_n and 0 <= new_sum <= new_n):
        raise ValueError("more is not well than there is")
    old_bad, new_bad = round(old_sum), round(new_sum)
    a, b = 1 + old_bad, 1 + old_n - old_bad
    c, d = 1 + new_bad, 1 + new_n - new_bad
    worse = math.fsum(
        math.exp(
            _log_beta(a + place, b + d)
            - math.log(d + place)
            - _log_beta(1 + place, d)
            - _log_beta(a, b)
        )
        for place in range(c)
    )
    return min(1.0, max(0.0, 1.0 - worse))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
