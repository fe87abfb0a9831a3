"""A slice under a mitigation: safe mode, the baseline, or a person; the rest keeps its service."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.dialects import APIS, Api, Door, a_door
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT, go_live
from doubles.rolled_out import NEW, OLD, ask, release_of, taken, tokens_of
from roadworthy.domain import Mitigation, MitigationKind, Observation
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.journal import read_journal, unseal
from roadworthy.wiring.loop import loop_of

FALLBACK = "A person will read your letter."
ANSWER = "It is on its way"
CHAT_PATH = "/v1/chat/completions"


def mitigate(door: Door, kind: MitigationKind, **facets: str) -> Mitigation:
    found = Mitigation(
        id=f"mitigation-{kind}", kind=kind, system="letters", facets=facets,  # type: ignore[arg-type]
        objective="error_rate", reason="too many", at="2026-11-22T10:00:00.000000Z",
    )  # fmt: skip
    publish(
        door.loop.workspace,
        lambda table: msgspec.structs.replace(table, mitigations=(*table.mitigations, found)),
        door.loop.clock,
    )
    door.gateway.look_at_table()
    return found


def newest(door: Door) -> Observation:
    rows = [one for one in read_journal(door.loop.workspace.journal) if one.kind == "close"]
    seen = rows[-1].observation
    assert seen is not None
    return seen


@pytest.mark.parametrize("kind", ["degrade_to_safe_mode", "rollback"])
async def test_without_a_baseline_the_slice_gets_its_fallback_and_nobody_is_asked(
    tmp_path: Path, kind: MitigationKind
) -> None:
    async with a_door(tmp_path) as door:
        found = mitigate(door, kind, jurisdiction="FR")
        answer = await ask(door, x_jurisdiction="FR")
        assert answer.status == 200 and FALLBACK.encode() in answer.data
        assert not door.upstream.requests
        seen = newest(door)
        assert (seen.action, seen.mitigation) == ("fallback", found.id)
        assert ANSWER.encode() in (await ask(door, x_jurisdiction="DE")).data


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
async def test_what_is_routed_to_a_person_leaves_nothing_however_it_is_streamed(
    tmp_path: Path, api: Api
) -> None:
    async with a_door(tmp_path) as door:
        mitigate(door, "route_to_human_review")
        body = {"model": "letters", **api.body("Where is my bill?")}
        whole = api.whole((await door.ask(api.path, body)).data)
        assert whole.text == FALLBACK
        for at in range(len(ANSWER) + 1):
            pieces = [piece for piece in (ANSWER[:at], ANSWER[at:]) if piece]
            door.upstream.script = [Reply(text=ANSWER, pieces=pieces)]
            answer = await door.ask(api.path, {**body, "stream": True})
            assert api.streamed(answer.data).text == FALLBACK
            assert ANSWER[:4].encode() not in answer.data
        records = [one for one in read_journal(door.loop.workspace.journal) if one.kind == "close"]
        texts = unseal(records[-1], door.gateway.vault)
        assert texts is not None and texts.raw_output == ANSWER, "the reviewer sees it"
        seen = records[-1].observation
        assert seen is not None and seen.action == "held" and seen.mitigation


async def test_the_baseline_answers_where_there_is_one_and_the_release_does_not(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path) as door:
        old = read_table(door.loop.workspace.routing).routes["letters"].live
        candidate = str(CHAT["candidate.yaml"]).replace(f"max_tokens: {OLD}", f"max_tokens: {NEW}")
        (tmp_path / "candidate.yaml").write_text(candidate)
        new = go_live(tmp_path, loop_of(door.loop.workspace))
        await taken(door, lambda: door.gateway.fronts["letters"].service.digest == new)
        assert release_of(await ask(door)) == new
        found = mitigate(door, "rollback", jurisdiction="FR")
        answer = await ask(door, x_jurisdiction="FR")
        assert release_of(answer) == old and ANSWER.encode() in answer.data
        assert newest(door).mitigation == found.id
        assert release_of(await ask(door, x_jurisdiction="DE")) == new
        assert [tokens_of(each.body) for each in door.upstream.requests] == [NEW, OLD, NEW]


async def test_a_baseline_that_was_never_warm_is_loaded_and_the_fallback_bridges(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path) as door:
        old = read_table(door.loop.workspace.routing).routes["letters"].live
        candidate = str(CHAT["candidate.yaml"]).replace(f"max_tokens: {OLD}", f"max_tokens: {NEW}")
        (tmp_path / "candidate.yaml").write_text(candidate)
        new = go_live(tmp_path, loop_of(door.loop.workspace))
        await taken(door, lambda: door.gateway.fronts["letters"].service.digest == new)
        door.gateway.kept.clear()  # as after a restart
        mitigate(door, "rollback")
        assert FALLBACK.encode() in (await ask(door)).data
        await taken(door, lambda: "letters" in door.gateway.kept)
        assert release_of(await ask(door)) == old


async def test_the_strictest_of_several_counts(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        mitigate(door, "route_to_human_review")
        mitigate(door, "degrade_to_safe_mode", tenant="acme")
        await ask(door)
        assert newest(door).action == "fallback"


async def test_a_blocked_answer_stays_blocked_under_review(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        mitigate(door, "route_to_human_review")
        await ask(door, "xyzzy")
        assert newest(door).action == "blocked"
