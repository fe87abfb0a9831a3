"""Patterns, expressions and schemas that users write: do they compile? Nothing is run here.

Never here: a remote or local file behind a `$ref`, Python's backtracking `re` on user patterns,
an expression long enough to hurt its parser.
"""

from __future__ import annotations

from typing import Any

from roadworthy.expressions import load_cel

MAX_PATTERN = 10_000
"""Characters of one RE2 pattern."""

MAX_EXPRESSION = 4_000
"""Characters of one CEL expression: below that its parser was seen to survive any nesting."""


def why_not_pattern(pattern: str) -> str:
    """Why an RE2 pattern does not compile, with its position; empty when it does."""
    if len(pattern) > MAX_PATTERN:
        return f"it has {len(pattern):,} characters, at most {MAX_PATTERN:,} are allowed"
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        return _pattern_problem(pattern, error.args[0] if error.args else "")
    except (UnicodeEncodeError, ValueError) as error:
        return str(error)
    return ""


def _pattern_problem(pattern: str, said: Any) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    problem, _, fragment = text.partition(": ")
    position = pattern.find(fragment) if fragment else -1
    where = f" at character {position + 1}" if position >= 0 else ""
    shown = f" `{fragment}`" if fragment else ""
    return f"{problem}{shown}{where}"


def groups_of(pattern: str) -> int:
    """How many groups a valid pattern has."""
    import re2

    return int(re2.compile(pattern).groups)


def why_not_cel(expression: str) -> str:
    """Why a CEL expression does not compile, with its position; empty when it does."""
    if not expression.strip():
        return "it is empty"
    if len(expression) > MAX_EXPRESSION:
        return f"it has {len(expression):,} characters, at most {MAX_EXPRESSION:,} are allowed"
    cel = load_cel()
    try:
        cel.compile(expression)
    except ValueError as error:
        return _cel_problem(str(error))
    except BaseException as error:
        # The parser is native; its panics derive from BaseException and have no public name.
        if type(error).__name__ != "PanicException":
            raise
        return "the parser gave up on it"
    return ""


def _cel_problem(said: str) -> str:
    """The first line of the parser's message, with the column."""
    _, _, tail = said.partition("ERROR: <input>:")
    line, _, rest = tail.partition(":")
    column, _, problem = rest.partition(": ")
    first = problem.split("\n", 1)[0].split(" expecting ", 1)[0].removeprefix("Syntax error: ")
    if not first or not column.isdigit():
        return "it is no CEL expression"
    where = f"character {column}" if line == "1" else f"line {line}, character {column}"
    return f"{first} at {where}"


def why_not_schema(schema: Any) -> tuple[tuple[str | int, ...], str]:
    """Where in a JSON Schema it is wrong, and why; an empty reason when it is valid."""
    remote = _remote_reference(schema)
    if remote is not None:
        return remote, "`$ref` may only point inside the schema (`#/…`)"
    import jsonschema_rs

    try:
        jsonschema_rs.meta.validate(schema)
        jsonschema_rs.validator_for(schema, offline=True)
    except jsonschema_rs.ValidationError as error:
        return tuple(error.instance_path), error.message.split("\n", 1)[0]
    except (jsonschema_rs.ReferencingError, ValueError, TypeError, RecursionError) as error:
        return (), str(error).split("\n", 1)[0]
    return (), ""


def _remote_reference(schema: Any, path: tuple[str | int, ...] = ()) -> Any:
    """The path of the first reference that leaves the schema, or None."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("$ref", "$dynamicRef", "$schema", "$id") and isinstance(value, str):
                if key in ("$ref", "$dynamicRef") and not value.startswith("#"):
                    return (*path, key)
            else:
                found = _remote_reference(value, (*path, key))
                if found is not None:
                    return found
    elif isinstance(schema, list):
        for index, item in enumerate(schema):
            found = _remote_reference(item, (*path, index))
            if found is not None:
                return found
    return None


def unknown_variable(expression: str, known: tuple[str, ...]) -> str:
    """The first name of a valid expression that is not among the known ones, or empty."""
    names = load_cel().compile(expression).variables()
    return next((str(name) for name in sorted(names) if name not in known), "")
