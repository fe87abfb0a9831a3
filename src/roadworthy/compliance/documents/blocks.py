"""How evidence becomes blocks: each statement with its source, each absence as a gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from roadworthy.domain import (
    TRUST_WORDS,
    Block,
    Cell,
    Entry,
    Gap,
    Grid,
    Language,
    Listing,
    Paragraph,
    Source,
    TrustLevel,
    trusted,
)

from .words import said

CHARTER = "charter.yaml"


def of_file(name: str, digest: str = "") -> Source:
    """A file of the system as the source."""
    return Source(what=name, digest=digest)


def of_entry(entry: Entry) -> Source:
    """An entry of the ledger as the source."""
    return Source(what=entry.kind, digest=entry.digest, entry=entry.seq)


def paragraph(text: str, source: Source, missing: str, language: Language) -> Block:
    """A statement, or that it is missing."""
    if not text.strip():
        return Gap(what=said(missing, language))
    return Paragraph(cell=Cell(text.strip(), source))


def listing(texts: Iterable[str], source: Source, missing: str, language: Language) -> Block:
    """Several statements, or that they are missing."""
    cells = tuple(Cell(text, source) for text in texts)
    return Listing(cells=cells) if cells else Gap(what=said(missing, language))


def grid(
    columns: Sequence[str], rows: Iterable[Sequence[str | Cell]], source: Source | None,
    missing: str, language: Language,
) -> Block:  # fmt: skip
    """A table with translated column names, or that it is missing; a row's last cell is sourced."""
    filled = tuple(
        tuple(_cell(value, source if at == len(row) - 1 else None) for at, value in enumerate(row))
        for row in rows
    )
    if not filled:
        return Gap(what=said(missing, language))
    return Grid(columns=tuple(said(name, language) for name in columns), rows=filled)


def worth(level: TrustLevel, by: str, language: Language) -> str:
    """How far evidence from elsewhere is trusted, and who claims it."""
    if language == "en":
        return trusted(level, by)
    who, _, tool = by.partition(" (from ")
    by = f"{who}, aus {tool.removesuffix(')')}" if tool else who
    return f"{said(TRUST_WORDS[level], language)}{f' ({by})' if by else ''}"


def _cell(value: str | Cell, source: Source | None) -> Cell:
    return value if isinstance(value, Cell) else Cell(value, source)
