"""A document as one HTML page that needs nothing else: print it, mail it, read it from a disk."""

from __future__ import annotations

from markupsafe import Markup

from roadworthy.compliance import owed_in_words, said
from roadworthy.domain import Cell, Paper

from .templates import css, template


def to_html(paper: Paper) -> str:
    """The page. Whatever evidence says is text in it."""
    notes: dict[str, int] = {}

    def note(cell: Cell) -> int:
        """The number of a cell's source among the notes; 0 without one."""
        if cell.source is None:
            return 0
        return notes.setdefault(source_line(cell, paper), len(notes) + 1)

    return template("page.html.j2").render(
        paper=paper,
        css=css("page.css"),
        owed=owed_in_words(paper),
        said=lambda text: said(text, paper.language),
        note=note,
        notes=notes,
        kind=lambda block: type(block).__name__,
        drawn=lambda block: Markup(block.svg),  # noqa: S704, drawn by us and escaped there
    )


def source_line(cell: Cell, paper: Paper) -> str:
    """Where a statement comes from, as one line."""
    source = cell.source
    if source is None:
        return ""
    entry = f", {said('entry', paper.language)} {source.entry}" if source.entry else ""
    return f"{source.what}{entry}{', ' + source.digest if source.digest else ''}"
