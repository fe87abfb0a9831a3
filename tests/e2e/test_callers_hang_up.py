"""Callers that hang up at any instant leave nothing open behind them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway
from roadworthy.journal import read_journal

CALLERS = 60


async def test_each_stream_that_was_begun_is_ended_in_the_journal(tmp_path: Path) -> None:
    """A third of those who left while the first record was written stayed open until a restart."""
    async with FakeUpstream(answer="your bill is here") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        asked = {"model": "small", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
        body = json.dumps(asked).encode()
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer {key}\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode()
        async with RunningGateway(tmp_path) as gateway:
            place = urlsplit(gateway.base)
            for number in range(CALLERS):
                _, writer = await asyncio.open_connection(place.hostname, place.port)
                writer.write(head + body)
                await asyncio.sleep(0.0004 * (number % 10))
                writer.transport.abort()
            await gateway.stop()
    ends: dict[str, set[str]] = {"open": set(), "close": set()}
    for record in read_journal(loop.workspace.journal):
        if record.kind in ends and record.observation is not None:
            ends[record.kind].add(record.observation.id)
    assert len(ends["open"]) > CALLERS / 4
    assert ends["open"] <= ends["close"]
