"""Limits of a tenant hold over all its keys and all workers, and over a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway, eventually, roadworthy

ASK = [{"role": "user", "content": "Where is my bill?"}]
USAGE = {"prompt_tokens": 600_000, "completion_tokens": 400_000, "total_tokens": 1_000_000}
PRICED = """
[upstreams.lab]
url = "{url}"
[[prices]]
model = "small"
since = "2026-01-01"
input = 1.0
output = 1.0
currency = "EUR"
"""


def a_system(root: Path, upstream: FakeUpstream, toml: str = PRICED) -> Any:
    written = toml.format(url=upstream.url)
    return write_live_system(root, upstream.url, {"roadworthy.toml": written})


async def limit(root: Path, *options: str) -> None:
    code, _, errors = await roadworthy("keys", "tenant", "limit", "acme", str(root), *options)
    assert code == 0, errors


async def ask(gateway: RunningGateway, key: str, **more: Any) -> httpx2.Response:
    async with httpx2.AsyncClient() as http:  # a client each: another worker may answer
        return await http.post(
            f"{gateway.url}/chat/completions",
            json={"model": "letters", "messages": ASK, **more},
            headers={"authorization": f"Bearer {key}"},
        )


async def test_requests_are_counted_over_keys_and_workers(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = a_system(tmp_path, upstream)
        keys = [a_key(loop), a_key(loop)]
        await limit(tmp_path, "--requests-per-minute", "5")
        async with RunningGateway(tmp_path, workers=2) as gateway:
            answers = [await ask(gateway, keys[n % 2]) for n in range(9)]
        assert [answer.status_code for answer in answers].count(200) == 5
        refused = answers[-1]
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            429,
            "rate_limit_exceeded",
        )
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        assert len(upstream.requests) == 5


async def test_a_spent_budget_stays_spent_though_the_counts_are_lost(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = a_system(tmp_path, upstream)
        key = a_key(loop)
        upstream.script = [Reply(text="hi", usage=USAGE) for _ in range(9)]
        await limit(tmp_path, "--budget", "1.5 EUR")
        async with RunningGateway(tmp_path) as gateway:
            codes = [(await ask(gateway, key)).status_code for _ in range(3)]
            assert codes == [200, 200, 429]
            async with openai.AsyncOpenAI(base_url=gateway.url, api_key=key) as client:
                with pytest.raises(openai.RateLimitError, match="budget"):
                    await client.chat.completions.create(model="letters", messages=ASK)  # type: ignore[arg-type]
            assert "100% of 1.5 EUR is spent" in gateway.errors
        loop.workspace.quota.unlink()
        async with RunningGateway(tmp_path) as gateway:
            answer = await ask(gateway, key)
            assert answer.json()["error"]["code"] == "insufficient_quota"
            await limit(tmp_path, "--budget", "5 EUR")

            async def goes_on() -> bool:
                return (await ask(gateway, key)).status_code == 200

            await eventually(goes_on)


@pytest.mark.parametrize("toml", ['[upstreams.lab]\nurl = "{url}"\n', PRICED.replace("EUR", "USD")])
async def test_a_budget_for_what_has_no_price_is_closed(tmp_path: Path, toml: str) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = a_system(tmp_path, upstream, toml)
        key = a_key(loop)
        await limit(tmp_path, "--budget", "5 EUR")
        async with RunningGateway(tmp_path) as gateway:
            answer = await ask(gateway, key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "price_unknown")
        assert upstream.requests == []


async def test_who_hangs_up_pays_for_what_was_read(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = a_system(tmp_path, upstream)
        key = a_key(loop)
        upstream.script = [Reply(pieces=["word " * 40] * 3 + ["more "] * 5000, piece_delay_s=0.05)]
        await limit(tmp_path, "--tokens-per-minute", "100")
        async with RunningGateway(tmp_path) as gateway, httpx2.AsyncClient() as http:
            body = {"model": "letters", "messages": ASK, "stream": True}
            headers = {"authorization": f"Bearer {key}"}
            place = f"{gateway.url}/chat/completions"
            async with http.stream("POST", place, json=body, headers=headers) as answer:
                async for _ in answer.aiter_lines():
                    break

            async def used_up() -> bool:
                return (await ask(gateway, key)).status_code == 429

            await eventually(used_up)


async def test_counts_that_cannot_be_kept_close_the_door_to_who_is_limited(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = a_system(tmp_path, upstream)
        key, free = a_key(loop), a_key(loop, tenant="free")
        await limit(tmp_path, "--requests-per-minute", "50")
        loop.workspace.quota.unlink(missing_ok=True)
        loop.workspace.quota.mkdir()
        async with RunningGateway(tmp_path) as gateway:
            assert (await ask(gateway, key)).status_code == 503
            assert (await ask(gateway, free)).status_code == 200
            assert "tenants with limits are refused" in gateway.errors


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_nobody_counted_is_counted_by_its_bytes(
    tmp_path: Path, stream: bool
) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = a_system(tmp_path, upstream)
        key = a_key(loop)
        account = "DE89370400440532013000 " + "word " * 200  # an inline rule ends the answer
        upstream.script = [Reply(text=account, pieces=[account], usage=None) for _ in range(2)]
        await limit(tmp_path, "--tokens-per-minute", "50")
        async with RunningGateway(tmp_path) as gateway:
            first = await ask(gateway, key, stream=stream)
            assert first.status_code == 200 and "DE8937" not in first.text
            assert (await ask(gateway, key)).status_code == 429


async def test_a_budget_set_in_the_middle_of_a_month_knows_what_was_spent(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = a_system(tmp_path, upstream)
        key = a_key(loop)
        upstream.script = [Reply(text="hi", usage=USAGE) for _ in range(3)]
        async with RunningGateway(tmp_path) as gateway:
            assert (await ask(gateway, key)).status_code == 200
            await limit(tmp_path, "--budget", "0.5 EUR")

            async def spent() -> bool:
                return (await ask(gateway, key)).status_code == 429

            await eventually(spent)
        assert len(upstream.requests) <= 2
