"""Counts in Redis: what becomes of tenants with limits while it is not well. It fails closed."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from doubles.certificates import certificate
from doubles.redis_server import RedisServer, needs_redis
from roadworthy.domain import CountError, QuotaError, UsageError
from roadworthy.providers import Secret
from roadworthy.serving import TenantLimits
from roadworthy.wiring.count_scripts import Keys as CountKeys
from roadworthy.wiring.redis_link import Link as RedisLink
from roadworthy.wiring.shared_books import SharedBooks, machine_of
from roadworthy.wiring.shared_counts import REST_S, SharedCounts

NOW = 1_795_305_600.0  # 2026-11-22T00:00:00Z
MONTH = 202611
LIMITS = TenantLimits(tenant="acme", slot=0, requests_per_minute=1000, tokens_per_minute=1000)
BUDGET = TenantLimits(tenant="acme", slot=0, budget="1", currency="EUR")
PASSWORD = "very-secret-000111"
RUNS = itertools.count()

pytestmark = needs_redis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as running:
        yield running


def link(url: str, *, password: str = "", timeout_s: float = 5.0) -> RedisLink:
    return RedisLink(url=url, secret=Secret(password), timeout_s=timeout_s)


def books_at(url: str, folder: Path, **more: Any) -> SharedBooks:
    return SharedBooks(link(url, **more), "rw", folder)


def begin(url: str, folder: Path, **more: Any) -> None:
    books = books_at(url, folder, **more)
    try:
        books.create()
        books.open()
    finally:
        books.close()


@asynccontextmanager
async def counting(url: str, folder: Path, **more: Any) -> AsyncIterator[SharedCounts]:
    counts = SharedCounts(
        link(url, **more),
        CountKeys("rw", machine_of(folder)),
        writer="w1",
        incarnation=f"run-{next(RUNS)}",
        said=lambda tenant, said: None,
    )
    try:
        yield counts
    finally:
        await counts.aclose()


async def admitted(counts: SharedCounts, limits: TenantLimits = LIMITS) -> bool:
    """Whether it was let in; any other end than a refusal that is told fails the test."""
    try:
        await asyncio.wait_for(counts.admit(limits, NOW), 20.0)
    except (CountError, QuotaError):
        return False
    return True


async def comes_back(counts: SharedCounts, limits: TenantLimits = LIMITS) -> None:
    async with asyncio.timeout(20):
        while not await admitted(counts, limits):
            await asyncio.sleep(REST_S / 10)


async def settled(counts: SharedCounts) -> None:
    """All that is owed was sent."""
    async with asyncio.timeout(20):
        while counts._owed:
            await asyncio.sleep(0.01)


def a_minute_later(server: RedisServer) -> None:
    """After a loss that was noticed just now."""
    client = server.client()
    since = int(client.hget("{rw}:machines", "since"))
    client.hset("{rw}:machines", "since", since - 60 * 10_000_000)
    client.close()


def spent(server: RedisServer, folder: Path) -> int:
    books = books_at(server.url, folder)
    try:
        return books.spent(BUDGET, MONTH)
    finally:
        books.close()


async def test_a_store_that_is_gone_is_closed_and_one_that_comes_back_is_open(
    server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    begin(server.url, tmp_path)
    async with counting(server.url, tmp_path) as counts:
        assert await admitted(counts)
        server.stop()
        with caplog.at_level(logging.WARNING):
            for _ in range(20):
                assert not await admitted(counts)
        said = [each.message for each in caplog.records if each.levelno == logging.ERROR]
        assert len(said) == 1 and f"127.0.0.1:{server.port}" in said[0], "once, and where"
        assert counts.fault
        server.start()
        begin(server.url, tmp_path)
        await comes_back(counts)
        assert not counts.fault


async def test_a_store_that_is_slow_is_closed_in_bounded_time(
    server: RedisServer, tmp_path: Path
) -> None:
    begin(server.url, tmp_path)
    async with counting(server.url, tmp_path, timeout_s=0.2) as counts:
        assert await admitted(counts)
        assert server.process is not None
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            answers = await asyncio.gather(*(admitted(counts) for _ in range(50)))
            assert not any(answers)
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        await comes_back(counts)


async def test_what_was_asked_of_a_slow_store_is_never_the_answer_to_another(
    server: RedisServer, tmp_path: Path
) -> None:
    """A reply that comes late must not let in who asks next."""
    begin(server.url, tmp_path)
    one = TenantLimits(tenant="one", slot=0, requests_per_minute=1)
    async with counting(server.url, tmp_path, timeout_s=0.2) as counts:
        assert await admitted(counts, one)
        assert server.process is not None
        os.kill(server.process.pid, signal.SIGSTOP)
        assert not await admitted(counts)
        os.kill(server.process.pid, signal.SIGCONT)
        async with asyncio.timeout(20):
            while True:
                try:
                    await counts.admit(one, NOW)
                except QuotaError:
                    break
                except CountError:
                    await asyncio.sleep(0.05)
                else:
                    raise AssertionError("the other's leave was taken")


async def test_a_store_that_was_started_anew_is_closed_until_the_journal_was_counted(
    server: RedisServer, tmp_path: Path
) -> None:
    begin(server.url, tmp_path)
    async with counting(server.url, tmp_path) as counts:
        assert await admitted(counts)
        server.stop()
        server.start()
        with pytest.raises(CountError):
            while True:  # the connection is gone as well: that is refused too
                await asyncio.sleep(REST_S / 5)
                await counts.admit(LIMITS, NOW)
        books = books_at(server.url, tmp_path)
        assert books.lost()
        books.create()
        books.at_least(BUDGET, 2_000_000_000, MONTH)
        assert not await admitted(counts, BUDGET), "not yet: it does not know all"
        books.open()
        assert not books.lost()
        books.close()
        await asyncio.sleep(REST_S)
        with pytest.raises(CountError):  # others may not have said yet what they spent
            await counts.admit(BUDGET, NOW)
        a_minute_later(server)
        with pytest.raises(QuotaError, match="budget"):
            await counts.admit(BUDGET, NOW)


async def test_a_minutes_worth_is_not_given_twice_because_the_store_forgot(
    server: RedisServer, tmp_path: Path
) -> None:
    begin(server.url, tmp_path)
    ten = TenantLimits(tenant="ten", slot=0, requests_per_minute=10)
    async with counting(server.url, tmp_path) as counts:
        assert [await admitted(counts, ten) for _ in range(11)] == [True] * 10 + [False]
        client = server.client()
        client.flushall()
        begin(server.url, tmp_path)
        assert not await admitted(counts, ten)
        client.close()
        a_minute_later(server)
        assert await admitted(counts, ten)


async def test_a_machine_that_said_what_it_spent_lets_nobody_in_before_the_others_could(
    server: RedisServer, tmp_path: Path
) -> None:
    """The first machine that noticed a loss let in who had spent everything at the second."""
    one, two = tmp_path / "one", tmp_path / "two"
    for place in (one, two):
        begin(server.url, place)
    async with counting(server.url, one) as counts:
        counts.charge(BUDGET, NOW, tokens=1, cost="2")
        await settled(counts)
    client = server.client()
    client.flushall()
    client.close()
    begin(server.url, two)  # the first is not that far
    async with counting(server.url, two) as counts:
        with pytest.raises(CountError):
            await counts.admit(BUDGET, NOW)


async def test_a_full_store_is_closed(server: RedisServer, tmp_path: Path) -> None:
    begin(server.url, tmp_path)
    client = server.client()
    async with counting(server.url, tmp_path) as counts:
        client.config_set("maxmemory", "1mb")
        assert not await admitted(counts)
        counts.charge(BUDGET, NOW, tokens=1, cost="0.5")
        await asyncio.sleep(0.05)
        assert counts.fault and "memory" in counts.fault
        client.config_set("maxmemory", "0")
        await comes_back(counts)
        await settled(counts)
    client.close()
    assert spent(server, tmp_path) == 500_000_000, "what was owed meanwhile is counted"


async def test_a_store_that_forgets_what_it_is_told_is_not_begun(
    server: RedisServer, tmp_path: Path
) -> None:
    client = server.client()
    client.config_set("maxmemory", "100mb")
    client.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(CountError, match="allkeys-lru"):
        begin(server.url, tmp_path)
    client.config_set("maxmemory-policy", "volatile-lru")
    begin(server.url, tmp_path)
    assert client.ttl("{rw}:machines") == -1, "nothing of ours may be thrown away"
    client.close()


RUBBISH = [
    b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
    b"\x00\xff\xfe" * 50,
    b"+OK\r\n" * 40,
    b":1\r\n" * 40,
    b"*2\r\n:0\r\n$3\r\nabc\r\n" * 10,
    b"*3\r\n:0\r\n:0\r\n:0\r\n" * 10,
    b"*2\r\n:9\r\n:0\r\n" * 10,
    b"*2\r\n*1\r\n:0\r\n:0\r\n" * 10,
    b"*1000000000\r\n",
    b"$-1\r\n" * 10,
    b"-NOSCRIPT no\r\n" * 10,
    b"-ERR very long " + b"x" * 5000 + b"\r\n",
    b"",
]


@pytest.mark.parametrize("said", RUBBISH, ids=range(len(RUBBISH)))
async def test_a_store_that_talks_rubbish_is_closed(tmp_path: Path, said: bytes) -> None:
    machine_of(tmp_path, create=True)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(65536):
                writer.write(said)
                await writer.drain()
                if not said:
                    break
        except OSError:
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{listener.sockets[0].getsockname()[1]}/0"
    try:
        async with counting(url, tmp_path, timeout_s=0.5) as counts:
            assert not await admitted(counts)
            assert counts.fault and len(counts.fault) <= 200
            counts.charge(BUDGET, NOW, tokens=1, cost="1")
    finally:
        listener.close()


async def test_fields_that_somebody_else_wrote_are_closed(
    server: RedisServer, tmp_path: Path
) -> None:
    begin(server.url, tmp_path)
    key, _ = CountKeys("rw", "").of("acme")
    client = server.client()
    async with counting(server.url, tmp_path) as counts:
        for field in ("r", "t"):
            client.delete(key)
            client.hset(key, field, "soon")
            assert not await admitted(counts)
        client.delete(key)
        client.set(key, "a text")
        assert not await admitted(counts)
        client.delete(key)
        await comes_back(counts)
    client.close()


async def test_a_clock_that_was_ahead_keeps_nobody_waiting_for_long(
    server: RedisServer, tmp_path: Path
) -> None:
    begin(server.url, tmp_path)
    key, _ = CountKeys("rw", "").of("acme")
    client = server.client()
    async with counting(server.url, tmp_path) as counts:
        await counts.admit(LIMITS, NOW)
        for field, longest in (("r", 60.1), ("t", 3600.1)):
            client.delete(key)
            client.hset(key, field, 10**16)
            with pytest.raises(QuotaError) as error:
                await counts.admit(LIMITS, NOW)
            assert error.value.retry_after_s <= longest
    client.close()


async def test_what_a_tenant_took_is_counted_once_though_the_reply_was_lost(
    server: RedisServer, tmp_path: Path
) -> None:
    begin(server.url, tmp_path)
    cutting = itertools.count()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass all on; keep back the reply to every second thing that is said, and hang up."""
        far, out = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            while data := await reader.read(65536):
                out.write(data)
                reply = await far.read(65536)
                if b"EVALSHA" in data and b"NOSCRIPT" not in reply and next(cutting) % 2 == 0:
                    break
                writer.write(reply)
        finally:
            writer.close()
            out.close()

    listener = await asyncio.start_server(relay, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{listener.sockets[0].getsockname()[1]}/0"
    try:
        async with counting(url, tmp_path) as counts:
            for _ in range(4):
                counts.charge(BUDGET, NOW, tokens=1, cost="0.01")
                await asyncio.sleep(0.02)
            await settled(counts)
    finally:
        listener.close()
    assert next(cutting) > 1
    assert spent(server, tmp_path) == 40_000_000


async def test_a_password_is_sent_and_said_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with RedisServer(tmp_path, "--requirepass", PASSWORD) as server:
        begin(server.url, tmp_path, password=PASSWORD)
        async with counting(server.url, tmp_path, password=PASSWORD) as counts:
            assert await admitted(counts)
        for wrong in ("", PASSWORD + "x"):
            with pytest.raises(CountError) as error:
                begin(server.url, tmp_path, password=wrong)
            assert PASSWORD not in str(error.value)
            async with counting(server.url, tmp_path, password=wrong) as counts:
                assert not await admitted(counts)
                assert PASSWORD not in counts.fault
        assert PASSWORD not in repr(link(server.url, password=PASSWORD))
    assert PASSWORD not in caplog.text


async def test_a_secret_that_the_store_says_again_is_taken_out(tmp_path: Path) -> None:
    error = ValueError(f"you said {PASSWORD}\nand more")
    said = link("redis://h", password=PASSWORD).said_of(error)
    assert said == "you said <credential> and more"


async def test_tls_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, "127.0.0.1")
    with RedisServer(tmp_path, tls=pem) as server:
        with pytest.raises(CountError, match=r"(?i)certificate"):
            begin(server.url, tmp_path / "before")
        async with counting(server.url, tmp_path) as counts:
            assert not await admitted(counts)
            assert "certificate" in counts.fault.lower()
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        begin(server.url, tmp_path)
        async with counting(server.url, tmp_path) as counts:
            assert await admitted(counts)
        plain = server.url.replace("rediss", "redis")
        async with counting(plain, tmp_path) as counts:
            assert not await admitted(counts)


async def test_no_name_of_a_tenant_stands_in_the_store(server: RedisServer, tmp_path: Path) -> None:
    begin(server.url, tmp_path)
    limits = TenantLimits(tenant="Müller & Söhne", slot=0, requests_per_minute=5, budget="1")
    async with counting(server.url, tmp_path) as counts:
        await counts.admit(limits, NOW)
        counts.charge(limits, NOW, tokens=1, cost="0.1")
        await settled(counts)
    client = server.client()
    kept = {
        key: client.hgetall(key) if client.type(key) == "hash" else client.get(key)
        for key in client.scan_iter("*")
    }
    client.close()
    assert len(kept) == 3
    assert "ller" not in str(kept)


async def test_months_that_are_over_are_forgotten(server: RedisServer, tmp_path: Path) -> None:
    begin(server.url, tmp_path)
    async with counting(server.url, tmp_path) as counts:
        for days in (0, 31, 62, 93):
            counts.charge(BUDGET, NOW + days * 86_400, tokens=1, cost="0.1")
            await settled(counts)
    key, _ = CountKeys("rw", "").of("acme")
    client = server.client()
    months = sorted(field[2:8] for field in client.hkeys(key) if field.startswith("s:"))
    client.close()
    assert months == ["202701", "202702"], "the last and this one, over the turn of the year"


async def test_a_run_of_a_process_leaves_nothing_that_stays(
    server: RedisServer, tmp_path: Path
) -> None:
    """Each run of a batch is a writer of its own; what it leaves must not grow for ever."""
    begin(server.url, tmp_path)
    async with counting(server.url, tmp_path) as counts:
        counts.charge(BUDGET, NOW, tokens=1, cost="0.1")
        await settled(counts)
    client = server.client()
    own, machines = CountKeys("rw", "").of("acme")
    expiring = [key for key in client.scan_iter("*") if client.ttl(key) > 0]
    assert [key for key in expiring if key in (own, machines)] == [], "counts stay"
    assert len(expiring) == 1 and set(client.hkeys(own)) == {f"s:{MONTH}:{machine_of(tmp_path)}"}
    client.close()


async def test_who_hangs_up_while_it_is_asked_holds_up_nobody(
    server: RedisServer, tmp_path: Path
) -> None:
    begin(server.url, tmp_path)
    async with counting(server.url, tmp_path) as counts:
        leaving = [asyncio.ensure_future(counts.admit(LIMITS, NOW)) for _ in range(10)]
        await asyncio.sleep(0)
        for each in leaving[::2]:
            each.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        assert await admitted(counts)


async def test_what_is_still_owed_at_the_end_is_sent_then(
    server: RedisServer, tmp_path: Path
) -> None:
    begin(server.url, tmp_path)
    async with counting(server.url, tmp_path) as counts:
        for _ in range(50):
            counts.charge(BUDGET, NOW, tokens=1, cost="0.01")
    assert spent(server, tmp_path) == 500_000_000


async def test_what_could_not_be_sent_at_the_end_is_said(
    server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    begin(server.url, tmp_path)
    async with counting(server.url, tmp_path) as counts:
        server.stop()
        counts.charge(BUDGET, NOW, tokens=1, cost="0.01")
    assert "corrected from the journal" in caplog.text


@pytest.mark.parametrize("name", ["", "../../etc", "A" * 32, "0" * 31])
def test_a_machine_file_that_names_no_machine_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "machine-id").write_text(name)
    with pytest.raises(CountError, match="machine"):
        machine_of(tmp_path)


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    from roadworthy.wiring.redis_link import async_client, plain_client

    for make in (async_client, plain_client):
        with pytest.raises(UsageError, match=r"need a library") as error:
            make(link("redis://h"))
        assert "roadworthy[redis]" in error.value.fix


async def test_a_store_that_is_slow_to_connect_holds_up_no_request_and_is_reached_in_the_end(
    server: RedisServer, tmp_path: Path
) -> None:
    """Name, TLS and password may take longer than a request waits."""
    begin(server.url, tmp_path)
    go = asyncio.Event()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far, out = await asyncio.open_connection("127.0.0.1", server.port)
        try:
            while data := await reader.read(65536):
                await go.wait()
                out.write(data)
                writer.write(await far.read(65536))
        finally:
            writer.close()
            out.close()

    listener = await asyncio.start_server(relay, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{listener.sockets[0].getsockname()[1]}/1"  # SELECT is a round trip
    try:
        async with counting(url, tmp_path, timeout_s=0.3) as counts:
            assert not await admitted(counts), "it is not connected yet"
            assert counts._task is not None, "and goes on connecting"
            connecting = counts._task
            go.set()
            await asyncio.wait([connecting], timeout=10)
            assert counts._connected
    finally:
        listener.close()
