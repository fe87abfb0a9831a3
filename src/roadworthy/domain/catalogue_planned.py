"""Indicators that the contract may name already and that a later stage measures.

An SLO on one of these loads with a warning and is INCONCLUSIVE at the gate: never a pass.
Columns: name | area | kind | unit | + or - (which way is better) | needs | definition.
"""

from __future__ import annotations

from typing import get_args

from .indicator import IndicatorKind, IndicatorSpec

_KINDS: dict[str, IndicatorKind] = {kind: kind for kind in get_args(IndicatorKind)}

_ROWS = """
clip_score | media | score | share | + | image | cosine to the text; of files: `roadworthy media`
fid | media | mean | | - | image | Frechet inception distance; of files: `roadworthy media`
"""


def _read(row: str) -> IndicatorSpec:
    name, area, kind, unit, better, needs, definition = (part.strip() for part in row.split("|"))
    return IndicatorSpec(
        name=name,
        definition=definition,
        kind=_KINDS[kind],
        unit=unit,
        high=1.0 if unit == "share" else None,
        higher_is_better=better == "+",
        evidence="point" if area in ("calibration", "shift") and kind != "rate" else "proven",
        needs=tuple(filter(None, needs.split(","))),
        aggregations=("p50", "p90", "p95", "p99", "mean", "max") if kind == "quantile" else (),
        area=area,
    )


PLANNED: tuple[IndicatorSpec, ...] = tuple(
    _read(row) for row in _ROWS.strip().splitlines() if row.strip()
)
"""In the order of the areas."""
