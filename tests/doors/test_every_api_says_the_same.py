"""One path behind every API: the same verdicts, texts, records and errors, streamed and not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import APIS, Api, a_door
from doubles.fake_upstream import Reply
from doubles.live_system import a_key
from doubles.recorded_answer import RecordedAnswer
from roadworthy.domain import KillFlag
from roadworthy.gateway.app import DIALECTS
from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.wire import Request, send_problem
from roadworthy.journal import read_journal

IBAN = "DE89370400440532013000"
each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
CALL = {
    "tool_calls": [
        {"index": 0, "id": "call_a", "type": "function",
         "function": {"name": "look", "arguments": '{"at": "bill"}'}},
        {"index": 1, "id": "call_b", "type": "function",
         "function": {"name": "wait", "arguments": ""}},
    ]
}  # fmt: skip
ASK = "Where is my bill?"


def test_no_api_is_left_out() -> None:
    silent = {"/v1/embeddings"}  # says no text: test_embeddings_door.py
    assert {api.path for api in APIS} == set(DIALECTS) - silent


@each_api
async def test_a_stream_split_anywhere_is_the_plain_answer(tmp_path: Path, api: Api) -> None:
    said = f"Pay to {IBAN} now"
    async with a_door(tmp_path) as door:
        ask = {"model": "letters", **api.body(ASK)}
        for text in (said, "It is on its way, caf\u00e9 \U0001f600"):
            door.upstream.script = [Reply(text=text)]
            plain = api.whole((await door.ask(api.path, ask)).data)
            for at in range(len(text) + 1):
                pieces = [piece for piece in (text[:at], text[at:]) if piece]
                door.upstream.script = [Reply(text=text, pieces=pieces)]
                answer = await door.ask(api.path, {**ask, "stream": True})
                assert answer.ended
                assert IBAN[:15].encode() not in answer.data
                streamed = api.streamed(answer.data)
                assert streamed.reason == plain.reason
                if text != said:
                    assert streamed.text == plain.text == text
                    assert streamed.usage == plain.usage
                else:  # what had left before the rail saw enough stays; the fallback follows
                    assert streamed.text.endswith(plain.text)
                    assert f"Pay to {plain.text}".startswith(streamed.text[:7])


@each_api
async def test_what_is_blocked_held_and_answered_is_said_and_kept(tmp_path: Path, api: Api) -> None:
    async with a_door(tmp_path) as door:
        for stream in (False, True):
            for text, action in (("xyzzy", "blocked"), ("my lawyer", "pending"), (ASK, "answered")):
                body = {"model": "letters", **api.body(text), "stream": stream}
                answer = await door.ask(api.path, body)
                spoken = (api.streamed if stream else api.whole)(answer.data)
                assert spoken.about["action"] == action
                assert (
                    dict(answer.headers)[b"x-roadworthy-observation"].decode()
                    == (spoken.about["observation"])
                )
                if action != "answered":
                    assert spoken.text == "A person will read your letter."
                    assert spoken.reason in ("content_filter", "refusal", "incomplete")
        kept = [
            r.observation.action
            for r in read_journal(door.loop.workspace.journal)
            if r.kind == "close" and r.observation is not None
        ]
        assert kept == ["blocked", "held", "answered"] * 2
        assert len(door.upstream.requests) == 2


@pytest.mark.parametrize("api", [api for api in APIS if api.tools], ids=lambda api: api.path)
async def test_tool_calls_are_said_whole_and_alike(tmp_path: Path, api: Api) -> None:
    async with a_door(tmp_path) as door:
        for words in ("", "I look."):
            found = []
            for stream in (False, True):
                door.upstream.script = [
                    Reply(text=words, message=CALL, finish_reason="tool_calls",
                          pieces=[words] if words else [])
                ]  # fmt: skip
                ask = {"model": "small", **api.body(ASK), "stream": stream}
                answer = await door.ask(api.path, ask)
                found.append((api.streamed if stream else api.whole)(answer.data))
            plain, streamed = found
            plain.about = streamed.about = None
            assert plain == streamed
            assert plain.text == words
            assert plain.calls == [("call_a", "look", {"at": "bill"}), ("call_b", "wait", {})]


@each_api
async def test_a_kill_refuses_and_breaks_off_in_the_apis_own_words(
    tmp_path: Path, api: Api
) -> None:
    async with a_door(tmp_path) as door:
        flag = KillFlag(
            id="kill-1",
            scope="system",
            value="letters",
            reason="secret",
            by="brake",
            at="2026-01-01T00:00:00.000000Z",
        )
        await door.gateway.brake([flag])
        for stream in (False, True):
            body = {"model": "letters", **api.body(ASK), "stream": stream}
            answer = await door.ask(api.path, body)
            error = msgspec.json.decode(answer.data)["error"]
            assert (answer.status, error["code"]) == (503, "kill_switch")
            assert b"secret" not in answer.data
        assert door.upstream.requests == []


@each_api
async def test_a_key_may_come_under_anthropics_name(tmp_path: Path, api: Api) -> None:
    async with a_door(tmp_path) as door:
        body = msgspec.json.encode({"model": "letters", **api.body(ASK)})
        for headers, status in (
            ({b"x-api-key": door.key.encode()}, 200),
            ({b"x-api-key": b"rw-no"}, 401),
            ({b"x-api-key": door.key.encode(), b"authorization": b"Bearer rw-no"}, 401),
        ):
            request = Request("POST", api.path, headers)
            request.body = body
            answer = RecordedAnswer()
            try:
                door.app.admit(request)
            except ApiError as problem:
                send_problem(answer, problem, api.path)
            else:
                await door.app.answer(request, answer)
            assert answer.status == status
            if status == 401:
                said = msgspec.json.decode(answer.data)
                assert said["error"]["type"] == "authentication_error"


@each_api
async def test_who_may_not_and_what_is_wrong(tmp_path: Path, api: Api) -> None:
    async with a_door(tmp_path) as door:
        other = a_key(door.loop, "others", "outcomes")
        door.gateway.look_at_tenants()
        good = {"model": "letters", **api.body(ASK)}
        cases: list[tuple[Any, str | None, int, str]] = [
            (good, other, 403, "scope_missing"),
            ({**good, "model": "nope"}, None, 404, "model_not_found"),
            ({**good, "model": 7}, None, 400, "invalid_value"),
            (b"{", None, 400, "invalid_json"),
            ({**good, "stream": "yes"}, None, 400, "invalid_value"),
            ({"model": "letters", "max_tokens": 9}, None, 400, "invalid_value"),
        ]
        for body, key, status, code in cases:
            answer = await door.ask(api.path, body, key=key)
            said = msgspec.json.decode(answer.data)
            assert (answer.status, said["error"]["code"]) == (status, code)
            assert (said.get("type") == "error") == (api.path == "/v1/messages")
        assert door.upstream.requests == []


@each_api
async def test_a_failing_upstream_is_the_fallback(tmp_path: Path, api: Api) -> None:
    async with a_door(tmp_path) as door:
        for stream in (False, True):
            door.upstream.script = [Reply(status=400, body="no")]
            body = {"model": "letters", **api.body(ASK), "stream": stream}
            answer = await door.ask(api.path, body)
            spoken = (api.streamed if stream else api.whole)(answer.data)
            assert spoken.about["action"] == "fallback"
            assert spoken.text == "A person will read your letter."


@each_api
async def test_a_body_nested_without_end_is_refused(tmp_path: Path, api: Api) -> None:
    async with a_door(tmp_path) as door:
        for depth in (300, 600, 900, 990, 2000, 100_000):
            deep = b"[" * depth + b"]" * depth
            good = msgspec.json.encode({"model": "small", **api.body(ASK)})
            answer = await door.ask(api.path, good[:-1] + b',"tools":' + deep + b"}")
            assert answer.status in (200, 400)
