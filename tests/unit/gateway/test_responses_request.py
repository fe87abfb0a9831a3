"""A response's request in chat completions' words: nothing lost that a model would be told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.responses_request import read_responses_request


def body(**fields: object) -> bytes:
    return msgspec.json.encode({"model": "desk", "input": "hello"} | fields)


def test_instructions_items_calls_and_results_are_the_same_conversation() -> None:
    request = read_responses_request(
        body(
            instructions="Be kind.",
            input=[
                {"role": "user", "content": [{"type": "input_text", "text": "a"},
                                             {"type": "input_text", "text": "b"}]},
                {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
                 "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
                {"type": "function_call", "id": "fc_1", "call_id": "t1", "name": "look",
                 "arguments": '{"a":1}', "status": "completed"},
                {"type": "function_call", "call_id": "t2", "name": "wait", "arguments": ""},
                {"type": "function_call_output", "call_id": "t1", "output": "found"},
                {"type": "function_call_output", "call_id": "t2",
                 "output": [{"type": "input_text", "text": "no"}]},
                {"role": "developer", "content": "Hurry."},
            ],
        )
    )  # fmt: skip
    assert request.messages == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "a\nb"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {"id": "t1", "type": "function",
                 "function": {"name": "look", "arguments": '{"a":1}'}},
                {"id": "t2", "type": "function", "function": {"name": "wait", "arguments": ""}},
            ],
        },
        {"role": "tool", "tool_call_id": "t1", "content": "found"},
        {"role": "tool", "tool_call_id": "t2", "content": "no"},
        {"role": "developer", "content": "Hurry."},
    ]  # fmt: skip


def test_calls_that_follow_no_words_are_a_turn_of_their_own() -> None:
    call = {"type": "function_call", "call_id": "t", "name": "look", "arguments": "{}"}
    request = read_responses_request(body(input=[{"role": "user", "content": "a"}, call]))
    assert request.messages[1]["content"] is None
    assert request.messages[1]["tool_calls"][0]["id"] == "t"


def test_wishes_tools_and_structured_output_are_passed_on() -> None:
    schema = {"type": "object"}
    request = read_responses_request(
        body(
            temperature=0.5,
            top_p=0.9,
            max_output_tokens=7,
            top_logprobs=2,
            tools=[{"type": "function", "name": "f", "description": "d", "parameters": schema,
                    "strict": True}],
            tool_choice={"type": "function", "name": "f"},
            parallel_tool_calls=False,
            text={"format": {"type": "json_schema", "name": "n", "schema": schema, "strict": True},
                  "verbosity": "low"},
            reasoning={"effort": "low"},
            include=["message.output_text.logprobs"],
            store=False,
            user="ann",
            metadata={"k": "v"},
        )
    )  # fmt: skip
    assert request.wishes == {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7}
    function = {"name": "f", "description": "d", "parameters": schema, "strict": True}
    assert request.extra == {
        "metadata": {"k": "v"},
        "parallel_tool_calls": False,
        "top_logprobs": 2,
        "logprobs": True,
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": schema, "strict": True},
        },
        "verbosity": "low",
        "reasoning_effort": "low",
    }
    assert (request.user, request.foreign) == ("ann", ())


def test_fields_that_no_upstream_would_be_told_of_are_named() -> None:
    asked = read_responses_request(
        body(
            truncation="auto", include=["file_search_call.results"], moderation={}, max_tool_calls=1
        )
    )
    assert asked.foreign == ("include", "max_tool_calls", "moderation", "truncation")
    assert read_responses_request(body(include=["reasoning.encrypted_content"])).foreign == ()


def said(**item: Any) -> bytes:
    return body(input=[{"role": "user", "content": "a"}, item])


@pytest.mark.parametrize(
    "data",
    [
        said(role="assistant", content=[{"type": "input_image", "image_url": "data:,"}]),
        said(role="user", content=[{"type": "input_video", "text": "x"}]),
        said(type="reasoning", summary=[{"type": "summary_text", "text": "x"}]),
        said(type="item_reference", id="msg_1"),
        said(type="web_search_call", id="w"),
        said(type="function_call_output", call_id="t",
             output=[{"type": "input_image", "image_url": "data:,"}]),
    ],
)  # fmt: skip
def test_what_no_rail_looks_at_is_not_let_in(data: bytes) -> None:
    with pytest.raises(ApiError, match="text only") as caught:
        read_responses_request(data)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("data", "param"),
    [
        (b'{"input": "x"}', "model"),
        (b'{"model": "desk"}', "input"),
        (body(input=""), "input"),
        (body(input=[]), "input"),
        (body(input=[{"content": "x"}]), "input"),
        (body(input=[{"role": "user", "content": []}]), "input"),
        (body(input=[{"type": "function_call", "name": "f", "arguments": ""}]), "input"),
        (body(input=[{"type": "function_call_output", "output": "x"}]), "input"),
        (body(store=True), "store"),
        (body(background=True), "background"),
        (body(previous_response_id="resp_1"), "previous_response_id"),
        (body(conversation="conv_1"), "conversation"),
        (body(prompt={"id": "p"}), "prompt"),
        (body(tools=[{"type": "web_search"}]), "tools"),
        (body(tool_choice={"type": "hosted"}), "tool_choice"),
        (body(text={"format": {"type": "json_schema"}}), "text"),
        (body(max_output_tokens=0), "max_output_tokens"),
    ],
)
def test_a_wrong_field_is_named(data: bytes, param: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_responses_request(data)
    assert caught.value.status == 400
    assert str(caught.value.param).startswith(param)
