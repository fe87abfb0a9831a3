"""The control process's door: pages, and whatever else somebody sends to a port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from doubles.running_gateway import free_port
from doubles.set_clock import SetClock
from roadworthy.domain import UsageError
from roadworthy.gateway.control_door import Page, Pages, control_api, open_door


async def _ready() -> Page:
    return Page(b'{"ready":false}', 503)


async def _metrics() -> Page:
    return Page(b"roadworthy 1\n", kind=(b"content-type", b"text/plain; charset=utf-8"))


async def _fails() -> Page:
    raise ValueError("the secret is hunter2")


PAGES: Pages = {"/readyz": _ready, "/metrics": _metrics, "/fails": _fails}


@asynccontextmanager
async def a_door() -> AsyncIterator[int]:
    port = free_port()
    server = await open_door(port, PAGES, SetClock())
    try:
        yield port
    finally:
        await server.drain(1.0)


async def said(port: int, sent: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and what follows, until the other side ends or the body is whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        status, *lines = head.decode("latin-1").encode("latin-1").split(b"\r\n")[:-2]
        headers = dict(line.split(b": ", 1) for line in lines)
        length = 0 if sent.startswith(b"HEAD ") else int(headers[b"content-length"])
        return int(status.split()[1]), headers, await reader.readexactly(length)
    finally:
        writer.close()


def get(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()


async def test_a_page_is_said_as_it_is_and_its_head_alone_where_that_is_asked() -> None:
    async with a_door() as port:
        assert (await said(port, get("/readyz")))[::2] == (503, b'{"ready":false}')
        status, headers, body = await said(port, get("/metrics"))
        assert (status, body) == (200, b"roadworthy 1\n")
        assert headers[b"content-type"] == b"text/plain; charset=utf-8"
        status, alone, body = await said(port, get("/metrics", "HEAD"))
        assert (status, alone, body) == (200, headers, b"")
        assert (await said(port, get("/openapi.json")))[2] == control_api()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_another_method_is_told_which_there_are(method: str) -> None:
    async with a_door() as port:
        status, headers, body = await said(port, get("/readyz", method))
        assert (status, headers[b"allow"]) == (405, b"GET, HEAD")
        assert msgspec.json.decode(body)["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (get("/nowhere"), 404),
        (get("/%ff%00"), 404),
        (get("/readyz/"), 404),
        (get("//readyz"), 404),
        (b"rubbish\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET /readyz HTTP/1.1\r\n\r\n", 400),
        (b"GET /readyz HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"POST /readyz HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n\r\n", 413),
        (get("/readyz?x=%ff"), 503),
        (b"GET /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc", 200),
    ],
)
async def test_whatever_comes_gets_an_answer_in_json(sent: bytes, status: int) -> None:
    async with a_door() as port:
        found, headers, body = await said(port, sent)
        assert found == status
        if status >= 400 and status != 503:
            assert headers[b"content-type"] == b"application/json"
            assert msgspec.json.decode(body)["error"]["message"]


async def test_a_page_that_cannot_be_made_is_an_error_without_its_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with a_door() as port:
        status, _, body = await said(port, get("/fails"))
    assert status == 500 and b"hunter2" not in body
    assert "/fails could not be said" in caplog.text


async def test_a_port_that_is_taken_names_the_option() -> None:
    async with a_door() as port:
        with pytest.raises(UsageError) as error:
            await open_door(port, PAGES, SetClock())
    assert "--control-port" in error.value.fix
