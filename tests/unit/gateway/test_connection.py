"""Real sockets against the gateway's own server, with an application of three lines."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from doubles.set_clock import SetClock
from roadworthy.gateway.connection import IDLE_S, RECEIVE_S, STALLED_S
from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.server import Server
from roadworthy.gateway.wire import Answer, Request

ASK = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"


class Echo:
    """Answers with what it was asked; some paths behave badly."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.go = asyncio.Event()
        self.seen: list[bytes] = []

    def admit(self, request: Request) -> None:
        if request.path == "/locked":
            raise ApiError(401, "no", code="invalid_api_key")

    async def answer(self, request: Request, answer: Answer) -> None:
        self.seen.append(request.body)
        if request.path == "/watched":
            answer.on_gone = self.gone.set
        if request.path in ("/slow", "/watched"):
            await self.go.wait()
        if request.path == "/breaks":
            raise RuntimeError("broken")
        if request.path not in ("/stream", "/torn", "/flood"):
            answer.whole(200, request.body)
            return
        answer.begin(())
        await answer.piece(b"")  # an empty chunk would be the stream's end
        await answer.piece(b"data: 1\n\n")
        if request.path == "/torn":
            raise RuntimeError("torn")
        while request.path == "/flood":
            await answer.piece(b"data: " + b"x" * 65536 + b"\n\n")
        await answer.piece(b"data: 2\n\n", last=True)


class Client:
    """A raw client: what it sends and reads is up to the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:-2])
        if "content-length" not in headers:
            return int(lines[0].split()[1]), headers, b""
        body = await self.reader.readexactly(int(headers["content-length"]))
        return int(lines[0].split()[1]), headers, body

    async def closed(self) -> bytes:
        """All that still comes until the server closes."""
        return await asyncio.wait_for(self.reader.read(), 5)


@asynccontextmanager
async def a_server() -> AsyncIterator[tuple[Server, Echo, int]]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.setblocking(False)
    echo = Echo()
    server = Server(echo, SetClock())
    await server.start(listener)
    try:
        yield server, echo, listener.getsockname()[1]
    finally:
        echo.go.set()
        await server.drain(0.2)
        listener.close()


@asynccontextmanager
async def a_client(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


async def later(server: Server, seconds: int) -> None:
    """Let the server's own clock go on and everybody be looked at."""
    await asyncio.sleep(0.05)
    server.seconds += seconds
    for connection in tuple(server._connections):
        connection.look()
    await asyncio.sleep(0.05)


async def test_answers_come_in_the_order_of_their_requests() -> None:
    async with a_server() as (_, echo, port), a_client(port) as client:
        client.send(b"".join(ASK.replace(b"{}", b"%02d" % n) for n in range(40)))
        for n in range(40):
            status, headers, body = await client.answer()
            assert (status, body) == (200, b"%02d" % n)
            assert headers["date"].endswith("GMT") and "connection" not in headers
        assert len(echo.seen) == 40


async def test_a_stream_is_chunked_and_ends_with_its_last_chunk() -> None:
    async with a_server() as (_, _, port), a_client(port) as client:
        client.send(ASK.replace(b"/echo", b"/stream") + ASK)
        status, headers, _ = await client.answer()
        assert status == 200 and headers["transfer-encoding"] == "chunked"
        expected = b"9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n"
        assert await client.reader.readexactly(len(expected)) == expected
        assert (await client.answer())[0] == 200


async def test_a_stream_that_breaks_does_not_look_complete() -> None:
    async with a_server() as (_, _, port), a_client(port) as client:
        client.send(ASK.replace(b"/echo", b"/torn"))
        await client.answer()
        assert await client.closed() == b"9\r\ndata: 1\n\n\r\n"


async def test_http_1_0_gets_a_stream_that_ends_with_the_connection() -> None:
    async with a_server() as (_, _, port), a_client(port) as client:
        client.send(ASK.replace(b"/echo HTTP/1.1", b"/stream HTTP/1.0"))
        _, headers, _ = await client.answer()
        assert "transfer-encoding" not in headers and headers["connection"] == "close"
        assert await client.closed() == b"data: 1\n\ndata: 2\n\n"


async def test_an_application_that_breaks_ends_the_connection() -> None:
    async with a_server() as (_, _, port), a_client(port) as client:
        client.send(ASK.replace(b"/echo", b"/breaks"))
        assert await client.closed() == b""


async def test_a_refused_body_is_read_to_its_end_before_the_connection_closes() -> None:
    async with a_server() as (_, echo, port), a_client(port) as client:
        length = 1_000_000
        client.send(b"POST /locked HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % length)
        status, headers, _ = await client.answer()
        assert status == 401 and headers["connection"] == "close"
        client.send(b"x" * length)
        assert await client.closed() == b""
        assert echo.seen == []


async def test_a_short_refused_request_leaves_the_connection_open() -> None:
    async with a_server() as (_, _, port), a_client(port) as client:
        client.send(ASK.replace(b"/echo", b"/locked") + ASK)
        assert (await client.answer())[0] == 401
        assert (await client.answer())[0] == 200


async def test_what_is_not_http_is_told_so_and_let_go() -> None:
    async with a_server() as (_, _, port), a_client(port) as client:
        client.send(ASK + b"\x16\x03\x01 nonsense\r\n\r\n")
        assert (await client.answer())[0] == 200
        status, headers, body = await client.answer()
        assert (status, headers["connection"]) == (400, "close") and b"malformed_request" in body
        assert await client.closed() == b""


async def test_a_client_that_drips_is_let_go() -> None:
    async with a_server() as (server, _, port), a_client(port) as client:
        client.send(ASK[:30])
        await later(server, RECEIVE_S)
        client.send(ASK[30:50])
        await later(server, 1)
        assert (await client.answer())[0] == 408
        assert await client.closed() == b""


async def test_an_idle_connection_is_let_go_and_a_busy_one_is_not() -> None:
    async with a_server() as (server, echo, port), a_client(port) as idle, a_client(port) as busy:
        idle.send(ASK)
        busy.send(ASK.replace(b"/echo", b"/slow"))
        assert (await idle.answer())[0] == 200
        await later(server, IDLE_S + 1)
        assert await idle.closed() == b""
        echo.go.set()
        assert (await busy.answer())[0] == 200


async def test_a_client_that_does_not_read_is_waited_for_and_then_let_go() -> None:
    async with a_server() as (server, _, port), a_client(port) as client:
        client.send(ASK.replace(b"/echo", b"/flood"))
        await client.answer()
        (connection,) = server._connections
        while connection._writable is None:
            await asyncio.sleep(0.01)
        await later(server, STALLED_S)
        assert server._connections
        await later(server, 1)
        while server._connections:
            await asyncio.sleep(0.01)


async def test_a_client_that_leaves_is_noticed() -> None:
    async with a_server() as (_, echo, port):
        async with a_client(port) as client:
            client.send(ASK.replace(b"/echo", b"/watched"))
            while not echo.seen:
                await asyncio.sleep(0.01)
        await asyncio.wait_for(echo.gone.wait(), 5)


async def test_a_client_that_only_stops_sending_still_gets_its_answer() -> None:
    async with a_server() as (_, echo, port), a_client(port) as client:
        client.send(ASK.replace(b"/echo", b"/slow"))
        client.writer.write_eof()
        while not echo.seen:
            await asyncio.sleep(0.01)
        echo.go.set()
        assert (await client.answer())[2] == b"{}"
        assert await client.closed() == b""


async def test_draining_lets_what_runs_finish_and_takes_nothing_new() -> None:
    async with a_server() as (server, echo, port), a_client(port) as idle, a_client(port) as busy:
        busy.send(ASK.replace(b"/echo", b"/slow"))
        idle.send(ASK)
        await idle.answer()
        draining = asyncio.ensure_future(server.drain(5))
        assert await idle.closed() == b""
        with pytest.raises(ConnectionRefusedError):  # at once, and not after the last answer
            await asyncio.open_connection("127.0.0.1", port)
        echo.go.set()
        status, headers, _ = await busy.answer()
        assert (status, headers["connection"]) == (200, "close")
        await draining
        assert not server._connections


async def test_head_has_no_body_and_100_continue_comes_first() -> None:
    async with a_server() as (_, _, port), a_client(port) as client:
        client.send(ASK.replace(b"POST", b"HEAD"))
        lines = await client.reader.readuntil(b"\r\n\r\n")
        assert b"content-length: 2" in lines
        client.send(ASK[:-4] + b"expect: 100-continue\r\n\r\n")
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"{}")
        assert (await client.answer())[2] == b"{}"
