"""Answers about one system: a file of facts and roles, held against the questions of catalogues.

Takes YAML or JSON (which is YAML): `{roles: [provider], facts: {ai_system: true}}`, or the facts
alone. An answer of null or `unknown` is no answer.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from roadworthy.domain import Catalogue, FactSheet, FactSpec, Fault, ManifestError, UsageError

from .document import Document
from .source import read_text
from .yaml_reader import read_yaml

UNKNOWN = "unknown"
_BESIDE = ("roadworthy", "roles", "role", "facts")


def load_facts(path: Path, catalogues: Sequence[Catalogue]) -> FactSheet:
    """The answers. Raises UsageError without a file, ManifestError with all its faults."""
    if not path.is_file():
        found = f"{path} is a folder, not a file" if path.is_dir() else f"there is no file {path}"
        raise UsageError(found, fix="give a YAML or JSON file of facts: `{ai_system: true}`")
    document = Document(path.name)
    text = read_text(path.resolve().parent, document)
    if text is not None and read_yaml(text, document):
        data = document.data if document.data is not None else {}
        if isinstance(data, dict):
            return _sheet(data, document, catalogues)
        document.fault((), "this is no table of facts", "write `fact: value` lines")
    raise ManifestError(document.faults)


def line_of_fact(path: Path, name: str) -> int:
    """The line on which a file answers a fact; 0 where it cannot be told."""
    document = Document(path.name)
    text = read_text(path.resolve().parent, document)
    if text is None or not read_yaml(text, document) or not isinstance(document.data, dict):
        return 0
    nested = isinstance(document.data.get("facts"), dict)
    return document.line_of(("facts", name) if nested else (name,))


def checked_facts(
    facts: Mapping[str, Any], catalogues: Sequence[Catalogue], *, file: str
) -> FactSheet:
    """Facts of another file, such as the charter. Raises ManifestError with all faults."""
    document = Document(file, data=dict(facts))
    return _sheet({"facts": dict(facts)}, document, catalogues)


def _sheet(
    data: Mapping[str, Any], document: Document, catalogues: Sequence[Catalogue]
) -> FactSheet:
    nested = isinstance(data.get("facts"), dict)
    facts = data["facts"] if nested else {k: v for k, v in data.items() if k not in _BESIDE}
    specs = {fact.id: fact for one in catalogues for fact in one.facts}
    known: dict[str, Any] = {}
    for name, value in facts.items():
        place = ("facts", name) if nested else (name,)
        if value is None or value == UNKNOWN:
            continue
        wrong = wrong_fact(specs[name], value) if name in specs else _no_value(value)
        if wrong:
            document.fault(place, f"`{name}`: {wrong[0]}", wrong[1])
        else:
            known[str(name)] = value
    roles = _roles(data, document, {role.id for one in catalogues for role in one.roles})
    if document.faults:
        raise ManifestError([fault for fault in document.faults if isinstance(fault, Fault)])
    return FactSheet(facts=known, roles=roles)


def _roles(data: Mapping[str, Any], document: Document, known: set[str]) -> tuple[str, ...]:
    said = data.get("roles", data.get("role", []))
    roles = [said] if isinstance(said, str) else said
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        document.fault(
            ("roles",), "roles are a list of words", f"some of {', '.join(sorted(known))}"
        )
        return ()
    for role in roles:
        if role not in known:
            document.fault(("roles",), f"`{role}` is no role", f"one of {', '.join(sorted(known))}")
    return tuple(dict.fromkeys(roles))


def _no_value(value: Any) -> tuple[str, str] | None:
    return None if isinstance(value, bool | str | int | float) else ("this is no value", "one word")


def wrong_fact(spec: FactSpec, value: Any) -> tuple[str, str] | None:
    """What is wrong with an answer, and what would be right; None where it is sound."""
    match spec.kind:
        case "flag" if not isinstance(value, bool):
            return f"{value!r} is no answer", "true, false, or unknown"
        case "choice" if not isinstance(value, str) or (spec.choices and value not in spec.choices):
            return f"{value!r} is no choice", f"one of {', '.join(map(repr, spec.choices))}"
        case "number" if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{value!r} is no number", "a number, or unknown"
        case "number" if not math.isfinite(value) or value < 0:
            return f"{value!r} is no amount", "a number of 0 or more"
        case "date":
            return _wrong_day(value)
    return None


def _wrong_day(value: Any) -> tuple[str, str] | None:
    try:
        fits = isinstance(value, str) and dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        fits = False
    return None if fits else (f"{value!r} is no day", 'such as "2026-08-02", in quotation marks')
