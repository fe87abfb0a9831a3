"""Which answers show what a broken objective says: those that counted against it, the newest first.

Enters: an indicator's name, the answers of a slice. Leaves: some of them, for a person to look at.
Never here: a verdict, or a text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from roadworthy.domain import Observation, find_indicator

from .indicators import counted
from .rates import RATES

_LARGEST: dict[str, Callable[[Observation], float | None]] = {
    "latency": lambda row: row.latency_ms,
    "ttft": lambda row: row.first_token_ms,
    "cost": lambda row: None if row.cost is None else float(row.cost),
}


def counts_against(metric: str) -> Callable[[Observation], bool] | None:
    """Whether an answer counts against an indicator; None where no single one tells."""
    question = RATES.get(metric) or counted(metric)
    if question is None:
        return None
    spec = find_indicator(metric)
    wrong = 0.0 if spec is not None and spec.higher_is_better else 1.0

    def against(row: Observation) -> bool:
        said = question(row)
        return said is not None and said == wrong

    return against


def showing(metric: str, rows: Sequence[Observation], most: int) -> list[Observation]:
    """At most so many: of a share those that counted against it, of a duration the longest.

    Where no single answer tells (a drift, a calibration), the newest.
    """
    newest = sorted(rows, key=lambda row: row.time, reverse=True)
    if metric in _LARGEST:
        measured = [(value, row) for row in newest if (value := _LARGEST[metric](row)) is not None]
        measured.sort(key=lambda each: -each[0])
        return [row for _, row in measured[:most]]
    against = counts_against(metric)
    return [row for row in newest if against is None or against(row)][:most]
