"""Loaded cases share what they have alike, and say what they said."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable

import msgspec
import pytest

from roadworthy.domain import Case, shared
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
    monkeypatch.setattr(shared, "MOST", most)
    values = [{"id": f"c{i}", "input": "x", **part} for i, part in enumerate((*PARTS, *PARTS))]
    alone = [msgspec.json.decode(json.dumps(value), type=Case) for value in values]
    held = read(values)
    # As bytes: 1 and true are equal, and the order of facets is part of what was written.
    assert [*map(msgspec.json.encode, held)] == [*map(msgspec.json.encode, alone)]


def test_the_table_does_not_grow_with_the_values() -> None:
    held = shared.Shared()
    first = [f"t{number}" for number in range(shared.MOST)]
    assert [held.one(each) for each in first] == first
    late, again = "".join(["la", "te"]), "".join(["lat", "e"])
    assert (held.one(late) is late) and (held.one(again) is again)
    assert held.one("".join(["t", "0"])) is first[0]
    long, same = "x" * shared.LONGEST, "".join(["x", "x" * (shared.LONGEST - 1)])
    assert (shared.Shared().one(long) is long) and (held.one(same) is same)


def test_values_of_two_types_are_never_one() -> None:
    held = shared.Shared()
    for value in ((), [], "", "[]", {}, 1, 1.0, True, None, {"a": 1}, {"a": True}, {"a": 1.0}):
        found = held.one(value)
        assert type(found) is type(value)
        assert msgspec.json.encode(found) == msgspec.json.encode(value)
