from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, field

from roadworthy.manifests.document import Document
from roadworthy.manifests.typed import build


class Inner(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    size: Annotated[int, Meta(ge=1, le=9)] = 1


class Outer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    share: Annotated[float, Meta(ge=0, le=1)] | Literal["auto"] = 0.5
    kind: Literal["red", "green"] = "red"
    inner: Inner | None = None
    many: list[Inner] = field(default_factory=list)
    by_name: dict[str, int] = field(default_factory=dict)
    anything: Any = None
    either: str | dict[str, Any] = ""
    flag: bool = False


def faults(data: Any) -> list[str]:
    document = Document("any.yaml", data)
    build(document, Outer)
    return [fault.message for fault in document.faults]


def test_sound_values_are_built_as_they_are() -> None:
    document = Document(
        "any.yaml",
        {
            "title": "t",
            "share": "auto",
            "kind": "green",
            "inner": {"name": "i", "size": 9},
            "many": [{"name": "a"}, {"name": "b"}],
            "by_name": {"x": 1},
            "anything": [1, {"y": None}],
            "either": {"k": 1},
            "flag": True,
        },
    )
    built = build(document, Outer)
    assert not document.faults
    assert built.inner == Inner(name="i", size=9)
    assert [one.name for one in built.many] == ["a", "b"]
    assert built.share == "auto"


def test_all_faults_come_at_once() -> None:
    said = faults(
        {
            "titel": "t",
            "share": 2,
            "kind": "gren",
            "inner": {"size": 0},
            "many": [{"name": 1}, "x"],
            "by_name": {"x": "y"},
            "either": 3,
            "flag": "yes",
        }
    )
    assert said == [
        "`titel` is no key",
        "`share` is 2, out of range",
        "`kind` cannot be `gren`",
        "`name` is missing in `inner`",
        "`inner.size` is 0, out of range",
        "`many[0].name` must be text, but is the number 1",
        "`many[1]` must be a mapping, but is the text `x`",
        "`by_name.x` must be a whole number, but is the text `y`",
        "`either` must be text or a mapping, but is the number 3",
        "`flag` must be true or false, but is the text `yes`",
    ]


@pytest.mark.parametrize("empty", ["share", "kind", "many", "by_name", "flag", "either"])
def test_an_optional_key_left_open_takes_its_default(empty: str) -> None:
    assert faults({"title": "t", empty: None}) == []


def test_a_required_key_left_open_is_a_fault() -> None:
    assert faults({"title": None}) == ["`title` must be text, but is empty"]


@pytest.mark.parametrize("value", [math.nan, math.inf, [-math.inf], {"a": math.nan}])
def test_what_cannot_be_digested_is_a_fault(value: Any) -> None:
    assert any("finite" in message for message in faults({"title": "t", "anything": value}))


def test_true_is_no_number_and_a_whole_number_is_a_number() -> None:
    assert faults({"title": "t", "share": True})
    assert faults({"title": "t", "inner": {"name": "i", "size": True}})
    assert not faults({"title": "t", "share": 1})


def test_numbers_beyond_64_bits_are_faults() -> None:
    assert faults({"title": "t", "by_name": {"x": 2**70}}) == ["`by_name.x` is too large"]


def test_hints_name_the_nearest_key() -> None:
    document = Document("any.yaml", {"title": "t", "inne": {}})
    build(document, Outer)
    assert document.faults[0].fix == "did you mean `inner`?"
