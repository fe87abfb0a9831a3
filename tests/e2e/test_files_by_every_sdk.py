"""Pictures, sounds and PDFs by the official SDKs of both APIs, against the gateway as a process."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import CHAT, a_key, write_live_system
from doubles.pictures import a_picture, a_sound, encoded
from doubles.running_gateway import RunningGateway

PICTURE = base64.b64encode(encoded(a_picture(1, (320, 256)))).decode()
SOUND = base64.b64encode(a_sound()).decode()
URL = f"data:image/png;base64,{PICTURE}"
LETS_IN = "behaviour: {inbound_media: {kinds: [picture, sound, document]}}\n"
FILES = {"charter.yaml": CHAT["charter.yaml"] + LETS_IN}  # type: ignore[operator]
WORDS = "Read this letter."


async def test_the_same_files_arrive_by_every_sdk(tmp_path: Path) -> None:
    async with FakeUpstream(answer="a parcel") as upstream:
        loop = write_live_system(tmp_path, upstream.url, dict(FILES))
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway:
            async with openai.AsyncOpenAI(
                base_url=gateway.url, api_key=key, max_retries=0
            ) as client:
                shown: list[Any] = [
                    {"type": "input_text", "text": "What is it?"},
                    {"type": "input_image", "image_url": URL, "detail": "auto"},
                    {"type": "input_file", "file_data": _text(WORDS), "filename": "a.txt"},
                ]
                said = await client.responses.create(
                    model="small", input=[{"role": "user", "content": shown}]
                )
                assert said.output_text == "a parcel"
                spoken: list[Any] = [
                    {"type": "input_audio", "input_audio": {"data": SOUND, "format": "wav"}},
                ]
                heard = await client.chat.completions.create(
                    model="small", messages=[{"role": "user", "content": spoken}]
                )
                assert heard.choices[0].message.content == "a parcel"
                with pytest.raises(openai.BadRequestError, match="elsewhere"):
                    shown[1]["image_url"] = "https://example.com/a.png"
                    await client.responses.create(
                        model="small", input=[{"role": "user", "content": shown}]
                    )
            async with anthropic.AsyncAnthropic(
                base_url=gateway.base, api_key=key, max_retries=0
            ) as other:
                source: Any = {"type": "base64", "media_type": "image/png", "data": PICTURE}
                words: Any = {"type": "text", "media_type": "text/plain", "data": WORDS}
                blocks: list[Any] = [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image", "source": source},
                    {"type": "document", "source": words, "title": "a.txt"},
                ]
                answered = await other.messages.create(
                    model="small", max_tokens=64, messages=[{"role": "user", "content": blocks}]
                )
                assert answered.content[0].type == "text"
                with pytest.raises(anthropic.BadRequestError, match="elsewhere"):
                    blocks[1]["source"] = {"type": "url", "url": "https://example.com/a.png"}
                    await other.messages.create(
                        model="small", max_tokens=64, messages=[{"role": "user", "content": blocks}]
                    )
        first, sound, second = [request.body["messages"] for request in upstream.requests]
        assert sound[0]["content"][0]["input_audio"] == {"data": SOUND, "format": "wav"}
        assert first[0]["content"][1]["image_url"] == {"url": URL, "detail": "auto"}
        assert first[0]["content"][2] == {"type": "text", "text": f"a.txt\n{WORDS}"}
        assert second[0]["content"][2] == first[0]["content"][2]
        assert second[0]["content"][1]["image_url"]["url"] == URL


def _text(words: str) -> str:
    return f"data:text/plain;base64,{base64.b64encode(words.encode()).decode()}"
