"""Personal data on its way to an upstream that is elsewhere: what its socket received."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import APIS, Api, Door, a_door
from doubles.fake_upstream import Reply
from roadworthy.domain import Observation, RailVerdict
from roadworthy.journal import read_journal, unseal

MAIL, CARD = "jane@example.org", "4111 1111 1111 1111"
FALLBACK = "A person will read your letter."
CHAT = APIS[0]
each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)


def rails(action: str, more: str = "") -> dict[str, str]:
    return {
        "rails.yaml": f"egress:\n  personal_data: {action}\n  patterns: {{KEY: 'K-[0-9]{{6}}'}}\n"
        f"rails:\n- {{id: w, detector: deny, options: {{words: [idiot]}}}}\n{more}"
    }


def echo(body: dict[str, Any]) -> Reply:
    """The upstream says again what it was asked last, in small pieces where it streams."""
    text = "You wrote: " + str(body["messages"][-1]["content"])
    return Reply(text=text, pieces=[text[at : at + 3] for at in range(0, len(text), 3)])


def seen(door: Door) -> Observation:
    *_, last = [one for one in read_journal(door.loop.workspace.journal) if one.kind == "close"]
    assert last.observation is not None
    return last.observation


def verdict(door: Door) -> RailVerdict:
    (found,) = [one for one in seen(door).rails if one.rail == "egress"]
    return found


def nothing_of(door: Door, *values: str) -> None:
    for value in values:
        assert value.encode() not in door.upstream.received
        assert msgspec.json.encode(value)[1:-1] not in door.upstream.received


@each_api
@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_blocked_reaches_no_socket(tmp_path: Path, api: Api, stream: bool) -> None:
    async with a_door(tmp_path, rails("block")) as door:
        body = {"model": "letters", **api.body(f"I am {MAIL}"), "stream": stream}
        answer = await door.ask(api.path, body)
        assert FALLBACK.encode() in answer.data
        assert door.upstream.requests == []
        found = verdict(door)
        assert (found.outcome, found.kinds) == ("block", ("EMAIL",))
        assert "upstream lab (no region)" in found.reason
        answer = await door.ask(api.path, {"model": "letters", **api.body("Hello")})
        assert len(door.upstream.requests) == 1
        assert verdict(door).outcome == "passed"


@each_api
async def test_names_go_and_the_data_comes_back_in_every_api(tmp_path: Path, api: Api) -> None:
    async with a_door(tmp_path, rails("pseudonymise")) as door:
        door.upstream.standing = echo
        text = f"{MAIL} paid K-123456 with {CARD} for {MAIL}"
        body = {"model": "letters", **api.body(text)}
        plain = api.whole((await door.ask(api.path, body)).data)
        streamed = api.streamed((await door.ask(api.path, {**body, "stream": True})).data)
        assert text in plain.text
        assert plain.text == streamed.text
        nothing_of(door, MAIL, CARD, "K-123456")
        said = door.upstream.requests[0].body["messages"][-1]["content"]
        assert "<EMAIL_1> paid <KEY_1> with <PAYMENT_CARD_1> for <EMAIL_1>" in said
        assert verdict(door).outcome == "redact"
        *_, record = [r for r in read_journal(door.loop.workspace.journal) if r.kind == "close"]
        texts = unseal(record, door.gateway.vault)
        assert texts is not None and text in texts.input and text in texts.output


async def test_what_is_taken_out_stays_out(tmp_path: Path) -> None:
    async with a_door(tmp_path, rails("redact")) as door:
        door.upstream.standing = echo
        body = {"model": "letters", **CHAT.body(f"I am {MAIL}")}
        plain = CHAT.whole((await door.ask(CHAT.path, body)).data)
        assert "I am <EMAIL>" in plain.text
        nothing_of(door, MAIL)


async def test_tool_calls_come_back_with_the_data_and_steps_go_with_names(tmp_path: Path) -> None:
    async with a_door(tmp_path, rails("pseudonymise")) as door:
        function = {"name": "send", "arguments": '{"to": "<EMAIL_1>", "n": 1}'}
        call = {"index": 0, "id": "c1", "type": "function", "function": function}
        door.upstream.script = [
            Reply(text="", message={"tool_calls": [call]}, finish_reason="tool_calls")
        ]
        tools = [
            {"type": "function", "function": {"name": "send", "parameters": {"type": "object"}}}
        ]
        asked = {"role": "user", "content": f"Write to {MAIL}"}
        body = {"model": "small", "messages": [asked], "tools": tools}
        spoken = CHAT.whole((await door.ask(CHAT.path, body)).data)
        assert spoken.calls == [("c1", "send", {"to": MAIL, "n": 1})]
        done = {**function, "arguments": f'{{"to": "{MAIL}"}}'}
        steps = [
            {"role": "assistant", "content": None, "tool_calls": [{**call, "function": done}]},
            {
                "role": "tool",
                "tool_call_id": "c1",
                "content": f"sent to {MAIL} and joe@example.org",
            },
        ]
        door.upstream.script = [Reply(text="Sent to <EMAIL_2>.")]
        body = {**body, "messages": [asked, *steps]}
        spoken = CHAT.whole((await door.ask(CHAT.path, body)).data)
        assert spoken.text == "Sent to joe@example.org."
        nothing_of(door, MAIL, "joe@example.org")


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "jane@exam\\u0070le.org"}],
        [{"role": "user", "content": [{"type": "text", "text": "4111 1111 "},
                                      {"type": "text", "text": "1111 1111"}]}],
        [{"role": "user", "content": "4111 1111"}, {"role": "user", "content": "1111 1111"}],
        [{"role": "user", "content": [{"type": "text", "text": "x", "n": 4111111111111111}]}],
        [{"role": "user", "content": "x"},
         {"role": "tool", "tool_call_id": "c", "content": '{"m": "jane\\u0040example.org"}'}],
    ],
)  # fmt: skip
@pytest.mark.parametrize("action", ["block", "redact", "pseudonymise"])
async def test_data_across_texts_or_behind_escapes_is_blocked(
    tmp_path: Path, messages: Any, action: str
) -> None:
    async with a_door(tmp_path, rails(action)) as door:
        answer = await door.ask(CHAT.path, {"model": "small", "messages": messages})
        assert FALLBACK.encode() in answer.data
        assert door.upstream.requests == []


async def test_other_fields_of_a_body_cross_no_border_either(tmp_path: Path) -> None:
    async with a_door(tmp_path, rails("pseudonymise")) as door:
        body = {"model": "small", **CHAT.body("Hello"), "user": MAIL, "metadata": {"k": [CARD]}}
        await door.ask(CHAT.path, body)
        assert len(door.upstream.requests) == 1
        nothing_of(door, MAIL, CARD)


async def test_words_at_which_to_stop_cross_no_border_either(tmp_path: Path) -> None:
    async with a_door(tmp_path, rails("pseudonymise")) as door:
        body = {"model": "small", **CHAT.body("Hello"), "stop": [MAIL]}
        await door.ask(CHAT.path, body)
        assert door.upstream.requests == []


async def test_a_template_that_joins_what_stood_apart_sends_nothing(tmp_path: Path) -> None:
    prompt = (
        "---\nid: sort\nvariables:\n  input: {type: string}\n---\n# user\n{{ input }}@example.org\n"
    )
    files = {**rails("pseudonymise"), "prompts/sort.md": prompt}
    async with a_door(tmp_path, files) as door:
        answer = await door.ask(CHAT.path, {"model": "letters", **CHAT.body("jane")})
        assert FALLBACK.encode() in answer.data
        assert door.upstream.requests == []
        assert verdict_reason(door) == [
            "", "the filled prompt holds personal data that no text of the call does",
        ]  # fmt: skip


def verdict_reason(door: Door) -> list[str]:
    return [one.reason for one in seen(door).rails if one.rail == "egress"]


async def test_the_releases_own_address_may_go(tmp_path: Path) -> None:
    prompt = (
        "---\nid: sort\nvariables:\n  input: {type: string}\n---\n"
        "# system\nComplaints go to desk@letters.example.\n# user\n{{ input }}\n"
    )
    async with a_door(tmp_path, {**rails("pseudonymise"), "prompts/sort.md": prompt}) as door:
        door.upstream.standing = echo
        spoken = CHAT.whole(
            (await door.ask(CHAT.path, {"model": "letters", **CHAT.body(f"I am {MAIL}")})).data
        )
        assert f"I am {MAIL}" in spoken.text
        nothing_of(door, MAIL)
        assert b"desk@letters.example" in door.upstream.received


async def test_a_host_that_the_release_does_not_name_is_not_served(tmp_path: Path) -> None:
    files = {"rails.yaml": "egress:\n  regions: [EU]\n  hosts: [api.example.eu]\nrails: []\n"}
    async with a_door(tmp_path, files) as door:
        assert "may not ask the upstream 'lab' at 127.0.0.1" in door.gateway.refused["letters"]
        assert door.gateway.fronts == {}


GUARD = """\
- id: guard
  detector: http
  on: both
  budget_ms: 5000
  options: {upstream: lab, path: /check}
"""


async def test_a_guard_that_is_elsewhere_sees_no_data_either(tmp_path: Path) -> None:
    async with a_door(tmp_path, rails("pseudonymise", GUARD)) as door:
        door.upstream.standing = lambda body: (
            Reply(body='{"score": 0}') if "side" in body else echo(body)
        )
        body = {"model": "letters", **CHAT.body(f"I am {MAIL}"), "stream": True}
        spoken = CHAT.streamed((await door.ask(CHAT.path, body)).data)
        assert f"I am {MAIL}" in spoken.text
        assert len(door.upstream.requests) == 3
        nothing_of(door, MAIL)


async def test_vectors_are_made_of_what_may_leave(tmp_path: Path) -> None:
    async with a_door(tmp_path, rails("redact")) as door:
        made = {"data": [{"index": 0, "embedding": [0.5, 0.25]}], "usage": {"prompt_tokens": 1}}
        door.upstream.standing = lambda body: Reply(body=msgspec.json.encode(made).decode())
        await door.ask("/v1/embeddings", {"model": "letters", "input": f"I am {MAIL}"})
        assert len(door.upstream.requests) == 1
        nothing_of(door, MAIL)
