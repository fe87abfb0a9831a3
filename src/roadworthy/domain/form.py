"""The form of a document: its sections in order, what fills each, what people must write."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from .file import File

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "de")
BlockId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]

Words = dict[Language, str]


class BlockSpec(File, frozen=True, kw_only=True):
    """One block of a form: evidence fills it, a person writes it, or a person where none does."""

    fill: str = ""
    """The filler's name."""
    human: BlockId | Literal[""] = ""
    ask: Words = field(default_factory=dict)
    """What the person must write."""
    judged: bool = False
    """Evidence helps and is no answer: without a person's words it is missing all the same."""
    optional: bool = False
    """Nothing is missing where nobody answers."""


class SectionSpec(File, frozen=True, kw_only=True):
    """One section of a form."""

    id: BlockId
    heading: Words
    cite: str = ""
    questions: bool = False
    """Each block that a person may write stands as a question with its id above its answer."""
    blocks: Annotated[list[BlockSpec], Meta(min_length=1)]


class Form(File, frozen=True, kw_only=True):
    """A kind of document: its sections in order, and the text that they follow."""

    roadworthy: int = 1
    document: BlockId
    title: Words
    basis: str
    evidence: str = ""
    """The kind of evidence that a document without gaps is."""
    questions: bool = False
    """The same for every section."""
    moved: dict[BlockId, list[BlockId]] = field(default_factory=dict)
    """Block of an earlier version -> the blocks that ask for what it held."""
    sections: Annotated[list[SectionSpec], Meta(min_length=1)]
