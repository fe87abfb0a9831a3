"""The anthropic provider against a faithful upstream on real sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from doubles.fake_anthropic import REQUEST_ID, FakeAnthropic, Said, problem
from doubles.set_clock import SetClock
from roadworthy.domain import (
    Chunk,
    Model,
    ModelRequest,
    ProviderError,
    Sampling,
    Upstream,
    UsageError,
)
from roadworthy.providers.anthropic import Anthropic
from roadworthy.providers.credentials import Secret

KEY = "sk-ant-very-secret-0123456789"
ASK: tuple[dict[str, Any], ...] = ({"role": "user", "content": "hello"},)
LOOK = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "bill"}}
CALLED = {
    "id": "toolu_1", "type": "function",
    "function": {"name": "look", "arguments": '{"at":"bill"}'},
}  # fmt: skip
OLD = {"api_version": "2023-06-01"}
"""It takes what later ones do not: how tokens are drawn."""
PICTURE = "data:image/png;base64,aGk="


def provider(upstream: FakeAnthropic, *, timeout_s: float = 2.0, **options: Any) -> Anthropic:
    return Anthropic(
        Model(provider="anthropic", name="m", upstream="main", options=options),
        Upstream(url=upstream.url, timeout_s=timeout_s),
        secret=Secret(KEY),
        clock=SetClock(),
    )


async def chunks(upstream: FakeAnthropic, said: Said | None = None, **fields: Any) -> list[Chunk]:
    """What one request yields; `options` go to the provider, the rest to the request."""
    options = fields.pop("options", {})
    fields.setdefault("messages", ASK)
    if said is not None:
        upstream.script.append(said)
    model = provider(upstream, **options)
    try:
        return [chunk async for chunk in model.stream(ModelRequest(model="m", **fields))]
    finally:
        await model.aclose()


async def sent(**fields: Any) -> dict[str, Any]:
    """The body that one request becomes; the upstream takes it."""
    async with FakeAnthropic() as upstream:
        await chunks(upstream, **fields)
        return upstream.requests[0].body


async def refused(**fields: Any) -> ProviderError:
    """Why one request is not sent."""
    async with FakeAnthropic() as upstream:
        with pytest.raises(ProviderError) as caught:
            await chunks(upstream, **fields)
        assert not upstream.requests
        assert (caught.value.status, caught.value.retryable) == (400, False)
        return caught.value


async def error(said: Said, **fields: Any) -> ProviderError:
    """How one answer ends."""
    async with FakeAnthropic() as upstream:
        with pytest.raises(ProviderError) as caught:
            await chunks(upstream, said, **fields)
        assert KEY not in str(caught.value) and KEY not in caught.value.fix
        return caught.value


def calls_in(said: list[Chunk]) -> list[dict[str, Any]]:
    """The calls that chunks spell, put together."""
    from roadworthy.serving import tool_calls

    return [
        call.as_message() for call in tool_calls([c.delta for c in said if c.delta is not None])
    ]


@pytest.mark.parametrize("text", ["one", "one two  three", "\N{EURO SIGN} 1\n\n2 \U0001f697"])
async def test_streamed_and_plain_say_the_same(text: str) -> None:
    async with FakeAnthropic(text) as upstream:
        plain = await chunks(upstream, stream=False)
        streamed = await chunks(upstream, stream=True)
        assert plain[0].text == text == "".join(chunk.text for chunk in streamed)
        assert plain[-1].finish_reason == streamed[-1].finish_reason == "stop"
        assert plain[-1].usage == streamed[-1].usage
        assert [chunk.finish_reason for chunk in streamed[:-1]] == [""] * (len(streamed) - 1)


async def test_what_is_sent() -> None:
    async with FakeAnthropic() as upstream:
        sampling = Sampling(temperature=0.5, top_p=0.9, top_k=7, max_tokens=9, stop=["\n\n#"])
        thought = {"cache_control": {"type": "ephemeral"}, "service_tier": "standard_only"}
        extra = {**thought, "metadata": {"team": "x"}, "user": "ann"}
        options = {"betas": ("one", "two"), "headers": {"x-team": "claims"}, **OLD}
        system = {"role": "system", "content": "Be brief."}
        await chunks(
            upstream, sampling=sampling, extra=extra, options=options, messages=(system, *ASK)
        )
        request = upstream.requests[0]
        assert request.path == "/v1/messages"
        headers = request.headers
        assert headers["x-api-key"] == KEY and "authorization" not in headers
        assert headers["anthropic-version"] == "2023-06-01"
        assert headers["anthropic-beta"] == "one,two" and headers["x-team"] == "claims"
        assert request.body == {
            **thought,
            "model": "m", "system": "Be brief.", "messages": list(ASK), "stream": False,
            "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 7,
            "stop_sequences": ["\n\n#"],
        }  # fmt: skip


async def test_max_tokens_is_the_releases_where_nobody_says_more() -> None:
    body = await sent(options=OLD)
    assert body["max_tokens"] == Sampling().max_tokens
    assert body["temperature"] == 0 and "top_p" not in body and "seed" not in body


async def test_the_present_version_is_not_told_how_tokens_are_drawn() -> None:
    async with FakeAnthropic() as upstream:
        await chunks(upstream, sampling=Sampling(temperature=0.5, top_p=0.9, top_k=7))
        request = upstream.requests[0]
        assert request.headers["anthropic-version"] == "2026-10-21"
        assert not {"temperature", "top_p", "top_k"} & request.body.keys()


async def test_a_bearer_where_the_options_say_so() -> None:
    async with FakeAnthropic() as upstream:
        await chunks(upstream, options={"auth_header": "authorization"})
        assert upstream.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert "x-api-key" not in upstream.requests[0].headers


async def test_the_pseudonym_goes_along_only_where_the_release_says_so() -> None:
    assert "metadata" not in await sent(end_user="eu-1")
    told = await sent(end_user="eu-1", options={"user_id": True})
    assert told["metadata"] == {"user_id": "eu-1"}
    assert "metadata" not in await sent(options={"user_id": True})


async def test_a_round_of_tools_is_said_in_blocks() -> None:
    messages = (
        {"role": "system", "content": "One."},
        {"role": "developer", "content": [{"type": "text", "text": "Two."}]},
        {"role": "user", "content": "Where?"},
        {"role": "assistant", "content": "", "tool_calls": [CALLED, {**CALLED, "id": "toolu_2"}]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "in the post", "is_error": False},
        {"role": "tool", "tool_call_id": "toolu_2", "name": "look", "content": "lost"},
        {"role": "user", "content": "Really?"},
    )
    function = {"name": "look", "description": "Look.", "parameters": {"type": "object"}}
    body = await sent(
        messages=messages,
        extra={
            "tools": [{"type": "function", "function": {**function, "strict": True}}],
            "tool_choice": {"type": "function", "function": {"name": "look"}},
            "parallel_tool_calls": False,
        },
    )
    assert body["system"] == [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    assert body["tools"] == [
        {"name": "look", "description": "Look.", "input_schema": {"type": "object"}, "strict": True}
    ]
    assert body["tool_choice"] == {
        "type": "tool", "name": "look", "disable_parallel_tool_use": True,
    }  # fmt: skip
    user, assistant, results = body["messages"]
    assert user == {"role": "user", "content": "Where?"}
    assert assistant["content"] == [LOOK, {**LOOK, "id": "toolu_2"}]
    assert results["content"] == [
        {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": False,
         "content": "in the post"},
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": "lost"},
        {"type": "text", "text": "Really?"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "meant"),
    [("auto", {"type": "auto"}), ("required", {"type": "any"}), ("none", {"type": "none"})],
)
async def test_how_tools_are_chosen(said: str, meant: dict[str, Any]) -> None:
    tools = [{"type": "function", "function": {"name": "look"}}]
    body = await sent(extra={"tools": tools, "tool_choice": said})
    assert body["tool_choice"] == meant
    assert body["tools"][0]["input_schema"] == {"type": "object"}


async def test_pictures_and_documents_become_blocks() -> None:
    parts = [
        {"type": "text", "text": "See", "cache_control": {"type": "ephemeral"}},
        {"type": "image_url", "image_url": {"url": PICTURE, "detail": "auto"}},
        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        {"type": "file", "file": {"filename": "a.pdf",
                                  "file_data": "data:application/pdf;base64,JVBE"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}},
    ]  # fmt: skip
    body = await sent(messages=({"role": "user", "content": parts},))
    base64 = {"type": "base64", "media_type": "image/png", "data": "aGk="}
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}
    assert body["messages"][0]["content"] == [
        parts[0],
        {"type": "image", "source": base64},
        {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
        {"type": "document", "source": pdf, "title": "a.pdf"},
        parts[4],
    ]


async def test_blocks_of_anthropics_own_go_through_untouched() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b=="}
    hidden = {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix/LafPsn4a"}
    mark = {"cache_control": {"type": "ephemeral"}}
    messages = (
        *ASK,
        {"role": "assistant", "content": [thought, hidden], "tool_calls": [{**CALLED, **mark}]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "x", "is_error": True, **mark},
    )
    tools = [{"type": "function", "function": {"name": "look", "parameters": {}}, **mark}]
    body = await sent(messages=messages, extra={"tools": tools})
    assert body["messages"][1]["content"] == [thought, hidden, {**LOOK, **mark}]
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": True, **mark, "content": "x"}
    ]
    assert body["tools"][0] == {"name": "look", "input_schema": {"type": "object"}, **mark}


async def test_who_thinks_is_sent_no_temperature() -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    sampling = Sampling(max_tokens=2000, top_k=3)
    body = await sent(extra={"thinking": thinking}, sampling=sampling, options=OLD)
    assert body["thinking"] == thinking
    assert "temperature" not in body and "top_k" not in body
    own = await sent(options={"fields": {"thinking": {"type": "adaptive"}}, **OLD})
    assert own["thinking"] == {"type": "adaptive"} and "temperature" not in own
    still = await sent(extra={"thinking": {"type": "disabled"}}, options=OLD)
    assert still["temperature"] == 0


async def test_structured_answers_and_effort() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    body = await sent(
        extra={"response_format": wanted, "reasoning_effort": "low"},
        options={"fields": {"output_config": {"effort": "high", "task_budget": 1}}},
    )
    assert body["output_config"] == {
        "effort": "low", "task_budget": 1, "format": {"type": "json_schema", "schema": schema},
    }  # fmt: skip
    assert "output_config" not in await sent(extra={"response_format": {"type": "text"}})


async def test_what_asks_nothing_is_no_wish() -> None:
    extra = {
        "frequency_penalty": 0, "presence_penalty": 0.0, "logprobs": False, "store": False,
        "logit_bias": {}, "modalities": ["text"], "prediction": None, "verbosity": "medium",
    }  # fmt: skip
    assert (await sent(extra=extra, options=OLD)).keys() == {
        "model", "messages", "stream", "max_tokens", "temperature",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"seed": 1}, "seed"),
        ({"frequency_penalty": 1}, "frequency_penalty"),
        ({"presence_penalty": 0.2}, "presence_penalty"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"reasoning_effort": "minimal"}, "reasoning_effort"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"store": True}, "store"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"mcp_servers": [{"type": "url", "url": "https://x"}]}, "mcp_servers"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0]"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0]"),
    ],
)
async def test_a_wish_without_a_counterpart_is_refused_and_named(
    extra: dict[str, Any], named: str
) -> None:
    assert (await refused(extra=extra)).message.startswith(f"{named}: ")


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ({"role": "function", "name": "x", "content": "y"}, "messages[0]"),
        ({"role": "user", "content": "x", "name": "ann"}, "messages[0].name"),
        ({"role": "assistant", "audio": {"id": "a"}}, "messages[0].audio"),
        ({"role": "assistant", "content": None, "function_call": {"name": "f"}},
         "messages[0].function_call"),
        ({"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
         "messages[0].content[0]"),
        ({"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]},
         "messages[0].content[0]"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "ftp://x"}}]},
         "messages[0].content[0]"),
        ({"role": "user", "content": [{"type": "image_url",
                                       "image_url": {"url": PICTURE, "detail": "high"}}]},
         "messages[0].content[0].image_url.detail"),
        ({"role": "user", "content": 5}, "messages[0].content"),
        ({"role": "user", "content": ["x"]}, "messages[0].content[0]"),
        ({"role": "assistant", "tool_calls": [{"id": "a", "type": "custom"}]},
         "messages[0].tool_calls[0]"),
        ({"role": "assistant", "tool_calls": [
            {"id": "a", "function": {"name": "f", "arguments": "[1]"}}]},
         "messages[0].tool_calls[0].function.arguments"),
    ],
)  # fmt: skip
async def test_what_a_message_cannot_say_there_is_refused_and_named(
    message: dict[str, Any], named: str
) -> None:
    assert (await refused(messages=(message,))).message.startswith(f"{named}: ")


async def test_a_text_to_be_continued_and_too_hot_a_draw_are_refused() -> None:
    assert "format: chat" in (await refused(prompt="Once", messages=())).message
    hot = await refused(sampling=Sampling(temperature=1.5), options=OLD)
    assert hot.message.startswith("temperature: ")
    assert "temperature" not in await sent(
        sampling=Sampling(temperature=1.5), options={"omit": ("temperature",), **OLD}
    )


async def test_calls_of_tools_come_in_openais_shape() -> None:
    empty = {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}}
    text = {"type": "text", "text": "I look.", "citations": None}
    said = Said(blocks=[text, LOOK, empty], stop_reason="tool_use")
    async with FakeAnthropic() as upstream:
        for stream in (False, True):
            got = await chunks(upstream, said, stream=stream)
            assert "".join(chunk.text for chunk in got) == "I look."
            assert got[-1].finish_reason == "tool_calls"
            one, two = calls_in(got)
            assert one == CALLED
            assert two["function"] == {"name": "now", "arguments": "{}"}


@pytest.mark.parametrize(
    ("reason", "finish", "delta"),
    [
        ("end_turn", "stop", None),
        ("max_tokens", "length", None),
        ("stop_sequence", "stop", {"ended": {"reason": "stop_sequence", "sequence": "#"}}),
        ("pause_turn", "length", {"ended": {"reason": "pause_turn", "sequence": "#"}}),
        ("model_context_window_exceeded", "length",
         {"ended": {"reason": "model_context_window_exceeded", "sequence": "#"}}),
        ("refusal", "content_filter", {"refusal": "bio"}),
        ("something_new", "something_new", None),
    ],
)  # fmt: skip
async def test_how_an_answer_ended(reason: str, finish: str, delta: dict[str, Any] | None) -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "No."}
    said = Said(text="So far", stop_reason=reason, stop_sequence="#", stop_details=details)
    async with FakeAnthropic() as upstream:
        for stream in (False, True):
            last = (await chunks(upstream, said, stream=stream))[-1]
            assert (last.finish_reason, last.delta) == (finish, delta)


async def test_thoughts_are_no_text_and_unknown_events_and_blocks_are_passed_over() -> None:
    blocks = [
        {"type": "thinking", "thinking": "Secretly", "signature": "sig"},
        {"type": "hologram", "light": "blue"},
        {"type": "text", "text": "Openly", "citations": None},
    ]
    between = [
        {"type": "ping"},
        {"type": "weather", "rain": True},
        {"type": "content_block_delta", "index": 2,
         "delta": {"type": "citations_delta", "citation": {}}},
        {"type": "content_block_delta", "index": 9, "delta": {"type": "glow_delta"}},
    ]  # fmt: skip
    async with FakeAnthropic() as upstream:
        for stream in (False, True):
            said = await chunks(upstream, Said(blocks=blocks, between=between), stream=stream)
            assert "".join(chunk.text for chunk in said) == "Openly"
            beside = [chunk.delta for chunk in said if chunk.delta is not None]
            assert beside == [{"thoughts": [blocks[0]]}]


async def test_every_class_of_tokens_is_counted_and_kept_as_it_was_said() -> None:
    usage = {
        "input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
        "output_tokens": 50, "output_tokens_details": {"thinking_tokens": 40},
        "server_tool_use": {"web_search_requests": 1}, "service_tier": "priority",
    }  # fmt: skip
    async with FakeAnthropic() as upstream:
        for stream in (False, True):
            got = (await chunks(upstream, Said(usage=usage), stream=stream))[-1].usage
            assert got is not None
            assert (got.input_tokens, got.output_tokens) == (140, 50)
            assert (got.cached_input_tokens, got.cache_write_tokens) == (100, 30)
            assert got.reasoning_tokens == 40
            assert got.raw["cache_creation"] == usage["cache_creation"]
            assert got.raw["output_tokens_details"] == {"thinking_tokens": 40}
            assert "service_tier" not in got.raw  # a word, and words have no place there


async def test_a_decision_is_read_and_has_no_probabilities() -> None:
    async with FakeAnthropic('"Motor".') as upstream:
        said = await chunks(upstream, labels=("motor", "home"), stream=True, logprobs=True)
        assert [chunk.text for chunk in said] == ["motor"]
        assert said[0].label_logprobs is None
        assert "logprobs" not in upstream.requests[0].body


@pytest.mark.parametrize(
    ("status", "retryable"), [(429, True), (500, True), (529, True), (400, False)]
)
async def test_refusals_say_what_and_which_request(status: int, retryable: bool) -> None:
    failed = await error(problem(status, f"Overloaded {KEY}"))
    assert (failed.status, failed.retryable) == (status, retryable)
    assert f"HTTP {status} (request {REQUEST_ID}): Overloaded" in failed.message


async def test_waiting_is_what_the_upstream_says() -> None:
    busy = problem(429, "Number of requests")
    busy.headers["retry-after"] = "7"
    failed = await error(busy)
    assert (failed.retryable, failed.retry_after_s) == (True, 7.0)
    spent = problem(429, "Limit", details={"error_code": "enforced_spend_limit_reached"})
    assert (await error(spent)).retryable is False
    final = problem(500, "No")
    final.headers["x-should-retry"] = "false"
    assert (await error(final)).retryable is False


async def test_a_refused_credential_is_never_repeated() -> None:
    failed = await error(problem(401, f"invalid x-api-key {KEY}"))
    assert failed.message.endswith("refused the credential (HTTP 401)")
    assert "roadworthy.toml" in failed.fix


@pytest.mark.parametrize(
    ("kind", "status", "retryable"),
    [
        ("overloaded_error", 529, True), ("api_error", 500, True), ("rate_limit_error", 429, True),
        ("timeout_error", 504, True), ("invalid_request_error", 400, False),
        ("permission_error", 403, False), ("some_new_error", 0, False),
    ],
)  # fmt: skip
async def test_an_error_in_the_middle_is_an_error(kind: str, status: int, retryable: bool) -> None:
    told = {"type": "error", "error": {"type": kind, "message": "Oh"}, "request_id": REQUEST_ID}
    failed = await error(Said(text="So far so", between=[told]), stream=True)
    assert (failed.status, failed.retryable) == (status, retryable)
    plain = await error(Said(body=msgspec.json.encode(told).decode()))
    assert (plain.status, plain.retryable) == (status, retryable)


BROKEN = [
    (Said(text="all of it", done=False), True, "before message_stop"),
    (Said(text="some words more", reset_after=500), True, ""),
    (Said(text="x", stop_reason=""), True, "without a stop reason"),
    (Said(text="x", stop_reason=""), False, "without a finished message"),
    (Said(text="some words more", reset_after=40), False, ""),
    (Said(body="<html>"), False, "not a message"),
    (Said(body="{}"), False, "without a finished message"),
    (Said(body='{"content": [], "stop_reason": "end_turn"'), False, "not a message"),
    (Said(body='{"content": [5], "stop_reason": "end_turn"}'), False, "not a message"),
    (Said(body='{"type": "message", "content": [{"type": "text", "text": "\udcff\udcfe"}]}'),
     False, "not a message"),
    (Said(body='{"content": ' + "[" * 100_000), False, "not a message"),
    (Said(headers={"content-encoding": "gzip"}), False, "compressed"),
    (Said(headers={"content-encoding": "gzip"}), True, "compressed"),
    (Said(status=302, headers={"location": "https://x"}), False, "redirects"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "stream", "words"), BROKEN)
async def test_a_lie_is_an_error_and_never_a_shorter_answer(
    said: Said, stream: bool, words: str
) -> None:
    assert words in (await error(said, stream=stream)).message


def raw(body: str, kind: str = "text/event-stream", length: str = "") -> Said:
    """Bytes as they are, in the place of an answer; then the connection closes."""
    said = f"content-length: {length}" if length else "connection: close"
    return Said(raw=[f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{said}\r\n\r\n{body}"])


NESTED = '{"type": "content_block_delta", "delta": ' + '{"a":' * 50_000


@pytest.mark.parametrize(
    "said",
    [
        raw('event: message_start\ndata: {"type": "mess'),
        raw("data: \xff\xfe\xfa\n\n"),
        raw("data: [1]\n\n"),
        raw(f"data: {NESTED}\n\n"),
        raw('data: {"type": "content_block_delta", "index": "one"}\n\n'),
        raw('data: {"type": "message_stop"}\n\n'),
        raw('{"content": []', kind="application/json", length="5000"),
        raw("data: " + "x" * 9_000_000),
    ],
)
async def test_bytes_that_are_no_stream_are_an_error(said: Said) -> None:
    failed = await error(said, stream=True)
    assert failed.message


async def test_a_call_that_breaks_off_is_an_error() -> None:
    start = {"type": "content_block_start", "index": 0, "content_block": {**LOOK, "input": {}}}
    end = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {}}
    events = [start, end, {"type": "message_stop"}]
    lines = "".join(f"data: {msgspec.json.encode(each).decode()}\n\n" for each in events)
    assert "broke off a call" in (await error(raw(lines), stream=True)).message


async def test_the_time_is_up_whatever_the_upstream_does() -> None:
    async with FakeAnthropic() as upstream:
        upstream.script = [Said(hang=True), Said(text="a b c d e f" * 9, piece_delay_s=0.5)]
        for stream in (False, True):
            with pytest.raises(ProviderError, match="time") as caught:
                await chunks(upstream, stream=stream, timeout_s=0.2)
            assert caught.value.retryable


async def test_a_stream_that_never_ends_is_ended() -> None:
    async with FakeAnthropic() as upstream:
        forever = Said(text="x", between=[{"type": "ping"}] * 1000, piece_delay_s=0.02)
        with pytest.raises(ProviderError, match="time"):
            await chunks(upstream, forever, stream=True, timeout_s=0.3)


async def test_leaving_early_stops_the_model() -> None:
    async with FakeAnthropic("many words " * 200) as upstream:
        upstream.script = [Said(piece_delay_s=0.02)]
        model = provider(upstream)
        stream = model.stream(ModelRequest(model="m", messages=ASK, stream=True))
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(2):
            await upstream.aborted.wait()
        await model.aclose()


async def test_a_connection_is_used_again_after_a_stream() -> None:
    async with FakeAnthropic() as upstream:
        model = provider(upstream)
        for _ in range(3):
            request = ModelRequest(model="m", messages=ASK, stream=True)
            _ = [chunk async for chunk in model.stream(request)]
        await model.aclose()
        assert upstream.connections == 1


def test_options_that_are_none_are_named() -> None:
    model = Model(provider="anthropic", name="m", upstream="main", options={"temprature": 1})
    with pytest.raises(UsageError, match="temprature"):
        Anthropic(model, Upstream(url="http://h/v1"), secret=Secret(""), clock=SetClock())
