"""Anthropic's way out: stop reasons, usage, and what cannot be said."""

from __future__ import annotations

import msgspec
import pytest

from roadworthy.domain import Observation, Usage
from roadworthy.flows.request.trace import Reply
from roadworthy.gateway.dialect import ChatRequest
from roadworthy.gateway.messages_reply import MessageEvents, message
from roadworthy.gateway.problems import ApiError

ASKED = ChatRequest(raw={}, model="desk", messages=[])
DELTA = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]}


def a_reply(finish: str = "stop", *, refused: bool = False, **fields: object) -> Reply:
    observation = Observation(
        id="o-1", time="", system="desk", release="sha256:aa", stage="live", action="answered",
        attributes={"refused": True} if refused else {},
    )  # fmt: skip
    values: dict[str, object] = {"text": "hello", "rest": "lo", "observation": observation}
    return Reply(finish_reason=finish, **(values | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (a_reply(), "end_turn"),
        (a_reply("length"), "max_tokens"),
        (a_reply("tool_calls", deltas=(DELTA,)), "tool_use"),
        (a_reply("stop", deltas=(DELTA,)), "tool_use"),
        (a_reply("content_filter"), "refusal"),
        (a_reply(refused=True), "refusal"),
    ],
)
def test_the_reason_is_one_that_the_api_knows(reply: Reply, reason: str) -> None:
    assert msgspec.json.decode(message(reply, ASKED, 7))["stop_reason"] == reason
    assert f'"stop_reason":"{reason}"'.encode() in MessageEvents("o-1", ASKED, 7).last(reply)


def test_cached_tokens_are_counted_once() -> None:
    usage = Usage(input_tokens=10, output_tokens=2, cached_input_tokens=6, cache_write_tokens=1)
    assert msgspec.json.decode(message(a_reply(usage=usage), ASKED, 7))["usage"] == {
        "input_tokens": 3,
        "output_tokens": 2,
        "cache_creation_input_tokens": 1,
        "cache_read_input_tokens": 6,
    }


def test_a_call_with_arguments_that_are_no_object_is_an_error_and_no_other_call() -> None:
    odd = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "[1"}}]}
    reply = a_reply("tool_calls", deltas=(odd,))
    for said in (
        lambda: message(reply, ASKED, 7),
        lambda: MessageEvents("o", ASKED, 7).last(reply),
    ):
        with pytest.raises(ApiError) as caught:
            said()
        assert caught.value.status == 502
