"""Patterns, expressions and schemas at their place in a file: noted where they do not compile."""

from __future__ import annotations

from typing import Any

from .document import Document, Path
from .expressions import unknown_variable, why_not_cel, why_not_pattern, why_not_schema
from .folder import Folder
from .typed import suggest

RULE_VARIABLES = ("input", "output", "decision", "confidence", "facets", "context")
"""What a rule's expression may name."""

REQUEST_VARIABLES = ("input", "facets")
"""What an input assertion may name: nothing has been answered yet."""


def check_pattern(pattern: str, document: Document, place: Path) -> bool:
    """Note a pattern that RE2 refuses; True when it is sound."""
    if not document.sound(place):
        return False
    why = "it is empty" if not pattern else why_not_pattern(pattern)
    if why:
        document.fault(
            place,
            f"`{document.spell(place)}` is no RE2 pattern: {why}",
            "see https://github.com/google/re2/wiki/Syntax (no look-around, no back-references)",
        )
    return not why


def check_cel(
    expression: str, document: Document, place: Path, *, variables: tuple[str, ...]
) -> bool:
    """Note an expression that does not compile or names what does not exist; True when sound."""
    if not document.sound(place):
        return False
    name = document.spell(place)
    why = why_not_cel(expression)
    if why:
        document.fault(
            place,
            f"`{name}` is no CEL expression: {why}",
            'write one such as `decision == "refuse" && confidence < 0.8`',
        )
        return False
    unknown = unknown_variable(expression, variables)
    if unknown:
        document.fault(
            place,
            f"`{name}` names `{unknown}`, which does not exist here",
            suggest(unknown, list(variables), "there are"),
        )
    return not unknown


def check_schema(schema: Any, document: Document, place: Path) -> None:
    """Note a JSON Schema that is not valid, at the line of the part that is wrong."""
    if not document.sound(place):
        return
    inner, why = why_not_schema(schema)
    if why:
        where = (*place, *inner)
        document.fault(
            where,
            f"`{document.spell(where)}` is not valid in a JSON Schema: {why}",
            "see https://json-schema.org/draft/2020-12",
        )


def check_schema_file(named: str, folder: Folder, document: Document, place: Path) -> None:
    """A schema in a file of its own: it must be there, be JSON, and be valid."""
    if not document.sound(place):
        return
    target = folder.reach(named, document, place)
    if target is None:
        return
    schema = folder.side_file(target)
    own = folder.document(target)
    if own.broken:
        return
    if not isinstance(schema, dict | bool):
        own.fault((), f"`{named}` holds no JSON Schema", "write one JSON object", line=1)
        return
    check_schema(schema, own, ())
