"""What repeats of a case say: flaky cases, pass@k and pass^k.

A repeat passes when all of its judged scores are right (1.0) and it is no error. Raw scores do
not count: they judge what never left.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from roadworthy.domain import Observation

CaseKey = tuple[str, str]
"""(suite, case id)."""


def passed(observation: Observation) -> bool | None:
    """Whether one repeat passed; None when nothing judged it."""
    if observation.status == "error":
        return False
    judged = [value for name, value in observation.scores.items() if not name.startswith("raw.")]
    return all(value >= 1.0 for value in judged) if judged else None


def outcomes(rows: Iterable[Observation]) -> dict[CaseKey, tuple[bool, ...]]:
    """Case -> which of its judged repeats passed, in the order of the rows."""
    found: dict[CaseKey, list[bool]] = {}
    for row in rows:
        verdict = passed(row)
        if verdict is not None:
            found.setdefault((row.suite, row.case), []).append(verdict)
    return {key: tuple(verdicts) for key, verdicts in found.items()}


def flaky_cases(rows: Iterable[Observation]) -> tuple[str, ...]:
    """Ids of cases of which some repeats passed and some did not, sorted."""
    return tuple(sorted({case for (_, case), each in outcomes(rows).items() if len(set(each)) > 1}))


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


def _check(n: int, passes: int, k: int) -> None:
    if not 1 <= k <= n or not 0 <= passes <= n:
        raise ValueError(f"need 1 <= k <= n and 0 <= passes <= n, not {n=}, {passes=}, {k=}")
