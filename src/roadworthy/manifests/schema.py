"""JSON Schemas of the contract's files, made from the structs that read them.

Descriptions are the structs' own docstrings (of a class, and under a field), read from the
source: what a person reads in an editor is what a programmer reads in the code.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from typing import Any

import msgspec

from roadworthy.domain import UsageError

from .kinds import KINDS
from .typed import suggest

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a kind of file. Raises UsageError."""
    kind = KINDS.get(name)
    if kind is None:
        raise UsageError(
            f"there is no schema `{name}`", fix=suggest(name, list(KINDS), "there are")
        )
    (root,), definitions = msgspec.json.schema_components(
        [kind.struct], ref_template="#/$defs/{name}"
    )
    _describe(definitions)
    top = definitions.pop(str(root["$ref"]).rpartition("/")[2], root) if "$ref" in root else root
    schema = {
        "$schema": DRAFT,
        "$id": f"urn:roadworthy:schema:{name}:1",
        "title": f"{kind.file}: {kind.summary}",
        **{key: value for key, value in top.items() if key != "title"},
    }
    if definitions:
        schema["$defs"] = definitions
    return schema


def _describe(definitions: dict[str, Any]) -> None:
    """Put the docstrings of fields into the properties that they describe."""
    structs = {one.__name__: one for one in _reachable()}
    for name, definition in definitions.items():
        struct = structs.get(name)
        if struct is None:
            continue
        texts = _field_docstrings(struct)
        for field, text in texts.items():
            item = definition.get("properties", {}).get(field)
            if item is not None:
                definition["properties"][field] = {"description": text, **item}


def _reachable() -> set[type]:
    """Every struct that a file of the contract may hold."""
    found: set[type] = set()
    todo: list[Any] = [kind.struct for kind in KINDS.values()]
    while todo:
        kind = todo.pop()
        if kind in found:
            continue
        found.add(kind)
        for one in msgspec.structs.fields(kind):
            todo.extend(_structs_in(one.type))
    return found


def _structs_in(wanted: Any) -> list[type]:
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return [wanted]
    return [one for part in getattr(wanted, "__args__", ()) for one in _structs_in(part)]


def _field_docstrings(struct: type) -> dict[str, str]:
    """Field -> the text under it; nothing where the source is not at hand."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(struct))).body[0]
    except (OSError, TypeError, SyntaxError):
        return {}
    texts: dict[str, str] = {}
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    for above, below in itertools.pairwise(body):
        if (
            isinstance(above, ast.AnnAssign)
            and isinstance(above.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            texts[above.target.id] = inspect.cleandoc(below.value.value).replace("\n", " ")
    return texts
