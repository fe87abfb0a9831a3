"""The official OpenAI SDK's responses against the gateway as a real process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway, eventually, roadworthy
from roadworthy.journal import read_journal

ASK = "Where is my bill?"
TOOL: Any = {
    "type": "function",
    "name": "look",
    "description": "Look for a paper.",
    "parameters": {"type": "object", "properties": {"at": {"type": "string"}}},
    "strict": False,
}
CALLED = {
    "tool_calls": [
        {"index": 0, "id": "call_a", "type": "function",
         "function": {"name": "look", "arguments": '{"at": "bill"}'}},
    ]
}  # fmt: skip


class Found(BaseModel):
    at: str


def a_client(gateway: RunningGateway, key: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0)


async def test_plain_and_streamed_sync_and_async(tmp_path: Path) -> None:
    async with FakeUpstream(answer="It is on its way to you") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            raw = await client.responses.with_raw_response.create(model="letters", input=ASK)
            assert raw.headers["x-roadworthy-action"] == "answered"
            plain = raw.parse()
            assert plain.output_text == "It is on its way to you"
            assert plain.status == "completed"
            assert plain.usage is not None and plain.usage.total_tokens > 0
            async with client.responses.stream(model="letters", input=ASK) as stream:
                kinds = [event.type async for event in stream]
                final = await stream.get_final_response()
            assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
            assert kinds.count("response.output_text.delta") > 1
            assert final.output_text == plain.output_text
            assert final.usage == plain.usage
            events = await client.responses.create(model="letters", input=ASK, stream=True)
            said = [e.delta async for e in events if e.type == "response.output_text.delta"]
            assert "".join(said) == plain.output_text

            def at_once() -> str:
                with openai.OpenAI(base_url=gateway.url, api_key=key) as plainly:
                    return plainly.responses.create(model="letters", input=ASK).output_text

            assert await asyncio.to_thread(at_once) == plain.output_text
        records = [r for r in read_journal(loop.workspace.journal) if r.kind == "close"]
        assert len(records) == 4


async def test_a_round_of_tools_and_structured_output(tmp_path: Path) -> None:
    async with FakeUpstream(answer='{"at":"the post"}') as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            for streamed in (False, True):
                upstream.requests.clear()
                upstream.script = [
                    Reply(text="I look.", message=CALLED, finish_reason="tool_calls")
                ]
                ask: Any = {
                    "model": "small", "tools": [TOOL], "instructions": "Mine.",
                    "tool_choice": "required",
                }  # fmt: skip
                if streamed:
                    async with client.responses.stream(**ask, input=ASK) as stream:
                        said = await stream.get_final_response()
                else:
                    said = await client.responses.create(**ask, input=ASK)
                words, call = said.output
                assert said.output_text == "I look." and words.type == "message"
                assert call.type == "function_call" and call.arguments == '{"at": "bill"}'
                items: Any = [
                    {"role": "user", "content": ASK},
                    *[item.model_dump(exclude_none=True) for item in said.output],
                    {"type": "function_call_output", "call_id": call.call_id, "output": "found"},
                ]
                parsed = await client.responses.parse(**ask, input=items, text_format=Found)
                assert parsed.output_parsed == Found(at="the post")
                first, second = (request.body for request in upstream.requests)
                assert first["messages"][0] == {"role": "system", "content": "Mine."}
                assert first["tools"][0]["function"]["name"] == "look"
                assert second["messages"][2]["tool_calls"][0]["id"] == call.call_id
                assert second["messages"][3]["tool_call_id"] == call.call_id
                assert second["response_format"]["json_schema"]["name"] == "Found"


async def test_blocked_refused_and_killed_have_the_apis_shape(tmp_path: Path) -> None:
    async with FakeUpstream(answer="DE89370400440532013000 is yours") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            plain = await client.responses.create(model="letters", input=ASK)
            events = await client.responses.create(model="letters", input=ASK, stream=True)
            last = [event async for event in events][-1]
            assert last.type == "response.incomplete"
            for each in (plain, last.response):
                assert each.status == "incomplete"
                assert each.incomplete_details is not None
                assert each.incomplete_details.reason == "content_filter"
                assert each.output_text == "A person will read your letter."
            with pytest.raises(openai.BadRequestError) as stored:
                await client.responses.create(model="letters", input=ASK, store=True)
            assert stored.value.param == "store"
            words = [f"word{n} " * 40 for n in range(500)]
            upstream.script = [Reply(pieces=words, piece_delay_s=0.02)]
            with pytest.raises(openai.APIError, match="kill switch"):
                killed = False
                async for event in await client.responses.create(
                    model="letters", input=ASK, stream=True
                ):
                    if event.type == "response.output_text.delta" and not killed:
                        killed = True
                        code, _said, _err = await roadworthy(
                            *("kill", "system", str(tmp_path), "--reason", "drill"),
                            *("--as", "dan"),
                        )
                        assert code == 0

            def closed() -> bool:
                last = [r for r in read_journal(loop.workspace.journal) if r.kind == "close"]
                return last[-1].observation.action == "killed"  # type: ignore[union-attr]

            await eventually(closed)
