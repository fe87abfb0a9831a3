"""An emergency rail at every door: it stops, holds, redacts; damaged it closes; it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from doubles.dialects import APIS, Api, Door, a_door
from doubles.emergency import a_rail, newest, stand
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT
from roadworthy.flows.workspace.routing import read_table
from roadworthy.gateway.health import readiness

FALLBACK = "A person will read your letter."


async def said(door: Door, api: Api, text: str = "Where is my bill?", **more: Any) -> Any:
    body = {"model": "letters", **api.body(text), "stream": False, **more}
    return await door.ask(api.path, body)


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
async def test_what_it_names_leaves_by_no_api_from_then_on(tmp_path: Path, api: Api) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.script = [Reply(text="the mauve parcel") for _ in range(4)]
        assert api.whole((await said(door, api)).data).text == "the mauve parcel"
        stand(door, a_rail(words=["mauve parcel"]))
        answer = api.whole((await said(door, api)).data)
        assert answer.text == FALLBACK and answer.about["action"] == "blocked"
        outcomes = {(one.rail, one.side): one.outcome for one in newest(door).rails}
        assert outcomes["emergency:stop-it", "output"] == "block"
        assert outcomes["emergency:stop-it", "input"] == "passed"
        streamed = await said(door, api, stream=True)
        assert b"mauve" not in streamed.data and FALLBACK.encode() in streamed.data
        stand(door)
        assert api.whole((await said(door, api)).data).text == "the mauve parcel"


async def test_every_observation_of_its_scope_names_it_and_no_other(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        stand(door, a_rail(scope="tenant", value="somebody"))
        await said(door, APIS[0])
        assert not [one for one in newest(door).rails if one.rail.startswith("emergency:")]
        stand(door, a_rail(scope="tenant", value="acme"))
        await said(door, APIS[0])
        named = [one for one in newest(door).rails if one.rail == "emergency:stop-it"]
        assert [(one.side, one.outcome) for one in named] == [
            ("input", "passed"), ("output", "passed"),
        ]  # fmt: skip


async def test_a_rail_of_the_release_never_gives_way_to_it(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        stand(door, a_rail(words=["mauve"], action="redact"))
        answer = APIS[0].whole((await said(door, APIS[0], "xyzzy and mauve")).data)
        assert answer.about["action"] == "blocked"
        outcomes = {(one.rail, one.side): one.outcome for one in newest(door).rails}
        assert outcomes["no-secret-word", "input"] == "block"
        assert not door.upstream.requests


async def test_a_held_answer_waits_for_a_person_and_redaction_changes_words(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.script = [Reply(text="the mauve parcel") for _ in range(2)]
        stand(door, a_rail(words=["mauve"], action="hold", on="output"))
        held = APIS[0].whole((await said(door, APIS[0])).data)
        assert (held.text, held.about["action"]) == (FALLBACK, "pending")
        assert newest(door).action == "held"
        stand(door, a_rail(words=["mauve"], action="redact", on="output"))
        assert APIS[0].whole((await said(door, APIS[0])).data).text == "the <DENIED> parcel"


@pytest.mark.parametrize(
    "damage",
    [
        {"options": {"words": ["harmless"]}},
        {"until": "2999-01-01T00:00:00.000000Z"},
        {"people": ("one",)},
        {"detector": "pattern", "options": {"patterns": ["("]}},
        {
            "detector": "classifier",
            "action": "redact",
            "options": {"weights": {"bias": 9, "weights": {}}, "kind": "it is granted"},
        },
    ],
    ids=["changed", "longer", "one person", "no pattern", "words of its own"],
)
async def test_a_damaged_emergency_rail_closes_its_scope_and_no_other(
    tmp_path: Path, damage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with a_door(tmp_path) as door:
        bad = structs.replace(a_rail(scope="tenant", value="acme"), **damage)
        if "detector" in damage:
            bad = structs.replace(bad, digest=bad.own_digest())
        stand(door, bad)
        answer = await said(door, APIS[0])
        assert answer.status == 503 and b"emergency:stop-it" in answer.data
        assert "emergency rail stop-it is damaged" in caplog.text
        assert newest(door).action == "killed" and newest(door).mitigation == "emergency:stop-it"
        assert readiness(door.gateway)["systems"]["letters"]["killed"] == ["emergency:stop-it"]  # type: ignore[index]
        other = structs.replace(bad, value="somebody")
        stand(
            door, structs.replace(other, digest=other.own_digest() if "detector" in damage else "")
        )
        assert (await said(door, APIS[0])).status == 200


async def test_a_table_without_the_field_loads_as_one_without_emergency_rails(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path) as door:
        path = door.loop.workspace.routing
        older = msgspec.json.decode(path.read_bytes())
        del older["emergencies"]
        path.write_bytes(msgspec.json.encode(older))
        assert read_table(path).emergencies == ()
        door.gateway.look_at_table()
        assert (await said(door, APIS[0])).status == 200


async def test_a_worker_drops_it_at_its_time_by_itself(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.script = [Reply(text="mauve") for _ in range(2)]
        stand(door, a_rail(words=["mauve"], lasts_s=-1))
        assert APIS[0].whole((await said(door, APIS[0])).data).text == "mauve"
        stand(door, a_rail(words=["mauve"], lasts_s=60))
        assert APIS[0].whole((await said(door, APIS[0])).data).text == FALLBACK


async def test_what_it_stopped_is_in_no_cache_after_it(tmp_path: Path) -> None:
    charter = str(CHAT["charter.yaml"]) + "behaviour:\n  cache: {max_age_s: 600}\n"
    async with a_door(tmp_path, {"charter.yaml": charter}) as door:
        stand(door, a_rail(words=["mauve"], action="hold", on="output"))
        door.upstream.script = [Reply(text="the mauve parcel"), Reply(text="it is on its way")]
        assert (APIS[0].whole((await said(door, APIS[0])).data)).text == FALLBACK
        stand(door)
        assert APIS[0].whole((await said(door, APIS[0])).data).text == "it is on its way"
        assert len(door.upstream.requests) == 2
        assert APIS[0].whole((await said(door, APIS[0])).data).text == "it is on its way"
        assert len(door.upstream.requests) == 2


async def test_a_text_to_be_embedded_is_looked_at_too(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        stand(door, a_rail(words=["mauve"], on="input"))
        body = {"model": "letters", "input": "the mauve parcel"}
        await door.ask("/v1/embeddings", body)
        assert newest(door).action == "blocked" and not door.upstream.requests
        assert any(one.rail == "emergency:stop-it" for one in newest(door).rails)
