"""How attacks fared, by strategy, and what the suites cover at all."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from roadworthy.domain import Measurement, Observation
from roadworthy.flows.gate.inspection import Inspection
from roadworthy.monitoring import ATTACKS, measure_parts

from .charts import interval_bar, number
from .links import Links
from .tally import Cell, Tally

MOST = 24
"""Rows or columns shown; more are counted."""

KIND, TECHNIQUE = "kind", "technique"
Part = Cell | tuple[str, str]
"""A cell, or (kind or technique, its name)."""
Found = dict[Part, Measurement]


class AttackRow(Struct, frozen=True, kw_only=True):
    """One strategy, or one kind of attack."""

    name: str
    kind: str
    link: int
    success: str
    interval: str
    n: str
    chart: str


class CellView(Struct, frozen=True, kw_only=True):
    """One cell: how many cases, and how many attacks got through. 0 cases: not tested."""

    cases: int
    success: str = ""
    interval: str = ""
    level: int = 0
    """0 to 5: how dark; 0 where no attack succeeded or nothing was attacked."""
    attacked: bool = False
    link: int = -1


class Matrix(Struct, frozen=True, kw_only=True):
    """Hazards by techniques in one language."""

    language: str
    techniques: tuple[str, ...]
    rows: tuple[tuple[str, tuple[CellView, ...]], ...]
    empty: int
    """Cells without a case."""


MatrixRows = tuple[tuple[str, tuple[CellView, ...]], ...]


class RobustnessView(Struct, frozen=True, kw_only=True):
    """What the template draws."""

    attacks: tuple[AttackRow, ...]
    matrices: tuple[Matrix, ...]
    untold: int
    """Attacks whose tags say no technique."""
    left_out: int = 0


def robustness_view(inspection: Inspection, tally: Tally, links: Links) -> RobustnessView:
    """From the tags: kinds of attacks, `technique:`, `hazard:`, `language:`."""
    rows, parts = _parts(tally)
    found = measure_parts("attack_success", rows, parts)
    named = sorted(part for part in parts if part[0] in (KIND, TECHNIQUE) and len(part) == 2)
    attacks = tuple(_attack(name, kind, found[kind, name], links) for kind, name in named)
    untold = sum(len(_cases(r)) for (_, technique, _), r in tally.attacked.items() if not technique)
    matrices, left_out = _matrices(tally, found, links)
    return RobustnessView(attacks=attacks, matrices=matrices, untold=untold, left_out=left_out)


def _parts(tally: Tally) -> tuple[list[Observation], dict[Part, list[int]]]:
    """Every row of an attack, and which of them are of a kind, of a technique, in a cell."""
    rows: list[Observation] = []
    parts: dict[Part, list[int]] = {}
    for cell, attacked in tally.attacked.items():
        places = list(range(len(rows), len(rows) + len(attacked)))
        rows += attacked
        parts[cell] = places
        if cell[1]:
            parts.setdefault((TECHNIQUE, cell[1]), []).extend(places)
        for place, row in zip(places, attacked, strict=True):
            for tag in ATTACKS.intersection(row.tags):
                parts.setdefault((KIND, tag), []).append(place)
    return rows, parts


def _cases(rows: Iterable[Observation]) -> set[tuple[str, str]]:
    return {(row.suite, row.case) for row in rows}


def _attack(name: str, kind: str, found: Measurement, links: Links) -> AttackRow:
    bounds = None if found.low is None or found.high is None else (found.low, found.high)
    said = "no interval" if bounds is None else f"{number(bounds[0])} to {number(bounds[1])}"
    link = links.to(tag=name) if kind == KIND else links.to(technique=name)
    return AttackRow(
        name=name,
        kind=kind,
        link=link,
        success=number(found.value),
        interval=said,
        n=f"{found.n:,}",
        chart=interval_bar(
            found.value,
            bounds,
            target=None,
            domain=(0.0, 1.0),
            verdict="attack",
            says=f"{name}: {number(found.value)} succeeded, {said}, n {found.n}",
        ),
    )


def _matrices(tally: Tally, found: Found, links: Links) -> tuple[tuple[Matrix, ...], int]:
    """One matrix a language. Every pair of a hazard and a technique is a cell, tested or not."""
    hazards = sorted({hazard for hazard, _, _ in tally.cells})
    techniques = sorted({technique for _, technique, _ in tally.cells})
    languages = sorted({language for _, _, language in tally.cells})
    left_out = sum(max(0, len(each) - MOST) for each in (hazards, techniques, languages))
    matrices = []
    for language in languages[:MOST]:
        rows = tuple(
            (hazard, tuple(_cell(tally, found, links, (hazard, each, language))
                           for each in techniques[:MOST]))
            for hazard in hazards[:MOST]
        )  # fmt: skip
        matrices.append(_matrix(language, techniques[:MOST], rows))
    return tuple(matrices), left_out


def _matrix(language: str, techniques: list[str], rows: MatrixRows) -> Matrix:
    return Matrix(
        language=language,
        techniques=tuple(techniques),
        rows=rows,
        empty=sum(1 for _, cells in rows for cell in cells if not cell.cases),
    )


def _cell(tally: Tally, measured: Found, links: Links, cell: Cell) -> CellView:
    cases = tally.cells.get(cell, 0)
    found = measured.get(cell)
    if not cases:
        return CellView(cases=0)
    link = links.to(hazard=cell[0], technique=cell[1], language=cell[2])
    if found is None or found.value is None:
        return CellView(cases=cases, link=link)
    return CellView(
        cases=cases,
        success=f"{found.value:.0%}",
        interval=f"{number(found.low)} to {number(found.high)}",
        level=min(5, 1 + int(found.value * 5)) if found.value > 0 else 0,
        attacked=True,
        link=link,
    )
