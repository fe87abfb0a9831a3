"""A guard service behind a real socket, asked through every API, plain and streamed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import APIS, Api, Door, a_door
from doubles.fake_upstream import Reply
from roadworthy.domain import Case, Observation
from roadworthy.flows.runs.case_target import PathTarget
from roadworthy.gateway.health import readiness
from roadworthy.journal import read_journal
from roadworthy.wiring.clock import SystemClock, new_id

SAID = "Hit the ground running, said the coach."
GUARD = {
    "rails.yaml": """\
rails:
- id: guard
  detector: http
  on: both
  action: block
  budget_ms: 5000
  options: {upstream: lab, path: /check}
"""
}


def guarded(word: str, *answers: Reply) -> Any:
    """The upstream's word: of the guard where a text is checked, else the next answer."""
    waiting = list(answers)

    def reply(body: dict[str, Any]) -> Reply:
        if "side" in body:
            return Reply(body=msgspec.json.encode({"score": float(word in body["text"])}).decode())
        return waiting.pop(0)

    return reply


def seen(door: Door) -> Observation:
    *_, last = [one for one in read_journal(door.loop.workspace.journal) if one.kind == "close"]
    assert last.observation is not None
    return last.observation


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
async def test_no_character_of_what_it_objects_to_leaves_in_any_api(
    tmp_path: Path, api: Api
) -> None:
    async with a_door(tmp_path, GUARD) as door:
        body = {"model": "letters", **api.body("Hello")}
        for at in range(0, len(SAID) + 1, 13):
            pieces = [piece for piece in (SAID[:at], SAID[at:]) if piece]
            door.upstream.standing = guarded("coach", Reply(text=SAID, pieces=pieces))
            answer = await door.ask(api.path, {**body, "stream": True})
            assert b"Hit" not in answer.data
            assert api.streamed(answer.data).text == "A person will read your letter."
            door.upstream.standing = guarded("lawyer", Reply(text=SAID, pieces=pieces))
            assert api.streamed((await door.ask(api.path, {**body, "stream": True})).data).text == (
                SAID
            )
        door.upstream.standing = guarded("coach", Reply(text=SAID))
        plain = api.whole((await door.ask(api.path, body)).data)
        assert plain.text == "A person will read your letter."
        verdicts = [(one.side, one.outcome) for one in seen(door).rails if one.rail == "guard"]
        assert verdicts == [("input", "passed"), ("output", "block")]
        assert all(isinstance(one.ms, float) for one in seen(door).rails if one.rail == "guard")


async def test_a_guard_that_is_down_closes_and_the_model_is_not_asked(tmp_path: Path) -> None:
    async with a_door(tmp_path, GUARD) as door:
        door.upstream.standing = lambda body: Reply(status=503, body="{}")
        api = APIS[0]
        answer = await door.ask(api.path, {"model": "letters", **api.body("Hello")})
        assert api.whole(answer.data).text == "A person will read your letter."
        assert all("side" in request.body for request in door.upstream.requests)
        (found,) = [one for one in seen(door).rails if one.rail == "guard"]
    assert (found.outcome, found.reason) == ("not_checked", "http lab: it answers 503")


async def test_a_guard_that_rests_is_told_by_readyz(tmp_path: Path) -> None:
    async with a_door(tmp_path, GUARD) as door:
        door.upstream.standing = lambda body: Reply(status=503, body="{}")
        for _ in range(5):
            await door.ask(APIS[0].path, {"model": "letters", **APIS[0].body("Hello")})
        systems: Any = readiness(door.gateway)["systems"]
    assert systems["letters"]["upstreams"]["http lab"] == "resting"


async def test_an_evaluation_asks_the_same_guard(tmp_path: Path) -> None:
    async with a_door(tmp_path, GUARD) as door:
        (front,) = door.gateway.fronts.values()
        target = PathTarget(front.service, SystemClock(), new_id)
        door.upstream.standing = guarded("coach", Reply(text=SAID))
        row = await target.answer(Case(id="c", input="Hello"), suite="s", repeat=0)
    assert row.action == "blocked"
    verdicts = [(one.side, one.outcome) for one in row.rails if one.rail == "guard"]
    assert verdicts == [("input", "passed"), ("output", "block")]
