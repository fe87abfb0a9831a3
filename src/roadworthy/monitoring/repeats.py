"""pass@k and pass^k: what the repeats of a case say of asking it k times.

Enters: rows of repeated cases. Leaves: shares over cases, each case's value without bias from all
of its repeats. Never here: a case that was asked fewer than k times taken for one that was.
"""

from __future__ import annotations

from roadworthy.domain import NO_CHECKS, IndicatorSpec, Measurement, Observation
from roadworthy.statistics import pass_at_k, pass_hat_k

from .cases import Cases, PerCase, by_name
from .rates import met
from .results import absent, share_of
from .standing import expected_action


def _judged(row: Observation) -> bool:
    """Whether the row's case expects anything, so that it can be right or wrong."""
    checked = any(not name.startswith(NO_CHECKS) for name in row.scores)
    return checked or bool(row.label or expected_action(row))


def passing(spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float) -> Measurement:
    """pass@k or pass^k; k is in the indicator's name, or every repeat of the cases.

    A repeat that failed is one that was not right. Copies of a case are no repeats of it.
    """
    estimate = pass_at_k if spec.name.startswith("pass_at") else pass_hat_k
    named = spec.name.rpartition("_")[2]
    if not cases.groups:
        return absent(spec, "every case was asked once: `repeats` asks it more often")
    tallies: list[list[tuple[int, int]]] = []
    for unit in cases.each():
        groups = [group for group in by_name(unit) if any(map(_judged, group))]
        if groups:
            tallies.append([(len(group), sum(map(met, group))) for group in groups])
    asked = {n for unit in tallies for n, _ in unit}
    if not asked:
        return absent(spec, "no case says what is right")
    if max(asked) < 2:
        return absent(spec, "every case was asked once: `repeats` asks it more often")
    if named == "k" and len(asked) > 1:
        told = f"cases were asked {min(asked)} to {max(asked)} times"
        return absent(spec, f"{told}: name k, as in {spec.name[:-1]}{max(2, min(asked))}")
    k = asked.pop() if named == "k" else int(named)
    few = sum(1 for unit in tallies if any(n < k for n, _ in unit))
    if few:
        return absent(spec, f"{few} of {len(tallies)} cases were asked fewer than {k} times")
    values = [sum(estimate(n, right, k) for n, right in unit) / len(unit) for unit in tallies]
    rows = sum(n for unit in tallies for n, _ in unit)
    return share_of(spec, PerCase(values, rows), confidence)
