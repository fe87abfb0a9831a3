"""The pooled client against real sockets: what it survives, and what it refuses."""

from __future__ import annotations

import asyncio

import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from roadworthy.domain import ProviderError, UsageError
from roadworthy.providers.http_client import HttpClient
from roadworthy.providers.http_connection import Limits

PATH = "/chat/completions"
BODY = b'{"messages":[]}'
OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


async def ask(client: HttpClient, *, timeout_s: float = 5.0) -> tuple[int, bytes]:
    async with await client.post(PATH, BODY, timeout_s=timeout_s) as response:
        return response.status, await response.read()


async def failure(upstream: FakeUpstream, reply: Reply, **options: object) -> ProviderError:
    """The error that one reply leads to."""
    client = HttpClient(upstream.url, **options)  # type: ignore[arg-type]
    upstream.script.append(reply)
    with pytest.raises(ProviderError) as caught:
        await ask(client)
    await client.aclose()
    return caught.value


async def test_one_connection_serves_many_calls() -> None:
    async with FakeUpstream("hello") as upstream:
        client = HttpClient(upstream.url)
        for _ in range(5):
            status, body = await ask(client)
            assert status == 200
            assert b"hello" in body
        assert upstream.connections == 1
        await client.aclose()
        await client.aclose()


async def test_never_more_connections_than_allowed() -> None:
    async with FakeUpstream(delay_s=0.005) as upstream:
        client = HttpClient(upstream.url, max_connections=3)
        await asyncio.gather(*(ask(client) for _ in range(20)))
        assert upstream.most_open == 3
        assert upstream.served == 20
        await client.aclose()


async def test_who_waits_too_long_for_a_connection_is_told() -> None:
    async with FakeUpstream() as upstream:
        upstream.script.append(Reply(hang=True))
        client = HttpClient(upstream.url, max_connections=1)
        first = asyncio.create_task(ask(client))
        while not upstream.requests:
            await asyncio.sleep(0)
        with pytest.raises(ProviderError, match="no free connection") as caught:
            await ask(client, timeout_s=0.02)
        assert caught.value.retryable
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await ask(client))[0] == 200
        await client.aclose()


async def test_a_cancelled_waiter_gives_its_turn_to_the_next() -> None:
    async with FakeUpstream(delay_s=0.02) as upstream:
        client = HttpClient(upstream.url, max_connections=1)
        tasks = [asyncio.create_task(ask(client)) for _ in range(3)]
        while not upstream.requests:
            await asyncio.sleep(0)
        tasks[1].cancel()
        assert (await tasks[0])[0] == 200
        assert (await tasks[2])[0] == 200
        await client.aclose()


async def test_a_stale_connection_is_replaced_once() -> None:
    async with FakeUpstream() as upstream:
        client = HttpClient(upstream.url)
        await ask(client)
        upstream.script.append(Reply(raw=[]))
        assert (await ask(client))[0] == 200
        assert upstream.connections == 2
        assert len(upstream.requests) == 3
        await client.aclose()


async def test_a_fresh_connection_that_is_closed_is_not_asked_again() -> None:
    async with FakeUpstream() as upstream:
        error = await failure(upstream, Reply(raw=[]))
        assert error.retryable
        assert "before it answered" in error.message
        assert len(upstream.requests) == 1


async def test_a_reused_connection_that_answered_a_byte_is_not_asked_again() -> None:
    async with FakeUpstream() as upstream:
        client = HttpClient(upstream.url)
        await ask(client)
        upstream.script.append(Reply(raw=["HTTP/1.1 200"]))
        with pytest.raises(ProviderError, match="in the middle"):
            await ask(client)
        assert len(upstream.requests) == 2
        await client.aclose()


async def test_connections_closed_while_idle_leave_the_pool() -> None:
    async with FakeUpstream() as upstream:
        client = HttpClient(upstream.url, max_connections=1)
        for _ in range(3):
            await ask(client)
            upstream.drop_connections()
            await asyncio.sleep(0.005)
        assert upstream.connections == 3
        await client.aclose()


@pytest.mark.parametrize("cut", [0, 1, 30])
async def test_a_body_that_is_cut_short_is_an_error(cut: int) -> None:
    async with FakeUpstream("a longer answer") as upstream:
        error = await failure(upstream, Reply(reset_after=cut))
        assert error.retryable
        assert "in the middle" in error.message


async def test_a_half_closed_answer_is_an_error() -> None:
    async with FakeUpstream() as upstream:
        raw = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"
        assert (await failure(upstream, Reply(raw=[raw]))).retryable


async def test_a_body_without_a_length_ends_with_the_connection() -> None:
    async with FakeUpstream() as upstream:
        client = HttpClient(upstream.url)
        upstream.script.append(Reply(raw=["HTTP/1.1 200 OK\r\n\r\n", "all ", "of it"]))
        assert await ask(client) == (200, b"all of it")
        await client.aclose()


@pytest.mark.parametrize(
    "raw",
    [
        "garbage",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused(raw: str) -> None:
    async with FakeUpstream() as upstream:
        error = await failure(upstream, Reply(raw=[raw + " " * 64]))
        assert "127.0.0.1" in error.message


async def test_announcements_before_the_answer_are_skipped() -> None:
    async with FakeUpstream() as upstream:
        client = HttpClient(upstream.url)
        upstream.script.append(Reply(raw=["HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK]))
        assert await ask(client) == (200, b"hi")
        await client.aclose()


@pytest.mark.parametrize(
    "head",
    [
        "x: " + "y" * 5000 + "\r\n\r\n",
        "".join(f"x-{number}: {'y' * 90}\r\n" for number in range(50)) + "\r\n",
        "x: " + "y" * 5000,
    ],
)
async def test_huge_headers_are_refused(head: str) -> None:
    async with FakeUpstream() as upstream:
        reply = Reply(raw=["HTTP/1.1 200 OK\r\n" + head])
        error = await failure(upstream, reply, limits=Limits(head_bytes=2000))
        assert not error.retryable
        assert "headers" in error.message


async def test_a_huge_body_is_refused() -> None:
    async with FakeUpstream("x" * 5000) as upstream:
        error = await failure(upstream, Reply(), limits=Limits(body_bytes=2000))
        assert not error.retryable
        assert "2000 bytes" in error.message


async def test_an_answer_that_nobody_asked_for_is_never_taken_for_the_next() -> None:
    async with FakeUpstream("mine") as upstream:
        client = HttpClient(upstream.url)
        stolen = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen"
        upstream.script.append(Reply(raw=[OK + stolen]))
        assert await ask(client) == (200, b"hi")
        _, body = await ask(client)
        assert b"mine" in body
        assert upstream.connections == 2
        await client.aclose()


async def test_silence_is_a_timeout() -> None:
    async with FakeUpstream() as upstream:
        error = await failure(upstream, Reply(hang=True), limits=Limits(read_timeout_s=0.02))
        assert error.retryable
        assert "silent" in error.message
        await upstream.aborted.wait()


async def test_an_answer_that_never_ends_is_a_timeout() -> None:
    async with FakeUpstream() as upstream:
        drip = ["HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"] + ["x"] * 10_000
        upstream.script.append(Reply(raw=drip, piece_delay_s=0.001))
        client = HttpClient(upstream.url)
        with pytest.raises(ProviderError, match="in time") as caught:
            await ask(client, timeout_s=0.05)
        assert caught.value.retryable
        await upstream.aborted.wait()
        await client.aclose()


async def test_leaving_early_closes_the_connection() -> None:
    async with FakeUpstream() as upstream:
        client = HttpClient(upstream.url)
        drip = ["HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nx"] + ["x"] * 10_000
        upstream.script.append(Reply(raw=drip, piece_delay_s=0.001))
        response = await client.post(PATH, BODY, timeout_s=5.0)
        assert await response.piece()
        response.close()
        response.close()
        await upstream.aborted.wait()
        assert await response.piece() == b""
        await client.aclose()


async def test_a_slow_reader_slows_the_sender_and_still_gets_every_byte() -> None:
    size = 4 * 1024 * 1024
    async with FakeUpstream() as upstream:
        client = HttpClient(upstream.url)
        for _ in range(2):
            upstream.script.append(Reply(body="x" * size))
            response = await client.post(PATH, BODY, timeout_s=20.0)
            got = 0
            while piece := await response.piece():
                assert len(piece) < size
                got += len(piece)
                await asyncio.sleep(0)
            assert got == size
            response.close()
        assert upstream.connections == 1
        await client.aclose()


async def test_a_closed_client_refuses() -> None:
    async with FakeUpstream() as upstream:
        client = HttpClient(upstream.url)
        await ask(client)
        await client.aclose()
        with pytest.raises(ProviderError, match="closed"):
            await ask(client)


async def test_nobody_there_is_retryable() -> None:
    async with FakeUpstream() as upstream:
        url = upstream.url
    client = HttpClient(url)
    with pytest.raises(ProviderError, match="cannot reach") as caught:
        await ask(client)
    assert caught.value.retryable
    await client.aclose()


def test_a_client_survives_a_second_loop() -> None:
    clients: list[HttpClient] = []

    async def once() -> None:
        async with FakeUpstream() as upstream:
            clients.append(HttpClient(upstream.url))
            await ask(clients[-1])
            await clients[-1].aclose()

    asyncio.run(once())
    asyncio.run(once())


async def test_redirects_are_not_followed() -> None:
    async with FakeUpstream() as upstream:
        client = HttpClient(upstream.url)
        upstream.script.append(Reply(status=307, headers={"location": "/elsewhere"}, body=""))
        assert await ask(client) == (307, b"")
        assert len(upstream.requests) == 1
        await client.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host",
        "host/v1",
        "http://",
        "http://user:secret@host/v1",
        "http://host/v1?key=secret",
        "http://host:port/",
        "http://[::1/",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        HttpClient(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "headers", [{"x": "a\r\nhost: evil"}, {"x y": "a"}, {"x\n": "a"}, {"x": "ü"}, {"": "a"}]
)
def test_headers_cannot_smuggle(headers: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        HttpClient("http://host", headers=headers)
