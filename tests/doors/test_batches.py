"""Batches as the batch process runs them: each line once, whatever happens on the way."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from doubles.batch_desk import BatchDesk, line
from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, go_live
from roadworthy.domain import EvidenceError, KillFlag
from roadworthy.flows.batches.ids import answer_prefix
from roadworthy.gateway.batch_run import BatchRun
from roadworthy.serving import TenantLimits, editing, hash_key, limiting
from roadworthy.wiring.counting import counting_of, recount


def echo(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])[::-1]


def kill(scope: Any, value: str) -> KillFlag:
    at = "2026-11-22T00:00:00.000000Z"
    return KillFlag(id="k1", scope=scope, value=value, reason="x", by="brake", at=at)


def ids(results: list[dict[str, Any]]) -> list[str]:
    return sorted(one["custom_id"] for one in results)


@pytest.mark.parametrize("at", [1, 4, 8])
async def test_what_was_answered_before_a_crash_is_in_the_output_once_and_not_asked_again(
    tmp_path: Path, at: int
) -> None:
    """The crash comes when the answer is in the journal and not yet in the file of results."""
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        state = desk.left(b"".join(line(n, f"no {n}") for n in range(1, 9)))
        await desk.crash(state, lambda one: one.custom_id == f"c{at}")
        before = fake.served
        await desk.run()
        assert fake.served == 8 and before >= 1
        done = desk.find(state)
        assert (done.status, done.completed, done.failed) == ("completed", 8, 0)
        results = desk.read(done.output_file)
        assert ids(results) == [f"c{n}" for n in range(1, 9)]
        for one in results:
            body = one["response"]["body"]
            assert body["choices"][0]["message"]["content"] == f"no {one['custom_id'][1:]}"[::-1]
            assert body["roadworthy"]["observation"] == one["response"]["request_id"]
            assert body["usage"]["total_tokens"] > 0
        assert desk.exchanges() == 8


async def test_every_torn_or_lost_end_of_the_results_is_put_right_from_the_journal(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        state = desk.left(b"".join(line(n) for n in range(1, 7)))
        await desk.run()
        (lines,) = [
            path
            for path in desk.stores()[0].folder("acme").glob("*.lines")
            if path.stem == desk.find(state).output_file
        ]
        whole = lines.read_bytes()
        for left in (len(whole) - 1, len(whole) // 2, 200, 3, 0):
            running = structs.replace(desk.find(state), status="in_progress", output_file="")
            lines.with_suffix(".json").unlink()
            lines.with_suffix(".part").write_bytes(whole[:left])
            lines.unlink()
            desk.stores()[1].put(running)
            (desk.loop.workspace.batches / "queue" / state.id).write_text("acme")
            await desk.run()
            done = desk.find(state)
            assert (done.status, done.completed, fake.served) == ("completed", 6, 6)
            assert ids(desk.read(done.output_file)) == [f"c{n}" for n in range(1, 7)]


async def test_a_crash_while_files_are_published_loses_nothing(tmp_path: Path) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        state = desk.left(line(1) + line(2))
        await desk.run()
        done = desk.find(state)
        record = desk.stores()[0].folder("acme") / f"{done.output_file}.json"
        for gone in (False, True):  # before the state was written; before the file was told of
            if gone:
                record.unlink()
            desk.stores()[1].put(structs.replace(done, status="finalizing", output_file=""))
            (desk.loop.workspace.batches / "queue" / state.id).write_text("acme")
            await desk.run()
            again = desk.find(state)
            assert (again.status, again.completed, again.output_file) == (
                "completed",
                2,
                done.output_file,
            )
            assert ids(desk.read(again.output_file)) == ["c1", "c2"] and fake.served == 2


async def test_a_kill_stops_a_batch_at_once_and_it_goes_on_when_that_is_lifted(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        fake.standing = lambda body: Reply(delay_s=0.1)
        state = desk.left(b"".join(line(n) for n in range(1, 60)))
        async with desk.opened() as batcher:
            running = asyncio.create_task(batcher.run(idle_s=0))
            await until(lambda: fake.served > 8)
            desk.set_table(lambda table: structs.replace(table, kills=(kill("system", "letters"),)))
            await until(lambda: desk.find(state).waits == "kill_switch")
            stopped, entered = fake.served, desk.exchanges()
            await asyncio.sleep(0.5)
            assert fake.served == stopped and desk.exchanges() == entered
            assert desk.find(state).status == "in_progress"
            desk.set_table(lambda table: structs.replace(table, kills=()))
            await asyncio.wait_for(running, 30)
        done = desk.find(state)
        assert (done.status, done.completed, done.failed, done.waits) == ("completed", 59, 0, "")
        assert ids(desk.read(done.output_file)) == sorted(f"c{n}" for n in range(1, 60))


async def until(check: Any, within_s: float = 20) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while not check():
        assert loop.time() < end, "it never came"
        await asyncio.sleep(0.01)


async def test_lines_of_a_stopped_slice_wait_and_hold_up_no_others(tmp_path: Path) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)

        def of(supplier: str, number: int) -> bytes:
            text = {"role": "user", "content": "x"}
            body = {"model": "letters", "messages": [text], "metadata": {"supplier": supplier}}
            return line(number, body=body)

        data = b"".join(of("S-1" if n <= 20 else "S-2", n) for n in range(1, 31))
        state = desk.left(data)
        desk.set_table(lambda table: structs.replace(table, kills=(kill("slice", "supplier=S-1"),)))
        async with desk.opened() as batcher:
            running = asyncio.create_task(batcher.run(idle_s=0))
            await until(lambda: desk.find(state).completed == 10)
            await until(lambda: desk.find(state).waits == "kill_switch")
            assert fake.served == 10
            desk.set_table(lambda table: structs.replace(table, kills=()))
            await asyncio.wait_for(running, 30)
        assert desk.find(state).completed == 30 and fake.served == 30


async def test_each_line_names_the_release_that_answered_it(tmp_path: Path) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        fake.standing = lambda body: Reply(delay_s=0.1)
        state = desk.left(b"".join(line(n) for n in range(1, 80)))
        async with desk.opened() as batcher:
            running = asyncio.create_task(batcher.run(idle_s=0))
            await until(lambda: fake.served > 8)
            prompt = tmp_path / "prompts" / "sort.md"
            prompt.write_text(prompt.read_text().replace("Answer the letter.", "Answer it."))
            await asyncio.to_thread(go_live, tmp_path, desk.loop)
            await asyncio.wait_for(running, 30)
        done = desk.find(state)
        results = desk.read(done.output_file)
        named = [one["response"]["body"]["roadworthy"]["release"] for one in results]
        assert done.releases == {release: named.count(release) for release in set(named)}
        assert len(done.releases) == 2 and done.completed == 79


async def test_a_revoked_key_ends_its_batches_and_what_was_answered_is_there(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        fake.standing = lambda body: Reply(delay_s=0.1)
        state = desk.left(b"".join(line(n) for n in range(1, 80)))
        async with desk.opened() as batcher:
            running = asyncio.create_task(batcher.run(idle_s=0))
            await until(lambda: fake.served > 8)
            workspace = desk.loop.workspace
            with editing(workspace.tenants, workspace.lock) as keys:
                digest = hash_key(desk.key)
                keys[digest] = structs.replace(keys[digest], revoked="2026-01-02T00:00:00.000000Z")
            await asyncio.wait_for(running, 30)
        done = desk.find(state)
        assert done.status == "failed" and done.faults[0].code == "invalid_api_key"
        assert done.completed == fake.served < 79 and done.completed + done.failed == 79
        errors = desk.read(done.error_file)
        assert {one["error"]["code"] for one in errors} == {"invalid_api_key"}
        assert sorted(ids(desk.read(done.output_file)) + ids(errors)) == sorted(
            f"c{n}" for n in range(1, 80)
        )


@pytest.mark.parametrize("how", ["cancelled", "expired"])
async def test_a_batch_that_ends_early_says_of_every_line_what_became_of_it(
    tmp_path: Path, how: str
) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        fake.standing = lambda body: Reply(delay_s=0.2)
        window_s = 1.5 if how == "expired" else 3600
        state = desk.left(b"".join(line(n) for n in range(1, 200)), window_s=window_s)
        async with desk.opened() as batcher:
            running = asyncio.create_task(batcher.run(idle_s=0))
            await until(lambda: fake.served > 8)
            if how == "cancelled":
                desk.stores()[1].cancel(state)
            await asyncio.wait_for(running, 30)
        done = desk.find(state)
        assert (done.status, done.completed) == (how, fake.served)
        assert done.completed + done.failed == done.total == 199
        errors = desk.read(done.error_file)
        assert {one["error"]["code"] for one in errors} == {f"batch_{how}"}
        assert all(one["response"] is None for one in errors)
        assert len({one["id"] for one in errors}) == len(errors)
        assert not list((desk.loop.workspace.batches / "queue").iterdir())


@pytest.mark.parametrize(
    ("data", "code", "number", "said"),
    [
        (line(1) + b"\n" + line(1), "invalid_request_line", 3, "'c1' is that of line 1"),
        (line(1, url="/v1/embeddings"), "invalid_request_line", 1, "is not the batch's"),
        (line(1, url="/v1/batches"), "invalid_request_line", 1, "none of"),
        (line(1, method="GET"), "invalid_request_line", 1, "none of"),
        (b'{"custom_id": 7}\n', "invalid_request_line", 1, "custom_id"),
        (line(1) + line(2, body={"stream": True}), "invalid_request_line", 2, "stream"),
        (b" \n\r\n", "empty_file", None, "no request"),
        (b"".join(line(n) for n in range(7)), "too_many_requests", None, "at most 6"),
    ],
)
async def test_a_file_of_which_one_line_cannot_be_asked_is_not_begun(
    tmp_path: Path, data: bytes, code: str, number: int | None, said: str
) -> None:
    toml = '[upstreams.lab]\nurl = "http://127.0.0.1:9/v1"\n[batches]\nrequests = 6\n'
    desk = BatchDesk(tmp_path, "http://127.0.0.1:9/v1", {"roadworthy.toml": toml})
    state = desk.left(data)
    await desk.run()
    done = desk.find(state)
    (fault,) = done.faults
    assert (done.status, fault.code, fault.line) == ("failed", code, number)
    assert said in fault.message and desk.exchanges() == 0 and not done.output_file


async def test_what_was_erased_is_said_and_not_asked(tmp_path: Path) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)

        def of(user: str, number: int) -> bytes:
            text = {"role": "user", "content": f"of {user}"}
            return line(number, body={"model": "letters", "messages": [text], "user": user})

        first, second = (desk.left(of("ann", 1) + of("bob", 2)) for _ in range(2))
        vault = desk.stores()[0]._vault
        async with desk.opened() as batcher:
            vault.erase(tenant="acme", subject=vault.pseudonym("acme", "ann"))
            await batcher.run(idle_s=0)
        done = desk.find(first)
        assert (done.total, done.completed, done.failed, fake.served) == (2, 1, 1, 2)
        (gone,) = desk.read(done.error_file)
        assert gone["error"]["code"] == "erased" and gone["custom_id"] is None
        vault.erase(tenant="acme", subject=vault.pseudonym("acme", "bob"))
        files = desk.stores()[0]
        results = files.find("acme", desk.find(second).output_file)
        assert results is not None and [text for _, text in files.lines(results)] == [None]


async def test_a_batch_leaves_half_of_the_tenants_minute_to_who_waits(tmp_path: Path) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        workspace = desk.loop.workspace
        with limiting(workspace.tenants, workspace.lock) as limits:
            limits["acme"] = TenantLimits(slot=0, requests_per_minute=40)
        recount(workspace, desk.clock, counting_of([]))
        state = desk.left(b"".join(line(n) for n in range(1, 60)))
        async with desk.opened() as batcher:
            running = asyncio.create_task(batcher.run(idle_s=0))
            await until(lambda: desk.find(state).waits == "rate_limit_exceeded")
            allowance = batcher._desk.gateway.allowance
            left = allowance._quota.requests_left(limits["acme"], desk.clock.now().timestamp())
            assert 10 <= left <= 20 and fake.served <= 30
            desk.stores()[1].cancel(state)
            await asyncio.wait_for(running, 30)
        assert desk.find(state).status == "cancelled"


async def test_a_model_that_fails_now_and_then_is_asked_again(tmp_path: Path) -> None:
    async with FakeUpstream(answer=echo) as fake:
        toml = f'[upstreams.lab]\nurl = "{fake.url}"\nretries = 0\n'
        desk = BatchDesk(tmp_path, fake.url, {"roadworthy.toml": toml})
        fake.script = [Reply(status=500, body="{}")]
        state = desk.left(line(1))
        await desk.run()
        done = desk.find(state)
        (said,) = desk.read(done.output_file)
        assert said["response"]["body"]["roadworthy"]["action"] == "answered"
        assert fake.served == 2 and done.completed == 1


def call_of_a_tool(body: dict[str, Any]) -> Reply:
    call = {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    return Reply(text="", message={"tool_calls": [call]}, finish_reason="tool_calls")


def probable(body: dict[str, Any]) -> Reply:
    return Reply(logprobs={"content": [{"token": "ok", "logprob": -0.25, "top_logprobs": []}]})


@pytest.mark.parametrize("standing", [call_of_a_tool, probable])
async def test_what_an_answer_holds_beside_its_text_outlives_a_crash(
    tmp_path: Path, standing: Any
) -> None:
    """The journal keeps no tool calls and no logprobs; half an answer is none."""
    async with FakeUpstream(answer="ok") as fake:
        desk = BatchDesk(tmp_path, fake.url)
        fake.standing = standing
        tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
        body = {"model": "letters/transparent", "messages": [{"role": "user", "content": "x"}]}
        body |= {"tools": tools} if standing is call_of_a_tool else {"logprobs": True}
        state, other = (desk.left(line(1, body=body)) for _ in range(2))
        await desk.crash(state, lambda one: True)
        await desk.run()
        assert fake.served == 2
        (said,), (whole,) = (desk.read(desk.find(each).output_file) for each in (state, other))
        choice, expected = (each["response"]["body"]["choices"][0] for each in (said, whole))
        assert choice == expected
        if standing is call_of_a_tool:
            assert choice["message"]["tool_calls"][0]["function"]["name"] == "f"
        else:
            assert choice["logprobs"]["content"][0]["logprob"] == -0.25
    assert not list(tmp_path.rglob("*.kept"))


async def test_vectors_outlive_a_crash(tmp_path: Path) -> None:
    vectors = {"object": "list", "model": "small", "usage": {"prompt_tokens": 2, "total_tokens": 2}}
    vectors["data"] = [{"object": "embedding", "index": 0, "embedding": [0.1, -2.5, 3e-9]}]
    async with FakeUpstream() as fake:
        desk = BatchDesk(tmp_path, fake.url)
        fake.standing = lambda body: Reply(body=msgspec.json.encode(vectors).decode())
        body = {"model": "letters/transparent", "input": "Where is my bill?"}
        data = line(1, body=body, url="/v1/embeddings")
        state = desk.left(data, endpoint="/v1/embeddings")
        await desk.crash(state, lambda one: True)
        await desk.run()
        done = desk.find(state)
        assert (fake.served, done.completed, done.failed) == (1, 1, 0)
        (said,) = desk.read(done.output_file)
        assert said["response"]["body"]["data"][0]["embedding"] == [0.1, -2.5, 3e-9]
        assert done.input_tokens == 2
    assert not list(tmp_path.rglob("*.kept"))


SHAPES = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "abc"}]},
    "/v1/completions": {"prompt": "abc"},
    "/v1/responses": {"input": "abc"},
    "/v1/messages": {"messages": [{"role": "user", "content": "abc"}], "max_tokens": 9},
}
CHANGES = ("id", "created", "created_at", "roadworthy", "output")


@pytest.mark.parametrize("endpoint", SHAPES)
async def test_every_api_is_answered_and_made_again_after_a_crash_in_its_own_shape(
    tmp_path: Path, endpoint: str
) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        body = {"model": "letters", **SHAPES[endpoint]}
        data = line(1, body=body, url=endpoint)
        state, other = (desk.left(data, endpoint=endpoint) for _ in range(2))
        await desk.crash(state, lambda one: True)
        await desk.run()
        assert fake.served == 2
        (said,), (whole,) = (desk.read(desk.find(each).output_file) for each in (state, other))
        bodies = [each["response"]["body"] for each in (said, whole)]
        assert set(bodies[0]) == set(bodies[1])
        for name in set(bodies[0]) - set(CHANGES):
            assert bodies[0][name] == bodies[1][name], name
        assert b"cba" in msgspec.json.encode(bodies[0])
        assert bodies[0]["roadworthy"]["release"] == bodies[1]["roadworthy"]["release"]
        counted = [structs.asdict(desk.find(each)) for each in (state, other)]
        assert counted[0]["output_tokens"] == counted[1]["output_tokens"] > 0


@pytest.mark.parametrize("damage", ["cut", "changed"])
@pytest.mark.parametrize("begun", [False, True])
async def test_a_file_that_was_changed_on_disk_ends_the_batch_and_keeps_its_results(
    tmp_path: Path, damage: str, begun: bool
) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        state = desk.left(b"".join(line(n) for n in range(1, 9)))
        if begun:
            await desk.crash(state, lambda one: one.custom_id == "c2")
        lines = desk.stores()[0].folder("acme") / f"{state.input_file}.lines"
        data = bytearray(lines.read_bytes())
        if damage == "changed":
            data[-20] ^= 1
        lines.write_bytes(data[: -3 if damage == "cut" else None])
        await desk.run()
        done = desk.find(state)
        assert done.status == "failed" and done.faults[0].code == "input_file_damaged"
        answered = desk.read(done.output_file) if begun else []
        assert len(answered) == done.completed and fake.served <= 8
        assert 2 <= done.completed <= 7 if begun else fake.served == 0


async def test_an_input_that_expires_while_it_is_asked_is_asked_to_its_end(tmp_path: Path) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        state = desk.left(line(1) + line(2))
        files = desk.stores()[0]
        where = files.folder("acme") / f"{state.input_file}.json"
        file = files.find("acme", state.input_file)
        assert file is not None
        past = structs.replace(file, expires_at="2026-01-01T00:00:00.000000Z")
        where.write_bytes(msgspec.json.encode(past))
        assert files.find("acme", state.input_file) is None
        await desk.run()
        assert desk.find(state).completed == 2


async def test_a_journal_that_cannot_be_read_keeps_a_batch_from_asking_twice(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        state = desk.left(b"".join(line(n) for n in range(1, 4)))
        await desk.crash(state, lambda one: True)
        served = fake.served
        async with desk.opened() as batcher:
            segment = min(desk.loop.workspace.journal.glob("*.rwj"))
            data = bytearray(segment.read_bytes())
            data[data.index(answer_prefix(state).encode()) + 60] ^= 1
            segment.write_bytes(data)
            with pytest.raises(EvidenceError, match="nobody can say what was answered"):
                await BatchRun(desk.find(state), batcher._desk).run()
        assert fake.served == served
        assert desk.find(state).status == "in_progress"


async def test_tenants_take_turns_and_one_has_one_batch_at_a_time(tmp_path: Path) -> None:
    async with FakeUpstream(answer=echo) as fake:
        desk = BatchDesk(tmp_path, fake.url)
        fake.standing = lambda body: Reply(delay_s=0.05)
        large = desk.left(b"".join(line(n) for n in range(1, 200)))
        next_one = desk.left(line(1))
        desk.tenant, desk.key = "rival", a_key(desk.loop, "rival")
        small = desk.left(line(1))
        async with desk.opened() as batcher:
            running = asyncio.create_task(batcher.run(idle_s=0))
            await until(lambda: desk.find(small).status == "completed")
            assert desk.find(large).status == "in_progress"
            assert desk.find(next_one).status == "validating"
            batcher._over.set()
            await asyncio.wait_for(running, 30)
        assert fake.open_now <= 8 and fake.most_open <= 8
        left = desk.find(large)
        assert left.status == "in_progress" and left.completed == fake.served - 1
