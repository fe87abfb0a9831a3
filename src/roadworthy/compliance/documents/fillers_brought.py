"""What fills a form from evidence made elsewhere: each figure beside how far it is trusted."""

from __future__ import annotations

from roadworthy.domain import Block, Cell, Grid, Language, trust_in

from .blocks import of_entry, worth
from .gathered import Gathered
from .registry import filler
from .words import said

_MOST = 30
"""The newest ones, that a document lists."""
_FIGURES = 12


@filler("brought")
def _brought(found: Gathered, language: Language) -> tuple[Block, ...]:
    """Nothing of it is missing where there is none: nobody has to bring any."""
    if not found.brought:
        return ()
    columns = ("what", "kind", "figure", "how far it is trusted")
    rows = []
    for entry in found.brought[-_MOST:]:
        told = entry.payload
        origin = told["origin"]
        tool = f"{origin['tool']} {origin['version']}".strip()
        figures = [f"{one['name']} {one['value']}" for one in told["figures"][:_FIGURES]]
        if told["figures_in_all"] > _FIGURES:
            figures.append("…")
        rows.append((
            Cell(f"{told['title']} ({tool})"), Cell(", ".join(told["kinds"]) or "-"),
            Cell(", ".join(figures) or "-"),
            Cell(worth(*trust_in(entry), language), of_entry(entry)),
        ))  # fmt: skip
    return (Grid(columns=tuple(said(name, language) for name in columns), rows=tuple(rows)),)
