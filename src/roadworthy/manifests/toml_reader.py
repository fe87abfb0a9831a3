"""TOML to values, with the line of each table and key.

tomllib gives no lines, so they are found by a scan of headers and keys; a scan that is wrong
about a multi-line text costs a line number, never a value.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from .document import Document, Path

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"^\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(_NAME)
_LARGEST = 2**63 - 1
"""TOML 1.0.0 asks for 64 bits; tomllib reads more, which nothing else takes."""
_WHERE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_toml(text: str, document: Document) -> bool:
    """Fill the document's data and lines; False after a fault."""
    try:
        document.data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _note_syntax(str(error), text, document)
        return False
    except (RecursionError, ValueError) as error:
        document.fault((), f"this is not valid TOML: {error}", "write it flatter")
        return False
    document.lines.update(_find_lines(text))
    for path, number in _numbers(document.data, ()):
        if not -_LARGEST - 1 <= number <= _LARGEST:
            document.fault(path, "this number is beyond 64 bits", "write a smaller one")
            return False
    return True


def _numbers(value: Any, path: Path) -> Iterator[tuple[Path, int]]:
    """Every integer, with where it stands. tomllib bounds how deep this goes."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, (*path, index))
    elif type(value) is int:
        yield path, value


def _note_syntax(message: str, text: str, document: Document) -> None:
    where = _WHERE.search(message)
    line = int(where[1]) if where and where[1] else text.count("\n") + 1
    column = f" at column {where[2]}" if where and where[2] else ""
    problem = _WHERE.sub("", message)
    fix = "check the TOML: texts in double quotes, tables as `[name]`"
    if "Cannot overwrite" in problem or "Cannot declare" in problem:
        fix = "keep one of the two"
    document.fault(
        (), f"this is not valid TOML: {problem[:1].lower()}{problem[1:]}{column}", fix, line=line
    )


def _find_lines(text: str) -> dict[Path, int]:
    """Path -> line, for every header and key at the start of a line."""
    lines: dict[Path, int] = {(): 1}
    counts: dict[Path, int] = {}
    here: Path = ()
    for number, line in enumerate(text.split("\n"), start=1):
        header = _HEADER.match(line)
        if header is not None:
            here = _indexed(_parts(header[2]), counts)
            if header[1] == "[[":
                counts[here] = counts.get(here, -1) + 1
                lines.setdefault(here, number)
                here = (*here, counts[here])
            lines.setdefault(here, number)
            continue
        key = _KEY.match(line)
        if key is not None:
            lines.setdefault((*here, *_parts(key[1])), number)
    return lines


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _indexed(parts: tuple[str, ...], counts: dict[Path, int]) -> Path:
    """The path with the current index behind every array of tables it goes through."""
    path: Path = ()
    for index, part in enumerate(parts):
        path = (*path, part)
        if path in counts and index < len(parts) - 1:
            path = (*path, counts[path])
    return path
