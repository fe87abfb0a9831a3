"""Estimates against what was spent, phase by phase, with what nobody knows said as unknown.

Enters: estimates, known sums, things whose cost is not known. Leaves: a row for each phase and
measure. Never: a 0 for what nobody recorded, two currencies added, an estimate taken for a sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import UNSET

from roadworthy.domain import (
    COST_PHASES,
    MEASURES,
    NOTHING_RECORDED,
    Cost,
    CostPhase,
    CostSum,
    Estimate,
    Measure,
    UnknownCost,
)

_UNITS = {"hours": "h", "energy": "kWh"}


def sums(
    estimates: Mapping[CostPhase, Estimate], costs: Iterable[Cost], unknown: Iterable[UnknownCost]
) -> tuple[CostSum, ...]:
    """Every measure of every phase, in their order."""
    known, open_ones = list(costs), list(unknown)
    return tuple(
        _sum(
            phase, measure, estimates.get(phase),
            [one for one in known if (one.phase, one.measure) == (phase, measure)],
            [one.why for one in open_ones if (one.phase, one.measure) == (phase, measure)],
        )
        for phase in COST_PHASES
        for measure in MEASURES
    )  # fmt: skip


def _sum(
    phase: CostPhase, measure: Measure, estimate: Estimate | None, known: list[Cost],
    unknown: list[str],
) -> CostSum:  # fmt: skip
    actual: dict[str, Decimal] = {}
    for one in known:
        actual[one.unit] = actual.get(one.unit, Decimal(0)) + Decimal(one.amount)
    expected, unit = _estimated(estimate, measure)
    if not known and not unknown:
        unknown = [NOTHING_RECORDED]
    share = ""
    if expected and set(actual) == {unit}:
        share = f"{100 * actual[unit] / expected:.1f}"
    return CostSum(
        phase=phase, measure=measure,
        estimate="" if expected is None else _plain(expected),
        estimated_unit=unit if expected is not None else "",
        actual={name: _plain(amount) for name, amount in actual.items()},
        share=share, whole=not unknown, sources=tuple(one.source for one in known),
        unknown=tuple(unknown),
    )  # fmt: skip


def _estimated(estimate: Estimate | None, measure: Measure) -> tuple[Decimal | None, str]:
    if estimate is None:
        return None, ""
    match measure:
        case "money":
            value, unit = estimate.amount, estimate.currency
        case "hours":
            value, unit = estimate.hours, _UNITS[measure]
        case _:
            value, unit = estimate.kwh, _UNITS[measure]
    return (None, unit) if value is UNSET else (Decimal(repr(value)), unit)


def _plain(amount: Decimal) -> str:
    """A decimal without an exponent and without zeros that say nothing."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
