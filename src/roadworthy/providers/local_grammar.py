"""What a tool call may look like, as a grammar that llama.cpp decodes along.

Enters: functions with JSON Schemas of whoever offers the tools. Leaves: one GBNF text. Types,
enumerations, property names and which of them are required are held; every other keyword is not:
the grammar shapes an answer, it judges none. What never happens here: a text of a schema as
anything but a quoted literal, or a grammar without an end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from roadworthy.domain import ProviderError

MOST_RULES = 2_000
"""Of one grammar; llama.cpp reads it anew for every call."""

MOST_PROPERTIES = 64
"""Of an object that is held; one with more may be any object."""

DEEPEST = 4
"""Levels of a schema that are held; what lies deeper may be any JSON."""

_JSON = r"""
object ::= "{" ( pair (", " pair)* )? "}"
pair ::= string ": " value
array ::= "[" ( value (", " value)* )? "]"
value ::= object | array | string | number | boolean | "null"
boolean ::= "true" | "false"
string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt/] | "u" [0-9a-fA-F]{4}) )* "\""
integer ::= "-"? ("0" | [1-9] [0-9]{0,15})
number ::= integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?
"""
"""JSON as models mostly write it: one space after `:` and `,`, no line breaks."""

_TYPES = {"object", "array", "string", "integer", "number", "boolean"}


def call_grammar(functions: Sequence[dict[str, Any]]) -> str:
    """The grammar of one call of one of the functions.

    Raises ProviderError (400) when their schemas would make too many rules.
    """
    rules = _Rules()
    calls = " | ".join(rules.of(_call(each, rules)) for each in functions)
    return "\n".join([f"root ::= {calls}", *rules.written, _JSON])


class _Rules:
    """The rules so far, each with a name of ours."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def of(self, body: str) -> str:
        """The name of a new rule."""
        if len(self.written) >= MOST_RULES:
            raise ProviderError(
                "the local model: the tools' schemas are too long", retryable=False, status=400
            )
        name = f"r{len(self.written)}"
        self.written.append(f"{name} ::= {body}")
        return name


def _call(function: dict[str, Any], rules: _Rules) -> str:
    head = _literal('{"name": ' + json.dumps(function["name"]) + ', "parameters": ')
    parameters = function.get("parameters") or {"type": "object"}
    return f'{head} {_value(parameters, rules, 0)} "}}"'


def _literal(text: str) -> str:
    """A text as GBNF writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _value(schema: Any, rules: _Rules, depth: int) -> str:
    """The name of the rule of one value."""
    schema = schema if isinstance(schema, dict) else {}
    options, kind = schema.get("enum"), schema.get("type")
    if isinstance(options, list) and options:
        return rules.of(" | ".join(rules.of(_literal(json.dumps(each))) for each in options))
    if depth >= DEEPEST or not isinstance(kind, str) or kind not in _TYPES:
        return "value"
    inner = schema.get("properties")
    if kind == "object" and isinstance(inner, dict) and 0 < len(inner) <= MOST_PROPERTIES:
        return _object(inner, schema.get("required"), rules, depth)
    if kind == "array" and isinstance(schema.get("items"), dict):
        item = _value(schema["items"], rules, depth + 1)
        return rules.of(f'"[" ({item} (", " {item})*)? "]"')
    return kind


def _object(inner: dict[str, Any], listed: Any, rules: _Rules, depth: int) -> str:
    """Required properties first, in the schema's order, then any of the others in theirs."""
    needed = {each for each in listed if isinstance(each, str)} if isinstance(listed, list) else ()
    pairs = {
        name: rules.of(f"{_literal(json.dumps(name) + ': ')} {_value(each, rules, depth + 1)}")
        for name, each in inner.items()
    }
    required = [pair for name, pair in pairs.items() if name in needed]
    others = [pair for name, pair in pairs.items() if name not in needed]
    if required:
        return rules.of('"{" ' + ' ", " '.join(required) + _perhaps(others) + ' "}"')
    ways = " | ".join(pair + _perhaps(others[at + 1 :]) for at, pair in enumerate(others))
    return rules.of(f'"{{" ({ways})? "}}"')


def _perhaps(pairs: Sequence[str]) -> str:
    return "".join(f' (", " {pair})?' for pair in pairs)
