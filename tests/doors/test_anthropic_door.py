"""Files, batches' shapes and rails of a system in front of Anthropic's Messages API."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import Door, a_door
from doubles.fake_anthropic import FakeAnthropic, Said
from doubles.live_system import CHAT
from doubles.pictures import a_picture, encoded

PICTURE = encoded(a_picture(1, (64, 64)))
MARK = {"cache_control": {"type": "ephemeral"}}


@asynccontextmanager
async def in_front(root: Path, answer: str = "ok", **files: str) -> AsyncIterator[Door]:
    """A door of a system whose upstream is Anthropic's."""
    candidate = (CHAT["candidate.yaml"] or "").replace("openai_compatible", "anthropic")
    upstream = FakeAnthropic(answer, wants_key=False)
    async with a_door(root, {"candidate.yaml": candidate, **files}, behind=upstream) as door:
        yield door


async def asked(door: Door, path: str, body: Any) -> tuple[int, Any]:
    answer = await door.ask(path, {"model": "small", **body})
    return answer.status, msgspec.json.decode(answer.data)


async def test_a_picture_comes_through_by_any_api_as_the_same_block(tmp_path: Path) -> None:
    charter = (CHAT["charter.yaml"] or "") + "behaviour:\n  inbound_media: {}\n"
    data = base64.b64encode(PICTURE).decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    url = f"data:image/png;base64,{data}"
    async with in_front(tmp_path, **{"charter.yaml": charter}) as door:
        for path, part, more in (
            ("/v1/chat/completions", {"type": "image_url", "image_url": {"url": url}}, {}),
            ("/v1/messages", {"type": "image", "source": source, **MARK}, {"max_tokens": 9}),
        ):
            turn = {"role": "user", "content": [{"type": "text", "text": "what is it"}, part]}
            status, said = await asked(door, path, {"messages": [turn], **more})
            assert status == 200, said
            marked = MARK if path == "/v1/messages" else {}
            assert door.upstream.requests[-1].body["messages"] == [
                {"role": "user", "content": [
                    {"type": "text", "text": "what is it"},
                    {"type": "image", "source": source, **marked},
                ]},
            ]  # fmt: skip


async def test_rails_look_at_what_only_anthropic_knows(tmp_path: Path) -> None:
    async with in_front(tmp_path) as door:
        thought = {"type": "thinking", "thinking": "xyzzy", "signature": "EqQB"}
        for body in (
            {"messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": [thought, {"type": "text", "text": "b"}]},
                {"role": "user", "content": "c"},
            ]},
            {"messages": [{"role": "user", "content": "a"}], "context_management": {"x": "xyzzy"}},
            {"messages": [{"role": "user", "content": "a"}], "system": [
                {"type": "text", "text": "xyzzy", **MARK},
            ]},
        ):  # fmt: skip
            status, said = await asked(door, "/v1/messages", {"max_tokens": 9, **body})
            assert (status, said["stop_reason"]) == (200, "refusal")
        assert not door.upstream.requests


async def test_a_text_to_be_continued_is_refused_and_a_filled_prompt_is_not(tmp_path: Path) -> None:
    async with in_front(tmp_path) as door:
        status, said = await asked(door, "/v1/completions", {"prompt": "Once"})
        assert (status, said["error"]["param"]) == (400, "prompt")
        answer = await door.ask("/v1/completions", {"model": "letters", "prompt": "Where is it"})
        assert answer.status == 200
        status, said = await asked(door, "/v1/embeddings", {"input": "a"})
        assert status == 400 and "openai_compatible" in said["error"]["message"]
        assert len(door.upstream.requests) == 1


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
async def test_a_call_without_arguments_is_one_on_every_api(tmp_path: Path, path: str) -> None:
    use = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
    field, most = ("input", "max_output_tokens") if "resp" in path else ("messages", "max_tokens")
    async with in_front(tmp_path) as door:
        door.upstream.script = [Said(blocks=[use], stop_reason="tool_use")]
        turn = [{"role": "user", "content": "a"}]
        status, said = await asked(door, path, {field: turn, most: 9})
        assert status == 200 and "look" in str(said)
