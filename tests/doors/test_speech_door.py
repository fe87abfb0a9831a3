"""Speech through the request path: a mark in its container, or it does not leave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import Door, a_door
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT
from doubles.pictures import a_sound
from doubles.recorded_answer import RecordedAnswer
from doubles.voices import a_voice, as_wave
from roadworthy.domain import Observation, sha256
from roadworthy.flows.workspace.mark_keys import make_mark_keys
from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.speech import read_speech_request
from roadworthy.journal import read_journal
from roadworthy.wiring.marking import Marking

PATH = "/v1/audio/speech"
BARE = {
    "charter.yaml": CHAT["charter.yaml"]
    + "behaviour:\n  identifies_as_ai: You hear a machine.\n"
    + "  disclosure: {language: en, unmarked_sound: header}\n"
}
SOUND = a_sound()


def said(data: bytes) -> Reply:
    return Reply(body=data.decode(errors="surrogateescape"), headers={"x-kind": "audio"})


async def ask(door: Door, **body: Any) -> RecordedAnswer:
    words = {"model": "letters", "input": "Your parcel is here.", "voice": "alloy"}
    return await door.ask(PATH, {**words, **body})


def kept(door: Door) -> list[Observation]:
    records = read_journal(door.loop.workspace.journal)
    return [r.observation for r in records if r.kind == "close" and r.observation is not None]


async def test_sound_leaves_with_a_manifest(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        make_mark_keys(door.loop, system="letters")
        door.upstream.script = [said(SOUND)]
        answer = await ask(door, response_format="wav", speed=1.1)
        assert answer.status == 200, answer.data
        (request,) = door.upstream.requests
        assert request.path == PATH
        assert request.body == {
            "model": "small", "input": "Your parcel is here.", "voice": "alloy",
            "response_format": "wav", "speed": 1.1,
        }  # fmt: skip
        seen = Marking(door.loop.workspace, door.gateway.vault).look(answer.data)
        (record,) = kept(door)
        assert (seen.manifest.state, seen.made_by_ai) == ("trusted", "c2pa")
        assert seen.manifest.observation == record.id
        (made,) = record.attributes["made"]
        assert made == {"digest": sha256(answer.data), "mime": "audio/wav", "marks": ["c2pa"]}
        assert record.output_digest == made["digest"]
        assert dict(answer.headers)[b"x-roadworthy-ai-generated"] == b"true"


async def test_a_container_without_marks_is_refused_before_anybody_is_asked(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path) as door:
        make_mark_keys(door.loop, system="letters")
        for kind in ("opus", "aac", "mulaw", "nonsense"):
            answer = await ask(door, response_format=kind)
            found = msgspec.json.decode(answer.data)
            assert (answer.status, found["error"]["param"]) == (400, "response_format")
            assert "holds no mark" in found["error"]["message"]
        assert door.upstream.requests == []
        assert [each.action for each in kept(door)] == ["error"] * 4


async def test_samples_leave_with_an_inaudible_mark_that_is_found_again(tmp_path: Path) -> None:
    sound = as_wave(a_voice(1, 5.0))
    async with a_door(tmp_path) as door:
        make_mark_keys(door.loop, system="letters")
        for kind, held, marks in (
            ("wav", sound, ["c2pa", "watermark"]), ("pcm", sound[44:], ["watermark"]),
        ):  # fmt: skip
            door.upstream.script = [said(held)]
            answer = await ask(door, response_format=kind)
            assert answer.status == 200, answer.data[:300]
            assert kept(door)[-1].attributes["made"][0]["marks"] == marks
            assert kept(door)[-1].output_digest == sha256(answer.data)
        marking = Marking(door.loop.workspace, door.gateway.vault)
        header = as_wave(a_voice(1, 5.0))[:44]
        saved = marking.look(header + answer.data)
        assert (saved.manifest.state, saved.made_by_ai) == ("none", "own watermark")
        door.upstream.script = [said(sound[44:4844])]
        short = await ask(door, response_format="pcm")
        assert short.status == 502 and b"too short" in short.data


async def test_the_charter_may_let_it_leave_with_a_header_alone(tmp_path: Path) -> None:
    async with a_door(tmp_path, BARE) as door:
        make_mark_keys(door.loop, system="letters")
        door.upstream.script = [said(b"\x00\x01sound"), said(b"not wav")]
        answer = await ask(door, response_format="pcm")
        assert (answer.status, answer.data) == (200, b"\x00\x01sound")
        assert dict(answer.headers)[b"x-roadworthy-ai-generated"] == b"true"
        assert kept(door)[0].attributes["made"][0]["marks"] == ["header"]
        # what can be marked must be, whatever the charter says
        assert (await ask(door, response_format="wav")).status == 502
        assert (await ask(door, response_format="nonsense")).status == 400


FAKE = "behaviour:\n  identifies_as_ai: You hear a machine.\n  disclosure:\n    deep_fake: {}\n"


async def test_where_the_charter_says_deep_fake_the_voice_says_it_of_itself(tmp_path: Path) -> None:
    spoken = FAKE.replace("{}", "{spoken: {en: A machine speaks., de: Eine Maschine spricht.}}")
    async with a_door(tmp_path, {"charter.yaml": CHAT["charter.yaml"] + spoken}) as door:
        make_mark_keys(door.loop, system="letters")
        door.upstream.script = [said(SOUND)]
        answer = await ask(door, response_format="wav")
        assert answer.status == 200, answer.data
        (request,) = door.upstream.requests
        assert request.body["input"] == "A machine speaks. Your parcel is here."
        (record,) = kept(door)
        assert record.attributes["made"][0]["label"] == "A machine speaks."
        seen = Marking(door.loop.workspace, door.gateway.vault).look(answer.data)
        assert seen.manifest.label == "A machine speaks."


async def test_a_voice_that_has_nothing_to_say_of_itself_does_not_speak(tmp_path: Path) -> None:
    async with a_door(tmp_path, {"charter.yaml": CHAT["charter.yaml"] + FAKE}) as door:
        make_mark_keys(door.loop, system="letters")
        answer = await ask(door, response_format="wav")
        assert answer.status == 400 and b"taken for real" in answer.data
        assert door.upstream.requests == []


async def test_a_stopped_text_is_not_spoken(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        make_mark_keys(door.loop, system="letters")
        for fields in ({"input": "say xyzzy"}, {"instructions": "like xyzzy"}):
            answer = await ask(door, **fields)
            found = msgspec.json.decode(answer.data)
            assert (answer.status, found["error"]["code"]) == (400, "content_filter")
        assert door.upstream.requests == []


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"input": 7}, "input"),
        ({"stream_format": "sse"}, "stream_format"),
        ({"response_format": 1}, "response_format"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str) -> None:
    body = {"model": "m", "input": "p", **fields}
    with pytest.raises(ApiError) as caught:
        read_speech_request(msgspec.json.encode(body))
    assert (caught.value.status, caught.value.param) == (400, param)
