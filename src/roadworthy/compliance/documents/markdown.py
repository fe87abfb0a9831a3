"""A document as Markdown (CommonMark with tables): sources as footnotes, gaps said aloud."""

from __future__ import annotations

from roadworthy.domain import (
    Block,
    Cell,
    Drawing,
    Gap,
    Grid,
    Listing,
    Paper,
    Paragraph,
    Question,
    Written,
)

from .plain import owed_in_words
from .words import said

_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>#|!~"})


def to_markdown(paper: Paper) -> str:
    """The whole document. Words of evidence are text: none of them is markup."""
    notes: dict[str, int] = {}
    lines = [f"# {_text(paper.title)}: {_text(paper.system)}", ""]
    lines += [_head(paper), ""]
    for section in paper.sections:
        cite = f" ({_text(section.cite)})" if section.cite else ""
        lines += [f"## {_text(section.heading)}{cite}", ""]
        for block in section.blocks:
            lines += [*_block(block, paper, notes), ""]
    lines += [f"## {said('What is missing', paper.language)}", ""]
    gaps = [f"- {_gap(gap, paper)}" for gap in paper.gaps]
    lines += gaps or [f"- {said('nothing', paper.language)}"]
    lines.append("")
    lines += [f"[^{number}]: {source}" for source, number in notes.items()]
    return "\n".join(lines).rstrip() + "\n"


def _head(paper: Paper) -> str:
    live = paper.release or said("none is live", paper.language)
    return "  \n".join((
        f"{said('release', paper.language)}: `{live}`",
        f"{said('Made at', paper.language)}: {paper.made_at}",
        f"{said('Ledger (entries, root hash)', paper.language)}: `{paper.head}`",
        f"{said('Follows', paper.language)}: {_text(paper.basis)}",
        f"{said('Owed', paper.language)}: {_text(owed_in_words(paper))}",
    ))  # fmt: skip


def _block(block: Block, paper: Paper, notes: dict[str, int]) -> list[str]:
    match block:
        case Paragraph(cell=cell):
            return [_cell(cell, paper, notes)]
        case Listing(cells=cells):
            return [f"- {_cell(cell, paper, notes)}" for cell in cells]
        case Grid(columns=columns, rows=rows):
            head = [f"| {' | '.join(map(_text, columns))} |", f"|{' --- |' * len(columns)}"]
            return head + [
                f"| {' | '.join(_cell(cell, paper, notes) for cell in row)} |" for row in rows
            ]
        case Drawing(words=words):
            return [_text(words)]
        case Question(id=name, text=text):
            return [f"**{_text(text)}** (`{name}`)"]
        case Written(text=text):
            return _written(text)
        case Gap():
            return [f"> **{_gap(block, paper)}**"]


def _written(text: str) -> list[str]:
    """A person's lines: lists and paragraphs stay, whatever could hide or forge the rest is text.

    (An open comment or fence would swallow what follows, with the list of what is missing; a
    definition of a footnote would be another source for a figure.)
    """
    return [_plain(line.strip()) for line in text.strip().splitlines()]


def _plain(line: str) -> str:
    """One line; underlines that would make the line before it a heading are text, too."""
    line = line.replace("&", "&amp;").translate(_SIGNS)
    return f"\\{line}" if line and not line.strip("-= ") else line


def _gap(gap: Gap, paper: Paper) -> str:
    rest = ""
    if gap.command:
        rest = f" ({said('made by', paper.language)}: `{gap.command}`)"
    elif gap.block:
        rest = f" ({said('to be written by a person', paper.language)}: `{gap.block}`)"
    return f"{said('missing', paper.language)}: {_text(gap.what)}{rest}"


def _cell(cell: Cell, paper: Paper, notes: dict[str, int]) -> str:
    text = _text(cell.text)
    if cell.source is None:
        return text
    entry = f", {said('entry', paper.language)} {cell.source.entry}" if cell.source.entry else ""
    digest = f", `{cell.source.digest}`" if cell.source.digest else ""
    source = f"{cell.source.what}{entry}{digest}"
    return f"{text}[^{notes.setdefault(source, len(notes) + 1)}]"


def _text(text: str) -> str:
    """One line of plain text, no sign of it markup."""
    return " ".join(text.split()).translate(_SIGNS)
