"""The official OpenAI SDK's embeddings against the gateway as a real process; limits count."""

from __future__ import annotations

from pathlib import Path

import msgspec
import openai
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway, roadworthy

VECTORS = [[0.5, -1.0], [0.25, 3.0]]
BODY = msgspec.json.encode(
    {
        "data": [{"index": n, "embedding": each} for n, each in enumerate(VECTORS)],
        "usage": {"prompt_tokens": 700},
    }
).decode()


async def test_vectors_arrive_and_are_charged(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        limit = ("keys", "tenant", "limit", "acme", str(tmp_path), "--tokens-per-minute", "1000")
        code, _, errors = await roadworthy(*limit)
        assert code == 0, errors
        upstream.script = [Reply(body=BODY) for _ in range(3)]
        async with (
            RunningGateway(tmp_path) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        ):
            for style in ("base64", "float"):
                said = await client.embeddings.create(
                    model="letters", input=["a", "b"], encoding_format=style
                )  # type: ignore[call-overload]
                if style == "float":
                    assert [each.embedding for each in said.data] == VECTORS
                assert said.usage.total_tokens == 700
            with pytest.raises(openai.RateLimitError):
                await client.embeddings.create(model="letters", input=["a", "b"])
        assert len(upstream.requests) == 2


async def test_the_sdks_own_choice_of_form_is_understood(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        upstream.script = [Reply(body=BODY)]
        async with (
            RunningGateway(tmp_path) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        ):
            said = await client.embeddings.create(model="small", input=["a", "b"])
            assert [list(each.embedding) for each in said.data] == VECTORS
            with pytest.raises(openai.BadRequestError) as stopped:
                await client.embeddings.create(model="small", input=["fine", "xyzzy"])
            assert stopped.value.code == "content_filter"
