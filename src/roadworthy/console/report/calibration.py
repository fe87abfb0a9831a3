"""Whether confidence can be believed: reliability diagram, risk against coverage, the figures."""

from __future__ import annotations

import math
from itertools import groupby

from msgspec import Struct

from roadworthy.domain import INDICATORS, Measurement
from roadworthy.flows.gate.inspection import Inspection
from roadworthy.statistics import (
    Level,
    RiskPoint,
    area_under_risk,
    equal_mass,
    gap_of,
    levels,
    reliability_of,
    risk_coverage,
    risk_of,
    share_interval,
)

from .charts import number, reliability_diagram, risk_curve
from .tally import Tally

POINTS = 80
"""Points drawn of a curve."""


class BinRow(Struct, frozen=True, kw_only=True):
    """One bin of the diagram, for the table beside it."""

    span: str
    n: str
    confidence: str
    right: str
    interval: str


class RiskRow(Struct, frozen=True, kw_only=True):
    """One row of the table of coverages."""

    coverage: str
    threshold: str
    risk: str
    interval: str
    n: str


class Figure(Struct, frozen=True, kw_only=True):
    """One indicator of calibration."""

    name: str
    value: str
    interval: str
    n: str
    definition: str
    misleads: str


class CalibrationView(Struct, frozen=True, kw_only=True):
    """What the template draws; without a chart it says why there is none."""

    figures: tuple[Figure, ...]
    diagram: str = ""
    before: str = ""
    """The same of what the model itself said, where a calibration put another in its place."""
    gaps: str = ""
    curve: str = ""
    bins: tuple[BinRow, ...] = ()
    risks: tuple[RiskRow, ...] = ()
    area: str = ""
    compared: bool = False
    absent: str = ""
    left_out: str = ""


def calibration_view(inspection: Inspection, tally: Tally) -> CalibrationView:
    """Diagrams of the labelled answers that carry a confidence."""
    figures = tuple(_figure(e) for e in inspection.run.indicators if _about_calibration(e))
    left_out = _left_out(tally)
    if not tally.sure:
        return CalibrationView(
            figures=figures,
            absent="No labelled answer of this run carries a confidence, so nothing is known of"
            " its calibration.",
            left_out=left_out,
        )
    known = levels(tally.sure, tally.right, tally.weight)
    bins = _bins(known)
    # Only where every answer has both are they the same answers.
    both = len(tally.said) == len(tally.sure)
    said = _bins(levels(tally.said, tally.right, tally.weight)) if both else []
    points = risk_of(known)
    drawn = _thinned(points)
    risks = [(p.coverage, p.risk, *_bounds(p.wrong, p.answered)) for p in drawn]
    other = _other(inspection)
    # The band of the first few answers is as wide as the scale: it must not set the scale.
    settled = [max(risk, high) for coverage, risk, _, high in risks if coverage >= 0.1]
    settled += [risk for coverage, risk in other if coverage >= 0.1]
    top = _above(max(settled, default=1.0))
    return CalibrationView(
        figures=figures,
        diagram=reliability_diagram(bins, title="Reliability: confidence against share right"),
        before=reliability_diagram(said, title="Reliability before the map") if said else "",
        gaps=_gaps(tally) if said else "",
        curve=risk_curve(risks, other=other, top=top, title="Risk against coverage"),
        bins=tuple(_bin_row(*each) for each in bins),
        risks=tuple(_risk_rows(points)),
        area=number(area_under_risk(points)),
        compared=bool(other),
        left_out=left_out,
    )


_Bars = list[tuple[float, float, float, float, float, float, float]]


def _bins(known: list[Level]) -> _Bars:
    return [
        (b.low, b.high, b.n, b.confidence, b.accuracy,
         *_bounds(b.accuracy * b.n, b.n))
        for b in reliability_of(known)
    ]  # fmt: skip


def _gaps(tally: Tally) -> str:
    before, after = (
        gap_of(equal_mass(each, tally.right, weights=tally.weight))
        for each in (tally.said, tally.sure)
    )
    return f"adaptive ECE {number(before)} before, {number(after)} after"


def _above(value: float) -> float:
    """The end of a scale of shares that holds the value."""
    return next((top for top in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8) if value <= top), 1.0)


def _about_calibration(each: Measurement) -> bool:
    spec = INDICATORS.get(each.name)
    return spec is not None and spec.area == "calibration"


def _figure(each: Measurement) -> Figure:
    spec = INDICATORS[each.name]
    bounds = "no interval" if each.low is None or each.high is None else (
        f"{number(each.low)} to {number(each.high)}")  # fmt: skip
    return Figure(
        name=each.name,
        value=number(each.value),
        interval=bounds,
        n=f"{each.n:,}",
        definition=spec.definition,
        misleads=spec.misleads,
    )


def _left_out(tally: Tally) -> str:
    parts = []
    if tally.unsure:
        parts.append(f"{tally.unsure:,} labelled answers carry no confidence")
    if tally.impossible:
        parts.append(f"{tally.impossible:,} carry one outside 0 to 1")
    return f"Not in these diagrams: {' and '.join(parts)}." if parts else ""


def _bounds(total: float, n: float) -> tuple[float, float]:
    found = share_interval(total, n)
    return found.low, found.high


def _thinned(points: list[RiskPoint]) -> list[RiskPoint]:
    """At most so many points, evenly over the coverages, the last among them."""
    if len(points) <= POINTS:
        return points
    chosen, wanted = [], 1
    for point in points:
        if point.coverage >= wanted / POINTS:
            chosen.append(point)
            wanted = math.floor(point.coverage * POINTS + 1e-9) + 1
    return chosen if chosen[-1] is points[-1] else [*chosen, points[-1]]


def _other(inspection: Inspection) -> list[tuple[float, float]]:
    """The other run's curve, where it has one."""
    if inspection.against is None:
        return []
    sure: list[float] = []
    right: list[bool] = []
    weight: list[float] = []
    for _, group in groupby(
        inspection.against.rows.scored(), key=lambda row: (row.suite, row.case)
    ):
        rows = list(group)
        for row in rows:
            if row.label and row.confidence is not None and 0.0 <= row.confidence <= 1.0:
                sure.append(row.confidence)
                right.append(row.decision == row.label)
                weight.append(1 / len(rows))
    points = _thinned(risk_coverage(sure, right, weight))
    return [(point.coverage, point.risk) for point in points]


def _bin_row(
    low: float, high: float, n: float, sure: float, right: float, floor: float, ceiling: float
) -> BinRow:
    return BinRow(
        span=f"{number(low)} to {number(high)}",
        n=f"{n:,.4g}",
        confidence=number(sure),
        right=number(right),
        interval=f"{number(floor)} to {number(ceiling)}",
    )


def _risk_rows(points: list[RiskPoint]) -> list[RiskRow]:
    """The first point at or above each tenth of coverage."""
    rows, wanted = [], 1
    for point in points:
        if point.coverage * 10 >= wanted - 1e-9:
            bounds = point.interval()
            rows.append(
                RiskRow(
                    coverage=f"{point.coverage:.0%}",
                    threshold=number(point.threshold),
                    risk=number(point.risk),
                    interval=f"{number(bounds.low)} to {number(bounds.high)}",
                    n=f"{point.answered:,.6g}",
                )
            )
            wanted = math.floor(point.coverage * 10 + 1e-9) + 1
    return rows
