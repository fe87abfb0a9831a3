"""Anthropic's request in chat completions' words: nothing lost that a model would be told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from roadworthy.gateway.messages_request import read_messages_request
from roadworthy.gateway.problems import ApiError

USER = {"role": "user", "content": "hello"}


def body(**fields: object) -> bytes:
    return msgspec.json.encode({"model": "desk", "max_tokens": 9, "messages": [USER]} | fields)


def test_system_turns_tools_and_results_are_the_same_conversation() -> None:
    request = read_messages_request(
        body(
            system=[{"type": "text", "text": "Be"}, {"type": "text", "text": "kind."}],
            messages=[
                USER,
                {
                    "role": "assistant",
                    "content": [
                        {"type": "text", "text": "I look.", "citations": None},
                        {"type": "tool_use", "id": "t1", "name": "look", "input": {"a": [1]}},
                        {"type": "tool_use", "id": "t2", "name": "wait", "input": {}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "t1", "content": "found"},
                        {"type": "tool_result", "tool_use_id": "t2", "is_error": True,
                         "content": [{"type": "text", "text": "no"}]},
                        {"type": "text", "text": "And?", "cache_control": {"type": "ephemeral"}},
                    ],
                },
            ],
        )
    )  # fmt: skip
    assert request.messages == [
        {"role": "system", "content": "Be\nkind."},
        USER,
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {"id": "t1", "type": "function",
                 "function": {"name": "look", "arguments": '{"a":[1]}'}},
                {"id": "t2", "type": "function", "function": {"name": "wait", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "t1", "content": "found"},
        {"role": "tool", "tool_call_id": "t2", "content": "no"},
        {"role": "user", "content": "And?"},
    ]  # fmt: skip


def test_wishes_tools_and_structured_output_are_passed_on() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    request = read_messages_request(
        body(
            stop_sequences=["END"],
            temperature=0.5,
            top_p=0.9,
            top_k=3,
            metadata={"user_id": "ann", "supplier": "s"},
            tools=[{"name": "f", "description": "d", "input_schema": schema, "strict": True}],
            tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True},
            output_config={"format": {"type": "json_schema", "schema": schema}},
            stream=True,
        )
    )
    assert request.wishes == {
        "temperature": 0.5, "top_p": 0.9, "top_k": 3, "max_tokens": 9, "stop": ["END"],
    }  # fmt: skip
    function = {"name": "f", "parameters": schema, "description": "d", "strict": True}
    assert request.extra == {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        },
    }
    assert (request.user, request.stream, request.foreign) == ("ann", True, ())


@pytest.mark.parametrize(("said", "told"), [("auto", "auto"), ("any", "required"), ("none",) * 2])
def test_the_choice_of_tools_has_another_name(said: str, told: str) -> None:
    assert read_messages_request(body(tool_choice={"type": said})).extra == {"tool_choice": told}


def test_fields_that_no_upstream_would_be_told_of_are_named() -> None:
    asked = read_messages_request(
        body(
            thinking={"type": "enabled", "budget_tokens": 2000},
            mcp_servers=[],
            service_tier="auto",
            cache_control={"type": "ephemeral"},
        )
    )
    assert asked.foreign == ("mcp_servers", "thinking")
    assert asked.extra == {}
    assert read_messages_request(body(thinking={"type": "disabled"})).foreign == ()


def said(*blocks: dict[str, Any], role: str = "user") -> bytes:
    return body(messages=[{"role": role, "content": list(blocks)}])


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}}
TEXT = {"type": "text", "text": "a"}


@pytest.mark.parametrize(
    "data",
    [
        said(TEXT, IMAGE, role="assistant"),
        said({"type": "document", "source": "hidden"}),
        said({"type": "tool_result", "tool_use_id": "t", "content": [IMAGE]}),
        said({"type": "search_result", "content": [TEXT], "source": "s", "title": "t"}),
        body(system=[IMAGE]),
    ],
)
def test_what_no_rail_looks_at_is_not_let_in(data: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        read_messages_request(data)
    assert caught.value.status == 400 and "rails" in caught.value.message


def test_a_document_of_words_is_read_as_words() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "read this"}
    parts = {"type": "content", "content": [TEXT]}
    asked = read_messages_request(
        said(
            {"type": "document", "source": source, "title": "Letter", "context": "of May"},
            {"type": "document", "source": parts},
        )
    )
    assert asked.media == {}
    assert asked.messages[0]["content"] == [
        {"type": "text", "text": "Letter\nof May\nread this"}, {"type": "text", "text": "a"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "param"),
    [
        (b'{"max_tokens": 3, "messages": []}', "model"),
        (b'{"model": "desk", "messages": []}', "max_tokens"),
        (body(max_tokens=0), "max_tokens"),
        (body(messages=[]), "messages"),
        (body(messages=[{"role": "tool", "content": "x"}]), "messages[0].role"),
        (body(messages=[{"role": "user", "content": []}]), "messages[0].content"),
        (said({"type": "tool_use", "id": "a", "name": "b"}), "messages[0].content"),
        (said({"type": "tool_use", "name": "b"}, role="assistant"), "messages[0].content[0]"),
        (said({"type": "tool_result"}), "messages[0].content[0]"),
        (said(TEXT, {"type": "tool_result", "tool_use_id": "t"}), "messages[0].content[1]"),
        (body(temperature=1.5), "temperature"),
        (body(tools=[{"type": "bash_20250124", "name": "bash"}]), "tools"),
        (body(tool_choice={"type": "tool"}), "tool_choice"),
    ],
)
def test_a_wrong_field_is_named_in_the_apis_shape(data: bytes, param: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_messages_request(data)
    found = msgspec.json.decode(caught.value.body("/v1/messages"))
    assert found["type"] == "error"
    assert found["error"]["type"] == "invalid_request_error"
    assert str(found["error"]["param"]).startswith(param.partition("[")[0])


THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"}
MARK = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


def test_thoughts_are_foreign_where_nobody_thinks() -> None:
    calls = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
    asked = read_messages_request(said(THOUGHT, calls, role="assistant"))
    assert asked.foreign == ("thinking",)
    assert asked.messages[0]["content"] is None and "Hm." not in str(asked.messages)
    with pytest.raises(ApiError):
        read_messages_request(said({**THOUGHT}, role="user"))


def test_effort_has_a_word_in_chat_and_the_rest_of_its_config_is_foreign() -> None:
    asked = read_messages_request(body(output_config={"effort": "low"}))
    assert (asked.extra, asked.foreign) == ({"reasoning_effort": "low"}, ())
    assert read_messages_request(body(output_config={"task_budget": {}})).foreign == (
        "output_config",
    )


def test_for_an_upstream_of_the_same_api_nothing_is_left_out() -> None:
    use = {"type": "tool_use", "id": "t", "name": "look", "input": {"at": "x"}, **MARK}
    result = {
        "type": "tool_result", "tool_use_id": "t", "is_error": True, **MARK,
        "content": [{**TEXT, **MARK}],
    }  # fmt: skip
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    tool = {"name": "look", "input_schema": {"type": "object"}, "input_examples": [{}], **MARK}
    schema = {"type": "json_schema", "schema": {"type": "object"}}
    asked = read_messages_request(
        body(
            system=[{**TEXT, **MARK}],
            messages=[
                {"role": "user", "content": [{**TEXT, **MARK}]},
                {"role": "assistant", "content": [THOUGHT, use]},
                {"role": "user", "content": [result, {**IMAGE, **MARK}, {
                    "type": "document", "source": pdf, "title": "A", "citations": {"enabled": True},
                }]},
            ],
            tools=[tool],
            tool_choice={"type": "any", "disable_parallel_tool_use": True},
            thinking={"type": "adaptive"},
            output_config={"effort": "low", "format": schema},
            service_tier="auto",
            metadata={"user_id": "ann@x.org"},
            **MARK,
        )
    )  # fmt: skip
    assert asked.own is not None
    messages, extra = asked.own()
    named = [name for name in asked.media if name.startswith("picture")]
    papers = [name for name in asked.media if name.startswith("document")]
    assert messages == [
        {"role": "system", "content": [{**TEXT, **MARK}]},
        {"role": "user", "content": [{**TEXT, **MARK}]},
        {"role": "assistant", "content": [THOUGHT], "tool_calls": [
            {"id": "t", "type": "function", **MARK,
             "function": {"name": "look", "arguments": '{"at":"x"}'}},
        ]},
        {"role": "tool", "tool_call_id": "t", "is_error": True, **MARK,
         "content": [{**TEXT, **MARK}]},
        {"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": named[0]}, **MARK},
            {"type": "file", "file": {"filename": "A", "file_data": papers[0]},
             "citations": {"enabled": True}},
        ]},
    ]  # fmt: skip
    assert extra == {
        "tools": [{
            "type": "function", "function": {"name": "look", "parameters": {"type": "object"}},
            "input_examples": [{}], **MARK,
        }],
        "tool_choice": "required", "parallel_tool_calls": False,
        "thinking": {"type": "adaptive"}, "service_tier": "auto", **MARK,
        "output_config": {"effort": "low", "format": schema},
    }  # fmt: skip
