"""The official OpenAI SDK's batches, against the gateway as a real process."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import openai
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import BATCHER, WORKER, RunningGateway, eventually
from roadworthy.journal import read_journal
from roadworthy_verify.plain_file import locked


def line(number: int, text: str = "Where is my bill?", **other: Any) -> bytes:
    body = {"model": "letters", "messages": [{"role": "user", "content": text}]}
    said = {"custom_id": f"c{number}", "method": "POST", "url": "/v1/chat/completions"}
    return msgspec.json.encode(said | {"body": body} | other) + b"\n"


def parsed(data: bytes) -> dict[str, Any]:
    lines = [msgspec.json.decode(each) for each in data.splitlines()]
    found = {each["custom_id"]: each for each in lines}
    assert len(found) == len(lines), "a line is answered once"
    return found


async def ended(client: openai.AsyncOpenAI, id_: str, *, within_s: float = 60) -> Any:
    async def over() -> Any:
        batch = await client.batches.retrieve(id_)
        return batch if batch.status in ("completed", "failed", "expired", "cancelled") else None

    return await eventually(over, within_s=within_s)


async def test_a_batch_is_answered_by_the_unmodified_sdk(tmp_path: Path) -> None:
    async with FakeUpstream(answer=lambda body: body["messages"][-1]["content"][::-1]) as upstream:
        key = a_key(write_live_system(tmp_path, upstream.url))
        async with (
            RunningGateway(tmp_path) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        ):
            unknown = {"model": "nobody", "messages": [{"role": "user", "content": "x"}]}
            data = line(1, "olleh") + line(2, "a lawyer") + line(3, body=unknown) + line(4, "cba")
            file = await client.files.create(file=("r.jsonl", data), purpose="batch")
            batch = await client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"job": "nightly"},
            )
            assert (batch.status, batch.metadata) == ("validating", {"job": "nightly"})
            assert batch.expires_at == batch.created_at + 86_400
            done = await ended(client, batch.id)
            assert done.status == "completed" and done.metadata == {"job": "nightly"}
            counts = done.request_counts
            assert (counts.total, counts.completed, counts.failed) == (4, 3, 1)
            assert done.model == "letters" and done.usage.total_tokens > 0
            said = parsed((await client.files.content(done.output_file_id)).content)
            wrong = parsed((await client.files.content(done.error_file_id)).content)
            bodies = {name: each["response"]["body"] for name, each in said.items()}
            assert bodies["c1"]["choices"][0]["message"]["content"] == "hello"
            held = bodies["c2"]
            assert held["choices"][0]["message"]["content"] == "A person will read your letter."
            assert held["roadworthy"]["action"] == "pending" and held["roadworthy"]["review_id"]
            assert set(wrong) == {"c3"} and wrong["c3"]["response"]["status_code"] == 404
            assert done.roadworthy["releases"] == {bodies["c1"]["roadworthy"]["release"]: 3}
            files = [one async for one in await client.files.list(purpose="batch_output")]
            assert {one.id for one in files} == {done.output_file_id, done.error_file_id}
            with pytest.raises(openai.ConflictError):
                await client.batches.cancel(batch.id)
            listed = [one.id async for one in await client.batches.list(limit=1)]
            assert listed == [batch.id]
            review = held["roadworthy"]["review_id"]
            waits = await client.get(f"/reviews/{review}", cast_to=object)
            assert waits["status"] == "pending"


async def test_a_batch_that_is_killed_again_and_again_answers_each_line_once(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer=lambda body: body["messages"][-1]["content"][::-1]) as upstream:
        upstream.standing = lambda body: Reply(delay_s=0.15)
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with (
            RunningGateway(tmp_path) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        ):
            data = b"".join(line(n, f"no {n}") for n in range(150))
            file = await client.files.create(file=("r.jsonl", data), purpose="batch")
            batch = await client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
            )
            with pytest.raises(openai.ConflictError):
                await client.files.delete(file.id)
            kills = 0
            for more in (1, 9, 30, 25):
                seen = upstream.served
                await eventually(lambda seen=seen, more=more: upstream.served >= seen + more)
                kills += len(gateway.kill_9(BATCHER))
            assert kills == 4 and len(gateway.children(WORKER)) == 1
            done = await ended(client, batch.id)
            assert (done.status, done.request_counts.completed) == ("completed", 150)
            said = parsed((await client.files.content(done.output_file_id)).content)
            for n in range(150):
                body = said[f"c{n}"]["response"]["body"]
                assert body["choices"][0]["message"]["content"] == f"no {n}"[::-1]
            assert done.error_file_id is None
        answered = [
            record.observation
            for record in read_journal(loop.workspace.journal)
            if record.kind == "close" and record.observation and record.observation.status == "ok"
        ]
        assert len(answered) == 150, "what was answered is not asked again"
        assert {one.id for one in answered} == {
            one["response"]["request_id"] for one in said.values()
        }


def has_open(pid: int, path: Path) -> bool:
    """Whether a process has a file open, such as a lock that it waits for."""
    with suppress(OSError):
        return any(each.resolve() == path.resolve() for each in Path(f"/proc/{pid}/fd").iterdir())
    return False


def rests(pid: int) -> int:
    """How often a process went to sleep by itself, as it does between two tries."""
    said = Path(f"/proc/{pid}/status").read_text()
    return int(said.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


async def test_a_second_batch_process_waits_for_the_first(tmp_path: Path) -> None:
    async with FakeUpstream(answer="ok") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with (
            RunningGateway(tmp_path) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        ):
            file = await client.files.create(file=("r.jsonl", line(1)), purpose="batch")
            with locked(loop.workspace.batches / "lock"):  # as the first one does
                batch = await client.batches.create(
                    input_file_id=file.id,
                    endpoint="/v1/chat/completions",
                    completion_window="24h",
                )
                (second,) = await eventually(lambda: gateway.children(BATCHER))
                await eventually(lambda: has_open(second, loop.workspace.batches / "lock"))
                tries = rests(second)
                await eventually(lambda: rests(second) > tries + 10)
                assert (await client.batches.retrieve(batch.id)).status == "validating"
                assert upstream.served == 0
            assert (await ended(client, batch.id)).status == "completed"


async def test_what_is_wrong_or_another_tenants_is_refused(tmp_path: Path) -> None:
    async with FakeUpstream(answer="ok") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key, other = a_key(loop), a_key(loop, "rival")
        async with (
            RunningGateway(tmp_path) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=other, max_retries=0) as rival,
        ):
            file = await client.files.create(file=("r.jsonl", line(1)), purpose="batch")
            good = {"input_file_id": file.id, "endpoint": "/v1/chat/completions"}
            for wrong, param in (
                ({"endpoint": "/v1/images/generations"}, "endpoint"),
                ({"completion_window": "soon"}, "completion_window"),
                ({"completion_window": "99d"}, "completion_window"),
                ({"input_file_id": "file-" + "0" * 32}, "input_file_id"),
                ({"input_file_id": "../../keys"}, "input_file_id"),
                ({"metadata": {str(n): "" for n in range(17)}}, "metadata"),
                ({"output_expires_after": {"anchor": "created_at", "seconds": 1}}, "expires_after"),
            ):
                said: Any = {**good, "completion_window": "24h", **wrong}
                with pytest.raises(openai.BadRequestError) as refused:
                    await client.batches.create(**said)
                assert refused.value.param == param
            with pytest.raises(openai.BadRequestError):
                await rival.batches.create(**good, completion_window="24h")
            batch = await client.batches.create(**good, completion_window="24h")
            for call in (rival.batches.retrieve, rival.batches.cancel):
                with pytest.raises(openai.NotFoundError):
                    await call(batch.id)
            assert [one async for one in await rival.batches.list()] == []
            for strange in ("batch-" + "0" * 32, "..%2f..%2fkeys", "x" * 9000):
                with pytest.raises(openai.NotFoundError):
                    await client.batches.retrieve(strange)
            await ended(client, batch.id)
            with openai.OpenAI(base_url=gateway.url, api_key=key, max_retries=0) as sync:
                done = await asyncio.to_thread(sync.batches.retrieve, batch.id)
                assert done.status == "completed" and done.output_file_id
                text = await asyncio.to_thread(sync.files.content, done.output_file_id)
                assert msgspec.json.decode(text.content)["custom_id"] == "c1"


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_a_gateway_that_ends_goes_on_with_its_batches_when_it_is_back(
    tmp_path: Path, how: str
) -> None:
    async with FakeUpstream(answer=lambda body: body["messages"][-1]["content"][::-1]) as upstream:
        upstream.standing = lambda body: Reply(delay_s=0.2)
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with (
            RunningGateway(tmp_path) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        ):
            data = b"".join(line(n, f"no {n}") for n in range(60))
            file = await client.files.create(file=("r.jsonl", data), purpose="batch")
            batch = await client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
            )
            await eventually(lambda: upstream.served >= 9)
            if how == "stopped":
                assert await gateway.stop() == 0
            else:
                gateway.process.kill()
                await gateway.process.wait()
        async with (
            RunningGateway(tmp_path) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        ):
            done = await ended(client, batch.id)
            said = parsed((await client.files.content(done.output_file_id)).content)
            assert set(said) == {f"c{n}" for n in range(60)} and done.status == "completed"
        answered = [
            record.observation.id
            for record in read_journal(loop.workspace.journal)
            if record.kind == "close" and record.observation and record.observation.status == "ok"
        ]
        assert len(answered) == len(set(answered)) == 60
        if how == "stopped":
            assert upstream.served == 60, "what was under way is waited for"
