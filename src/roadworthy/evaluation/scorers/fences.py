"""Fenced blocks of an answer: where models put their code."""

from __future__ import annotations

from collections.abc import Sequence


def blocks(text: str, languages: Sequence[str]) -> list[str]:
    """The blocks between lines of three backticks whose language is one of those, in order.

    A block that never ends goes to the end of the text.
    """
    found: list[str] = []
    inside: list[str] | None = None
    wanted = False
    for line in text.splitlines(keepends=True):
        mark = line.strip()
        if not mark.startswith("```"):
            if inside is not None:
                inside.append(line)
        elif inside is None:
            inside, wanted = [], mark[3:].strip().casefold() in languages
        else:
            if wanted:
                found.append("".join(inside))
            inside = None
    if inside is not None and wanted:
        found.append("".join(inside))
    return found
