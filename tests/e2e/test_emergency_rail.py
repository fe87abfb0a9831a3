"""An emergency rail on real workers: how soon it looks on all, on streams, and how it ends."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from doubles.emergency import asked_rail, people_of
from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import CONTROL, RunningGateway, eventually
from roadworthy.domain import EmergencyRail
from roadworthy.flows.mitigation.emergency import add_rail
from roadworthy.flows.workspace.loop import Loop
from roadworthy.journal import read_segment, segments
from roadworthy.wiring.loop import loop_of

FALLBACK = "A person will read your letter."
LINES = 8
"""Connections that stay: each is one worker's."""


def echo(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"]).strip()


class Caller:
    """One connection, kept."""

    def __init__(self, gateway: RunningGateway, key: str) -> None:
        self.http = httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"})
        self.url = f"{gateway.url}/chat/completions"

    async def ask(self, text: str) -> tuple[int, str]:
        messages = [{"role": "user", "content": text}]
        answer = await self.http.post(self.url, json={"model": "letters", "messages": messages})
        if answer.status_code != 200:
            return answer.status_code, answer.text
        return 200, answer.json()["choices"][0]["message"]["content"]

    async def until(self, text: str, wanted: str) -> float:
        """When the answer is what was wanted."""
        while (await self.ask(text))[1] != wanted:
            await asyncio.sleep(0.01)
        return time.monotonic()


def add(loop: Loop, word: str, **given: Any) -> EmergencyRail:
    options = {"words": [word]}
    rail, unrecorded = add_rail(
        asked_rail(given.pop("name", f"no-{word}"), options=options, on="output", **given),
        loop_of(loop.workspace),
        people_of(loop, "bob", "cleo"),
    )
    assert not unrecorded
    return rail


async def test_it_looks_on_every_worker_within_a_second_and_over_a_restart(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer=echo) as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path, workers=2) as gateway:
            lines = [Caller(gateway, key) for _ in range(LINES)]
            took = []
            for word in ("mauve", "ochre", "umber", "sepia", "beige"):
                assert {await line.ask(word) for line in lines} == {(200, word)}
                begun = time.monotonic()
                ends = [asyncio.ensure_future(line.until(word, FALLBACK)) for line in lines]
                await asyncio.to_thread(add, loop, word)
                took.append(max(await asyncio.gather(*ends)) - begun)
            print(f"on every worker after {[round(t * 1000) for t in took]} ms")
            assert max(took) < 1.0, took
            assert {await line.ask("teal") for line in lines} == {(200, "teal")}
            for line in lines:
                await line.http.aclose()
        answered = [
            path
            for path in segments(loop.workspace.journal)
            if any(placed.record.kind == "close" for placed in read_segment(path))
        ]
        assert len(answered) == 2  # both workers had callers
        async with RunningGateway(tmp_path, workers=2) as gateway:
            line = Caller(gateway, key)
            assert await line.ask("mauve") == (200, FALLBACK)
            await line.http.aclose()


async def test_a_stream_under_way_says_nothing_more_of_what_it_names(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        go = ["word " * 40] * 3
        pieces = go + ["more "] * 60 + ["mau", "ve par", "cel", " and more"]
        upstream.script = [Reply(pieces=pieces, piece_delay_s=0.05)]
        async with RunningGateway(tmp_path, workers=2) as gateway, httpx2.AsyncClient() as http:
            said, added = "", False
            body = {"model": "letters", "stream": True,
                    "messages": [{"role": "user", "content": "Where?"}]}  # fmt: skip
            headers = {"authorization": f"Bearer {key}"}
            url = f"{gateway.url}/chat/completions"
            async with http.stream("POST", url, json=body, headers=headers) as stream:
                async for line in stream.aiter_lines():
                    if not line.startswith("data: {"):
                        continue
                    event = msgspec.json.decode(line[6:])
                    for choice in event["choices"]:
                        said += choice["delta"].get("content") or ""
                    if said and not added:
                        added = True
                        await asyncio.to_thread(add, loop, "mauve parcel", name="late")
            assert said.startswith("word ") and said.endswith(FALLBACK)
            assert "mau" not in said and "more " in said


async def test_the_workers_end_it_without_a_control_process_and_its_end_is_entered(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer=echo) as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path, workers=2) as gateway:
            line = Caller(gateway, key)
            rail = await asyncio.to_thread(add, loop, "mauve", lasts_s=3)
            await line.until("mauve", FALLBACK)
            stopping = asyncio.ensure_future(_keep_killing(gateway))
            ended = await line.until("mauve", "mauve")
            assert ended
            stopping.cancel()

            def entered() -> bool:
                fresh = loop_of(loop.workspace).ledger
                return fresh.newest(kind="emergency.expired", subject=rail.id) is not None

            await eventually(entered)
            await line.http.aclose()


async def _keep_killing(gateway: RunningGateway) -> None:
    """No control process lives for long."""
    while True:
        gateway.kill_9(CONTROL)
        await asyncio.sleep(0.05)
