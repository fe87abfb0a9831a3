"""The OpenAI-compatible provider against a fake upstream on real sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from doubles.fake_upstream import FakeUpstream, Reply
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
from roadworthy.providers import OpenAICompatible
from roadworthy.providers.credentials import Secret

KEY = "sk-very-secret-0123456789"
ASK = ({"role": "user", "content": "hello"},)


def provider(upstream: FakeUpstream, **options: Any) -> OpenAICompatible:
    return OpenAICompatible(
        Model(provider="openai_compatible", name="m", upstream="main", options=options),
        Upstream(url=upstream.url, timeout_s=2.0),
        secret=Secret(KEY),
        clock=SetClock(),
    )


async def chunks(upstream: FakeUpstream, reply: Reply | None = None, **fields: Any) -> list[Chunk]:
    """What one request yields; `options` go to the provider, the rest to the request."""
    options = fields.pop("options", {})
    fields.setdefault("messages", () if "prompt" in fields else ASK)
    if reply is not None:
        upstream.script.append(reply)
    model = provider(upstream, **options)
    try:
        return [chunk async for chunk in model.stream(ModelRequest(model="m", **fields))]
    finally:
        await model.aclose()


async def error(upstream: FakeUpstream, reply: Reply, **fields: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await chunks(upstream, reply, **fields)
    assert KEY not in str(caught.value)
    assert KEY not in caught.value.fix
    return caught.value


@pytest.mark.parametrize("fields", [{"messages": ASK}, {"prompt": "hello"}])
@pytest.mark.parametrize("text", ["one", "one two  three", "", "\N{EURO SIGN} 1\n\n2"])
async def test_streamed_and_plain_say_the_same(fields: dict[str, Any], text: str) -> None:
    async with FakeUpstream(text) as upstream:
        plain = await chunks(upstream, stream=False, **fields)
        streamed = await chunks(upstream, stream=True, **fields)
        assert plain[0].text == text == "".join(chunk.text for chunk in streamed)
        assert plain[-1].finish_reason == streamed[-1].finish_reason == "stop"
        assert plain[-1].usage == streamed[-1].usage
        assert [chunk.finish_reason for chunk in streamed[:-1]] == [""] * (len(streamed) - 1)


async def test_what_is_sent() -> None:
    async with FakeUpstream() as upstream:
        sampling = Sampling(temperature=0.5, top_p=0.9, top_k=7, max_tokens=9, seed=3, stop=["\n"])
        extra = {"tools": [{"type": "function"}], "model": "another", "stream": True, "user": "u"}
        await chunks(upstream, sampling=sampling, extra=extra)
        sent = upstream.requests[0]
        assert sent.path == "/v1/chat/completions"
        assert sent.headers["authorization"] == f"Bearer {KEY}"
        assert sent.body == {
            "model": "m",
            "messages": list(ASK),
            "stream": False,
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 7,
            "max_tokens": 9,
            "seed": 3,
            "stop": ["\n"],
            "tools": [{"type": "function"}],
            "user": "u",
        }


async def test_options_shape_the_body() -> None:
    async with FakeUpstream() as upstream:
        options = {
            "headers": {"x-region": "eu"},
            "auth_header": "api-key",
            "fields": {"reasoning_effort": "low"},
            "omit": ["temperature", "seed"],
            "max_tokens_field": "max_completion_tokens",
            "stream_usage": False,
        }
        await chunks(upstream, stream=True, options=options)
        sent = upstream.requests[0]
        assert sent.headers["api-key"] == KEY
        assert "authorization" not in sent.headers
        assert sent.headers["x-region"] == "eu"
        assert sent.body == {
            "model": "m",
            "messages": list(ASK),
            "stream": True,
            "max_completion_tokens": 256,
            "reasoning_effort": "low",
        }


async def test_several_answers_to_one_call_are_refused() -> None:
    async with FakeUpstream() as upstream:
        with pytest.raises(ProviderError, match="one call, one answer"):
            await chunks(upstream, extra={"n": 2})
        assert not upstream.requests


async def test_unknown_options_are_refused() -> None:
    async with FakeUpstream() as upstream:
        with pytest.raises(UsageError, match="tempo"):
            provider(upstream, tempo=1)


@pytest.mark.parametrize("stream", [True, False])
async def test_tool_calls_pass_as_delta(stream: bool) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message: dict[str, Any] = {"content": None, "tool_calls": [call], "refusal": None}
    if stream:
        message["tool_calls"] = [{"index": 0, **call}]
    async with FakeUpstream() as upstream:
        reply = Reply(text="", pieces=[], message=message, finish_reason="tool_calls")
        got = await chunks(upstream, reply, stream=stream)
        deltas = [chunk.delta for chunk in got if chunk.delta]
        assert deltas == [{"tool_calls": [{"index": 0, **call}]}]
        assert got[-1].finish_reason == "tool_calls"
        assert "".join(chunk.text for chunk in got) == ""


async def test_text_never_hides_in_a_delta() -> None:
    async with FakeUpstream() as upstream:
        reply = Reply(text="said", message={"annotations": [1]})
        (chunk,) = await chunks(upstream, reply)
        assert chunk.text == "said"
        assert chunk.delta == {"annotations": [1]}


async def test_logprobs_in_both_shapes() -> None:
    chat = {
        "content": [
            {
                "token": "a",
                "logprob": -0.5,
                "top_logprobs": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.0}],
            }
        ]
    }
    text = {"tokens": ["a"], "token_logprobs": [-0.5], "top_logprobs": [{"a": -0.5, "b": -1.0}]}
    async with FakeUpstream() as upstream:
        (first,) = await chunks(upstream, Reply(logprobs=chat), logprobs=True)
        (second,) = await chunks(upstream, Reply(logprobs=text), logprobs=True, prompt="x")
        assert first.logprobs == second.logprobs
        assert first.logprobs[0].top == {"a": -0.5, "b": -1.0}
        assert upstream.requests[0].body["logprobs"] is True
        assert upstream.requests[1].body["logprobs"] == 5


async def test_labels_are_decided_with_their_probabilities() -> None:
    top = [{"token": " motor", "logprob": -0.2}, {"token": " home", "logprob": -2.0}]
    logprobs = {"content": [{"token": " motor", "logprob": -0.2, "top_logprobs": top}]}
    async with FakeUpstream(" Motor.") as upstream:
        (chunk,) = await chunks(
            upstream, Reply(logprobs=logprobs), labels=("motor", "home", "health"), stream=True
        )
        assert chunk.text == "motor"
        assert chunk.label_logprobs is not None
        assert set(chunk.label_logprobs) == {"motor", "home", "health"}
        assert chunk.label_logprobs["motor"] == pytest.approx(-0.2)
        assert chunk.label_logprobs["health"] <= -2.0
        assert upstream.requests[0].body["stream"] is False
        assert upstream.requests[0].body["top_logprobs"] == 20


async def test_an_answer_that_is_no_label_stays_what_it_is() -> None:
    async with FakeUpstream("I would rather not say") as upstream:
        (chunk,) = await chunks(upstream, labels=("motor", "home"))
        assert chunk.text == "I would rather not say"
        assert chunk.label_logprobs is None


async def test_usage_by_class() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 30, "audio_tokens": 1},
    }
    async with FakeUpstream() as upstream:
        (chunk,) = await chunks(upstream, Reply(usage=usage))
        assert chunk.usage is not None
        assert chunk.usage.cached_input_tokens == 60
        assert chunk.usage.reasoning_tokens == 30
        assert chunk.usage.audio_tokens == 3
        assert chunk.usage.raw == usage


async def test_a_stream_without_done_is_an_error() -> None:
    async with FakeUpstream("a b c") as upstream:
        assert "before [DONE]" in (await error(upstream, Reply(done=False), stream=True)).message


async def test_a_stream_without_a_finish_reason_is_an_error() -> None:
    async with FakeUpstream("a b c") as upstream:
        reply = Reply(finish_reason="")
        assert "finish reason" in (await error(upstream, reply, stream=True)).message


async def test_a_plain_answer_without_a_finished_choice_is_an_error() -> None:
    async with FakeUpstream() as upstream:
        await error(upstream, Reply(body='{"choices": []}'))
        await error(upstream, Reply(body='{"choices": [{"message": {"content": "x"}}]}'))


async def test_a_stream_that_breaks_off_is_an_error_after_its_text() -> None:
    async with FakeUpstream("a b c d e f g h") as upstream:
        upstream.script.append(Reply(reset_after=500, piece_delay_s=0.001))
        model = provider(upstream)
        texts = []
        with pytest.raises(ProviderError) as caught:
            async for chunk in model.stream(ModelRequest(model="m", messages=ASK, stream=True)):
                texts.append(chunk.text)
        assert texts
        assert caught.value.retryable
        await model.aclose()


@pytest.mark.parametrize("stream", [True, False])
async def test_what_is_no_json_is_an_error(stream: bool) -> None:
    async with FakeUpstream() as upstream:
        assert (
            "not a completion"
            in (await error(upstream, Reply(body="<html>"), stream=stream)).message
        )


_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
_NESTED = '{"choices": [], "usage": {"a": ' + "[" * 5000 + "]" * 5000 + "}}"


@pytest.mark.parametrize(
    "body", ['{"choices": [{"text": "\udcff"}]}', _NESTED], ids=["no UTF-8", "nested without end"]
)
async def test_what_cannot_be_decoded_is_an_error_like_any_other(body: str) -> None:
    async with FakeUpstream() as upstream:
        plain = await error(upstream, Reply(body=body))
        event = f"data: {body}\n\n".replace("\udcff", "\xff")
        streamed = await error(upstream, Reply(raw=[_HEAD + event]), stream=True)
        assert "not a completion" in plain.message and plain.retryable
        assert "not a completion" in streamed.message


async def test_an_upstream_that_does_not_stream_is_understood() -> None:
    async with FakeUpstream() as upstream:
        body = '{"choices": [{"message": {"content": "all"}, "finish_reason": "stop"}]}'
        (chunk,) = await chunks(upstream, Reply(body=body), stream=True)
        assert chunk.text == "all"


async def test_a_compressed_answer_is_an_error() -> None:
    async with FakeUpstream() as upstream:
        reply = Reply(headers={"content-encoding": "gzip"})
        assert "compressed" in (await error(upstream, reply)).message


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(400, False), (404, False), (408, True), (422, False), (429, True), (500, True), (501, False),
     (502, True), (503, True), (504, True), (529, True)],
)  # fmt: skip
async def test_statuses(status: int, retryable: bool) -> None:
    async with FakeUpstream() as upstream:
        reply = Reply(status=status, body='{"error": {"message": "why", "code": "c"}}')
        caught = await error(upstream, reply)
        assert (caught.status, caught.retryable) == (status, retryable)
        assert "why" in caught.message


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("Sat, 21 Nov 2026 20:00:30 GMT", 30.0), ("Sat, 21 Nov 2026 19:00:00 GMT", 0.0),
     ("soon", None), ("-3", None), ("99999999999999", 86400.0)],
)  # fmt: skip
async def test_retry_after(value: str, seconds: float | None) -> None:
    async with FakeUpstream() as upstream:
        caught = await error(upstream, Reply(status=429, headers={"retry-after": value}, body="{}"))
        assert caught.retry_after_s == seconds


async def test_a_spent_quota_is_not_retried() -> None:
    async with FakeUpstream() as upstream:
        body = '{"error": {"message": "pay", "code": "insufficient_quota"}}'
        assert not (await error(upstream, Reply(status=429, body=body))).retryable


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_credential_is_never_repeated(status: int) -> None:
    async with FakeUpstream() as upstream:
        body = f'{{"error": {{"message": "Incorrect API key provided: {KEY[:12]}****"}}}}'
        caught = await error(upstream, Reply(status=status, body=body))
        assert KEY[:12] not in caught.message
        assert not caught.retryable


async def test_an_echoed_credential_is_taken_out() -> None:
    async with FakeUpstream() as upstream:
        body = f'{{"error": {{"message": "no model for {KEY}\\u001b[31m\\n{"x" * 900}"}}}}'
        caught = await error(upstream, Reply(status=404, body=body))
        assert "<credential>" in caught.message
        assert len(caught.message) < 400
        assert caught.message.isprintable()


@pytest.mark.parametrize("stream", [True, False])
async def test_an_error_inside_a_200_is_an_error(stream: bool) -> None:
    async with FakeUpstream() as upstream:
        event = '{"error": {"message": "overloaded", "code": 503}}'
        raw = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {event}\n\n"
        reply = Reply(raw=[raw]) if stream else Reply(body=event)
        caught = await error(upstream, reply, stream=stream)
        assert caught.retryable
        assert "overloaded" in caught.message


async def test_a_redirect_says_what_to_do() -> None:
    async with FakeUpstream() as upstream:
        caught = await error(upstream, Reply(status=308, body=""))
        assert "redirects" in caught.message
        assert caught.fix


async def test_closing_a_stream_early_stops_the_upstream() -> None:
    async with FakeUpstream("a b c d e f g h") as upstream:
        upstream.script.append(Reply(piece_delay_s=0.01))
        model = provider(upstream)
        stream = model.stream(ModelRequest(model="m", messages=ASK, stream=True))
        async for chunk in stream:
            assert chunk.text
            break
        await stream.aclose()  # type: ignore[attr-defined]
        await upstream.aborted.wait()
        await model.aclose()


async def test_cancelling_a_call_stops_the_upstream() -> None:
    async with FakeUpstream() as upstream:
        upstream.script.append(Reply(hang=True))
        model = provider(upstream)

        async def call() -> None:
            async for _ in model.stream(ModelRequest(model="m", messages=ASK)):
                pass

        task = asyncio.create_task(call())
        while not upstream.requests:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await upstream.aborted.wait()
        await model.aclose()


async def test_the_tighter_timeout_holds() -> None:
    async with FakeUpstream() as upstream:
        assert (await error(upstream, Reply(hang=True), timeout_s=0.02)).retryable


async def test_connections_are_used_again_after_streams() -> None:
    async with FakeUpstream("a b c") as upstream:
        model = provider(upstream)
        for _ in range(4):
            async for _chunk in model.stream(ModelRequest(model="m", messages=ASK, stream=True)):
                pass
        assert upstream.connections == 1
        await model.aclose()


def test_a_provider_does_not_print_its_secret() -> None:
    assert KEY not in repr(Secret(KEY))


@pytest.mark.parametrize("stream", [True, False])
async def test_a_refusal_is_text_and_marked(stream: bool) -> None:
    async with FakeUpstream() as upstream:
        reply = Reply(text="", pieces=[], message={"content": None, "refusal": "I cannot."})
        got = await chunks(upstream, reply, stream=stream)
        assert "".join(chunk.text for chunk in got) == "I cannot."
        assert any(chunk.delta and chunk.delta.get("refusal") for chunk in got)


async def test_the_parts_of_a_listed_content_are_text() -> None:
    async with FakeUpstream() as upstream:
        parts = [{"type": "text", "text": "sa"}, {"type": "x"}, {"type": "text", "text": "id"}]
        (chunk,) = await chunks(upstream, Reply(text="", message={"content": parts}))
        assert (chunk.text, chunk.delta) == ("said", None)
