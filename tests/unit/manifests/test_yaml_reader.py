from __future__ import annotations

import math
from typing import Any

import pytest

from roadworthy.manifests.document import Document
from roadworthy.manifests.yaml_reader import MAX_DEPTH, MAX_NODES, read_yaml, resolve


def read(text: str) -> Document:
    document = Document("any.yaml")
    read_yaml(text, document)
    return document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("Yes", "Yes"), ("off", "off"),
        ("true", True), ("FALSE", False), ("~", None), ("", None), ("null", None),
        ("12", 12), ("-7", -7), ("+3", 3), ("007", 7), ("0o17", 15), ("0x1F", 31),
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-.inf", -math.inf),
        ("1_000", "1_000"), ("12:30:45", "12:30:45"), ("2026-01-01", "2026-01-01"),
        ("1.2.3", "1.2.3"), ("=", "="), ("<<", "<<"), ("0b11", "0b11"), ("-", "-"),
        ("9" * 60, "9" * 60),
    ],
)  # fmt: skip
def test_plain_scalars_follow_the_core_schema(text: str, value: Any) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_not_a_number_is_read_as_such() -> None:
    assert math.isnan(resolve(".nan"))


def test_quoted_scalars_and_blocks_are_text() -> None:
    document = read("a: '12'\nb: \"true\"\nc: |\n  12\nd: !!str 12\n")
    assert document.data == {"a": "12", "b": "true", "c": "12\n", "d": "12"}


def test_every_value_has_its_line() -> None:
    document = read("a:\n  b: 1\n  c:\n  - x\n  - y: {z: 1}\n")
    assert document.line_of(("a",)) == 1
    assert document.line_of(("a", "b")) == 2
    assert document.line_of(("a", "c", 0)) == 4
    assert document.line_of(("a", "c", 1, "y", "z")) == 5
    assert document.line_of(("a", "nothing")) == 1


def test_aliases_give_the_value_again() -> None:
    assert read("a: &x {b: [1, 2]}\nc: *x\nd: [*x]\n").data == {
        "a": {"b": [1, 2]},
        "c": {"b": [1, 2]},
        "d": [{"b": [1, 2]}],
    }


def test_many_aliases_of_a_large_value_are_counted_not_built() -> None:
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for number in range(1, 30):
        rows.append(f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]")
    document = read("\n".join(rows))
    assert document.data is None
    assert f"{MAX_NODES:,}" in document.faults[0].message


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "{a: " * 5000, "[" * 5000 + "]" * 5000])
def test_nesting_is_bounded(text: str) -> None:
    document = read(text)
    assert f"deeper than {MAX_DEPTH}" in document.faults[0].message


def test_a_duplicate_key_keeps_the_first_value_and_is_a_fault() -> None:
    document = read("a: 1\nb: 2\na: 3\n")
    assert document.data == {"a": 1, "b": 2}
    assert (document.faults[0].line, document.faults[0].message) == (
        3,
        "`a` stands here twice (first on line 1)",
    )


@pytest.mark.parametrize("text", ["? [a]\n: b", "{[a]: b}", "*a : b", "a: !!python/name:os.system"])
def test_what_is_no_plain_data_is_a_fault(text: str) -> None:
    assert read(text).faults


def test_a_syntax_fault_says_where() -> None:
    fault = read("a: 1\nb: [1, 2\nc: 3\n").faults[0]
    assert fault.line == 3
    assert "not valid YAML" in fault.message
    assert fault.fix
