"""What a step of a playbook changes on the request line: the cache, and who is let in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import structs

from doubles.dialects import APIS, Door, a_door
from doubles.emergency import newest
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT
from roadworthy.domain import Mitigation, RoutingTable
from roadworthy.flows.workspace.routing import publish

FALLBACK = "A person will read your letter."
CACHED = {"charter.yaml": str(CHAT["charter.yaml"]) + "behaviour:\n  cache: {max_age_s: 600}\n"}


def under(door: Door, *kinds: str, **given: Any) -> None:
    found = tuple(
        Mitigation(
            id=f"step-{kind}", kind=kind, system="letters", objective="", reason="slow",
            at="2026-11-22T20:00:00.000000Z", **given,
        )
        for kind in kinds
    )  # fmt: skip

    def change(table: RoutingTable) -> RoutingTable:
        return structs.replace(table, mitigations=found)

    publish(door.loop.workspace, change, door.loop.clock)
    door.gateway.look_at_table()


async def said(door: Door, **more: Any) -> str:
    api = APIS[0]
    answer = await door.ask(api.path, {"model": "letters", **api.body("Where is it?"), **more})
    return api.whole(answer.data).text


async def test_with_the_cache_off_the_model_is_asked_and_nothing_is_kept(tmp_path: Path) -> None:
    async with a_door(tmp_path, CACHED) as door:
        door.upstream.script = [Reply(text=f"answer {n}") for n in range(4)]
        assert [await said(door), await said(door)] == ["answer 0", "answer 0"]
        under(door, "cache_off")
        assert [await said(door), await said(door)] == ["answer 1", "answer 2"]
        assert newest(door).mitigation == "step-cache_off" and newest(door).action == "answered"
        under(door, "cache_off", facets={"tenant": "somebody"})
        assert await said(door) == "answer 0"


async def test_with_a_narrower_use_the_rest_gets_the_fallback_unasked(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        under(door, "narrow_use", allowed={"supplier": ("S-1", "S-2")})
        assert await said(door, metadata={"supplier": "S-9"}) == FALLBACK
        assert newest(door).action == "fallback" and newest(door).mitigation == "step-narrow_use"
        assert await said(door) == FALLBACK, "who names none is none of them"
        assert not door.upstream.requests
        assert await said(door, metadata={"supplier": "S-2"}) == "It is on its way"
        under(door, "narrow_use", "route_to_human_review", allowed={"supplier": ("S-1",)})
        await said(door, metadata={"supplier": "S-1"})
        assert newest(door).action == "held", "what is let in is under the other step"
        await said(door, metadata={"supplier": "S-9"})
        assert newest(door).action == "fallback"


async def test_an_answer_held_for_a_person_is_in_no_cache_after_the_lift(tmp_path: Path) -> None:
    async with a_door(tmp_path, CACHED) as door:
        door.upstream.script = [Reply(text="held back"), Reply(text="fresh")]
        under(door, "route_to_human_review")
        assert await said(door) == FALLBACK
        under(door)
        assert await said(door) == "fresh"
        assert len(door.upstream.requests) == 2
