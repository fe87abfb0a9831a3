"""Pictures through the request path: rails on the prompt, two marks, a record without a byte."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import Door, a_door
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT, a_key
from doubles.pictures import a_picture, decoded, encoded
from doubles.recorded_answer import RecordedAnswer
from roadworthy.domain import KillFlag, Observation, sha256
from roadworthy.flows.journals.seals import enter_seal
from roadworthy.flows.request.answer_proof import encode_answer_proof, prove_answer
from roadworthy.flows.workspace.mark_keys import SIGNING, make_mark_keys
from roadworthy.gateway.images import read_image_request
from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.wire import Request
from roadworthy.journal import read_journal, segments, unseal
from roadworthy.media import look_at_picture
from roadworthy.media.label import contrast_of, draw_label
from roadworthy.wiring.marking import Marking
from roadworthy_verify import verify_path

PATH = "/v1/images/generations"
PLAIN = encoded(a_picture(1, (320, 256)))


def said(*pictures: bytes, **more: Any) -> Reply:
    data = [{"b64_json": base64.b64encode(each).decode(), **more} for each in pictures]
    body = {"created": 1, "data": data, "usage": {"input_tokens": 9, "output_tokens": 272}}
    return Reply(body=msgspec.json.encode(body).decode())


async def ask(door: Door, **body: Any) -> tuple[int, Any, dict[bytes, bytes]]:
    answer = await door.ask(PATH, {"model": "letters", "prompt": "a red parcel", **body})
    return answer.status, msgspec.json.decode(answer.data), dict(answer.headers)


def kept(door: Door) -> list[Observation]:
    records = read_journal(door.loop.workspace.journal)
    return [r.observation for r in records if r.kind == "close" and r.observation is not None]


def with_key(door: Door) -> Marking:
    make_mark_keys(door.loop, system="letters")
    return Marking(door.loop.workspace, door.gateway.vault)


async def test_pictures_leave_with_two_marks_and_the_record_has_their_digests(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path) as door:
        marking = with_key(door)
        door.upstream.script = [said(PLAIN, encoded(a_picture(2, (256, 320)), "JPEG"))]
        status, found, headers = await ask(door, n=2, size="320x256", new=[1])
        assert status == 200, found
        (request,) = door.upstream.requests
        assert request.path == PATH
        assert request.body == {
            "model": "small", "prompt": "a red parcel", "n": 2, "size": "320x256", "new": [1],
        }  # fmt: skip
        files = [base64.b64decode(each["b64_json"]) for each in found["data"]]
        (seen,) = kept(door)
        for data, about in zip(files, seen.attributes["made"], strict=True):
            marks = marking.look(data)
            assert (marks.manifest.state, marks.manifest.observation) == ("trusted", seen.id)
            assert marks.watermark is not None and marks.watermark.marked_s is not None
            assert about["digest"] == sha256(data) and about["marks"] == ["c2pa", "watermark"]
        assert [decoded(data).size for data in files] == [(320, 256), (256, 320)]
        assert headers[b"x-roadworthy-ai-generated"] == b"true"
        assert found["usage"]["total_tokens"] == 281 and seen.usage.output_tokens == 272
        assert found["roadworthy"]["made"][0]["digest"] == sha256(files[0])
        output = [verdict for verdict in seen.rails if verdict.side == "output"]
        assert output and {verdict.outcome for verdict in output} == {"not_checked"}
        first = next(r for r in read_journal(door.loop.workspace.journal) if r.kind == "close")
        texts = unseal(first, door.gateway.vault)
        assert texts is not None and texts.input.startswith("a red parcel") and texts.output == ""
    for path in segments(door.loop.workspace.journal):
        assert PLAIN[100:200] not in path.read_bytes()
        enter_seal(path.stem, door.loop)
    proof = prove_answer(door.loop.workspace.journal, seen.id)
    assert proof is not None
    (tmp_path / "p.json").write_bytes(encode_answer_proof(proof))
    trust = door.loop.workspace.trust
    for data in files:
        assert verify_path(tmp_path / "p.json", trust=trust, text=data).ok
    assert verify_path(tmp_path / "p.json", trust=trust, text=PLAIN).state == "refused"


async def known(door: Door, data: bytes, key: str | None = None) -> dict[str, Any]:
    body = {"file": base64.b64encode(data).decode()}
    answer = await door.ask("/v1/provenance/check", body, key=key)
    assert answer.status == 200
    found: dict[str, Any] = msgspec.json.decode(answer.data)
    return found


async def test_a_picture_is_known_again_and_whose_it_was_is_told_to_its_tenant_only(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path) as door:
        with_key(door)
        door.upstream.script = [said(PLAIN)]
        _, found, _ = await ask(door)
        ours = base64.b64decode(found["data"][0]["b64_json"])
        (record,) = kept(door)
        again = encoded(decoded(ours), "JPEG", quality=85)
        for data in (ours, again):
            own = await known(door, data)
            assert (own["generated"], own["observation"]) == (True, record.id)
            assert (own["release"], own["time"]) == (record.release, record.time)
            other = await known(door, data, a_key(door.loop, "globex"))
            assert (other["generated"], other["observation"], other["release"]) == (True, "", "")
        assert (await known(door, again))["marks"]["c2pa"]["state"] == "none"
        strange = await known(door, encoded(a_picture(5, (320, 256))))
        assert (strange["generated"], strange["confidence"]) == (False, 0.0)
        assert "no mark was found" in strange["reason"]


@pytest.mark.parametrize(
    "body", [{"file": "!!"}, {"file": "YWJj"}, {"file": "", "text": "x"}, {}, {"file": 1}]
)
async def test_a_file_that_is_none_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    async with a_door(tmp_path) as door:
        assert (await door.ask("/v1/provenance/check", body)).status == 400


@pytest.mark.parametrize(
    ("reply", "code", "why"),
    [
        (said(b"GIF89a not a picture"), "not_marked", "that can be decoded"),
        (said(encoded(a_picture(1, (64, 64)))), "not_marked", "less than 192"),
        (said(PLAIN, encoded(a_picture(), "GIF")), "not_marked", "that can be decoded"),
        (Reply(body='{"data": [{"url": "http://x/y.png"}]}'), "not_marked", "gave an address"),
        (Reply(body='{"data": []}'), "upstream_error", "gave no pictures"),
        (Reply(body='{"data": [{"b64_json": "!!"}]}'), "upstream_error", "gave no pictures"),
        (Reply(body="no json"), "upstream_error", "gave no pictures"),
        (Reply(status=400, body="no"), "upstream_error", "gave no pictures"),
    ],
)
async def test_what_is_not_marked_does_not_leave_and_the_journal_says_so(
    tmp_path: Path, reply: Reply, code: str, why: str
) -> None:
    async with a_door(tmp_path) as door:
        with_key(door)
        door.upstream.script = [reply]
        status, found, headers = await ask(door)
        assert (status, found["error"]["code"]) == (502, code), found
        assert why in found["error"]["message"] and 'b64_json":' not in str(found)
        (seen,) = kept(door)
        assert (seen.status, seen.action) == ("error", "fallback")
        assert "made" not in seen.attributes
        assert code != "not_marked" or "cannot be marked" in seen.error
        assert b"x-roadworthy-ai-generated" not in headers


async def test_a_stopped_prompt_asks_nobody(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        with_key(door)
        for words in ("xyzzy", "my lawyer"):
            status, found, _ = await ask(door, prompt=words)
            assert (status, found["error"]["code"]) == (400, "content_filter")
        flag = KillFlag(
            id="kill-1", scope="system", value="letters", reason="r", by="brake",
            at="2026-01-01T00:00:00.000000Z",
        )  # fmt: skip
        await door.gateway.brake([flag])
        status, found, _ = await ask(door)
        assert (status, found["error"]["code"]) == (503, "kill_switch")
        assert door.upstream.requests == []
        assert len(kept(door)) == 3


async def test_without_a_key_nobody_is_asked(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        status, found, _ = await ask(door)
        assert (status, found["error"]["code"]) == (503, "marks_unavailable")
        assert "roadworthy keys media" in found["error"]["message"]
        with_key(door)
        door.upstream.script = [said(PLAIN)]
        assert (await ask(door))[0] == 200
        (door.loop.workspace.keys / SIGNING).unlink()
        assert (await ask(door))[0] == 503
        assert len(door.upstream.requests) == 1


async def test_words_of_the_upstream_leave_only_past_the_output_rails(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        with_key(door)
        for words, there in (("a parcel, red", True), ("DE02120300000000202051 is it", False)):
            door.upstream.script = [said(PLAIN, revised_prompt=words)]
            status, found, _ = await ask(door)
            assert status == 200
            assert ("revised_prompt" in found["data"][0]) is there


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \n"}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"response_format": "url"}, "response_format"),
        ({"stream": True}, "stream"),
        ({"n": 0}, "n"),
        ({"n": 11}, "n"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str) -> None:
    body = {"model": "m", "prompt": "p", **fields}
    with pytest.raises(ApiError) as caught:
        read_image_request(msgspec.json.encode(body))
    assert (caught.value.status, caught.value.param) == (400, param)


def test_a_picture_of_a_stranger_is_not_ours() -> None:
    seen = look_at_picture(PLAIN, secret=b"x")
    assert (seen.manifest.state, seen.made_by_ai) == ("none", "unknown")


FAKES = "behaviour:\n  identifies_as_ai: This is a machine.\n  disclosure:\n"
FAKES += "    deep_fake: {labels: {pt-BR: Feito por IA, zh: AI \u751f\u6210}}\n"
DEEP = {"charter.yaml": CHAT["charter.yaml"] + FAKES}  # type: ignore[operator]


@pytest.mark.parametrize(
    ("wished", "words"),
    [("", "AI-generated"), ("de-AT, en;q=0.5", "KI-generiert"), ("pt-BR", "Feito por IA"),
     ("pt", "Gerado por IA"), ("ja", "AI-generated")],
)  # fmt: skip
async def test_where_the_charter_says_deep_fake_pictures_say_so_in_the_readers_language(
    tmp_path: Path, wished: str, words: str
) -> None:
    async with a_door(tmp_path, DEEP) as door:
        marking = with_key(door)
        door.upstream.script = [said(PLAIN)]
        request = Request("POST", PATH, {b"authorization": f"Bearer {door.key}".encode()})
        request.headers[b"accept-language"] = wished.encode()
        request.body = msgspec.json.encode({"model": "letters", "prompt": "a red parcel"})
        door.app.admit(request)
        answer = RecordedAnswer()
        await door.app.answer(request, answer)
        found = msgspec.json.decode(answer.data)
        assert answer.status == 200, found
        (made,) = kept(door)[0].attributes["made"]
        assert (made["label"], made["marks"]) == (words, ["c2pa", "watermark", "label"])
        assert found["roadworthy"]["made"] == [made]
        data = base64.b64decode(found["data"][0]["b64_json"])
        assert marking.look(data).manifest.label == words
        _, label = draw_label(decoded(PLAIN), words)
        assert contrast_of(decoded(data), label) > 7


async def test_a_label_that_no_font_can_write_is_refused_before_anybody_is_asked(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path, DEEP) as door:
        with_key(door)
        request = Request("POST", PATH, {b"authorization": f"Bearer {door.key}".encode()})
        request.headers[b"accept-language"] = b"zh-CN"
        request.body = msgspec.json.encode({"model": "letters", "prompt": "a red parcel"})
        door.app.admit(request)
        answer = RecordedAnswer()
        await door.app.answer(request, answer)
        assert answer.status == 400 and b"no letter of the font" in answer.data
        assert door.upstream.requests == []
