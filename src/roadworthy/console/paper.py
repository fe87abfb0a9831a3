"""A document as one HTML page that needs nothing else: print it, mail it, read it from a disk."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from roadworthy.compliance import said
from roadworthy.domain import Cell, Paper

_FOLDER = files("roadworthy.console") / "papers"


def to_html(paper: Paper) -> str:
    """The page. Whatever evidence says is text in it."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)  # fmt: skip
    template = environment.from_string((_FOLDER / "page.html.j2").read_text("utf-8"))
    css = (_FOLDER / "page.css").read_text("utf-8")
    notes: dict[str, int] = {}

    def note(cell: Cell) -> int:
        """The number of a cell's source among the notes; 0 without one."""
        if cell.source is None:
            return 0
        return notes.setdefault(source_line(cell, paper), len(notes) + 1)

    return template.render(
        paper=paper,
        css=Markup(css),  # noqa: S704, our own file
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
