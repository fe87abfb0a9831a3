"""Words of a sound through the request path: all output rails look at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import Door, a_door
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT
from doubles.pictures import a_sound
from doubles.voices import a_voice, as_wave
from roadworthy.domain import Observation
from roadworthy.flows.workspace.mark_keys import make_mark_keys
from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.transcripts import read_transcript_request
from roadworthy.journal import read_journal, segments, unseal
from roadworthy.media import About, Marker, make_authority, make_mark_key
from roadworthy.media.waves import open_wave, with_samples
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.marking import Marking

PATH = "/v1/audio/transcriptions"
SOUND = a_sound()
LINE = b"--a-boundary"
TOLD = {
    "charter.yaml": CHAT["charter.yaml"] + "behaviour: {identifies_as_ai: I am an AI system.}\n"
}


def form(fields: dict[str, str], sound: bytes | None = SOUND, name: str = "call.wav") -> bytes:
    parts = [
        f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}'.encode()
        for key, value in fields.items()
    ]
    if sound is not None:
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        parts.append(f"{head}Content-Type: audio/wav\r\n\r\n".encode() + sound)
    return b"".join(LINE + b"\r\n" + part + b"\r\n" for part in parts) + LINE + b"--\r\n"


def said(text: Any, **more: Any) -> Reply:
    return Reply(body=msgspec.json.encode({"text": text, **more}).decode())


async def ask(door: Door, sound: bytes = SOUND, **fields: str) -> tuple[int, Any]:
    answer = await door.ask(PATH, form({"model": "letters", **fields}, sound))
    return answer.status, msgspec.json.decode(answer.data)


def kept(door: Door) -> list[Observation]:
    records = read_journal(door.loop.workspace.journal)
    return [r.observation for r in records if r.kind == "close" and r.observation is not None]


async def test_the_words_come_back_and_no_byte_of_the_sound_is_kept(tmp_path: Path) -> None:
    async with a_door(tmp_path, TOLD) as door:
        usage = {"type": "tokens", "input_tokens": 9, "output_tokens": 4}
        door.upstream.script = [said("Where is my parcel?", usage=usage)]
        status, found = await ask(door, language="en", temperature="0.2", prompt="parcels")
        assert (status, found["text"]) == (200, "Where is my parcel?")
        assert found["usage"]["total_tokens"] == 13
        assert found["roadworthy"]["notice"]["where"] == "field"
        (request,) = door.upstream.requests
        assert request.path == PATH
        sent = request.body["form"]
        fields = {"model": "small", "language": "en", "temperature": "0.2", "prompt": "parcels"}
        for name, value in fields.items():
            assert f'name="{name}"\r\n\r\n{value}\r\n' in sent
        assert 'filename="sound.wav"\r\ncontent-type: audio/wav' in sent
        assert SOUND.decode("latin-1") in sent and "call.wav" not in sent
        (seen,) = kept(door)
        (about,) = seen.attributes["inbound_media"]
        assert (about["made_by_ai"], about["c2pa"]) == ("unknown", "none")
        closing = next(r for r in read_journal(door.loop.workspace.journal) if r.kind == "close")
        texts = unseal(closing, door.gateway.vault)
        assert texts is not None and texts.output == "Where is my parcel?"
        assert "sound " in texts.input and "parcels" in texts.input
    for path in segments(door.loop.workspace.journal):
        assert SOUND[60:160] not in path.read_bytes()


async def test_what_a_rail_stops_is_not_said(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.script = [said("my account is DE02120300000000202051, thanks")]
        _, found = await ask(door)
        assert "DE0212" not in str(found) and found["roadworthy"]["action"] == "blocked"
        _, found = await ask(door, prompt="xyzzy")
        assert found["roadworthy"]["action"] == "blocked"
        assert len(door.upstream.requests) == 1


async def test_a_sound_that_a_model_made_is_noted(tmp_path: Path) -> None:
    now = SystemClock().now()
    key = make_mark_key(make_authority("other", now), "other", now)
    about = About(observation="1", system="other", release="r")
    made = Marker(signing=key, secret=b"s", version="1").sound(SOUND, "wav", about).data
    async with a_door(tmp_path) as door:
        door.upstream.script = [said("hello")]
        assert (await ask(door, made))[0] == 200
        assert kept(door)[0].attributes["inbound_media"][0]["made_by_ai"] == "c2pa"


@pytest.mark.parametrize(
    ("behaviour", "action", "outcome"),
    [("{}", "pending", "hold"), ("{unlabelled_ai: pass}", "answered", "flag")],
)
async def test_a_voice_of_ours_without_its_label_waits_where_the_charter_says_so(
    tmp_path: Path, behaviour: str, action: str, outcome: str
) -> None:
    files = {"charter.yaml": CHAT["charter.yaml"] + f"behaviour: {{inbound_media: {behaviour}}}\n"}
    async with a_door(tmp_path, files) as door:
        make_mark_keys(door.loop, system="letters")
        marker = Marking(door.loop.workspace, door.gateway.vault).marker()
        about = About(observation="1", system="letters", release="r")
        labelled = marker.sound(as_wave(a_voice(1, 5.0)), "wav", about).data
        opened = open_wave(labelled)
        door.upstream.script = [said("hello"), said("hello")]
        assert (await ask(door, labelled))[1]["roadworthy"]["action"] == "answered"
        _, found = await ask(door, with_samples(opened, opened.samples))
        assert found["roadworthy"]["action"] == action
        seen = kept(door)[-1]
        assert seen.attributes["inbound_media"][0]["made_by_ai"] == "own watermark"
        assert [v.outcome for v in seen.rails if v.rail == "inbound_media"] == [outcome]
        assert len(door.upstream.requests) == 1 + (action == "answered")


async def test_a_sound_of_a_form_without_marks_is_not_checked(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.script = [said("hello")]
        assert (await ask(door, b"OggS and so on"))[0] == 200
        (seen,) = kept(door)
        assert seen.attributes["inbound_media"][0]["c2pa"] == "not_checked"
        (look,) = [each for each in seen.rails if each.rail == "inbound_media"]
        assert look.outcome == "not_checked" and "into a sound" in look.reason


@pytest.mark.parametrize("reply", [Reply(status=400, body="no"), Reply(body="[]"), said(7)])
async def test_what_is_no_transcript_is_an_error(tmp_path: Path, reply: Reply) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.script = [reply]
        status, found = await ask(door)
        assert (status, found["error"]["code"]) == (502, "upstream_error")
        assert kept(door)[0].status == "error"


@pytest.mark.parametrize(
    ("data", "param"),
    [
        (form({"model": "m"}, None), "file"),
        (form({}), "model"),
        (form({"model": "m", "response_format": "srt"}), "response_format"),
        (form({"model": "m", "language": "en\r\nx: y"}), "language"),
        (form({"model": "m", "temperature": "2"}), "temperature"),
        (form({"model": "m", "temperature": "nan"}), "temperature"),
        (form({"model": "m", "prompt": "x" * 4001}), "prompt"),
        (form({"model": "m", "chunking": "auto"}), "chunking"),
        (form({"model": "m", "stream": "true"}), "stream"),
        (b"", None), (b"{}", None), (b"--", None), (form({"model": "m"})[:-20], None),
        (b"\xff" * 100, None),
    ],
)  # fmt: skip
def test_a_wrong_form_is_told(data: bytes, param: str | None) -> None:
    with pytest.raises(ApiError) as caught:
        read_transcript_request(data)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_a_name_of_a_file_breaks_out_of_nothing() -> None:
    body = read_transcript_request(form({"model": "m"}, name="a.w\\av"))
    assert body.extra["filename"] == "sound"
    assert (
        read_transcript_request(form({"model": "m"}, name="x.mp3")).extra["filename"] == "sound.mp3"
    )
