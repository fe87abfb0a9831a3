"""Signs that nobody sees, shown as text: none drives a terminal or turns a line around.

Enters: blocks with texts of evidence and people's. Leaves: the same blocks, every line as it reads.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from roadworthy.domain import (
    Block,
    Cell,
    Drawing,
    Gap,
    Grid,
    Listing,
    Paragraph,
    Question,
    Written,
)

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\U000e0000-\U000e007f]"
)
"""Controls but tabs and ends of lines, marks of direction, tags."""


def visible(block: Block) -> Block:
    """A block whose texts hold nothing unseen: such a sign is written as its number."""
    match block:
        case Paragraph(cell=cell):
            return replace(block, cell=_cell(cell))
        case Listing(cells=cells):
            return replace(block, cells=tuple(map(_cell, cells)))
        case Grid(rows=rows):
            return replace(block, rows=tuple(tuple(map(_cell, row)) for row in rows))
        case Drawing(svg=svg, words=words):
            return replace(block, svg=_text(svg), words=_text(words))
        case Question(text=text) | Written(text=text):
            return replace(block, text=_text(text))
        case Gap(what=what, command=command):
            return replace(block, what=_text(what), command=_text(command))


def _cell(cell: Cell) -> Cell:
    return replace(cell, text=_text(cell.text))


def _text(text: str) -> str:
    return _UNSEEN.sub(lambda found: f"U+{ord(found[0]):04X}", text)
