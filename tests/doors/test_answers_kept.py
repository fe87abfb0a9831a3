"""An answer that the charter lets be given again: same question, tenant and slice, same rails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from doubles.dialects import APIS, Door, a_door, chat_streamed, chat_whole
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT, a_key
from roadworthy.domain import Observation
from roadworthy.journal import read_journal

CHAT_API = APIS[0]
ALLOWED = {"charter.yaml": f"{CHAT['charter.yaml']}behaviour:\n  cache: {{max_age_s: 60}}\n"}
TOLD = {"usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}}


async def text_of(door: Door, text: str = "Where is my bill?", **more: Any) -> str:
    key = more.pop("key", None)
    body = {"model": "letters", **CHAT_API.body(text), **more}
    answer = await door.ask(CHAT_API.path, body, key=key)
    return (chat_streamed if body.get("stream") else chat_whole)(answer.data).text


def kept(door: Door) -> list[Observation]:
    journal = read_journal(door.loop.workspace.journal)
    return [one.observation for one in journal if one.kind == "close" and one.observation]


async def test_the_same_question_is_asked_once_plain_and_streamed(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        door.upstream.standing = lambda body: Reply(**TOLD)  # type: ignore[arg-type]
        said = [await text_of(door), await text_of(door), await text_of(door, stream=True)]
        assert said == ["It is on its way"] * 3 and door.upstream.served == 1
        seen = kept(door)
    assert [one.cache_hit for one in seen] == [False, True, True]
    assert [one.usage.input_tokens for one in seen] == [9, 0, 0]


async def test_nobody_gets_what_another_tenant_or_slice_was_told(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        await text_of(door)
        await text_of(door, key=a_key(door.loop, "globex"))
        await text_of(door, metadata={"supplier": "s1"})
        assert door.upstream.served == 3


async def test_rails_look_at_it_again(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        door.upstream.script = [Reply(text="Pay to DE89370400440532013000 now")]
        assert [await text_of(door) for _ in range(2)] == ["A person will read your letter."] * 2
        assert door.upstream.served == 1
        assert [one.action for one in kept(door)] == ["blocked"] * 2
        assert [len(one.never) for one in kept(door)] == [1, 1]


async def test_an_erasure_reaches_it(tmp_path: Path) -> None:
    async with a_door(tmp_path, ALLOWED) as door:
        await text_of(door)
        door.gateway.vault.erase(tenant="acme")
        await text_of(door)
        assert door.upstream.served == 2


async def test_without_the_charters_leave_every_question_is_asked(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        for _ in range(2):
            await text_of(door)
        assert door.upstream.served == 2
