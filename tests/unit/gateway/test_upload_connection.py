"""Uploads over real sockets: answered in their turn, on a connection that stays in step."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from doubles.set_clock import SetClock
from roadworthy.gateway.inflow import Inflow
from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.request_reader import MAX_BODY_BYTES, is_upload
from roadworthy.gateway.server import Server
from roadworthy.gateway.wire import Answer, Request

HEAD = b"POST /v1/files HTTP/1.1\r\nhost: x\r\n"
PLAIN = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"


class Counts:
    """Answers an upload with how long it was."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.pieces = 0
        self.gone = asyncio.Event()

    def admit(self, request: Request) -> None:
        if is_upload(request):
            request.inflow = Inflow(100 << 20)

    async def answer(self, request: Request, answer: Answer) -> None:
        if request.path == "/slow":
            await self.go.wait()
        inflow = request.inflow
        if inflow is None:
            answer.whole(200, request.body)
            return
        size = 0
        if request.headers.get(b"x-refuse"):
            raise RuntimeError("not read")
        try:
            while piece := await inflow.read():
                size += len(piece)
                self.pieces += 1
        except ApiError:
            self.gone.set()
            raise
        answer.whole(200, b"%d" % size)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Counts, asyncio.StreamReader, asyncio.StreamWriter]]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.setblocking(False)
    counts = Counts()
    server = Server(counts, SetClock())
    await server.start(listener)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
    try:
        yield counts, reader, writer
    finally:
        counts.go.set()
        writer.transport.abort()
        await server.drain(0.2)
        listener.close()


async def body_of(reader: asyncio.StreamReader) -> bytes:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert b" 200 " in head, head
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return await reader.readexactly(length)


async def test_a_body_longer_than_others_may_be_comes_up_and_the_next_request_is_read() -> None:
    size = 5 * MAX_BODY_BYTES
    async with connected() as (counts, reader, writer):
        for _ in range(2):
            writer.write(HEAD + b"content-length: %d\r\n\r\n" % size)
            for _ in range(size // 65536):
                writer.write(b"x" * 65536)
                await writer.drain()
            writer.write(PLAIN)
            assert await body_of(reader) == b"%d" % size
            assert await body_of(reader) == b"{}"
        assert counts.pieces > 10


async def test_a_chunked_body_and_one_that_waits_for_continue() -> None:
    async with connected() as (_, reader, writer):
        writer.write(
            HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n"
        )
        assert await body_of(reader) == b"8"
        writer.write(HEAD + b"expect: 100-continue\r\ncontent-length: 3\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert await body_of(reader) == b"3"
        writer.write(HEAD + b"content-length: 0\r\n\r\n")
        assert await body_of(reader) == b"0"


async def test_an_upload_waits_for_the_answer_before_it() -> None:
    async with connected() as (counts, reader, writer):
        slow = PLAIN.replace(b"/echo", b"/slow")
        writer.write(slow + HEAD + b"content-length: 100000\r\n\r\n" + b"x" * 100_000 + PLAIN)
        await asyncio.sleep(0.05)
        assert counts.pieces == 0
        counts.go.set()
        assert [await body_of(reader) for _ in range(3)] == [b"{}", b"100000", b"{}"]


@pytest.mark.parametrize("how", ["leaves", "closes its side", "sends no chunk"])
async def test_half_a_body_is_no_body(how: str) -> None:
    async with connected() as (counts, _, writer):
        kind = b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
        writer.write(HEAD + (kind if "chunk" in how else b"content-length: 9\r\n\r\nhalf"))
        await writer.drain()
        await asyncio.sleep(0.05)
        if how == "leaves":
            writer.transport.abort()
        elif how == "closes its side":
            writer.write_eof()
        else:
            writer.write(b"what is this?\r\n")
        await asyncio.wait_for(counts.gone.wait(), 10)


async def test_an_upload_that_nobody_read_ends_the_connection() -> None:
    async with connected() as (_, reader, writer):
        writer.write(HEAD + b"x-refuse: 1\r\ncontent-length: 9\r\n\r\nhalf")
        assert await asyncio.wait_for(reader.read(), 10) == b""
