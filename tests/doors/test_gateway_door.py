"""One worker's door, knocked at without sockets: what closes it, and in which order it looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, go_live, write_live_system
from doubles.recorded_answer import RecordedAnswer
from roadworthy.domain import Call, KillFlag, RoutingTable, UsageError
from roadworthy.flows.brakes.stopping import set_kill
from roadworthy.flows.request.endings import cut_off
from roadworthy.flows.request.witnessing import witness
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.gateway.app import App
from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.wire import Request, send_problem
from roadworthy.journal import unseal
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan

BODY = {"model": "letters", "messages": [{"role": "user", "content": "Where is my bill?"}]}

SHUTDOWN_S = 20.0


class Door:
    """An application and how to knock at it."""

    def __init__(self, gateway: Gateway, key: str, loop: Loop, upstream: FakeUpstream) -> None:
        self.gateway = gateway
        self.app = App(gateway, new_id, max_in_flight=4)
        self.key = key
        self.loop = loop
        self.upstream = upstream
        self.body_read = False

    async def knock(
        self,
        path: str = "/v1/chat/completions",
        *,
        body: object = BODY,
        key: str | None = None,
        method: str = "POST",
    ) -> tuple[int, Any]:
        headers = {b"authorization": f"Bearer {self.key if key is None else key}".encode()}
        answer = await self._given(Request(method, path, headers), body)
        return answer.status, msgspec.json.decode(answer.data)

    async def ask(self, body: object) -> RecordedAnswer:
        headers = {b"authorization": f"Bearer {self.key}".encode()}
        return await self._given(Request("POST", "/v1/chat/completions", headers), body)

    async def _given(self, request: Request, body: object) -> RecordedAnswer:
        answer = RecordedAnswer()
        self.body_read = False
        try:
            self.app.admit(request)
        except ApiError as problem:
            send_problem(answer, problem)
        else:
            self.body_read = True
            request.body = msgspec.json.encode(body)
            await self.app.answer(request, answer)
        return answer


@asynccontextmanager
async def a_door(root: Path) -> AsyncIterator[Door]:
    async with FakeUpstream(answer="It is on its way") as upstream:
        loop = loop_of(write_live_system(root, upstream.url).workspace)
        key = a_key(loop)
        plan = Plan(workspace=str(loop.workspace.root), roots={"": str(root)})
        gateway = Gateway(plan, SystemClock())
        await gateway.start()
        before = asyncio.all_tasks()
        try:
            yield Door(gateway, key, loop, upstream)
        finally:
            await end(asyncio.all_tasks() - before)
            await asyncio.wait_for(gateway.aclose(), SHUTDOWN_S)


async def end(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel what a test left under way: a failure would wait for its streams for ever."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=SHUTDOWN_S)


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


async def test_a_wrong_key_is_refused_before_the_body_is_read(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        for key in ("", "rw-wrong"):
            assert code(await door.knock(key=key)) == (401, "invalid_api_key")
            assert not door.body_read
        assert (await door.knock())[0] == 200


async def test_a_key_is_known_as_soon_as_it_is_made(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        fresh = a_key(door.loop, "newcomers")
        assert (await door.knock(key=fresh))[0] == 200


async def test_a_key_without_the_scope_may_not_chat(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        reviewer = a_key(door.loop, "reviewers", "outcomes")
        door.gateway.look_at_tenants()
        assert code(await door.knock(key=reviewer)) == (403, "scope_missing")


async def test_unreadable_keys_are_nobodys_keys(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        door.loop.workspace.tenants.write_text("{")
        door.gateway.look_at_tenants()
        assert code(await door.knock()) == (503, "keys_unreadable")


async def test_a_damaged_table_closes_the_door_and_a_mended_one_opens_it(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        routing = door.loop.workspace.routing
        good = routing.read_bytes()
        routing.write_bytes(good[:-5])
        door.gateway.look_at_table()
        assert code(await door.knock()) == (503, "table_unreadable")
        routing.write_bytes(good)
        door.gateway.look_at_table()
        assert (await door.knock())[0] == 200


async def test_a_table_that_went_back_closes_the_door(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        old = door.loop.workspace.routing.read_bytes()
        flag = KillFlag(id="k", scope="tenant", value="t", reason="r", by="x", at="")
        set_kill(flag, door.loop)
        door.gateway.look_at_table()
        assert (await door.knock())[0] == 200
        door.loop.workspace.routing.write_bytes(old)
        door.gateway.look_at_table()
        status, said = await door.knock()
        assert status == 503 and "may lack a kill flag" in said["error"]["message"]
        door.loop.workspace.routing.unlink()
        door.gateway.look_at_table()
        assert (await door.knock())[0] == 503


async def test_too_much_at_once_is_told_to_come_back(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.delay_s = 0.2
        answers = await asyncio.gather(*(door.knock() for _ in range(8)))
        statuses = sorted(status for status, _ in answers)
        assert statuses == [200] * 4 + [503] * 4
        assert (await door.knock())[0] == 200


async def test_a_new_release_takes_over_and_running_requests_finish(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        before = door.gateway.fronts["letters"].service.digest
        door.upstream.delay_s = 1.0
        running = asyncio.ensure_future(door.knock())
        while not door.upstream.requests:
            await asyncio.sleep(0.01)
        door.upstream.delay_s = 0.0
        rails = tmp_path / "rails.yaml"
        rails.write_text(rails.read_text().replace("xyzzy", "plugh"))
        after = await asyncio.to_thread(go_live, tmp_path, loop_of(door.loop.workspace))
        assert after != before
        while door.gateway.fronts["letters"].service.digest != after:
            await asyncio.sleep(0.01)
        status, said = await running
        assert status == 200 and said["roadworthy"]["release"] == before
        status, said = await door.knock()
        assert said["roadworthy"]["release"] == after


async def test_a_kill_acts_before_the_release_published_with_it_loads(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path) as door:

        def both(table: RoutingTable) -> RoutingTable:
            flag = KillFlag(
                id="k", scope="system", value="letters", system="letters", reason="r", by="x", at=""
            )
            route = msgspec.structs.replace(
                table.routes["letters"], live="sha256:" + "0" * 64, path="releases/nowhere"
            )
            return msgspec.structs.replace(table, routes={"letters": route}, kills=(flag,))

        publish(door.loop.workspace, both, door.loop.clock)
        door.gateway.look_at_table()
        assert code(await door.knock()) == (503, "kill_switch")
        while "letters" not in door.gateway.refused:
            await asyncio.sleep(0.01)
        assert code(await door.knock()) == (503, "release_refused")
        _, ready = await door.knock("/readyz", method="GET")
        assert ready["ready"] is False
        assert read_table(door.loop.workspace.routing).kills


@pytest.mark.parametrize("stream", [False, True])
async def test_what_an_upstream_says_of_an_error_is_sealed_like_a_text(
    tmp_path: Path, stream: bool
) -> None:
    async with a_door(tmp_path) as door:
        echoed = {"error": {"message": "cannot read: Where is my bill?", "code": "bad"}}
        door.upstream.script = [Reply(status=400, body=msgspec.json.encode(echoed).decode())]
        answer = await door.ask(BODY | {"stream": stream})
        (name,) = [value for key, value in answer.headers if key == b"x-roadworthy-observation"]
        record = await door.gateway.find_record(name.decode())
        assert record is not None and record.observation is not None
        seen = record.observation
        assert (seen.action, seen.status, seen.quoted) == ("fallback", "error", "")
        assert seen.error.endswith("answered HTTP 400: [sealed]")
        texts = unseal(record, door.gateway.vault)
        assert texts is not None and texts.error.endswith("cannot read: Where is my bill?")
        written = [path for path in door.loop.workspace.journal.rglob("*") if path.is_file()]
        assert not [path for path in written if b"my bill" in path.read_bytes()]


async def test_why_a_call_broke_off_is_sealed_like_a_text(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        lost = Call(id="0199a4c1-0000-7000-8000-000000000001", system="letters", tenant="t")
        front = door.gateway.fronts["letters"]
        reply = cut_off(
            lost, front.service, SystemClock(), kill=None, sent="", broken=UsageError("my bill")
        )
        await door.gateway.journal.close(reply.observation, witness(reply, lost))
        found = await door.gateway.find(lost.id)
        assert found is not None and found.error == "UsageError: [sealed]"


async def test_a_test_that_fails_with_an_open_stream_ends(tmp_path: Path) -> None:
    here = asyncio.all_tasks()
    with pytest.raises(AssertionError, match="planted"):
        async with a_door(tmp_path) as door:
            door.upstream.script = [Reply(hang=True)]
            stream = asyncio.create_task(door.knock(body=BODY | {"stream": True}))
            while not door.upstream.requests:
                await asyncio.sleep(0.01)
            raise AssertionError("planted")
    assert stream.cancelled()
    assert asyncio.all_tasks() == here


async def test_an_outcome_about_nothing_is_refused(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        for body in ({}, {"observation": "x"}, {"observation": 3, "note": "n"}, {"x": 1}):
            assert code(await door.knock("/v1/outcomes", body=body))[0] == 400
        answer = await door.knock("/v1/outcomes", body={"observation": "x", "note": "n"})
        assert code(answer) == (400, "invalid_value")
        assert (await door.knock("/v1/reviews/review-x", method="GET"))[0] == 404


async def test_an_outcome_that_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        for body in (b'{"observation": "\xff"}', b"[" * 5000 + b"]" * 5000):
            answer = await door.knock("/v1/outcomes", body=msgspec.Raw(body))
            assert answer[0] == 400


async def test_a_refused_outcome_names_the_field_that_is_wrong(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        _, said = await door.knock()
        about = {"observation": said["id"].removeprefix("chatcmpl-")}
        for body, field in (
            (about | {"never_event": "of-nobody"}, "never_event"),
            (about | {"label": "of-nobody"}, "label"),
            ({"observation": "x", "note": "n"}, "observation"),
            ({"observation": 3, "note": "n"}, "observation"),
            (about | {"business": {"paid": 7}}, "business[...]"),
        ):
            status, refused = await door.knock("/v1/outcomes", body=body)
            assert (status, refused["error"]["param"]) == (400, field), refused
