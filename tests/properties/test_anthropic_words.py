"""What a caller says to an upstream of Anthropic's arrives whole, or is refused before it asks."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.domain import Model, ModelRequest, Sampling
from roadworthy.gateway.chat_request import read_chat_request
from roadworthy.gateway.dialect import ChatRequest
from roadworthy.gateway.messages_request import read_messages_request
from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.upstream_words import told
from roadworthy.providers.anthropic_wire import AnthropicOptions, encode_message

MODEL = Model(provider="anthropic", name="m", upstream="u")
_numbers = iter(range(10**9))


def sent(body: ChatRequest) -> dict[str, Any]:
    """What the upstream gets."""
    said = told(body, MODEL)
    request = ModelRequest(
        model="m",
        messages=tuple(said.messages),
        sampling=said.sampling(Sampling()) or Sampling(),
        extra=said.extra,
    )
    found: dict[str, Any] = msgspec.json.decode(
        encode_message(request, AnthropicOptions(), stream=False)
    )
    return found


WORDS = st.builds(lambda word: f"{word} w{next(_numbers)}w", st.text(min_size=1, max_size=6))
"""Texts of which no two are the same."""
MARKS = st.sampled_from([{}, {"cache_control": {"type": "ephemeral"}}])
TEXT = st.builds(lambda text, mark: {"type": "text", "text": text, **mark}, WORDS, MARKS)
IDS = st.integers(0, 99).map(lambda n: f"toolu_{n}")
INPUT = st.dictionaries(st.sampled_from(["a", "b"]), WORDS, max_size=2)
USE = st.builds(
    lambda id_, given, mark: {"type": "tool_use", "id": id_, "name": "f", "input": given, **mark},
    IDS, INPUT, MARKS,
)  # fmt: skip
THOUGHT = st.sampled_from([
    {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"},
    {"type": "redacted_thinking", "data": "Emw="},
])  # fmt: skip
RESULT = st.builds(
    lambda id_, said, wrong, mark: {
        "type": "tool_result", "tool_use_id": id_, **({"is_error": True} if wrong else {}),
        "content": said, **mark,
    },
    IDS, st.one_of(WORDS, st.lists(TEXT, min_size=1, max_size=2)), st.booleans(), MARKS,
)  # fmt: skip
USER = st.builds(
    lambda results, texts: {"role": "user", "content": [*results, *texts]},
    st.lists(RESULT, max_size=2), st.lists(TEXT, min_size=1, max_size=2),
)  # fmt: skip
ASSISTANT = st.builds(
    lambda thought, texts, uses: {"role": "assistant", "content": [*thought, *texts, *uses]},
    st.lists(THOUGHT, max_size=2),
    st.lists(TEXT, min_size=1, max_size=2),
    st.lists(USE, max_size=2),
)  # fmt: skip
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "system": st.one_of(WORDS, st.lists(TEXT, min_size=2, max_size=3)),
        "thinking": st.just({"type": "adaptive"}),
        "tools": st.just([{"name": "f", "description": "d", "input_schema": {"type": "object"}}]),
        "tool_choice": st.sampled_from(
            [{"type": "auto"}, {"type": "tool", "name": "f", "disable_parallel_tool_use": True}]
        ),
        "stop_sequences": st.lists(WORDS, min_size=1, max_size=2),
        "output_config": st.sampled_from([{"effort": "low"}, {"format": {
            "type": "json_schema", "schema": {"type": "object"}}}]),
        "service_tier": st.just("auto"),
        "cache_control": st.just({"type": "ephemeral"}),
        "context_management": st.just({"edits": []}),
    },
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(fields=FIELDS, turns=st.lists(st.tuples(USER, ASSISTANT), max_size=2), last=USER)
def test_a_body_of_its_own_api_arrives_as_it_was(
    fields: dict[str, Any], turns: list[Any], last: dict[str, Any]
) -> None:
    messages = [turn for pair in turns for turn in pair] + [last]
    body = {"max_tokens": 9, "messages": messages, **fields}
    data = msgspec.json.encode({**body, "model": "small", "metadata": {"user_id": "ann"}})
    assert sent(read_messages_request(data)) == {**body, "model": "m", "stream": False}


def a_call(id_: str, given: dict[str, str]) -> dict[str, Any]:
    function = {"name": "f", "arguments": msgspec.json.encode(given).decode()}
    return {"id": id_, "type": "function", "function": function}


CALL = st.builds(a_call, IDS, INPUT)
SPOKEN = st.one_of(
    st.builds(lambda role, said: {"role": role, "content": said},
              st.sampled_from(["system", "developer", "user", "assistant"]),
              st.one_of(WORDS, st.lists(TEXT, min_size=1, max_size=2))),
    st.builds(lambda said, calls: {"role": "assistant", "content": said, "tool_calls": calls},
              st.one_of(st.none(), WORDS), st.lists(CALL, min_size=1, max_size=2)),
    st.builds(lambda id_, said: {"role": "tool", "tool_call_id": id_, "content": said},
              IDS, WORDS),
    st.builds(lambda said: {"role": "user", "content": "x", "name": said}, WORDS),
)  # fmt: skip
WISHES = st.fixed_dictionaries(
    {},
    optional={
        "stop": st.one_of(WORDS, st.lists(WORDS, min_size=1, max_size=2)),
        "tools": st.builds(
            lambda text: [{"type": "function", "function": {"name": "f", "description": text}}],
            WORDS,
        ),
        "response_format": st.builds(
            lambda text: {"type": "json_schema", "json_schema": {
                "name": "x", "schema": {"type": "object", "description": text}}}, WORDS),
        "anything_new": WORDS,
        "logprobs": st.booleans(),
        "seed": st.integers(0, 3),
        "temperature": st.floats(0, 2),
        "frequency_penalty": st.sampled_from([0, 0.5]),
        "prediction": st.builds(lambda text: {"type": "content", "content": text}, WORDS),
    },
)  # fmt: skip


def texts_in(value: Any) -> set[str]:
    """Every text that WORDS made, arguments of calls read."""
    if isinstance(value, str):
        if value.startswith("{"):
            return texts_in(msgspec.json.decode(value))
        return {value} if value.endswith("w") else set()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*(texts_in(each) for each in inner)) if inner else set()


HEARD_NOWHERE = ("seed", "temperature")


@settings(max_examples=400, deadline=None)
@given(messages=st.lists(SPOKEN, min_size=1, max_size=5), wishes=WISHES)
def test_of_a_chat_every_text_arrives_or_all_of_it_is_refused(
    messages: list[dict[str, Any]], wishes: dict[str, Any]
) -> None:
    body = {"messages": messages, **wishes}
    unheard = [name for name in HEARD_NOWHERE if wishes.get(name) is not None]
    unheard += [
        name for name in ("logprobs", "frequency_penalty", "prediction") if wishes.get(name)
    ]
    try:
        found = sent(read_chat_request(msgspec.json.encode({**body, "model": "small"})))
    except ApiError as refused:
        assert refused.status == 400 and refused.param
        named = any("name" in each for each in messages)
        assert unheard or named, refused.message
        return
    assert not unheard
    assert texts_in(body) <= texts_in(found)


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.text(max_size=4), st.just([]), st.just({}),
    st.just([5]), st.just(["x"]), st.just([{"type": "function"}]), st.just({"type": "x"}),
    st.just([{"function": {"name": 5, "arguments": []}}]), st.just({"function": 5}),
    st.just([{"type": "text"}]), st.just({"type": "json_schema", "json_schema": "x"}),
)  # fmt: skip
ODDLY = st.builds(
    lambda role, rest: {"role": role, **rest},
    st.sampled_from(["system", "user", "assistant", "tool", "function", "x"]),
    st.dictionaries(
        st.sampled_from(["content", "tool_calls", "tool_call_id", "refusal", "name", "audio"]),
        ODD, max_size=4,
    ),
)  # fmt: skip
ODD_FIELDS = st.dictionaries(
    st.sampled_from([
        "tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort",
        "thinking", "output_config", "service_tier", "metadata", "logit_bias", "system", "top_k",
        "messages_more", "stream_options",
    ]),
    ODD, max_size=5,
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(messages=st.lists(ODDLY, min_size=1, max_size=3), fields=ODD_FIELDS)
def test_odd_requests_are_refused_or_sent_and_never_break(
    messages: list[Any], fields: dict[str, Any]
) -> None:
    data = msgspec.json.encode({"messages": messages, **fields, "model": "small"})
    with contextlib.suppress(ApiError):
        sent(read_chat_request(data))
