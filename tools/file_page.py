"""The reference page of the files: every key, at every depth, from schemas and code."""

from __future__ import annotations

import inspect
import json
from typing import Any

import provider_page

from roadworthy import domain, manifests
from roadworthy.manifests import SCHEMA_NAMES, schema_of

_HEAD = """\
# Files

`roadworthy schema NAME` prints the JSON Schema for editors. A type with a link is described under
[parts](#parts).
"""
_COLUMNS = "| key | type | required | default | |\n| --- | --- | --- | --- | --- |"


def page() -> str:
    """One section a file, then one a part that files are made of."""
    parts: dict[str, dict[str, Any]] = {}
    texts = [_HEAD]
    for name in SCHEMA_NAMES:
        schema = schema_of(name)
        defined = schema.get("$defs", {})
        root = str(schema.get("$ref", "")).rpartition("/")[2]
        parts |= {part: found for part, found in defined.items() if part != root}
        texts.append(f"## {name}\n\n{_about(schema, name)}\n")
        texts.append(table(defined[root] if root else schema, root))
    texts.append("## Parts\n")
    for part in sorted(parts):
        texts.append(f"### {part}\n\n{_about(parts[part], part)}\n")
        texts.append(table(parts[part], part))
    return "\n".join(texts)


def _about(schema: dict[str, Any], name: str) -> str:
    return str(schema.get("description", schema.get("title", name))).strip()


def table(schema: dict[str, Any], kind: str) -> str:
    """The keys of an object, its `kind` a noun of the domain; what is no object by its type."""
    properties = schema.get("properties", {})
    if not properties:
        return f"{_type(schema)}\n"
    required = set(schema.get("required", []))
    meanings = _meanings(kind or str(schema.get("title", "")))
    rows = [_COLUMNS]
    for key, value in properties.items():
        default = value.get("default", "")
        shown = f"`{json.dumps(default, ensure_ascii=False)}`" if default not in ("", None) else "-"
        meaning = str(value.get("description", "")) or meanings.get(key, "")
        needed = "yes" if key in required else "no"
        cells = (f"`{key}`", _type(value), needed, shown, meaning)
        rows.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join([*rows, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _meanings(kind: str) -> dict[str, str]:
    """What stands under each field in the source."""
    found = getattr(domain, kind, None) or getattr(manifests, kind, None)
    return provider_page.described(found) if inspect.isclass(found) else {}


def _type(value: dict[str, Any]) -> str:
    """A JSON Schema's type in a few words, parts by link."""
    if "$ref" in value:
        part = str(value["$ref"]).rpartition("/")[2]
        return f"[{part}](#{part.lower()})"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    choices = value.get("anyOf") or value.get("oneOf")
    if choices:
        return " or ".join(dict.fromkeys(_type(one) for one in choices))
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}" if value.get("items") else "list"
    inner = value.get("additionalProperties")
    if value.get("type") == "object" and isinstance(inner, dict):
        return f"name -> {_type(inner)}"
    kind = value.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
