"""`roadworthy batch`: a file of requests becomes a file of results, once and whole."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from roadworthy.domain import EvidenceError, UsageError
from roadworthy.flows.workspace.loop import Loop
from roadworthy.gateway.batch import Batch, BatchLine, Done, read_batch
from roadworthy.gateway.inside import Inside, Said
from roadworthy.gateway.loaded import inside_plan
from roadworthy.journal import read_journal
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.places import place


def line(number: int, text: str = "Where is my bill?", **other: Any) -> bytes:
    body = {"model": "letters", "messages": [{"role": "user", "content": text}]}
    return msgspec.json.encode(
        {"custom_id": f"c{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        | other
    )


def written(folder: Path, *lines: bytes) -> Path:
    file = folder / "requests.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


async def asked(root: Path, file: Path, out: Path) -> Done:
    inside = Inside(inside_plan(place(root), kind="batch"), SystemClock(), new_id)
    await inside.start()
    try:
        requests, digest = read_batch(file)
        return await Batch(requests, digest, out).run(
            lambda one: inside.answer(one.url, one.body, tenant="letters-shop"), concurrency=4
        )
    finally:
        await inside.aclose()


def results(out: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(each) for each in out.read_bytes().splitlines()]


def exchanges(loop: Loop) -> int:
    return sum(one.kind == "close" for one in read_journal(loop.workspace.journal))


async def test_results_stand_in_the_order_of_the_requests_in_each_apis_shape(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer=lambda body: body["messages"][-1]["content"][::-1]) as fake:
        loop = write_live_system(tmp_path / "s", fake.url)
        fake.script = [Reply(delay_s=0.2)]
        responses = {"url": "/v1/responses", "body": {"model": "letters", "input": "cba"}}
        unknown = {"body": {"model": "nobody", "messages": [{"role": "user", "content": "x"}]}}
        file = written(
            tmp_path, line(1, "olleh"), line(2, "xyzzy"), line(3, **responses), line(4, **unknown)
        )
        done = await asked(tmp_path / "s", file, tmp_path / "out.jsonl")
    said = results(tmp_path / "out.jsonl")
    assert [one["custom_id"] for one in said] == ["c1", "c2", "c3", "c4"]
    bodies = [one["response"]["body"] for one in said]
    assert bodies[1]["choices"][0]["finish_reason"] == "content_filter"
    assert bodies[2]["output"][0]["content"][0]["text"] == "abc"
    assert said[3]["response"]["status_code"] == 404 and bodies[3]["error"]["param"] == "model"
    assert said[0]["response"]["request_id"] == bodies[0]["roadworthy"]["observation"]
    assert (done.requests, done.answered, done.failed, done.resumed) == (4, 3, 1, 0)
    assert exchanges(loop) == 3
    assert not (tmp_path / ".out.jsonl.part").exists()


async def test_what_was_answered_before_a_crash_is_not_asked_again(tmp_path: Path) -> None:
    async with FakeUpstream(answer="ok") as fake:
        write_live_system(tmp_path / "s", fake.url)
        file = written(tmp_path, *(line(number) for number in range(6)))
        out = tmp_path / "out.jsonl"
        await asked(tmp_path / "s", file, out)
        begun = msgspec.json.encode({"requests": read_batch(file)[1]})
        whole = out.read_bytes().splitlines()
        part = tmp_path / ".out.jsonl.part"
        part.write_bytes(
            b"\n".join([begun, whole[4], whole[1], whole[2][:40]])
        )  # torn in the third
        fake.served = 0
        done = await asked(tmp_path / "s", file, out)
    assert (done.resumed, done.answered, fake.served) == (2, 6, 4)
    assert [one["custom_id"] for one in results(out)] == [f"c{number}" for number in range(6)]


async def test_a_damaged_part_is_said_and_nothing_is_asked_or_lost(tmp_path: Path) -> None:
    async with FakeUpstream(answer="ok") as fake:
        write_live_system(tmp_path / "s", fake.url)
        file = written(tmp_path, line(1))
        begun = msgspec.json.encode({"requests": read_batch(file)[1]})
        part = tmp_path / ".out.jsonl.part"
        part.write_bytes(begun + b'\n{"custom_id": 7}\n')
        with pytest.raises(EvidenceError, match=r"part:2 is no result"):
            await asked(tmp_path / "s", file, tmp_path / "out.jsonl")
        assert fake.served == 0 and part.read_bytes().endswith(b"7}\n")


async def test_results_of_other_requests_are_not_taken_for_these(tmp_path: Path) -> None:
    async with FakeUpstream(answer="ok") as fake:
        write_live_system(tmp_path / "s", fake.url)
        (tmp_path / ".out.jsonl.part").write_bytes(b'{"requests":"sha256:00"}\n')
        with pytest.raises(UsageError, match="other requests"):
            await asked(tmp_path / "s", written(tmp_path, line(1)), tmp_path / "out.jsonl")
        assert fake.served == 0


def test_every_faulty_line_is_named_and_nothing_is_asked(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        line(1), b"{", line(1), line(2, url="/v1/nothing"), line(3, method="GET"),
        line(4, body={"stream": True}), b'{"custom_id": "x"}', b"\xff\xfe",
    )  # fmt: skip
    with pytest.raises(UsageError) as refused:
        read_batch(file)
    named = [one.partition(": ")[0].rpartition(":")[2] for one in refused.value.message.split("\n")]
    assert named == ["2", "3", "4", "5", "6", "7", "8"]
    with pytest.raises(UsageError, match="no request"):
        read_batch(written(tmp_path, b"", b"  "))


async def test_a_limit_of_a_minute_is_waited_for_and_a_spent_budget_is_not(tmp_path: Path) -> None:
    tries = {"busy": 0, "spent": 0}

    def told(status: int, code: str) -> Said:
        body = msgspec.json.encode({"error": {"code": code, "message": "m"}})
        return Said(status, {"retry-after": "0"}, body)

    async def ask(one: BatchLine) -> Said:
        tries[one.custom_id] += 1
        if one.custom_id == "spent":
            return told(429, "insufficient_quota")
        return Said(200, {}, b"{}") if tries["busy"] == 3 else told(429, "rate_limit_exceeded")

    requests = [
        BatchLine(custom_id=name, url="/v1/chat/completions", body={}) for name in ("busy", "spent")
    ]
    done = await Batch(requests, "sha256:0", tmp_path / "o").run(ask, concurrency=2)
    assert tries == {"busy": 3, "spent": 1} and (done.answered, done.failed) == (1, 1)


async def test_a_failure_of_the_work_itself_is_said_and_what_was_answered_stays(
    tmp_path: Path,
) -> None:
    async def ask(one: BatchLine) -> Said:
        await asyncio.sleep(0)
        if one.custom_id == "c2":
            raise UsageError("no")
        return Said(200, {}, b"{}")

    requests = [BatchLine(custom_id=f"c{n}", url="/v1/chat/completions", body={}) for n in range(4)]
    with pytest.raises(UsageError, match="no"):
        await Batch(requests, "sha256:0", tmp_path / "o").run(ask, concurrency=1)
    assert (
        len((tmp_path / ".o.part").read_bytes().splitlines()) == 3 and not (tmp_path / "o").exists()
    )


def test_the_command_asks_for_a_known_tenant_and_ends_with_2_where_something_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from roadworthy.cli import VERBS
    from roadworthy.cli.dispatch import run

    async def serve() -> None:
        async with FakeUpstream(answer="ok") as fake:
            loop = write_live_system(tmp_path / "s", fake.url)
            a_key(loop, "shop")
            out = str(tmp_path / "out.jsonl")
            file = str(written(tmp_path, line(1), line(2, body={"model": "nobody"})))
            os.mkfifo(tmp_path / "pipe")
            words = ["batch", file, str(tmp_path / "s"), "--out", out, "--json"]
            assert await asyncio.to_thread(run, VERBS, [*words, "--tenant", "stranger"]) == 1
            assert fake.served == 0 and "no tenant" in capsys.readouterr().out
            piped = [*words, "--tenant", "shop", "--out", str(tmp_path / "pipe")]
            assert await asyncio.to_thread(run, VERBS, piped) == 1
            assert "no plain file" in capsys.readouterr().out and (tmp_path / "pipe").is_fifo()
            assert await asyncio.to_thread(run, VERBS, [*words, "--tenant", "shop"]) == 2
            said = msgspec.json.decode(capsys.readouterr().out)
            assert (said["answered"], said["failed"]) == (1, 1)

    asyncio.run(serve())
