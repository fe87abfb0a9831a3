"""Every text of a call, in and out again; what escapes spell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import Call
from roadworthy.serving import escaped_texts, input_texts, texts_between, with_texts
from roadworthy.serving.escapes import LAYERS, unescaped

words = st.sampled_from(["", "a", "role", "type", "user", "text", "content", "two words", "c1"])
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), words)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
messages = st.lists(st.dictionaries(words, values, max_size=4), max_size=3).map(tuple)


@given(messages, messages, st.dictionaries(words, values), st.booleans(), st.none() | words)
def test_what_is_put_back_unchanged_is_the_same_call(
    said: Any, steps: Any, rest: Any, managed: bool, prompt: str | None
) -> None:
    call = Call(
        id="", system="s", managed=managed, messages=said, steps=steps, variables=rest, extra=rest,
        prompt=prompt,
    )  # fmt: skip
    texts = input_texts(call)
    assert with_texts(call, texts) == call
    changed = with_texts(call, [f"{number}." for number, _ in enumerate(texts)])
    assert [text for text in input_texts(changed) if text.endswith(".")] == [
        f"{number}." for number, _ in enumerate(texts)
    ]


@given(st.recursive(st.text("xyz", min_size=1), lambda inner: st.lists(inner, max_size=3)))
def test_no_text_is_left_out(value: Any) -> None:
    def all_of(inner: Any) -> list[str]:
        return [inner] if isinstance(inner, str) else [t for each in inner for t in all_of(each)]

    assert input_texts(Call(id="", system="s", variables={"v": value})) == all_of(value)
    call = Call(id="", system="s", managed=False, extra={"v": value})
    assert input_texts(call) == ["v", *all_of(value)]


@pytest.mark.parametrize(
    ("written", "layers"),
    [
        ("plain", []),
        ("a \\ alone", []),
        ("\\u0062omb", ["bomb"]),
        ('{"a": "\\u0062omb",}', ['{"a": "bomb",}']),
        ("\\x62omb\\n", ["bomb\n"]),
        ("\\\\u0062omb", ["\\u0062omb", "bomb"]),
        ("\\ud83d\\ude00", ["\U0001f600"]),
        ("\\ud83d", ["\ufffd"]),
        ('\\"kill\\"', ['"kill"']),
    ],
)
def test_escapes_are_read_layer_by_layer(written: str, layers: list[str]) -> None:
    assert unescaped(written) == layers


def test_reading_escapes_ends() -> None:
    assert len(unescaped("\\u005c" * 4000)) <= LAYERS
    assert len(unescaped("\\" * 100_000)) <= LAYERS


def test_what_is_read_beside_the_texts_is_escapes_joined_parts_and_figures() -> None:
    function = {"name": "f", "arguments": '["\\u0062omb"]'}
    message = {"role": "assistant", "tool_calls": [{"function": function}, "odd", {"function": 3}]}
    parts = {"role": "user", "content": [{"text": "bo"}, {"text": "mb"}, {"text": 7}, "odd"]}
    extra = {"tools": [{"minimum": 7, "x": [True, 8.5]}], "seed": 9, "logit_bias": {"1": 10}}
    call = Call(
        id="", system="s", managed=False, messages=(message, {"tool_calls": 7}, parts), extra=extra
    )
    assert escaped_texts(input_texts(call)) == ['["bomb"]']
    assert texts_between(call) == ["bomb", "|3|7|8.5|"]


def test_plain_talk_has_one_reading() -> None:
    call = Call(id="", system="s", messages=({"role": "user", "content": "hi"},))
    assert escaped_texts(input_texts(call)) == texts_between(call) == []
