from __future__ import annotations

from typing import Any

import pytest

from roadworthy.manifests.expressions import (
    MAX_EXPRESSION,
    MAX_PATTERN,
    unknown_variable,
    why_not_cel,
    why_not_pattern,
    why_not_schema,
)


def test_sound_ones_have_no_reason() -> None:
    assert why_not_pattern(r"\b[A-Z]{2}\d{20}\b") == ""
    assert why_not_cel("size(input) > 0 && !(decision in ['a', 'b'])") == ""
    assert why_not_schema({"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}},
                           "$defs": {"x": {"type": "string"}}}) == ((), "")  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        ("ab(c", "at character"), ("[z-a]", "`z-a` at character 2"), ("a{9999}", "repetition"),
        (r"(?<=a)b", "`(?<=` at character 1"), (r"(a)\1", "character"), ("*", "character 1"),
        ("x" * (MAX_PATTERN + 1), "at most"),
    ],
)  # fmt: skip
def test_a_pattern_that_re2_refuses_says_where(pattern: str, part: str) -> None:
    assert part in why_not_pattern(pattern)


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("", "empty"), ("a +", "at character 4"), ("a\n&& (b", "line 2"), ("'a", "character"),
        ("(" * 3000, "character"), ("x" * (MAX_EXPRESSION + 1), "at most"),
    ],
)  # fmt: skip
def test_an_expression_that_does_not_compile_says_where(expression: str, part: str) -> None:
    assert part in why_not_cel(expression)


@pytest.mark.parametrize("shape", ["({})", "!{}", "-{}", "[{}]", "a ? {} : b", "f({})", "{}.b"])
def test_deep_expressions_do_not_crash_the_parser(shape: str) -> None:
    text = "a"
    while len(shape.format(text)) <= MAX_EXPRESSION:
        text = shape.format(text)
    why_not_cel(text)


def test_unknown_names_are_found() -> None:
    assert unknown_variable("input == 'x' && verdict", ("input",)) == "verdict"
    assert unknown_variable("facets.region == 'eu'", ("facets",)) == ""


@pytest.mark.parametrize(
    "schema",
    [{"type": "objekt"}, {"minimum": "x"}, 5, "text", {"pattern": "(a"}, {"$ref": "#/nope"}],
)
def test_a_schema_that_is_not_valid_says_why(schema: Any) -> None:
    assert why_not_schema(schema)[1]


@pytest.mark.parametrize("address", ["https://example.org/s.json", "file:///etc/passwd", "a.json"])
def test_a_schema_never_reaches_out_of_itself(address: str) -> None:
    where, why = why_not_schema({"properties": {"a": {"$ref": address}}})
    assert where == ("properties", "a", "$ref")
    assert "inside the schema" in why
