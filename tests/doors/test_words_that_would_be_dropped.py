"""A caller's words either fill the prompt or are refused; none is dropped unheard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import a_key, write_live_system
from doubles.recorded_answer import RecordedAnswer
from roadworthy.gateway.app import App
from roadworthy.gateway.wire import Request
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.plan import Plan

CLAIM = {
    "prompts/sort.md": """\
---
id: sort
variables:
  claim: {type: string}
---
# user
{{ claim }}
""",
    "suites/cases/main.jsonl": """\
{"id": "m1", "input": {"claim": "It burnt"}, "expect": {"text": "bill"}, "tags": ["golden"]}
""",
}
WORDS = [{"role": "user", "content": "Where is my bill?"}]


@asynccontextmanager
async def a_door(root: Path, files: Mapping[str, str] = {}) -> AsyncIterator[Any]:
    """How to ask a live system for a status and a body."""
    async with FakeUpstream(answer="It is on its way") as upstream:
        loop = write_live_system(root, upstream.url, dict(files))
        key = a_key(loop)
        gateway = Gateway(
            Plan(workspace=str(loop.workspace.root), roots={"": str(root)}), SystemClock()
        )
        await gateway.start()
        app = App(gateway, new_id)

        async def ask(**body: Any) -> tuple[int, Any]:
            headers = {b"authorization": f"Bearer {key}".encode()}
            request = Request("POST", "/v1/chat/completions", headers)
            request.body = msgspec.json.encode({"model": "letters", **body})
            app.admit(request)
            answer = RecordedAnswer()
            await app.answer(request, answer)
            return answer.status, msgspec.json.decode(answer.data)

        try:
            yield ask
        finally:
            await gateway.aclose()


async def test_two_different_inputs_are_refused(tmp_path: Path) -> None:
    async with a_door(tmp_path) as ask:
        status, said = await ask(messages=WORDS, variables={"input": "something else"})
        assert (status, said["error"]["param"]) == (400, "variables")
        assert (await ask(messages=WORDS, variables={"input": WORDS[0]["content"]}))[0] == 200
        assert (await ask(messages=[], variables={"input": "something else"}))[0] == 200
        assert (await ask(messages=WORDS, variables={}))[0] == 200


@pytest.mark.parametrize("role", ["assistant", "system"])
async def test_messages_without_words_of_the_user_are_refused(tmp_path: Path, role: str) -> None:
    async with a_door(tmp_path) as ask:
        status, said = await ask(messages=[{"role": role, "content": "Where is my bill?"}])
        assert (status, said["error"]["param"]) == (400, "messages")
        assert (await ask(messages=[{"role": "user", "content": ""}]))[0] == 400


@pytest.mark.parametrize("more", [{}, {"variables": {"claim": "It burnt"}}])
async def test_words_for_which_the_prompt_has_no_place_are_refused(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    async with a_door(tmp_path, CLAIM) as ask:
        status, said = await ask(messages=WORDS, **more)
        assert (status, said["error"]["param"]) == (400, "messages")
        assert "claim" in said["error"]["message"]
        assert (await ask(variables={"claim": "It burnt"}))[0] == 200
