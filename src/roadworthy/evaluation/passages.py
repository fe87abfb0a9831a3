"""Documents cut into passages that a question can be asked about, each with its place.

Markdown, reStructuredText and plain text. Front matter, code, tables and lines without a sentence
are left out; a heading is kept with what stands under it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import UsageError
from roadworthy_verify.plain_file import TooLargeError, read_plain

SUFFIXES = (".md", ".markdown", ".rst", ".txt")
SHORTEST, LONGEST = 120, 1_200
"""Characters of a passage: shorter ones say nothing, longer ones are cut at a paragraph."""
MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_FILES = 5_000

_FENCE = re.compile(r"^\s*(```|~~~)")
_NO_PROSE = re.compile(r"^\s*(\||[-=~^#*_]{3,}\s*$|<[^>]+>\s*$|\.\. |!\[|\[[^\]]+\]:)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"“„(]?[A-ZÀ-ÞĀ-Ž0-9])")


class Passage(Struct, frozen=True, kw_only=True):
    """A piece of a document."""

    file: str
    """Relative to the folder that was read."""
    line: int
    """Where it begins, from 1."""
    heading: str
    text: str

    @property
    def place(self) -> str:
        """`FILE:LINE`."""
        return f"{self.file}:{self.line}"


class Unread(Struct, frozen=True):
    """A file that could not be read, and why."""

    file: str
    reason: str


def read_passages(root: Path) -> tuple[list[Passage], list[Unread]]:
    """Every passage of a file or folder, in the order of names and lines, and what was not read.

    Raises UsageError when there is nothing at that place, or no document.
    """
    if not root.exists():
        raise UsageError(f"there is nothing at {root}", fix="--from FOLDER or FILE")
    base = root if root.is_dir() else root.parent
    files = sorted(_files(root), key=lambda path: path.relative_to(base).as_posix())
    if not files:
        raise UsageError(
            f"there is no document in {root}", fix=f"documents end in {', '.join(SUFFIXES)}"
        )
    if len(files) > MAX_FILES:
        raise UsageError(f"{root} holds more than {MAX_FILES:,} documents", fix="name a sub-folder")
    passages: list[Passage] = []
    unread: list[Unread] = []
    for path in files:
        name = path.relative_to(base).as_posix()
        try:
            text = read_plain(path, MAX_FILE_BYTES).decode("utf-8-sig")
        except TooLargeError:
            unread.append(Unread(name, "larger than 8 MiB"))
            continue
        except UnicodeDecodeError:
            unread.append(Unread(name, "not UTF-8"))
            continue
        except OSError as error:
            unread.append(Unread(name, error.strerror or "cannot be read"))
            continue
        passages.extend(passages_of(name, text))
    return passages, unread


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        if root.suffix.lower() in SUFFIXES:
            yield root
        return
    for path in root.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path


def passages_of(file: str, text: str) -> list[Passage]:
    """The passages of one document."""
    found: list[Passage] = []
    heading = ""
    held: list[tuple[int, str]] = []

    def close() -> None:
        body = "\n\n".join(paragraph for _, paragraph in held)
        if len(body) >= SHORTEST:
            found.append(Passage(file=file, line=held[0][0], heading=heading, text=body))
        held.clear()

    for line, paragraph in _paragraphs(text):
        if paragraph.startswith("#"):
            close()
            heading = paragraph.lstrip("# ").strip()
            continue
        if held and sum(len(each) for _, each in held) + len(paragraph) > LONGEST:
            close()
        held.append((line, _cut(paragraph)))
    close()
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a text, roughly: cut after a full stop before a capital."""
    return [one for part in text.split("\n\n") for one in _SENTENCE.split(part) if one.strip()]


def _cut(paragraph: str) -> str:
    """At most LONGEST characters, whole sentences where there are any."""
    if len(paragraph) <= LONGEST:
        return paragraph
    kept = ""
    for sentence in sentences(paragraph):
        if len(kept) + len(sentence) > LONGEST:
            break
        kept = f"{kept} {sentence}".strip()
    return kept or paragraph[:LONGEST]


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """(line, paragraph as one line) of the prose; headings stand alone."""
    lines = text.split("\n")
    start = _after_front_matter(lines)
    gathered: list[str] = []
    begun = 0
    fenced = False
    for number, line in enumerate(lines[start:], start=start + 1):
        if _FENCE.match(line):
            fenced = not fenced
            line = ""
        prose = line.strip() and not fenced and not _NO_PROSE.match(line)
        if prose and not line.lstrip().startswith("#"):
            begun = begun or number
            gathered.append(line.strip())
            continue
        if gathered:
            yield begun, " ".join(gathered)
            gathered, begun = [], 0
        if prose:
            yield number, line.strip()
    if gathered:
        yield begun, " ".join(gathered)


def _after_front_matter(lines: list[str]) -> int:
    if lines and lines[0].strip() == "---":
        for number, line in enumerate(lines[1:], start=1):
            if line.strip() == "---":
                return number + 1
    return 0
