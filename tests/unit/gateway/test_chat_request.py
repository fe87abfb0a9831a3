"""The way in: typed where it matters, everything else as it came, the field at fault named."""

from __future__ import annotations

import msgspec
import pytest

from roadworthy.domain import Sampling
from roadworthy.gateway.chat_request import read_chat_request
from roadworthy.gateway.problems import ApiError

USER = {"role": "user", "content": "hello"}


def body(**fields: object) -> bytes:
    return msgspec.json.encode({"model": "desk", "messages": [USER]} | fields)


def test_unknown_fields_are_kept_as_they_came() -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"x": [1, None]}}}]
    request = read_chat_request(body(tools=tools, some_new_field={"deep": [True]}, user="u"))
    assert request.extra == {"tools": tools, "some_new_field": {"deep": [True]}}
    assert request.user == "u"


def test_messages_go_through_untouched() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b", "y": 2}]
    message = {"role": "user", "content": parts, "name": "Ann", "x": 1}
    request = read_chat_request(body(messages=[message]))
    assert request.messages == [message]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:,"}},
        {"type": "input_audio", "input_audio": {"data": "", "format": "ogg"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "text"},
        {"type": "refusal", "refusal": "no"},
    ],
)
def test_what_no_rail_looks_at_is_not_let_in(part: dict[str, object]) -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "a"}, part]}
    with pytest.raises(ApiError) as caught:
        read_chat_request(body(messages=[USER, message]))
    assert caught.value.status == 400 and "messages[1]" in caught.value.message


@pytest.mark.parametrize(
    ("data", "param"),
    [
        (b"{", None),
        (b"[]", None),
        (b"\xff", None),
        (b'{"messages": []}', "model"),
        (body(model=3), "model"),
        (body(messages=[]), "messages"),
        (body(messages=[{"content": "x"}]), "messages[0]"),
        (body(messages=[{"role": "user", "content": 3}]), "messages[0].content"),
        (body(temperature=9), "temperature"),
        (body(temperature="hot"), "temperature"),
        (body(max_tokens=0), "max_tokens"),
        (body(n=2), "n"),
        (body(stream="yes"), "stream"),
        (body(variables=[1]), "variables"),
    ],
)
def test_a_wrong_field_is_named(data: bytes, param: str | None) -> None:
    with pytest.raises(ApiError) as caught:
        read_chat_request(data)
    assert caught.value.status == 400
    assert caught.value.param == param
    shape = msgspec.json.decode(caught.value.body())["error"]
    assert set(shape) == {"message", "type", "param", "code"}


def test_a_body_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(ApiError):
        read_chat_request(b'{"model":' + b"[" * 100_000)


def test_the_callers_wishes_change_only_what_they_name() -> None:
    own = Sampling(temperature=0.3, max_tokens=99)
    assert read_chat_request(body()).sampling(own) is None
    wished = read_chat_request(body(max_completion_tokens=7, stop="x")).sampling(own)
    assert wished == Sampling(temperature=0.3, max_tokens=7, stop=["x"])
