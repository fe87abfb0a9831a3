from __future__ import annotations

import pytest

from roadworthy.serving import tool_calls


def a_part(index=0, **fields):
    function = {key: fields.pop(key) for key in ("name", "arguments") if key in fields}
    return {"tool_calls": [{"index": index, **fields, "function": function}]}


def test_fragments_are_joined_call_by_call():
    found = tool_calls(
        [
            a_part(0, id="x", name="a", arguments='{"n"'),
            a_part(1, id="y", name="b", arguments="{}"),
            a_part(0, arguments=": 1}"),
        ]
    )
    assert [(call.id, call.name, call.arguments) for call in found] == [
        ("x", "a", {"n": 1}),
        ("y", "b", {}),
    ]


def test_calls_stand_in_the_order_of_their_index():
    found = tool_calls([a_part(1, id="y", name="b"), a_part(0, id="x", name="a")])
    assert [call.name for call in found] == ["a", "b"]


def test_a_call_reads_back_as_a_message():
    (call,) = tool_calls([a_part(id="x", name="a", arguments="{}")])
    assert tool_calls([{"tool_calls": [call.as_message()]}]) == (call,)


@pytest.mark.parametrize("text", ["{", "[]", "1", '"a"', "nope", '{"n": NaN}', '"\\ud800"'])
def test_what_is_no_object_is_kept_as_text(text):
    (call,) = tool_calls([a_part(name="a", arguments=text)])
    assert (call.arguments, call.text) == (None, text)


@pytest.mark.parametrize(
    "delta",
    [
        {},
        {"tool_calls": None},
        {"tool_calls": "x"},
        {"tool_calls": [None, 3]},
        {"refusal": "no"},
    ],
)
def test_what_is_no_call_is_none(delta):
    assert tool_calls([delta]) == ()


def test_odd_calls_are_kept():
    (one,) = tool_calls([{"tool_calls": [{"function": None}]}])
    assert (one.name, one.id, one.arguments) == ("", "call_0", {})
    (two,) = tool_calls([{"tool_calls": [{"function": {"name": "a", "arguments": {"n": 1}}}]}])
    assert two.arguments == {"n": 1}
