"""The official OpenAI SDK's pictures and sound against the gateway as a real process."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import msgspec
import openai
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import CHAT, a_key, write_live_system
from doubles.pictures import a_picture, a_sound, encoded
from doubles.running_gateway import RunningGateway, roadworthy

PICTURE = encoded(a_picture(1, (320, 256)))
FILES = {"charter.yaml": CHAT["charter.yaml"] + "behaviour: {inbound_media: {}}\n"}


async def test_the_sdk_makes_speaks_hears_and_shows(tmp_path: Path) -> None:
    async with FakeUpstream(answer="a parcel") as upstream:
        loop = write_live_system(tmp_path, upstream.url, dict(FILES))
        key = a_key(loop)
        code, made, errors = await roadworthy("keys", "media", str(tmp_path), "--json")
        assert code == 0, errors
        sound = a_sound()
        upstream.script = [
            Reply(body=_json({"data": [{"b64_json": base64.b64encode(PICTURE).decode()}]})),
            Reply(body=sound.decode(errors="surrogateescape")),
            Reply(body=_json({"text": "Where is it?"})),
        ]
        async with (
            RunningGateway(tmp_path) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        ):
            pictures = await client.images.generate(model="letters", prompt="a red parcel", n=1)
            assert pictures.data is not None
            picture = base64.b64decode(pictures.data[0].b64_json or "")
            spoken = await client.audio.speech.create(
                model="letters", voice="alloy", input="It is here.", response_format="wav"
            )
            heard = await client.audio.transcriptions.create(
                model="letters", file=("call.wav", io.BytesIO(sound)), language="en"
            )
            assert heard.text == "Where is it?"
            shown = await client.chat.completions.create(model="small", messages=_shown(picture))
            assert shown.choices[0].message.content == "a parcel"
            with pytest.raises(openai.BadRequestError):
                await client.images.generate(model="letters", prompt="xyzzy")
            with pytest.raises(openai.BadRequestError):
                await client.audio.speech.create(
                    model="letters", voice="alloy", input="Here.", response_format="opus"
                )
            assert spoken.response.headers["content-type"] == "audio/wav"
        for name, data, origin in (
            ("p.png", picture, "own watermark"), ("s.wav", spoken.content, "c2pa"),
        ):  # fmt: skip
            (tmp_path / name).write_bytes(data)
            where = (str(tmp_path / name), str(tmp_path), "--json")
            code, found, errors = await roadworthy("provenance", "check", *where)
            assert (code, found["made_by_ai"], found["c2pa"]["state"]) == (0, origin, "trusted"), (
                errors
            )
        assert made["certificate"].startswith("-----BEGIN CERTIFICATE-----")
        assert len(upstream.requests) == 4


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _shown(picture: bytes) -> list:  # type: ignore[type-arg]
    url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    parts = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    return [{"role": "user", "content": parts}]
