"""What is known of a tool that asks and scores by itself: how to start it, what its files tell.

Enters: a task's name and an address. Leaves: a command, an environment, the files it wrote and the
exchanges that they tell of. What never happens here: a start, or a key on a command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from roadworthy.domain import EvidenceError

Said = tuple[tuple[str, str], ...]
"""A conversation as (role, text) pairs."""


class Visit(Struct, frozen=True, kw_only=True):
    """One run of a tool against one address."""

    task: str
    folder: Path
    """Where its files go; empty before."""
    url: str
    """Ends in /v1."""
    key: str
    model: str
    concurrency: int = 4
    limit: int = 0
    """So many cases of the task; 0: all."""
    more: tuple[str, ...] = ()
    """Arguments of the tool's own, as a person gave them."""


class Told(Struct, frozen=True, kw_only=True):
    """An exchange as the tool's file tells it."""

    row: str
    """Which row of the file."""
    answer: str
    question: Said = ()
    id: str = ""
    """The id that the answer came with; where it is known the texts of the question need not be."""


class ForeignTool(Struct, frozen=True, kw_only=True):
    """A tool."""

    title: str
    package: str
    """The distribution, as its metadata call it."""
    install: str
    licence: str
    command: Callable[[Visit], list[str]]
    """What follows the interpreter."""
    environment: Callable[[Visit], Mapping[str, str]]
    results: Callable[[Path], list[Path]]
    """The files to import of a folder, one an evaluation."""
    told: Callable[[Path], list[Told]]
    """What a file, and those that lie beside it, tells. Raises EvidenceError, UsageError."""


def text_of(content: Any) -> str:
    """The text of a message's content, whatever else is in it."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(
        each["text"]
        for each in parts
        if isinstance(each, dict) and isinstance(each.get("text"), str)
    )


def said(messages: Any) -> Said:
    """Messages of the API as (role, text)."""
    listed = messages if isinstance(messages, list) else []
    return tuple(
        (str(each.get("role", "")), text_of(each.get("content")))
        for each in listed
        if isinstance(each, dict)
    )


def only(found: list[Path], folder: Path, what: str) -> list[Path]:
    """The files, of which there must be one. Raises EvidenceError."""
    if not found:
        raise EvidenceError(f"it ended and left no {what} in {folder}")
    return sorted(found)
