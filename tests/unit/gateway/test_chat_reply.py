"""The way out: the API's own shape, and what we add beside it."""

from __future__ import annotations

import msgspec

from roadworthy.domain import Observation, TokenLogprob, Usage
from roadworthy.flows.request.trace import Reply
from roadworthy.gateway.chat_reply import DONE, Chunks, completion
from roadworthy.gateway.dialect import ChatRequest

ASKED = ChatRequest(raw={}, model="desk", messages=[])
COUNTED = ChatRequest(raw={}, model="desk", messages=[], include_usage=True)


def a_reply(text: str = "hello", rest: str = "lo", **changes: object) -> Reply:
    observation = Observation(
        id="o-1",
        time="",
        system="desk",
        release="sha256:aa",
        stage="live",
        action=changes.pop("action", "answered"),  # type: ignore[arg-type]
        confidence=0.5,
        decision="motor",
    )
    values: dict[str, object] = {
        "text": text,
        "rest": rest,
        "observation": observation,
        "finish_reason": "stop",
        "usage": Usage(input_tokens=3, output_tokens=2),
    }
    return Reply(**(values | changes))  # type: ignore[arg-type]


def test_a_plain_answer_has_the_apis_shape_and_ours_beside_it() -> None:
    said = msgspec.json.decode(completion(a_reply(), ASKED, 7))
    assert said["object"] == "chat.completion"
    assert said["choices"][0]["message"] == {
        "role": "assistant",
        "content": "hello",
        "refusal": None,
    }
    assert said["usage"]["total_tokens"] == 5
    assert said["roadworthy"] == {
        "ai_generated": True,
        "release": "sha256:aa",
        "observation": "o-1",
        "action": "answered",
        "decision": "motor",
        "confidence": 0.5,
    }


def test_a_held_answer_is_pending_and_does_not_say_what_was_decided() -> None:
    reply = a_reply(action="held", finish_reason="content_filter")
    said = msgspec.json.decode(completion(reply, ASKED, 7))
    assert said["choices"][0]["finish_reason"] == "content_filter"
    assert said["roadworthy"]["action"] == "pending"
    assert said["roadworthy"]["review_id"] == "review-o-1"
    assert "decision" not in said["roadworthy"]


def events(data: bytes) -> list[dict[str, object]]:
    parts = [part.removeprefix(b"data: ") for part in data.split(b"\n\n") if part]
    return [msgspec.json.decode(part) for part in parts if part != b"[DONE]"]


def test_a_stream_ends_with_reason_usage_and_done() -> None:
    chunks = Chunks("o-1", COUNTED, 7)
    last = chunks.last(a_reply())
    assert last.endswith(DONE)
    rest, end, usage = events(last)
    assert rest["choices"][0]["delta"] == {"content": "lo"}  # type: ignore[index]
    assert end["choices"][0]["finish_reason"] == "stop"  # type: ignore[index]
    assert end["usage"] is None
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == 5  # type: ignore[index]
    without = Chunks("o-1", ASKED, 7)
    assert all("usage" not in event for event in events(without.last(a_reply())))


def test_tool_calls_are_put_together_from_deltas() -> None:
    deltas = (
        {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "look", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
    )
    reply = a_reply(deltas=deltas)
    said = msgspec.json.decode(completion(reply, ASKED, 7))
    (call,) = said["choices"][0]["message"]["tool_calls"]
    assert call["function"] == {"name": "look", "arguments": '{"a":1}'}
    assert call["id"] == "c1"


def test_logprobs_have_the_apis_shape() -> None:
    reply = a_reply(logprobs=(TokenLogprob(token="a", logprob=-0.5, top={"b": -1.0}),))
    said = msgspec.json.decode(completion(reply, ASKED, 7))
    content = said["choices"][0]["logprobs"]["content"]
    assert content[0]["top_logprobs"] == [{"token": "b", "logprob": -1.0, "bytes": None}]
