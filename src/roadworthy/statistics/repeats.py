"""One value of a case out of the values of its repeats.

A value of 1 is a pass, anything less is none. `mean`, `max` and `min` take the values as they
are; `majority` says whether more than half passed; `pass_at_k` and `pass_hat_k` estimate, without
bias, what `k` of the repeats would have shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from roadworthy.domain import Reducer


def pass_at_k(n: int, passes: int, k: int) -> float:
    """Probability that at least one of `k` of the `n` repeats, drawn without replacement, passed.

    Unbiased estimator of Chen et al. 2021 (https://arxiv.org/abs/2107.03374), section 2.1.
    Raises ValueError unless 1 <= k <= n and 0 <= passes <= n.
    """
    _check(n, passes, k)
    return 1.0 - math.comb(n - passes, k) / math.comb(n, k)


def pass_hat_k(n: int, passes: int, k: int) -> float:
    """Probability that all of `k` of the `n` repeats, drawn without replacement, passed.

    pass^k of Yao et al. 2024 (tau-bench, https://arxiv.org/abs/2406.12045), section 3.
    Raises ValueError unless 1 <= k <= n and 0 <= passes <= n.
    """
    _check(n, passes, k)
    return math.comb(passes, k) / math.comb(n, k)


def reduced(values: Sequence[float], reducer: Reducer) -> float:
    """The case's value. Raises ValueError when there are fewer repeats than the reducer needs."""
    if not values:
        raise ValueError(f"{reducer} of a case without a repeat")
    passes = sum(1 for value in values if value >= 1.0)
    if reducer.kind == "mean":
        return math.fsum(values) / len(values)
    if reducer.kind == "max":
        return max(values)
    if reducer.kind == "min":
        return min(values)
    if reducer.kind == "majority":
        return float(2 * passes > len(values))
    estimate = pass_at_k if reducer.kind == "pass_at" else pass_hat_k
    return estimate(len(values), passes, reducer.k)


def _check(n: int, passes: int, k: int) -> None:
    if not 1 <= k <= n or not 0 <= passes <= n:
        raise ValueError(f"need 1 <= k <= n and 0 <= passes <= n, not {n=}, {passes=}, {k=}")
