"""The official Anthropic SDK, unmodified, against the gateway as a real process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import anthropic
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway, eventually, roadworthy
from roadworthy.journal import Vault, open_master_key, read_journal, unseal

ASK: Any = [{"role": "user", "content": "Where is my bill?"}]
TOOL: Any = {
    "name": "look",
    "description": "Look for a paper.",
    "input_schema": {"type": "object", "properties": {"at": {"type": "string"}}},
}
CALLED = {
    "tool_calls": [
        {"index": 0, "id": "call_a", "type": "function",
         "function": {"name": "look", "arguments": '{"at": "bill"}'}},
    ]
}  # fmt: skip


def a_client(gateway: RunningGateway, key: str) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=gateway.base, api_key=key, max_retries=0)


async def test_plain_and_streamed_sync_and_async(tmp_path: Path) -> None:
    async with FakeUpstream(answer="It is on its way to you") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            raw = await client.messages.with_raw_response.create(
                model="letters", max_tokens=64, messages=ASK, metadata={"user_id": "ann@x.org"}
            )
            assert raw.headers["x-roadworthy-action"] == "answered"
            plain = await raw.parse()
            assert [block.model_dump() for block in plain.content] == [
                {"type": "text", "text": "It is on its way to you", "citations": None}
            ]
            assert (plain.stop_reason, plain.role, plain.model) == (
                "end_turn", "assistant", "letters",
            )  # fmt: skip
            assert plain.usage.input_tokens > 0 and plain.usage.output_tokens > 0
            async with client.messages.stream(
                model="letters", max_tokens=64, messages=ASK
            ) as stream:
                pieces = [text async for text in stream.text_stream]
                final = await stream.get_final_message()
            assert len(pieces) > 1 and "".join(pieces) == "It is on its way to you"
            assert [block.text for block in final.content] == ["It is on its way to you"]  # type: ignore[union-attr]
            assert (final.stop_reason, final.usage.output_tokens) == (
                plain.stop_reason, plain.usage.output_tokens,
            )  # fmt: skip
            bearer = anthropic.AsyncAnthropic(
                base_url=gateway.base, auth_token=key, api_key=None, max_retries=0
            )
            async with bearer:
                again = await bearer.messages.create(model="letters", max_tokens=9, messages=ASK)
            assert again.content == plain.content

            listed = [model async for model in client.models.list()]
            assert [model.id for model in listed] == ["letters", "letters/transparent"]
            assert listed[0].type == "model" and listed[0].display_name == "letters"

            def at_once() -> tuple[str, str]:
                with anthropic.Anthropic(base_url=gateway.base, api_key=key) as plainly:
                    one = plainly.messages.create(model="letters", max_tokens=9, messages=ASK)
                    with plainly.messages.stream(
                        model="letters", max_tokens=9, messages=ASK
                    ) as two:
                        return one.content[0].text, two.get_final_text()  # type: ignore[union-attr]

            assert await asyncio.to_thread(at_once) == ("It is on its way to you",) * 2
        records = [r for r in read_journal(loop.workspace.journal) if r.kind == "close"]
        assert len(records) == 5
        first = records[0].observation
        assert first is not None and first.id == raw.headers["x-roadworthy-observation"]
        assert first.end_user.startswith("eu-") and "ann" not in first.end_user
        vault = Vault(loop.workspace.journal / "keys", open_master_key(loop.workspace.keys))
        texts = unseal(records[0], vault)
        assert texts is not None and texts.input == "Where is my bill?"


async def test_a_round_of_tools(tmp_path: Path) -> None:
    async with FakeUpstream(answer="Your bill is in the post.") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            for streamed in (False, True):
                upstream.requests.clear()
                upstream.script = [
                    Reply(text="I look.", message=CALLED, finish_reason="tool_calls")
                ]
                ask: Any = {
                    "model": "small", "max_tokens": 64, "messages": ASK, "tools": [TOOL],
                    "system": "Mine.", "tool_choice": {"type": "any"},
                }  # fmt: skip
                if streamed:
                    async with client.messages.stream(**ask) as stream:
                        said = await stream.get_final_message()
                else:
                    said = await client.messages.create(**ask)
                assert said.stop_reason == "tool_use"
                text, use = said.content
                assert text.type == "text" and text.text == "I look."
                assert use.type == "tool_use" and use.input == {"at": "bill"}
                result = {"type": "tool_result", "tool_use_id": use.id, "content": "in the post"}
                turns: Any = [
                    *ASK,
                    {"role": "assistant", "content": [b.model_dump() for b in said.content]},
                    {"role": "user", "content": [result]},
                ]
                last = await client.messages.create(**{**ask, "messages": turns})
                assert last.content[0].text == "Your bill is in the post."  # type: ignore[union-attr]
                first, second = (request.body for request in upstream.requests)
                assert first["messages"][0] == {"role": "system", "content": "Mine."}
                assert first["tools"][0]["function"]["name"] == "look"
                assert first["tool_choice"] == "required"
                assert second["messages"][2]["tool_calls"][0]["id"] == use.id
                assert second["messages"][3] == {
                    "role": "tool", "tool_call_id": use.id, "content": "in the post",
                }  # fmt: skip


async def test_blocked_held_and_refused_have_the_apis_shape(tmp_path: Path) -> None:
    async with FakeUpstream(answer="DE89370400440532013000 is yours") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            ask: Any = {"model": "letters", "max_tokens": 64}
            for words in ("my lawyer says", "Where is my bill?"):
                turn: Any = [{"role": "user", "content": words}]
                said = await client.messages.create(**ask, messages=turn)
                async with client.messages.stream(**ask, messages=turn) as stream:
                    final = await stream.get_final_message()
                for each in (said, final):
                    assert each.stop_reason == "refusal"
                    assert each.content[0].text == "A person will read your letter."  # type: ignore[union-attr]
            found: Any = {"type": "search_result", "source": "s", "title": "t", "content": []}
            with pytest.raises(anthropic.BadRequestError, match="text only"):
                seen: Any = [{"role": "user", "content": [found]}]
                await client.messages.create(**ask, messages=seen)
            with pytest.raises(anthropic.NotFoundError) as missing:
                await client.messages.create(**{**ask, "model": "nope"}, messages=ASK)
            assert missing.value.type == "not_found_error"
            with pytest.raises(anthropic.AuthenticationError) as unknown:
                await client.with_options(api_key="rw-no").messages.create(**ask, messages=ASK)
            assert unknown.value.body["type"] == "error"  # type: ignore[index]
            with pytest.raises(anthropic.BadRequestError, match="thinking"):
                thought: Any = {"type": "enabled", "budget_tokens": 1024}
                await client.messages.create(
                    model="small", max_tokens=2000, messages=ASK, thinking=thought
                )


async def test_a_kill_breaks_a_stream_off_with_an_error(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        words = [f"word{n} " * 40 for n in range(500)]
        upstream.script = [Reply(pieces=words, piece_delay_s=0.02)]
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            with pytest.raises(anthropic.APIStatusError, match="kill switch"):
                async with client.messages.stream(
                    model="letters", max_tokens=64, messages=ASK
                ) as stream:
                    killed = False
                    async for _ in stream.text_stream:
                        if not killed:
                            killed = True
                            code, _said, _err = await roadworthy(
                                *("kill", "system", str(tmp_path), "--reason", "drill"),
                                *("--as", "dan"),
                            )
                            assert code == 0

            def closed() -> bool:
                last = [r for r in read_journal(loop.workspace.journal) if r.kind == "close"]
                return bool(last) and last[0].observation.action == "killed"  # type: ignore[union-attr]

            await eventually(closed)
            with pytest.raises(anthropic.InternalServerError, match="kill switch"):
                await client.messages.create(model="letters", max_tokens=9, messages=ASK)
