"""The older API of one text: what is read, what is said, what it cannot say."""

from __future__ import annotations

import msgspec
import pytest

from roadworthy.domain import Observation, TokenLogprob
from roadworthy.flows.request.trace import Reply
from roadworthy.gateway.completions import TextEvents, read_completion_request, text_completion
from roadworthy.gateway.dialect import ChatRequest
from roadworthy.gateway.problems import ApiError

ASKED = ChatRequest(raw={}, model="desk", messages=[])


def body(**fields: object) -> bytes:
    return msgspec.json.encode({"model": "desk", "prompt": "Once"} | fields)


def a_reply(**fields: object) -> Reply:
    observation = Observation(
        id="o-1", time="", system="desk", release="sha256:aa", stage="live", action="answered"
    )
    values: dict[str, object] = {"text": "hello", "rest": "lo", "observation": observation}
    return Reply(finish_reason="stop", **(values | fields))  # type: ignore[arg-type]


def test_a_prompt_is_one_text_and_unknown_fields_are_kept() -> None:
    for prompt in ("Once", ["Once"]):
        request = read_completion_request(
            body(
                prompt=prompt,
                stop="x",
                max_tokens=3,
                logprobs=2,
                new=[1],
                n=1,
                best_of=1,
                echo=False,
            )
        )
        assert request.prompt == "Once"
        assert request.messages == [{"role": "user", "content": "Once"}]
        assert request.extra == {"logprobs": 2, "new": [1]}
        assert request.wishes["stop"] == ["x"] and request.wishes["max_tokens"] == 3


@pytest.mark.parametrize(
    ("data", "param"),
    [
        (body(prompt=""), "prompt"),
        (body(prompt=None), "prompt"),
        (body(prompt=["a", "b"]), "prompt"),
        (body(prompt=[1, 2]), "prompt"),
        (body(prompt=[[1]]), "prompt"),
        (body(prompt=7), "prompt"),
        (body(n=2), "n"),
        (body(best_of=2), "best_of"),
        (body(echo=True), "echo"),
        (body(suffix="the end"), "suffix"),
        (body(max_tokens=0), "max_tokens"),
    ],
)
def test_a_wrong_field_is_named(data: bytes, param: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_completion_request(data)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_logprobs_have_the_apis_shape() -> None:
    tokens = (
        TokenLogprob(token="hel", logprob=-0.5, top={"hal": -1.0}),
        TokenLogprob(token="lo", logprob=-0.1),
    )
    said = msgspec.json.decode(text_completion(a_reply(logprobs=tokens), ASKED, 7))
    assert said["choices"][0]["logprobs"] == {
        "tokens": ["hel", "lo"],
        "token_logprobs": [-0.5, -0.1],
        "top_logprobs": [{"hal": -1.0}, {}],
        "text_offset": [0, 3],
    }


def test_a_tool_call_is_an_error_and_not_passed_over() -> None:
    reply = a_reply(deltas=({"tool_calls": [{"index": 0, "function": {"name": "f"}}]},))
    with pytest.raises(ApiError, match="chat/completions"):
        text_completion(reply, ASKED, 7)
    with pytest.raises(ApiError, match="chat/completions"):
        TextEvents("o-1", ASKED, 7).last(reply)
