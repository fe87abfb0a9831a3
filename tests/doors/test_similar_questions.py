"""A question that asks the same as one before: the same answer, where nothing speaks against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from doubles.dialects import APIS, Door, a_door, chat_streamed, chat_whole
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT, a_key
from roadworthy.domain import Observation
from roadworthy.journal import read_journal

CHAT_API = APIS[0]
SETTING = "behaviour:\n  cache: {max_age_s: 60, similar: 0.001}\n"
ALLOWED = {"charter.yaml": f"{CHAT['charter.yaml']}{SETTING}"}
ASKED, LIKE = "Where is my bill?", "Hello, could you please tell me where is my bill? Thanks!"


async def text_of(door: Door, text: str = ASKED, **more: Any) -> str:
    key = more.pop("key", None)
    body = {"model": "letters", **CHAT_API.body(text), **more}
    answer = await door.ask(CHAT_API.path, body, key=key)
    return (chat_streamed if body.get("stream") else chat_whole)(answer.data).text


def kept(door: Door) -> list[Observation]:
    journal = read_journal(door.loop.workspace.journal)
    return [one.observation for one in journal if one.kind == "close" and one.observation]


async def test_it_gets_the_same_answer_and_the_record_says_so(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        said = [
            await text_of(door),
            await text_of(door, LIKE),
            await text_of(door, LIKE, stream=True),
        ]
        assert said == ["It is on its way"] * 3
        assert door.upstream.served == 1
        seen = kept(door)
    assert [one.cache_hit for one in seen] == [False, True, True]
    assert [one.attributes.get("similar") for one in seen] == [None, True, True]


async def test_words_that_only_look_alike_are_asked(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        for text in (ASKED, "Where is my old bill?", "Is my bill where?", "Where are my 2 bills?"):
            await text_of(door, text)
        assert door.upstream.served == 4


async def test_nobody_gets_what_another_tenant_or_slice_was_told(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        await text_of(door)
        await text_of(door, LIKE, key=a_key(door.loop, "globex"))
        await text_of(door, LIKE, metadata={"supplier": "s1"})
        assert door.upstream.served == 3


async def test_the_charter_must_say_so(tmp_path: Path) -> None:
    files = {"charter.yaml": str(ALLOWED["charter.yaml"]).replace(", similar: 0.001", "")}
    async with a_door(tmp_path, files) as door:
        await text_of(door)
        await text_of(door, LIKE)
        assert door.upstream.served == 2


RAILED = {
    "rails.yaml": """\
rails:
- {id: f, detector: deny, action: flag, options: {words: [flagged]}}
- {id: r, detector: deny, action: redact, options: {words: [hidden]}}
- {id: h, detector: deny, action: hold, options: {words: [lawyer]}}
- {id: b, detector: deny, action: block, options: {words: [idiot]}}
"""
}


@pytest.mark.parametrize(
    "said",
    ["This is flagged", "A hidden word", "Ask a lawyer", "You idiot", "Write to desk@letters.org",
     "Pay to DE89370400440532013000 now", "Your key is AKIAIOSFODNN7ABCDEFG"],
)  # fmt: skip
async def test_an_answer_that_a_rail_touched_or_that_is_about_somebody_is_asked_for_again(
    tmp_path: Path, said: str
) -> None:
    async with a_door(tmp_path, {**ALLOWED, **RAILED}) as door:
        door.upstream.standing = lambda body: Reply(text=said)
        await text_of(door)
        await text_of(door, LIKE)
        assert door.upstream.served == 2


@pytest.mark.parametrize("word", ["flagged", "hidden", "jane@example.org"])
async def test_a_question_that_a_rail_touched_or_that_is_about_somebody_is_asked(
    tmp_path: Path, word: str
) -> None:
    async with a_door(tmp_path, {**ALLOWED, **RAILED}) as door:
        await text_of(door, f"Where is my {word} bill?")
        await text_of(door, f"Please tell me where is my {word} bill?")
        assert door.upstream.served == 2


async def test_what_was_said_before_makes_another_question(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        await text_of(door)
        before = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]
        for text in (LIKE, ASKED):
            talk = [*before, {"role": "user", "content": text}]
            await door.ask(CHAT_API.path, {"model": "small", "messages": talk})
        assert door.upstream.served == 3


async def test_a_transparent_question_has_the_same_instructions(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        for told in ("Be brief.", "Be brief.", "Be long."):
            for text in (ASKED, LIKE):
                talk = [{"role": "system", "content": told}, {"role": "user", "content": text}]
                await door.ask(CHAT_API.path, {"model": "small", "messages": talk})
        assert door.upstream.served == 2


async def test_a_reply_that_calls_a_tool_or_broke_off_is_asked_for_again(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        call = {
            "index": 0,
            "id": "c",
            "type": "function",
            "function": {"name": "f", "arguments": "{}"},
        }
        door.upstream.standing = lambda body: Reply(text="", message={"tool_calls": [call]})
        for text in (ASKED, LIKE):
            await door.ask(CHAT_API.path, {"model": "small", **CHAT_API.body(text)})
        assert door.upstream.served == 2
        door.upstream.standing = lambda body: Reply(text="It is on", finish_reason="length")
        for text in ("Where is the parcel of mine?", "Please, where is the parcel of mine?"):
            await text_of(door, text)
        assert door.upstream.served == 4


async def test_an_erasure_reaches_it(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        await text_of(door)
        door.gateway.vault.erase(tenant="acme")
        await text_of(door, LIKE)
        assert door.upstream.served == 2


async def test_rails_look_at_it_again(tmp_path: Path) -> None:
    async with a_door(tmp_path, {**ALLOWED, **RAILED}) as door:
        await text_of(door)
        said = await text_of(door, f"Hello, {ASKED} Thanks, idiot")
        assert said == "A person will read your letter."


async def test_a_question_that_a_rail_flags_gets_no_earlier_answer(tmp_path: Path) -> None:
    rail = (
        "rails:\n- {id: f, detector: deny, on: input, action: flag, options: {words: [kindly]}}\n"
    )
    async with a_door(tmp_path, {**ALLOWED, "rails.yaml": rail}) as door:
        await text_of(door)
        await text_of(door, f"Kindly tell me, {ASKED}")
        await text_of(door, f"Hello, {ASKED}")
        assert door.upstream.served == 2
