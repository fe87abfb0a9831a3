"""Files that come in by any API: the same verdicts, records and refusals, and the same upstream."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import Door, a_door
from doubles.live_system import CHAT
from doubles.pictures import a_picture, a_sound, decoded, encoded
from doubles.voices import a_voice, as_wave
from roadworthy.domain import Observation
from roadworthy.flows.workspace.mark_keys import make_mark_keys
from roadworthy.journal import read_journal, segments
from roadworthy.media import About
from roadworthy.media.waves import open_wave, with_samples
from roadworthy.wiring.marking import Marking

ABOUT = About(observation="01a2", system="letters", release="sha256:" + "0" * 64)
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj
xref
0 4
0000000000 65535 f\x20
0000000009 00000 n\x20
0000000052 00000 n\x20
0000000101 00000 n\x20
trailer<</Size 4/Root 1 0 R>>
startxref
158
%%EOF"""
PLAIN = encoded(a_picture(1, (320, 256)))

Part = dict[str, Any]
Shape = Callable[[str, str, bytes], Part]
"""(kind, media type or address, bytes) -> a part of one API."""


def _64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def in_chat(kind: str, mime: str, data: bytes) -> Part:
    if kind == "text":
        return {"type": "text", "text": data.decode()}
    url = mime if kind.endswith("elsewhere") else f"data:{mime};base64,{_64(data)}"
    if kind.startswith("picture"):
        return {"type": "image_url", "image_url": {"url": url}}
    if kind == "sound":
        sound = {"data": _64(data), "format": mime.removeprefix("audio/")}
        return {"type": "input_audio", "input_audio": sound}
    if kind == "kept":
        return {"type": "file", "file": {"file_id": mime}}
    return {"type": "file", "file": {"file_data": url, "filename": "a.pdf"}}


def in_responses(kind: str, mime: str, data: bytes) -> Part:
    if kind == "text":
        return {"type": "input_text", "text": data.decode()}
    url = mime if kind.endswith("elsewhere") else f"data:{mime};base64,{_64(data)}"
    if kind.startswith("picture"):
        return {"type": "input_image", "image_url": url}
    if kind == "kept":
        return {"type": "input_file", "file_id": mime}
    if kind == "sound":
        return in_chat(kind, mime, data)
    return {"type": "input_file", "file_data": url, "filename": "a.pdf"}


def in_messages(kind: str, mime: str, data: bytes) -> Part:
    if kind == "text":
        return {"type": "text", "text": data.decode()}
    source: Part = {"type": "base64", "media_type": mime, "data": _64(data)}
    if kind.endswith("elsewhere"):
        source = {"type": "url", "url": mime}
    elif kind == "kept":
        source = {"type": "file", "file_id": mime}
    if kind.startswith("picture"):
        return {"type": "image", "source": source}
    return {"type": "document", "source": source, "title": "a.pdf"}


SHAPES: dict[str, tuple[str, dict[str, Any], Shape]] = {
    "/v1/chat/completions": ("messages", {}, in_chat),
    "/v1/responses": ("input", {}, in_responses),
    "/v1/messages": ("messages", {"max_tokens": 64}, in_messages),
}


def charter(behaviour: str) -> dict[str, str]:
    return {"charter.yaml": CHAT["charter.yaml"] + f"behaviour:\n  inbound_media: {behaviour}\n"}


EVERY = charter("{kinds: [picture, sound, document]}")


async def ask(
    door: Door, path: str, parts: list[tuple[str, str, bytes]], **more: Any
) -> tuple[int, Any]:
    field, fixed, shape = SHAPES[path]
    content = [shape(*part) for part in parts]
    body = {"model": "small", field: [{"role": "user", "content": content}], **fixed, **more}
    answer = await door.ask(path, body)
    return answer.status, msgspec.json.decode(answer.data)


def newest(door: Door) -> Observation:
    records = read_journal(door.loop.workspace.journal)
    return [r.observation for r in records if r.kind == "close" and r.observation is not None][-1]


def outcome(door: Door, status: int, found: Any) -> Any:
    """What a caller, the journal and the upstream got, whichever API it came by."""
    asked = [request.body["messages"] for request in door.upstream.requests]
    door.upstream.requests.clear()
    if status != 200:
        return status, found["error"]["message"].partition(" ")[2].partition(" ")[2], asked
    seen = newest(door)
    return status, seen.action, seen.rails, seen.attributes, seen.input_digest, asked


def stripped(door: Door) -> bytes:
    """One of ours whose label is gone."""
    make_mark_keys(door.loop, system="letters")
    marker = Marking(door.loop.workspace, door.gateway.vault).marker()
    return encoded(decoded(marker.picture(PLAIN, ABOUT, 1_795_000_000).data))


async def test_whatever_is_sent_the_apis_say_keep_and_pass_on_the_same(tmp_path: Path) -> None:
    draw = random.Random(11)
    async with a_door(tmp_path, EVERY) as door:
        pool = [
            ("text", "", b"what is it"), ("text", "", b"xyzzy"),
            ("picture", "image/png", PLAIN), ("picture", "image/png", stripped(door)),
            ("picture", "image/png", b"no picture"), ("picture", "image/png", a_sound()),
            ("picture elsewhere", "https://example.com/a.png", b""),
            ("document", "application/pdf", PDF), ("document", "application/pdf", b"%PDF-no"),
            ("document", "text/plain", b"read this"), ("document", "text/plain", b"xyzzy"),
            ("document elsewhere", "https://example.com/a.pdf", b""),
            ("kept", "file-1", b""),
        ]  # fmt: skip
        weights = [6, 1, 6, 1, 1, 1, 1, 6, 1, 6, 1, 1, 1]
        seen = set()
        for _ in range(60):
            parts = draw.choices(pool, weights, k=draw.randint(1, 4))
            if all(kind == "text" for kind, _, _ in parts):
                continue  # words alone are one text for two of the three
            found = [outcome(door, *await ask(door, path, parts)) for path in SHAPES]
            assert found[0] == found[1] == found[2], parts
            seen.add(found[0][0] if found[0][0] != 200 else found[0][1])
        assert seen == {400, "answered", "held", "blocked"}
    for path in segments(door.loop.workspace.journal):
        assert base64.b64encode(PLAIN)[200:260] not in path.read_bytes()
        assert base64.b64encode(PDF)[80:120] not in path.read_bytes()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_sound_reaches_the_model_and_the_record_says_that_nobody_heard_it(
    tmp_path: Path, path: str, stream: bool
) -> None:
    async with a_door(tmp_path, EVERY) as door:
        field, _, shape = SHAPES[path]
        content = [shape("sound", "audio/wav", a_sound()), shape("text", "", b"what is said?")]
        answer = await door.ask(
            path,
            {"model": "small", field: [{"role": "user", "content": content}], "stream": stream},
        )
        assert answer.status == 200
        (request,) = door.upstream.requests
        sent = request.body["messages"][0]["content"]
        assert sent == [
            in_chat("sound", "audio/wav", a_sound()), {"type": "text", "text": "what is said?"},
        ]  # fmt: skip
        seen = newest(door)
        (about,) = seen.attributes["inbound_media"]
        assert about["sound"].startswith("sound ") and about["c2pa"] == "none"
        (look,) = [each for each in seen.rails if each.rail == "inbound_media"]
        assert look.outcome == "not_checked" and "into a sound" in look.reason


@pytest.mark.parametrize("path", SHAPES)
async def test_what_the_charter_does_not_name_is_not_let_in(tmp_path: Path, path: str) -> None:
    async with a_door(tmp_path, charter("{}")) as door:
        status, found = await ask(door, path, [("document", "application/pdf", PDF)])
        assert status == 400 and "lets no documents in" in found["error"]["message"]
        assert found["error"]["param"] == SHAPES[path][0]
        assert (await ask(door, path, [("picture", "image/png", PLAIN)]))[0] == 200
    async with a_door(tmp_path / "other") as door:
        status, found = await ask(door, path, [("picture", "image/png", PLAIN)])
        assert status == 400 and "lets no pictures in" in found["error"]["message"]
        assert door.upstream.requests == []


@pytest.mark.parametrize("path", SHAPES)
async def test_a_prompt_of_the_release_has_no_place_for_a_file(tmp_path: Path, path: str) -> None:
    async with a_door(tmp_path, EVERY) as door:
        parts = [("document", "application/pdf", PDF), ("text", "", b"hello")]
        status, found = await ask(door, path, parts, model="letters")
        assert status == 400 and "no place for documents" in found["error"]["message"]


@pytest.mark.parametrize("path", SHAPES)
async def test_nine_files_are_too_many(tmp_path: Path, path: str) -> None:
    async with a_door(tmp_path, EVERY) as door:
        parts = [("picture", "image/png", PLAIN + bytes([n])) for n in range(9)]
        status, found = await ask(door, path, parts)
        assert status == 400 and "may be" in found["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
async def test_a_voice_of_ours_without_its_label_waits_for_a_person(
    tmp_path: Path, path: str
) -> None:
    async with a_door(tmp_path, EVERY) as door:
        make_mark_keys(door.loop, system="letters")
        marker = Marking(door.loop.workspace, door.gateway.vault).marker()
        voice = as_wave(a_voice(1, 5.0))
        labelled = marker.sound(voice, "wav", ABOUT).data
        again = open_wave(labelled)
        for data, action in (
            (voice, "answered"), (labelled, "answered"),
            (with_samples(again, again.samples), "pending"),
        ):  # fmt: skip
            _, found = await ask(door, path, [("sound", "audio/wav", data)])
            assert found["roadworthy"]["action"] == action
        assert newest(door).attributes["inbound_media"][0]["made_by_ai"] == "own watermark"
