"""While a release is rolled out: who gets it, who keeps it, and what a shadow never does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from doubles.dialects import a_door
from doubles.fake_upstream import Reply
from doubles.live_system import a_key, go_live
from doubles.rolled_out import (
    CANARY,
    NEW,
    OLD,
    ask,
    release_of,
    roll_out,
    second_release,
    taken,
    tokens_of,
)
from roadworthy.domain import DRILL_TENANT, Mitigation, Observation
from roadworthy.flows.rollouts.moving import roll_back, stop_by_hand
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.journal import read_journal
from roadworthy.serving import Denial
from roadworthy.wiring.control import Control
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan

SHADOW = CANARY.replace("canary", "shadow").replace("weight_percent: 50", "weight_percent: 100")


def kept(loop: Loop) -> list[Observation]:
    """Every finished exchange of the journal."""
    rows = [one.observation for one in read_journal(loop.workspace.journal) if one.kind == "close"]
    return [row for row in rows if row is not None]


async def test_a_canary_answers_its_share_and_a_session_keeps_its_release(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        live = read_table(door.loop.workspace.routing).routes["letters"].live
        rolling = roll_out(tmp_path, door.loop)
        await taken(door, lambda: "letters" in door.gateway.arms)
        first = {n: release_of(await ask(door, x_session_id=f"s{n}")) for n in range(60)}
        again = {n: release_of(await ask(door, x_session_id=f"s{n}")) for n in range(60)}
        assert again == first
        new = [name for name in first.values() if name == rolling.release]
        assert set(first.values()) == {live, rolling.release} and 15 <= len(new) <= 45
        rows = {row.id: row for row in kept(door.loop)}
        assert {(row.stage, row.release == rolling.release) for row in rows.values()} == {
            ("live", False), ("canary", True),
        }  # fmt: skip
        asked = [tokens_of(each.body) for each in door.upstream.requests]
        assert asked.count(NEW) == 2 * len(new) and asked.count(OLD) == 120 - 2 * len(new)


async def test_only_whom_the_step_names_gets_it(tmp_path: Path) -> None:
    plan = CANARY.replace(
        "{weight_percent: 50, bake: 1s}",
        "{weight_percent: 100, bake: 1s, tenants: [acme], facets: {jurisdiction: [FR]}}",
    )
    async with a_door(tmp_path) as door:
        rolling = roll_out(tmp_path, door.loop, plan)
        await taken(door, lambda: "letters" in door.gateway.arms)
        assert release_of(await ask(door, x_jurisdiction="FR")) == rolling.release
        assert release_of(await ask(door, x_jurisdiction="DE")) != rolling.release


async def test_a_drill_is_no_traffic_of_a_rollout(tmp_path: Path) -> None:
    plan = CANARY.replace("weight_percent: 50", "weight_percent: 100")
    async with a_door(tmp_path) as door:
        live = read_table(door.loop.workspace.routing).routes["letters"].live
        rolling = roll_out(tmp_path, door.loop, plan)
        await taken(door, lambda: "letters" in door.gateway.arms)
        assert release_of(await ask(door)) == rolling.release
        door.key = a_key(door.loop, DRILL_TENANT, "chat", "probe")
        await taken(door, lambda: door.gateway.look_at_tenants() or True)
        assert release_of(await ask(door)) == live
        (row,) = (row for row in kept(door.loop) if row.tenant == DRILL_TENANT)
        assert (row.stage, row.release) == ("drill", live)


async def test_an_abort_sends_everybody_back_and_loses_no_request(tmp_path: Path) -> None:
    plan = CANARY.replace("weight_percent: 50", "weight_percent: 100")
    async with a_door(tmp_path) as door:
        door.upstream.delay_s = 0.2
        rolling = roll_out(tmp_path, door.loop, plan)
        await taken(door, lambda: "letters" in door.gateway.arms)
        under_way = [asyncio.create_task(ask(door)) for _ in range(10)]
        await asyncio.sleep(0.05)
        loop = loop_of(door.loop.workspace)
        signer = loop.keyring.signer("cleo")
        over = stop_by_hand(loop, "letters", signer=signer, reason="a person said so")
        assert over.state == "aborted"
        await taken(door, lambda: not door.gateway.arms)
        assert release_of(await ask(door)) == rolling.baseline
        ended = await asyncio.gather(*under_way)
        assert {(each.status, release_of(each)) for each in ended} == {(200, rolling.release)}


async def test_an_abort_waits_for_no_release_that_is_being_loaded(tmp_path: Path) -> None:
    plan = CANARY.replace("weight_percent: 50", "weight_percent: 100")
    async with a_door(tmp_path) as door:
        rolling = roll_out(tmp_path, door.loop, plan)
        await taken(door, lambda: "letters" in door.gateway.arms)
        assert release_of(await ask(door)) == rolling.release
        async with door.gateway._loading:  # another system's release, for minutes
            loop = loop_of(door.loop.workspace)
            signer = loop.keyring.signer("cleo")
            stop_by_hand(loop, "letters", signer=signer, reason="a person said so")
            door.gateway.look_at_table()
            assert release_of(await ask(door)) == rolling.baseline


async def test_a_rollback_waits_for_no_release_that_is_being_loaded(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        old = read_table(door.loop.workspace.routing).routes["letters"].live
        second_release(tmp_path, door.loop)
        new = go_live(tmp_path, loop_of(door.loop.workspace))
        await taken(door, lambda: door.gateway.fronts["letters"].service.digest == new)
        assert release_of(await ask(door)) == new
        before = door.gateway._newest
        async with door.gateway._loading:  # another system's release, for minutes
            loop = loop_of(door.loop.workspace)
            roll_back(loop, "letters", root=tmp_path, signer=loop.keyring.signer("cleo"))
            await taken(door, lambda: door.gateway.fronts["letters"].service.digest == old)
            assert release_of(await ask(door)) == old
            ready = await door.gateway._loader.ready(before, door.gateway._known())
            door.gateway._swap(before, ready)  # that load ends, begun by the older table
            assert release_of(await ask(door)) == old
        await taken(door, lambda: not door.gateway._turned)
        assert release_of(await ask(door)) == old
        assert door.gateway.table.routes == door.gateway._newest.routes


async def test_who_was_drawn_for_a_release_that_refuses_the_request_gets_the_live_one(
    tmp_path: Path,
) -> None:
    plan = CANARY.replace("weight_percent: 50", "weight_percent: 100")

    class Refuses:
        def check(self, text: str, facets: dict[str, str]) -> Denial:
            return Denial("use_not_allowed", "not by the new charter")

    async with a_door(tmp_path) as door:
        rolling = roll_out(tmp_path, door.loop, plan)
        await taken(door, lambda: "letters" in door.gateway.arms)
        front = door.gateway.arms["letters"]
        door.gateway.arms["letters"] = msgspec.structs.replace(front, admittance=Refuses())
        answer = await ask(door)
        assert (answer.status, release_of(answer)) == (200, rolling.baseline)


async def test_a_slice_under_a_mitigation_is_not_asked_of_the_new_release(tmp_path: Path) -> None:
    plan = CANARY.replace("weight_percent: 50", "weight_percent: 100")
    async with a_door(tmp_path) as door:
        rolling = roll_out(tmp_path, door.loop, plan)
        await taken(door, lambda: "letters" in door.gateway.arms)
        held = Mitigation(
            id="mitigation-1", kind="route_to_human_review", system="letters",
            facets={"jurisdiction": "FR"}, objective="o", reason="r", at="",
        )  # fmt: skip
        publish(
            door.loop.workspace,
            lambda table: msgspec.structs.replace(table, mitigations=(held,)),
            door.loop.clock,
        )
        door.gateway.look_at_table()
        assert release_of(await ask(door, x_jurisdiction="FR")) == rolling.baseline
        assert release_of(await ask(door, x_jurisdiction="DE")) == rolling.release


async def test_a_shadow_is_asked_the_same_and_nobody_gets_or_pays_its_answer(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.standing = lambda body: (
            Reply(text="you fool") if tokens_of(body) == NEW else Reply(text="It is on its way")
        )
        rolling = roll_out(tmp_path, door.loop, SHADOW)
        await taken(door, lambda: "letters" in door.gateway.arms)
        answer = await ask(door)
        assert b"on its way" in answer.data and release_of(answer) == rolling.baseline
        for _ in range(100):
            rows = {row.stage: row for row in kept(door.loop)}
            if "shadow" in rows:
                break
            await asyncio.sleep(0.02)
        shadow, live = rows["shadow"], rows["live"]
        assert shadow.release == rolling.release and live.release == rolling.baseline
        assert shadow.attributes["shadow_of"] == live.id
        assert shadow.input_digest == live.input_digest
        control = Control(Plan(workspace=str(door.loop.workspace.root), roots={"": str(tmp_path)}))
        control.look()
        assert not read_table(door.loop.workspace.routing).kills, "nobody was insulted"


async def test_a_shadow_that_hangs_or_fails_delays_and_changes_nothing(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.standing = lambda body: (
            Reply(hang=True) if tokens_of(body) == NEW else Reply(text="It is on its way")
        )
        roll_out(tmp_path, door.loop, SHADOW)
        await taken(door, lambda: "letters" in door.gateway.arms)
        answers = await asyncio.wait_for(asyncio.gather(*(ask(door) for _ in range(50))), 20)
        assert {each.status for each in answers} == {200}
        assert len(door.gateway.shadows) <= 32


async def test_a_release_that_cannot_be_loaded_gets_no_request(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        rolling = roll_out(tmp_path, door.loop)
        blobs = door.loop.workspace.root / rolling.path / "blobs" / "sha256"
        largest = max(blobs.iterdir(), key=lambda path: path.stat().st_size)
        largest.write_bytes(b"x" + largest.read_bytes()[1:])
        await taken(door, lambda: bool(door.gateway.refused_arms))
        answers = [await ask(door, x_session_id=f"s{n}") for n in range(10)]
        assert {release_of(each) for each in answers} == {rolling.baseline}


async def test_a_kill_stops_both_arms(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        roll_out(tmp_path, door.loop)
        await taken(door, lambda: "letters" in door.gateway.arms)
        from roadworthy.domain import KillFlag

        flag = KillFlag(
            id="kill-1", scope="system", value="letters", system="letters", by="operator",
            at="2026-11-22T10:00:00.000000Z", reason="stop",
        )  # fmt: skip
        await door.gateway.brake([flag])
        answers = [await ask(door, x_session_id=f"s{n}") for n in range(10)]
        assert {each.status for each in answers} == {503}
