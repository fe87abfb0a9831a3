"""Two gateways, each with a workspace of its own, count their tenants together in one Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.redis_server import RedisServer, needs_redis
from doubles.running_gateway import RunningGateway, eventually, free_port, roadworthy

ASK = [{"role": "user", "content": "Where is my bill?"}]
USAGE = {"prompt_tokens": 600_000, "completion_tokens": 400_000, "total_tokens": 1_000_000}
TOML = """
[upstreams.lab]
url = "{upstream}"
[limits]
url = "{store}"
on_unreachable = "{then}"
timeout_s = 2
[[prices]]
model = "small"
since = "2026-01-01"
input = 1.0
output = 1.0
currency = "EUR"
"""

pytestmark = needs_redis


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as running:
        yield running


class Machine:
    """One gateway with its own workspace, a limited tenant and one that is not."""

    def __init__(self, root: Path, upstream: FakeUpstream, store: RedisServer, then: str) -> None:
        root.mkdir()
        toml = TOML.format(upstream=upstream.url, store=store.url, then=then)
        loop = write_live_system(root, upstream.url, {"roadworthy.toml": toml})
        self.root = root
        self.key, self.free = a_key(loop), a_key(loop, tenant="free")
        self.control = free_port()
        options = ("--control-port", str(self.control))
        self.gateway = RunningGateway(root, workers=2, options=options)

    async def limit(self, *options: str) -> None:
        code, _, errors = await roadworthy(
            "keys", "tenant", "limit", "acme", str(self.root), *options
        )
        assert code == 0, errors

    async def ask(self, key: str = "") -> httpx2.Response:
        async with httpx2.AsyncClient() as http:  # a client each: another worker may answer
            return await http.post(
                f"{self.gateway.url}/chat/completions",
                json={"model": "letters", "messages": ASK},
                headers={"authorization": f"Bearer {key or self.key}"},
            )

    async def metrics(self) -> tuple[int, str]:
        async with httpx2.AsyncClient() as http:
            try:
                said = await http.get(f"http://127.0.0.1:{self.control}/metrics")
            except httpx2.HTTPError:
                return 0, ""
            return said.status_code, said.text

    async def ready(self) -> dict[str, Any]:
        async with httpx2.AsyncClient() as http:
            said: dict[str, Any] = (await http.get(f"{self.gateway.base}/readyz")).json()
            return said


@asynccontextmanager
async def two_machines(
    folder: Path, upstream: FakeUpstream, store: RedisServer, limits: list[str], then: str
) -> AsyncIterator[list[Machine]]:
    machines = [Machine(folder / name, upstream, store, then) for name in ("a", "b")]
    for each in machines:
        await each.limit(*limits)
    async with machines[0].gateway, machines[1].gateway:
        yield machines


def code(answer: httpx2.Response) -> str:
    return str(answer.json()["error"]["code"])


async def test_requests_are_counted_over_machines(tmp_path: Path, store: RedisServer) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        limits = ["--requests-per-minute", "5"]
        async with two_machines(tmp_path, upstream, store, limits, "closed") as machines:
            answers = await asyncio.gather(*(machines[n % 2].ask() for n in range(12)))
        codes = [answer.status_code for answer in answers]
        assert codes.count(200) == 5, (answers[0].text, machines[0].gateway.errors)
        refused = next(answer for answer in answers if answer.status_code != 200)
        assert (refused.status_code, code(refused)) == (429, "rate_limit_exceeded")
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        assert len(upstream.requests) == 5


async def test_a_budget_that_one_machine_spent_is_spent_at_all_though_the_store_forgets(
    tmp_path: Path, store: RedisServer
) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        limits = ["--budget", "0.5 EUR"]
        async with two_machines(tmp_path, upstream, store, limits, "closed") as (one, two):
            upstream.script = [Reply(text="hi", usage=USAGE)]
            assert (await one.ask()).status_code == 200

            async def spent() -> bool:
                return (await two.ask()).status_code == 429

            await eventually(spent)
            assert code(await two.ask()) == "insufficient_quota"
            _, shown, _ = await roadworthy(
                "keys", "tenant", "limit", "acme", str(two.root), "--json"
            )
            assert (shown["spent"], shown["within_budget"]) == ("1.000000", False)

            store.stop()
            for each in (one, two):
                refused = await each.ask()
                assert (refused.status_code, code(refused)) == (503, "limits_unavailable")
                assert int(refused.headers["retry-after"]) > 0
                assert str(store.port) not in refused.text, "that is the operator's to know"
                assert (await each.ask(each.free)).status_code == 200
            faults = [(await each.ready())["limits"] for each in (one, two) for _ in range(8)]
            assert any(not fault["counted"] and fault["fault"] for fault in faults)

            store.start()  # it is empty

            said = one.gateway, two.gateway

            def counted_anew() -> bool:
                return all("counted anew" in gateway.errors for gateway in said)

            await eventually(counted_anew)
            assert code(await two.ask()) == "limits_unavailable", "for a minute nothing is believed"
            client = store.client()
            client.hset("{roadworthy}:machines", "since", 0)
            client.close()

            async def knows_again() -> bool:
                return code(await two.ask()) == "insufficient_quota"

            await eventually(knows_again)
            assert len(upstream.requests) == 3  # the one, and the free tenant's


async def test_where_it_is_chosen_each_machine_counts_alone_while_the_store_is_gone(
    tmp_path: Path, store: RedisServer
) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        limits = ["--requests-per-minute", "3"]
        async with two_machines(tmp_path, upstream, store, limits, "local") as machines:
            store.stop()
            for each in machines:
                answers = [await each.ask() for _ in range(5)]
                assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2


async def test_a_store_that_is_not_there_at_the_start_closes_until_it_is(
    tmp_path: Path, store: RedisServer
) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        machine = Machine(tmp_path / "a", upstream, store, "closed")
        await machine.limit("--requests-per-minute", "1000", "--budget", "5 EUR")
        store.stop()
        async with machine.gateway:
            assert code(await machine.ask()) == "limits_unavailable"
            assert "tenants with limits are refused" in machine.gateway.errors

            async def told() -> bool:
                status, text = await machine.metrics()
                assert status in (0, 200), "all else is told all the same"
                gone = [line for line in text.splitlines() if "roadworthy_limits_counted{" in line]
                return any(line.endswith(" 0.0") for line in gone)

            await eventually(told)
            store.start()

            def counted_anew() -> bool:
                return "counted anew" in machine.gateway.errors

            await eventually(counted_anew)
            client = store.client()
            client.hset("{roadworthy}:machines", "since", 0)
            client.close()

            async def counts() -> bool:
                return (await machine.ask()).status_code == 200

            await eventually(counts)
            assert "roadworthy_tenant_budget" in (await machine.metrics())[1]
        wrong = await roadworthy("keys", "tenant", "limit", "acme", str(machine.root))
        assert wrong[0] == 0
        store.stop()
        status, _, errors = await roadworthy("keys", "tenant", "limit", "acme", str(machine.root))
        assert (status, "cannot be counted" in errors) == (2, True)


async def test_an_address_that_holds_a_password_is_refused_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: RedisServer
) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        machine = Machine(tmp_path / "a", upstream, store, "closed")
        monkeypatch.setenv("ROADWORTHY_LIMITS_URL", f"redis://:hunter2@127.0.0.1:{store.port}/0")
        for command in (["serve", str(machine.root)], ["config", str(machine.root)]):
            _, said, errors = await roadworthy(*command)
            assert "hunter2" not in f"{said}{errors}"
        assert "limits.credential" in (await roadworthy("serve", str(machine.root)))[2]
