"""A document as PDF, set by typst (the `pdf` extra): embedded fonts, headings that readers find.

Everything that evidence says goes in as a string, never as typst markup.
"""

from __future__ import annotations

import json

from roadworthy.compliance import owed_in_words, said
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
    UsageError,
    Written,
)

from .paper import source_line

_HEAD = """\
#set page(paper: "a4", margin: (x: 2cm, y: 2.2cm), numbering: "1 / 1")
#set text(size: 10pt, lang: LANG)
#set par(justify: false)
#set table(stroke: (x: none, y: 0.4pt + luma(200)), inset: (x: 3pt, y: 4pt))
#show heading.where(level: 2): set block(above: 1.4em, below: 0.6em)
#show table: set text(size: 8pt)
#let gap(body) = block(stroke: (paint: rgb("b3261e"), dash: "dashed"), inset: 6pt, width: 100%,
  text(fill: rgb("b3261e"), weight: "bold", body))
#let src(n) = super(text(fill: luma(110), str(n)))
"""


def to_pdf(paper: Paper) -> bytes:
    """The document as PDF. Raises UsageError where typst is not installed."""
    try:
        import typst
    except ImportError:
        raise UsageError(
            "PDF needs typst, which is not installed", fix="pip install 'roadworthy[pdf]'"
        ) from None
    pdf: bytes = typst.compile(to_typst(paper).encode())
    return pdf


def to_typst(paper: Paper) -> str:
    """The document in typst's language; each text is a string literal."""
    notes: dict[str, int] = {}
    lines = [_HEAD.replace("LANG", _literal(paper.language))]
    title = f"{paper.title}: {paper.system}"
    lines.append(f"#set document(title: {_literal(title)})")
    lines.append(f"#heading(level: 1, {_literal(title)})")
    facts = {
        "release": paper.release or said("none is live", paper.language),
        "Made at": paper.made_at, "Ledger (entries, root hash)": paper.head, "Follows": paper.basis,
        "Owed": owed_in_words(paper),
    }  # fmt: skip
    for label, value in facts.items():
        lines.append(f"#text(size: 8pt, {_literal(f'{said(label, paper.language)}: {value}')})\\")
    for section in paper.sections:
        lines.append(f"\n#heading(level: 2, {_literal(section.heading)})")
        if section.cite:
            lines.append(f"#text(size: 8pt, fill: luma(110), {_literal(section.cite)})\n")
        for block in section.blocks:
            lines += [*_block(block, paper, notes), ""]
    lines.append(f"#heading(level: 2, {_literal(said('What is missing', paper.language))})")
    gaps = [_gap(gap, paper) for gap in paper.gaps] or [said("nothing", paper.language)]
    lines += [f"#list.item({_literal(text)})" for text in gaps]
    lines.append(f"#heading(level: 2, {_literal(said('Source', paper.language))})")
    for source, number in notes.items():
        lines.append(f"#text(size: 7pt, {_literal(f'{number}  {source}')})\\")
    return "\n".join(lines)


def _block(block: Block, paper: Paper, notes: dict[str, int]) -> list[str]:
    match block:
        case Paragraph(cell=cell):
            return [f"#par[{_cell(cell, paper, notes)}]"]
        case Listing(cells=cells):
            return [f"#list.item[{_cell(cell, paper, notes)}]" for cell in cells]
        case Grid(columns=columns, rows=rows):
            heads = ", ".join(f"strong({_literal(name)})" for name in columns)
            filled = ",\n".join(
                ", ".join(f"[{_cell(cell, paper, notes)}]" for cell in row) for row in rows
            )
            return [f"#table(columns: {len(columns)}, table.header({heads}),\n{filled})"]
        case Drawing(svg=svg, words=words):
            picture = f"image(bytes({_literal(svg)}), width: 100%)"
            return [f"#figure({picture}, caption: {_literal(words)})"]
        case Question(id=name, text=text):
            shown = f"#strong({_literal(text)}) #text(size: 7pt, fill: luma(110), {_literal(name)})"
            return [f"#block(above: 1em, sticky: true)[{shown}]"]
        case Written(text=text):
            return [f"#par({_literal(line)})" for line in text.split("\n") if line.strip()]
        case Gap():
            return [f"#gap({_literal(_gap(block, paper))})"]


def _gap(gap: Gap, paper: Paper) -> str:
    rest = ""
    if gap.command:
        rest = f" ({said('made by', paper.language)}: {gap.command})"
    elif gap.block:
        rest = f" ({said('to be written by a person', paper.language)}: {gap.block})"
    return f"{said('missing', paper.language)}: {gap.what}{rest}"


def _cell(cell: Cell, paper: Paper, notes: dict[str, int]) -> str:
    text = f"#text({_literal(_breakable(cell.text))})"
    if cell.source is None:
        return text
    return f"{text}#src({notes.setdefault(source_line(cell, paper), len(notes) + 1)})"


def _breakable(text: str) -> str:
    """Long words may break: a digest is wider than a column."""
    return " ".join(
        "\u200b".join(word[at : at + 12] for at in range(0, len(word), 12)) if len(word) > 24
        else word
        for word in text.split(" ")
    )  # fmt: skip


def _literal(text: str) -> str:
    """A typst string; JSON escapes quotes and backslashes alike, and nothing else is left."""
    said_json = json.dumps("".join(c if c.isprintable() or c == "\u200b" else " " for c in text),
                           ensure_ascii=False)  # fmt: skip
    return said_json
