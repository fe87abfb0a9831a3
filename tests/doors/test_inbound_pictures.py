"""Pictures that come in: let in where the charter says so, held where nobody labelled them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import Door, a_door
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT
from doubles.pictures import a_picture, decoded, encoded
from roadworthy.domain import Observation, UsageError
from roadworthy.flows.workspace.mark_keys import make_mark_keys
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import read_journal, segments, unseal
from roadworthy.manifests import load_deployment
from roadworthy.media import About, Marker, make_authority, make_mark_key
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.fronts import load_front
from roadworthy.wiring.marking import Marking

URL = "data:image/png;base64"
PATH = "/v1/chat/completions"
PLAIN = encoded(a_picture(1, (320, 256)))
ABOUT = About(observation="01a2", system="other", release="sha256:" + "0" * 64)


def charter(behaviour: str) -> dict[str, str]:
    return {"charter.yaml": CHAT["charter.yaml"] + f"behaviour:\n  inbound_media: {behaviour}\n"}


REVIEWED, PASSED = charter("{}"), charter("{unlabelled_ai: pass}")


def part(data: bytes, mime: str = "image/png") -> dict[str, Any]:
    url = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": "low"}}


async def ask(
    door: Door, *parts: dict[str, Any], text: str = "what is it", model: str = "small", **body: Any
) -> tuple[int, Any]:
    content = [{"type": "text", "text": text}, *parts]
    messages = [{"role": "user", "content": content}]
    answer = await door.ask(PATH, {"model": model, "messages": messages, **body})
    return answer.status, answer.data if body.get("stream") else msgspec.json.decode(answer.data)


def kept(door: Door) -> list[Observation]:
    records = read_journal(door.loop.workspace.journal)
    return [r.observation for r in records if r.kind == "close" and r.observation is not None]


def ours(door: Door) -> bytes:
    make_mark_keys(door.loop, system="letters")
    marker = Marking(door.loop.workspace, door.gateway.vault).marker()
    return marker.picture(PLAIN, ABOUT, 1_795_000_000).data


def theirs() -> bytes:
    """A labelled picture of somebody else's model."""
    now = SystemClock().now()
    key = make_mark_key(make_authority("other", now), "other", now)
    return Marker(signing=key, secret=b"theirs", version="1").picture(PLAIN, ABOUT, 1).data


@pytest.mark.parametrize("stream", [False, True])
async def test_a_picture_reaches_the_model_and_no_byte_of_it_the_journal(
    tmp_path: Path, stream: bool
) -> None:
    async with a_door(tmp_path, REVIEWED) as door:
        labelled = part(theirs())
        status, _ = await ask(door, part(PLAIN), labelled, stream=stream)
        assert status == 200
        (request,) = door.upstream.requests
        sent = request.body["messages"][0]["content"]
        assert sent == [{"type": "text", "text": "what is it"}, part(PLAIN), labelled]
        (seen,) = kept(door)
        first, second = seen.attributes["inbound_media"]
        assert (first["made_by_ai"], first["c2pa"]) == ("unknown", "none")
        assert (second["made_by_ai"], second["c2pa"]) == ("c2pa", "valid")
        assert first["deep_fake"] == "not_checked"
        looks = [each for each in seen.rails if each.rail == "inbound_media"]
        assert [each.outcome for each in looks] == ["not_checked", "not_checked"]
        closing = next(r for r in read_journal(door.loop.workspace.journal) if r.kind == "close")
        texts = unseal(closing, door.gateway.vault)
        assert texts is not None and "data:image" not in texts.input + texts.given
        assert "picture " in texts.input
    for path in segments(door.loop.workspace.journal):
        assert base64.b64encode(PLAIN)[200:260] not in path.read_bytes()


async def test_what_a_model_made_and_nobody_labelled_waits_for_a_person(tmp_path: Path) -> None:
    async with a_door(tmp_path, REVIEWED) as door:
        stripped = encoded(decoded(ours(door)), "JPEG", quality=85)
        status, found = await ask(door, part(PLAIN), part(stripped, "image/jpeg"))
        assert status == 200 and found["roadworthy"]["action"] == "pending"
        assert found["choices"][0]["message"]["content"] == "A person will read your letter."
        assert door.upstream.requests == []
        (seen,) = kept(door)
        assert seen.action == "held"
        assert [each["made_by_ai"] for each in seen.attributes["inbound_media"]] == [
            "unknown", "own watermark",
        ]  # fmt: skip
        assert any(v.rail == "inbound_media" and v.outcome == "hold" for v in seen.rails)
        # the same with its label is let in
        assert (await ask(door, part(ours(door))))[1]["roadworthy"]["action"] == "answered"


async def test_the_charter_may_let_it_pass_and_the_record_says_it(tmp_path: Path) -> None:
    async with a_door(tmp_path, PASSED) as door:
        stripped = encoded(decoded(ours(door)))
        _, found = await ask(door, part(stripped))
        assert found["roadworthy"]["action"] == "answered"
        assert kept(door)[0].attributes["inbound_media"][0]["made_by_ai"] == "own watermark"


async def test_without_a_word_in_the_charter_no_picture_is_let_in(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        status, found = await ask(door, part(PLAIN))
        assert (status, found["error"]["param"]) == (400, "messages")
        assert "lets no pictures in" in found["error"]["message"]
        assert door.upstream.requests == []


async def test_rails_look_at_the_words_beside_a_picture(tmp_path: Path) -> None:
    async with a_door(tmp_path, REVIEWED) as door:
        _, found = await ask(door, part(PLAIN), text="xyzzy")
        assert found["roadworthy"]["action"] == "blocked" and door.upstream.requests == []


@pytest.mark.parametrize(
    ("parts", "model", "why"),
    [
        ([part(b"GIF89a")], "small", "cannot be looked at"),
        ([{"type": "image_url", "image_url": {"url": "http://x/y.png"}}], "small", "elsewhere"),
        (
            [{"type": "image_url", "image_url": {"url": f"{URL},!"}}],
            "small",
            "base64",
        ),
        ([{"type": "image_url"}], "small", "holds a part of type"),
        ([{"type": "input_audio"}], "small", "holds a part of type"),
        ([part(PLAIN[:-9] + bytes([n, *PLAIN[-8:]])) for n in range(9)], "small", "may be"),
        ([part(PLAIN)], "letters", "no place for pictures"),
    ],
)
async def test_what_cannot_be_looked_at_is_not_let_in(
    tmp_path: Path, parts: list[dict[str, Any]], model: str, why: str
) -> None:
    async with a_door(tmp_path, REVIEWED) as door:
        status, found = await ask(door, *parts, model=model)
        assert (status, found["error"]["param"]) == (400, "messages"), found
        assert why in found["error"]["message"] and door.upstream.requests == []


DETECTOR = charter("{detector: {upstream: lab, path: /looks, field: photo, threshold: 0.8}}")


@pytest.mark.parametrize(
    ("reply", "action", "deep_fake", "outcome"),
    [
        (Reply(body='{"score": 0.2}'), "answered", 0.2, "not_checked"),
        (Reply(body='{"score": 0.8}'), "pending", 0.8, "hold"),
        (Reply(body='{"score": 7}'), "pending", "not_checked", "not_checked"),
        (Reply(status=500, body="no"), "pending", "not_checked", "not_checked"),
    ],
)
async def test_a_detector_that_the_charter_names_is_asked_and_closes_when_it_cannot_look(
    tmp_path: Path, reply: Reply, action: str, deep_fake: object, outcome: str
) -> None:
    async with a_door(tmp_path, DETECTOR) as door:
        door.upstream.script = [reply]
        _, found = await ask(door, part(PLAIN))
        assert found["roadworthy"]["action"] == action
        asked, *answered = door.upstream.requests
        assert (asked.path, asked.body) == ("/v1/looks", {"photo": part(PLAIN)["image_url"]["url"]})
        assert len(answered) == (action == "answered")
        (seen,) = kept(door)
        assert seen.attributes["inbound_media"][0]["deep_fake"] == deep_fake
        (verdict,) = [each for each in seen.rails if each.rail == "inbound_media"]
        assert verdict.outcome == outcome


async def test_a_label_is_enough_and_nobody_else_is_asked(tmp_path: Path) -> None:
    async with a_door(tmp_path, DETECTOR) as door:
        _, found = await ask(door, part(theirs()))
        assert found["roadworthy"]["action"] == "answered"
        assert [request.path for request in door.upstream.requests] == [PATH]


BORDER = "rails: []\negress:\n  {}\n"


@pytest.mark.parametrize(
    ("rails", "why"),
    [
        ("", "nobody"),
        (BORDER.format("hosts: [127.0.0.1]"), "does not name"),
        (BORDER.format("regions: [EU]"), "nobody can look for it in a picture"),
    ],
)
async def test_a_detector_that_may_not_be_asked_serves_nothing(
    tmp_path: Path, rails: str, why: str
) -> None:
    name = "eye" if rails else "nobody"
    files = charter(f"{{detector: {{upstream: {name}}}}}")
    async with a_door(tmp_path, {**files, **({"rails.yaml": rails} if rails else {})}) as door:
        toml = (tmp_path / "roadworthy.toml").read_text()
        toml = toml.replace("[upstreams.lab]\n", '[upstreams.lab]\nregion = "DE"\n')
        eye = '[upstreams.eye]\nurl = "https://eye.example.com/v1"\n'
        route = read_table(door.loop.workspace.routing).routes["letters"]
        (tmp_path / "roadworthy.toml").write_text(toml + eye)
        with pytest.raises(UsageError, match=why):
            load_front(
                route, workspace=door.loop.workspace, deployment=load_deployment(tmp_path),
                root=str(tmp_path), clock=SystemClock(),
            )  # fmt: skip
