"""Every text of an upstream passes the rails, is of a closed set, or stays inside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from roadworthy.domain import (
    Call,
    Candidate,
    Charter,
    Chunk,
    Endpoint,
    Model,
    ModelRequest,
    NeverEvent,
    PatternRule,
    Rails,
    ReleaseContent,
    Rule,
    SloFile,
    TokenLogprob,
    Use,
)
from roadworthy.flows.request.service import Service
from roadworthy.flows.request.trace import Reply
from roadworthy.flows.request_path import answer
from roadworthy.gateway.chat_reply import Chunks, completion
from roadworthy.gateway.dialect import ChatRequest
from roadworthy.prompting import Composer
from roadworthy.serving import RailLine
from roadworthy.wiring.clock import SystemClock

SECRET = "build a bomb"


class Upstream:
    """A provider that gives chunks as they are."""

    name = "upstream"

    def __init__(self, *chunks: Chunk) -> None:
        self._chunks = chunks

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        for chunk in self._chunks:
            yield chunk

    async def aclose(self) -> None:
        return


async def replied(
    *chunks: Chunk, stream: bool = False, managed: bool = False, **extra: Any
) -> Reply:
    never = NeverEvent(
        id="bomb",
        statement="Never says it.",
        rule=Rule(pattern=PatternRule(on="output", patterns=[SECRET])),
        scope="system",
    )
    charter = Charter(
        system="desk", title="Desk", owners={"product": "a"}, human_goal="g", never=[never],
        use=Use(intended_purpose="p"), endpoints=[Endpoint(id="e", fallback="a person reads it")],
    )  # fmt: skip
    candidate = Candidate(task="chat", model=Model(provider="rule", name="m"))
    content = ReleaseContent(
        system="desk", charter=charter, candidate=candidate, prompt=None, rails=Rails(),
        candidate_digest="sha256:c", slos=SloFile(slos=[]),
    )  # fmt: skip
    service = Service(
        content=content, digest="sha256:c", composer=Composer(candidate, None, charter),
        rails=RailLine.compile(rails=Rails(), charter=charter, assets={}),
        provider=Upstream(*chunks), pricing=lambda usage, at: None,
    )  # fmt: skip
    call = Call(
        id="o", system="desk", managed=managed, stream=stream, variables={"input": "x"},
        messages=({"role": "user", "content": "x"},), extra=extra,
    )  # fmt: skip
    items = [item async for item in answer(call, service, SystemClock())]
    assert isinstance(items[-1], Reply)
    return items[-1]


def everything_said(reply: Reply) -> str:
    asked = ChatRequest(raw={}, model="desk", messages=[], include_usage=True)
    plain = completion(reply, asked, 7)
    streamed = Chunks("o", asked, 7).last(reply)
    return (plain + streamed + msgspec.json.encode(reply.observation)).decode()


def a_call(**fields: Any) -> Chunk:
    function = {"name": fields.pop("name", "f"), "arguments": fields.pop("arguments", "{}")}
    return Chunk(delta={"tool_calls": [{"index": 0, "id": "c1", "function": function, **fields}]})


@pytest.mark.parametrize("managed", [True, False])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_finish_reason_is_one_of_the_api(stream: bool, managed: bool) -> None:
    chunk = Chunk(text="fine", finish_reason=SECRET)
    reply = await replied(chunk, stream=stream, managed=managed)
    assert (reply.finish_reason, reply.observation.finish_reason) == ("stop", "stop")
    assert SECRET not in everything_said(reply)


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls", "content_filter"])
async def test_the_apis_own_finish_reasons_stay(reason: str) -> None:
    assert (await replied(Chunk(text="fine", finish_reason=reason))).finish_reason == reason


@pytest.mark.parametrize(
    "token",
    [
        TokenLogprob(token=SECRET, logprob=-1.0),
        TokenLogprob(token="fine", logprob=-1.0, top={SECRET: -1.0}),
    ],
)
async def test_logprobs_that_a_rail_objects_to_stay_inside(token: TokenLogprob) -> None:
    reply = await replied(Chunk(text="fine", logprobs=(token,), finish_reason="stop"))
    assert reply.text == "fine"
    assert SECRET not in everything_said(reply)


async def test_logprobs_that_spell_it_token_by_token_stay_inside() -> None:
    tokens = tuple(TokenLogprob(token="x", logprob=-1.0, top={sign: -1.0}) for sign in SECRET)
    reply = await replied(Chunk(text="x" * len(SECRET), logprobs=tokens, finish_reason="stop"))
    assert reply.logprobs == ()


async def test_harmless_logprobs_leave() -> None:
    token = TokenLogprob(token="fine", logprob=-1.0, top={"good": -2.0})
    reply = await replied(Chunk(text="fine", logprobs=(token,), finish_reason="stop"))
    assert reply.logprobs == (token,)
    assert "asked" not in reply.observation.attributes["logprobs"]


async def test_whether_the_caller_asked_for_logprobs_is_kept() -> None:
    token = TokenLogprob(token="fine", logprob=-1.0)
    reply = await replied(
        Chunk(text="fine", logprobs=(token,), finish_reason="stop"), logprobs=True
    )
    assert reply.observation.attributes["logprobs"] == {"tokens": 1, "sum": -1.0, "asked": True}


async def test_an_id_of_a_tool_call_is_no_way_out() -> None:
    reply = await replied(a_call(id=SECRET), Chunk(finish_reason="tool_calls"))
    said = everything_said(reply)
    assert SECRET not in said
    assert '"id":"call_0"' in said


async def test_a_sound_id_of_a_tool_call_stays() -> None:
    reply = await replied(a_call(id="call_9Zx"), Chunk(finish_reason="tool_calls"))
    assert '"id":"call_9Zx"' in everything_said(reply)


@pytest.mark.parametrize(
    "arguments", ['{"a": "build a \\u0062omb"}', '{"build \\u0061 bomb": 1}', '{"a": ["' + SECRET]
)
async def test_what_arguments_decode_to_is_looked_at(arguments: str) -> None:
    reply = await replied(a_call(arguments=arguments), Chunk(finish_reason="tool_calls"))
    assert (reply.observation.action, reply.deltas) == ("blocked", ())


@pytest.mark.parametrize("index", [None, "0", [1], {"a": 1}])
async def test_a_call_without_a_sound_index_leaves_as_it_was_looked_at(index: Any) -> None:
    first = a_call(index=index, arguments='"build a')
    second = a_call(index=index, name="", arguments=' bomb"')
    reply = await replied(first, second, Chunk(finish_reason="tool_calls"))
    assert reply.observation.action == "blocked"


async def test_a_refusal_is_marked_and_passes_the_rails() -> None:
    told = Chunk(text="I cannot.", delta={"refusal": "I cannot."}, finish_reason="stop")
    reply = await replied(told)
    assert (reply.text, reply.observation.attributes["refused"]) == ("I cannot.", True)
    bad = Chunk(text=SECRET, delta={"refusal": SECRET}, finish_reason="stop")
    assert (await replied(bad)).observation.action == "blocked"
