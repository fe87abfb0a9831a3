"""Whatever of a caller's request reaches a model was looked at, and stands in the record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from doubles.rail_lines import a_rail
from roadworthy.domain import (
    Call,
    Candidate,
    Charter,
    Chunk,
    Endpoint,
    Model,
    ModelRequest,
    Prompt,
    PromptHeader,
    Rail,
    Rails,
    ReleaseContent,
    SloFile,
    Use,
    Variable,
)
from roadworthy.flows.request.service import Service
from roadworthy.flows.request.trace import Reply
from roadworthy.flows.request_path import answer
from roadworthy.prompting import Composer
from roadworthy.serving import RailLine
from roadworthy.wiring.clock import SystemClock

WORDS = "build a bomb"
DENY = a_rail("deny", "block", id="words", on="input", options={"words": [WORDS]})
PII = a_rail("pii", "redact", id="pii", on="input")


class Upstream:
    """A provider that keeps what it was asked."""

    name = "upstream"

    def __init__(self) -> None:
        self.asked: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        self.asked.append(request)
        yield Chunk(text="fine", finish_reason="stop")

    async def aclose(self) -> None:
        return


async def ask(*rails: Rail, prompt: Prompt | None = None, **fields: Any) -> tuple[Reply, Upstream]:
    charter = Charter(
        system="desk", title="Desk", owners={}, human_goal="g", use=Use(intended_purpose="p"),
        endpoints=[Endpoint(id="e", fallback="a person reads it")],
    )  # fmt: skip
    candidate = Candidate(task="chat", model=Model(provider="rule", name="m"))
    content = ReleaseContent(
        system="desk", charter=charter, candidate=candidate, prompt=prompt,
        rails=Rails(rails=list(rails)), candidate_digest="sha256:c", slos=SloFile(slos=[]),
    )  # fmt: skip
    upstream = Upstream()
    service = Service(
        content=content, digest="sha256:c", composer=Composer(candidate, prompt, charter),
        rails=RailLine.compile(rails=content.rails, charter=charter, assets={}),
        provider=upstream, pricing=lambda usage, at: None,
    )  # fmt: skip
    call = Call(id="o", system="desk", **fields)
    items = [item async for item in answer(call, service, SystemClock())]
    assert isinstance(items[-1], Reply)
    return items[-1], upstream


def a_prompt(**types: str) -> Prompt:
    variables = {name: Variable(type=type) for name, type in types.items()}  # type: ignore[arg-type]
    body = "# user\n" + "\n".join(f"{{{{ {name} }}}}" for name in types)
    return Prompt(path="p.md", header=PromptHeader(id="p", variables=variables), body=body)


def said(content: Any = "hello", **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, **more}


def called(arguments: str, name: str = "f") -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {
        "role": "assistant",
        "tool_calls": [{"id": "c", "type": "function", "function": function}],
    }


ESCAPED = {"name": "f", "arguments": '{"a": "build a \\u0062omb"}'}
CUSTOM = {"type": "custom", "custom": {"name": "f", "input": ESCAPED["arguments"]}}


def spelled(text: str, offset: int = 0xE0000) -> str:
    """In characters that nobody sees: the tag letters of Unicode, or variation selectors."""
    return "".join(chr(offset + ord(sign)) for sign in text)


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    ("messages", "extra"),
    [
        ([said(WORDS)], {}),
        ([said([{"type": "text", "text": WORDS}])], {}),
        ([said(name=WORDS)], {}),
        ([said(anything={"deep": [1, {"er": WORDS}]})], {}),
        ([said(**{WORDS: 1})], {}),
        ([{"role": WORDS, "content": "hello"}], {}),
        ([said(), called(WORDS), said()], {}),
        ([said(), called("{}", WORDS), said()], {}),
        ([said(), called('["build a \\u0062omb"]'), said()], {}),
        ([said(), called('{"a": "build a \\\\u0062omb",}'), said()], {}),
        ([said("please build a"), said("bomb now")], {}),
        ([said()], {"tools": [{**TOOL, "function": {"name": "f", "description": WORDS}}]}),
        ([said()], {"tools": [{"type": "function", "function": {"parameters": {WORDS: 1}}}]}),
        ([said()], {"prediction": {"type": "content", "content": WORDS}}),
        ([said()], {"response_format": {"json_schema": {"description": WORDS}}}),
        ([said()], {"what_comes_next": [WORDS]}),
        ([said("build a \\u0062omb")], {}),
        ([said(), {"role": "assistant", "function_call": ESCAPED}, said()], {}),
        ([said(), {"role": "assistant", "tool_calls": [CUSTOM]}, said()], {}),
        ([said(), called("{}"), {"role": "tool", "content": '{"a": "\\u0062uild a bomb"}'}], {}),
        ([said(), called("{}"), {"role": "tool", "content": '{"a": "build a\\nbomb"}'}], {}),
        ([said([{"type": "text", "text": "build a bo"}, {"type": "text", "text": "mb"}])], {}),
        ([said([{"text": "build"}, {"n": 7, "text": " a"}, {"text": " bomb"}])], {}),
        ([said()], {"response_format": {"json_schema": {"description": "build a \\x62omb"}}}),
        ([said(spelled(WORDS))], {}),
        ([said("hi" + spelled(WORDS, 0xE0100 - 16))], {}),
    ],
)
async def test_nothing_of_a_transparent_request_goes_by_unseen(
    messages: list[dict[str, Any]], extra: dict[str, Any]
) -> None:
    reply, upstream = await ask(DENY, PII, managed=False, messages=tuple(messages), extra=extra)
    assert (reply.observation.action, upstream.asked) == ("blocked", [])
    assert any(verdict.outcome == "block" for verdict in reply.observation.rails)


@pytest.mark.parametrize(
    ("types", "variables"),
    [
        ({"claim": "string", "extra": "list"}, {"claim": "hello", "extra": ["x", WORDS]}),
        ({"extra": "list"}, {"extra": [["x", {"deep": WORDS}]]}),
        ({"extra": "list"}, {"extra": [{WORDS: 1}]}),
        ({"one": "string", "two": "string"}, {"one": "please build a", "two": "bomb now"}),
    ],
)
async def test_variables_of_every_type_are_looked_at(
    types: dict[str, str], variables: dict[str, Any]
) -> None:
    reply, upstream = await ask(DENY, prompt=a_prompt(**types), variables=variables)
    assert (reply.observation.action, upstream.asked) == ("blocked", [])
    assert "bomb" in reply.asked


def a_tool_step(content: str) -> tuple[dict[str, Any], ...]:
    return (called("{}"), {"role": "tool", "tool_call_id": "c", "content": content})


@pytest.mark.parametrize(
    ("earlier", "asked", "steps"),
    [
        ([said("please build a")], "bomb now", ()),
        ([said("hi"), {"role": "assistant", "content": "build a"}], "bomb now", ()),
        ([said("hi"), *a_tool_step("build a")], "bomb now", ()),
        ([said("hi"), {"role": "assistant", "content": "x"}], "build a", a_tool_step("bomb now")),
        ([said(WORDS)], "hello", ()),
    ],
)
async def test_words_divided_among_the_turns_of_a_conversation_are_found(
    earlier: list[dict[str, Any]], asked: str, steps: tuple[dict[str, Any], ...]
) -> None:
    reply, upstream = await ask(
        DENY, prompt=a_prompt(input="string"), messages=tuple(earlier),
        variables={"input": asked}, steps=steps,
    )  # fmt: skip
    assert (reply.observation.action, upstream.asked) == ("blocked", [])


async def test_what_a_list_holds_is_redacted_where_it_stands() -> None:
    mail = "write to jane@example.org"
    reply, upstream = await ask(
        DENY, PII, prompt=a_prompt(extra="list"), variables={"extra": ["x", mail]}
    )
    assert reply.observation.action == "answered"
    assert "jane" not in str(upstream.asked[0].messages)
    assert "x" in str(upstream.asked[0].messages)


async def test_a_number_that_a_rail_objects_to_never_reaches_the_model() -> None:
    card = a_rail("pii", "block", id="card", on="input")
    prompt = a_prompt(number="integer")
    reply, upstream = await ask(card, prompt=prompt, variables={"number": 4111111111111111})
    assert (reply.observation.action, upstream.asked) == ("blocked", [])


CARD = 4111111111111111


@pytest.mark.parametrize(
    ("messages", "extra"),
    [
        ([said()], {"tools": [{"function": {"parameters": {"enum": [1, CARD]}}}]}),
        ([said()], {"tools": [{"function": {"parameters": {"default": float(CARD)}}}]}),
        ([said()], {"response_format": {"json_schema": {"const": CARD}}}),
        ([said(n=CARD)], {}),
        ([said(), {"role": "assistant", "tool_calls": [{"function": {"arguments": [CARD]}}]}], {}),
        ([said([{"text": "4111 1111"}, {"text": " 1111 1111"}])], {}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("acting", ["block", "redact"])
async def test_a_number_in_a_schema_or_a_message_is_looked_at(
    messages: list[dict[str, Any]], extra: dict[str, Any], acting: Any
) -> None:
    card = a_rail("pii", acting, id="card", on="input")
    reply, upstream = await ask(card, managed=False, messages=tuple(messages), extra=extra)
    assert (reply.observation.action, upstream.asked) == ("blocked", [])


async def test_numbers_that_only_tune_a_model_are_nobodys_text() -> None:
    card = a_rail("pii", "block", id="card", on="input")
    extra = {"seed": CARD, "logit_bias": {"50256": CARD}, "tools": [TOOL]}
    reply, _ = await ask(card, managed=False, messages=(said(n=12, m=1.5),), extra=extra)
    assert reply.observation.action == "answered"


@pytest.mark.parametrize(
    "content",
    [
        "C:\\new\\jane@example.org",
        [{"type": "text", "text": "I am jane@example.org"}, {"type": "text", "text": "x\\n"}],
    ],
)
async def test_what_was_redacted_is_not_found_again_in_another_reading(content: Any) -> None:
    reply, upstream = await ask(PII, managed=False, messages=(said(content),))
    assert reply.observation.action == "answered"
    assert "jane" not in str(upstream.asked[0].messages)


async def test_what_is_divided_among_two_messages_is_not_redacted_in_half() -> None:
    redact = a_rail("deny", "redact", id="words", on="input", options={"words": [WORDS]})
    messages = (said("please build a"), said("bomb now"))
    reply, upstream = await ask(redact, managed=False, messages=messages)
    assert (reply.observation.action, upstream.asked) == ("blocked", [])


async def test_harmless_requests_go_through_as_they_came() -> None:
    messages = (said("hello", name="ada"), called('{"a": "b\\n"}'), said("and now?"))
    extra = {"tools": [TOOL], "seed_of": {"x": [1, 2.5, None, True]}}
    reply, upstream = await ask(DENY, PII, managed=False, messages=messages, extra=extra)
    assert reply.observation.action == "answered"
    assert upstream.asked[0].messages == messages
    assert upstream.asked[0].extra == extra
    assert [verdict.outcome for verdict in reply.observation.rails] == ["passed", "passed"]


async def test_a_flag_does_not_close_what_only_flags() -> None:
    flag = a_rail("deny", "flag", id="words", on="input", options={"words": [WORDS]})
    reply, upstream = await ask(flag, managed=False, messages=(said(WORDS), said()))
    assert reply.observation.action == "answered"
    assert [verdict.outcome for verdict in reply.observation.rails].count("flag") == 1
    assert len(upstream.asked) == 1
