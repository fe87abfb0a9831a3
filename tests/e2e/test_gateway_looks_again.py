"""What was true when a request's head came need not be true when its answer is to begin."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import msgspec
import openai
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway, eventually, roadworthy
from roadworthy.journal import read_journal

ASK = [{"role": "user", "content": "Where is my bill?"}]
BODY = msgspec.json.encode({"model": "letters", "messages": ASK})


class HalfSent:
    """A request whose head was admitted and whose body is still to come, on a real socket."""

    def __init__(self, gateway: RunningGateway, key: str) -> None:
        self._place = urlsplit(gateway.base)
        self._head = (
            "POST /v1/chat/completions HTTP/1.1\r\n"
            f"host: {self._place.netloc}\r\nauthorization: Bearer {key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n"
            "expect: 100-continue\r\nconnection: close\r\n\r\n"
        )

    async def __aenter__(self) -> HalfSent:
        self._reader, self._writer = await asyncio.open_connection(
            self._place.hostname, self._place.port
        )
        self._writer.write(self._head.encode())
        assert b"100 Continue" in await self._reader.readuntil(b"\r\n\r\n")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def rest(self) -> bytes:
        """Send the body; the whole answer."""
        self._writer.write(BODY)
        return await self._reader.read()


async def test_a_key_revoked_between_head_and_body_gets_no_answer(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        key = a_key(write_live_system(tmp_path, upstream.url))
        async with RunningGateway(tmp_path) as gateway:
            async with HalfSent(gateway, key) as untouched:
                assert b" 200 OK" in await untouched.rest()
            asked = len(upstream.requests)
            async with HalfSent(gateway, key) as request:
                code, _, errors = await roadworthy(
                    "keys", "tenant", "revoke", "acme", str(tmp_path), "--json"
                )
                assert code == 0, errors
                said = await request.rest()
            assert b" 401 " in said and b"revoked" in said
            assert len(upstream.requests) == asked


async def test_a_table_damaged_between_head_and_body_fails_closed(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, HalfSent(gateway, key) as request:
            loop.workspace.routing.write_bytes(b'{"version": 9')
            async with httpx2.AsyncClient() as http:
                await eventually(lambda: _closed(http, gateway))
            said = await request.rest()
            assert b" 503 " in said and b"table_unreadable" in said


async def _closed(http: httpx2.AsyncClient, gateway: RunningGateway) -> bool:
    return (await http.get(f"{gateway.base}/readyz")).status_code == 503


@pytest.mark.parametrize("damage", ["torn", "went-back"])
async def test_a_damaged_table_stops_running_streams_on_every_worker(
    tmp_path: Path, damage: str
) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        table = msgspec.json.decode(loop.workspace.routing.read_bytes())
        # The same routes, but older: with others the control process would put the table right,
        # and a worker that did not look in between would have nothing to stop for.
        older = msgspec.json.encode(table)
        loop.workspace.routing.write_bytes(msgspec.json.encode({**table, "version": 99}))
        endless = Reply(pieces=["word " * 40] * 3 + ["more "] * 5000, piece_delay_s=0.05)
        upstream.script = [endless] * 4
        async with (
            RunningGateway(tmp_path, workers=2) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        ):
            started = asyncio.Semaphore(0)

            async def follow() -> None:
                stream = await client.chat.completions.create(
                    model="letters", messages=ASK, stream=True
                )
                with pytest.raises(openai.APIError, match="kill switch table-unreadable"):
                    async for chunk in stream:
                        if chunk.choices and chunk.choices[0].delta.content:
                            started.release()

            streams = [asyncio.ensure_future(follow()) for _ in range(4)]
            for _ in range(4):
                await started.acquire()
            damaged = b'{"version": 9' if damage == "torn" else older
            loop.workspace.routing.write_bytes(damaged)
            await asyncio.wait_for(asyncio.gather(*streams), 20)
        ended = [
            record.observation
            for record in read_journal(loop.workspace.journal)
            if record.kind == "close" and record.observation is not None
        ]
        assert [seen.action for seen in ended] == ["killed"] * 4
        assert all(seen.error == "kill switch: table-unreadable" for seen in ended)
