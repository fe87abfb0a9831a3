"""A document of the lifecycle: sections of what evidence says and of what people must write.

Each figure carries the entry that it comes from. What is missing is a block like any other, so that
no document looks complete and is not.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .form import Language


class Source(Struct, frozen=True, kw_only=True):
    """Where a statement comes from."""

    what: str
    """Such as `charter.yaml` or `run.completed`."""
    digest: str = ""
    entry: int = 0
    """Of the ledger; 0 where it is a file."""


class Cell(Struct, frozen=True):
    """One statement, and where it comes from."""

    text: str
    source: Source | None = None


class Paragraph(Struct, frozen=True, kw_only=True, tag="paragraph"):
    """A statement that stands alone."""

    cell: Cell


class Listing(Struct, frozen=True, kw_only=True, tag="listing"):
    """Several statements."""

    cells: tuple[Cell, ...]


class Grid(Struct, frozen=True, kw_only=True, tag="grid"):
    """A table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Drawing(Struct, frozen=True, kw_only=True, tag="drawing"):
    """A picture drawn from evidence, as SVG of our own, and what it shows in words."""

    svg: str
    words: str


class Question(Struct, frozen=True, kw_only=True, tag="question"):
    """A question of a form, above its answer or what is missing of it."""

    id: str
    """Stays the same from version to version."""
    text: str


class Written(Struct, frozen=True, kw_only=True, tag="written"):
    """What a person wrote."""

    id: str
    text: str
    source: Source


class Gap(Struct, frozen=True, kw_only=True, tag="gap"):
    """What is not there: printed as missing, never left away."""

    what: str
    command: str = ""
    """What makes it; empty where a person must write."""
    block: str = ""
    """The marked block that a person fills."""


Block = Paragraph | Listing | Grid | Drawing | Question | Written | Gap


class Section(Struct, frozen=True, kw_only=True):
    """One section of a document."""

    id: str
    heading: str
    cite: str
    blocks: tuple[Block, ...]


class Owed(Struct, frozen=True, kw_only=True):
    """Whether the law or a standard asks for a document of this system, and by which duties."""

    state: Literal["owed", "undecided", "not_owed", "asked_by_none"]
    """`undecided`: a fact is missing; `not_owed`: duties ask for it, and none of them applies."""
    duties: tuple[str, ...] = ()
    risk_class: str = ""


class Paper(Struct, frozen=True, kw_only=True):
    """One document of one system in one language."""

    kind: str
    language: Language
    title: str
    system: str
    release: str
    """Digest of the live release; empty while there is none."""
    made_at: str
    head: str
    """The ledger's newest checkpoint, as `SIZE ROOT`."""
    basis: str
    """Law, standard or paper that the form follows."""
    sections: tuple[Section, ...]
    owed: Owed = Owed(state="asked_by_none")

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Everything that is missing, in order; what is missing in two sections stands once."""
        return tuple(dict.fromkeys(
            block for section in self.sections for block in section.blocks if isinstance(block, Gap)
        ))  # fmt: skip
