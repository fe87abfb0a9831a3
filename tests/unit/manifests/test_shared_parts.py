"""Loaded cases share what they have alike, and say what they said."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable

import msgspec
import pytest

from roadworthy.domain import Case
from roadworthy.manifests import shared_parts
from roadworthy.manifests.document import Document
from roadworthy.manifests.jsonl_reader import read_lines
from roadworthy.manifests.shared_parts import SharedParts


def read(values: Iterable[dict[str, object]]) -> list[Case]:
    data = "\n".join(map(json.dumps, values)).encode()
    return read_lines(io.BytesIO(data), Document("c.jsonl"), Case, SharedParts().of)


def test_equal_parts_are_held_once() -> None:
    one, other = read(
        {
            "id": f"c{number}", "input": "x", "expect": {"label": "motor"}, "source": "desk",
            "tags": ["tail", "golden"], "facets": {"tenant": "a"},
        }
        for number in range(2)
    )  # fmt: skip
    for name in ("expect", "tags", "facets", "source", "context", "turns", "origin"):
        assert getattr(one, name) is getattr(other, name), name
    assert one.id != other.id


EXPECTATIONS = (
    {"json": 1}, {"json": True}, {"json": 1.0}, {"json": None}, {"json": False}, {"json": 0}, {},
    {"text": "1"}, {"label": "1"}, {"texts": ["1"]}, {"texts": ["1", "2"]}, {"schema": {"a": 1}},
    {"schema": {"a": True}}, {"label": "1", "text": "1"}, {"action": "block"},
    {"trajectory": {"never": ["*"]}},
)  # fmt: skip
PARTS = (
    *({"expect": each} for each in EXPECTATIONS),
    {"tags": ["a", "b"]}, {"tags": ["b", "a"]}, {"tags": ["a"]},
    {"facets": {"a": "b"}}, {"facets": {"b": "a"}}, {"facets": {"a": "1", "b": "2"}},
    {"facets": {"b": "2", "a": "1"}}, {"context": {"a": 1}}, {"context": {"a": True}},
    {"origin": {"generator": "typos"}}, {"source": "a"},
    {"turns": [{"role": "user", "content": "x"}]},
)  # fmt: skip


@pytest.mark.parametrize("most", [0, 3, 10_000])
def test_every_case_says_what_its_line_says(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_parts, "MOST", most)
    values = [{"id": f"c{i}", "input": "x", **part} for i, part in enumerate((*PARTS, *PARTS))]
    alone = [msgspec.json.decode(json.dumps(value), type=Case) for value in values]
    shared = read(values)
    # As bytes: 1 and true are equal, and the order of facets is part of what was written.
    assert [*map(msgspec.json.encode, shared)] == [*map(msgspec.json.encode, alone)]


def test_the_table_does_not_grow_with_the_cases() -> None:
    parts = SharedParts()
    for number in range(shared_parts.MOST + 50):
        line = {"id": f"c{number}", "input": "x", "tags": [f"t{number}"], "source": f"s{number}"}
        parts.of(msgspec.convert(line, Case))
    assert max(len(table) for table in vars(parts).values()) == shared_parts.MOST
